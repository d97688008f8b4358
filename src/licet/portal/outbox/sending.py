"""A message is signed and put into the outbox: from then on it is sent until it has its answer.

It refuses to know when and how it is sent.

Rules
1. A message and the files that it names are kept in one transaction, signed once: what is sent
   later is these bytes.
2. Putting the same again, under the same id, is putting it once.
3. The outbox has a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput, Conflict, TooMuch
from licet.credentials.message import MESSAGE_CHARACTERS_MAX, Message, sign_message
from licet.portal.filings.uploads import Taken
from licet.portal.filings.uploads import put as put_file
from licet.portal.outbox.linking import link, provider_key
from licet.portal.outbox.models import Outgoing, OutgoingFile

LIFE = timedelta(days=30)
WAITING_MAX = 10_000


def put(
    message: str, kind: str, subject: str, body: Mapping[str, Any], files: Iterable[Taken],
    now: datetime,
) -> Outgoing:  # fmt: skip
    """The message in the outbox, durable when this returns.

    Raises NotFound (no authority), Conflict (the id was used for something else), TooMuch or
    BadInput.
    """
    to, key = link(), provider_key()
    moment = now.replace(microsecond=0)
    signed = Message(
        id=message, sender=to.provider, authority=to.authority, kind=kind, body=body,
        signed=moment, ends=moment + LIFE,
    )  # fmt: skip
    token = sign_message(signed, key)
    if len(token) > MESSAGE_CHARACTERS_MAX:
        raise BadInput("this is too long for one message.", hint="Attach the long parts as files.")
    for one in (files := tuple(files)):
        put_file(settings.LICET_HOME, one)
    with transaction.atomic():
        before = Outgoing.objects.filter(pk=message).first()
        if before is not None:
            return _same(before, kind, body)
        if Outgoing.objects.filter(state="waiting").count() >= WAITING_MAX:
            raise TooMuch(f"{WAITING_MAX} messages wait already.", hint="Is the authority there?")
        made = Outgoing.objects.create(
            id=message, kind=kind, subject=subject, token=token, made=moment, ends=signed.ends,
            next_try=moment,
        )  # fmt: skip
        OutgoingFile.objects.bulk_create(
            OutgoingFile(message=made, sha256=one.sha256, name=one.name) for one in files
        )
    return made


def find_filing(case: str, body: Mapping[str, Any]) -> Outgoing | None:
    """The message by which exactly this was filed before, unless it was not taken; None where
    there is none. Raises Conflict where something else was filed under the case's id."""
    for one in Outgoing.objects.filter(subject=case, kind="filing").order_by("-made", "-id"):
        if (
            canonical_json(asked_by(one)) == canonical_json(dict(body))
            and one.state != "not_taken"
        ):
            return one
        if one.state in ("waiting", "done"):
            raise Conflict(
                f"{case} was filed with other answers.",
                hint="Change it by an act (licet filing act), or draw a new case id.",
            )
    return None


def asked_by(message: Outgoing) -> dict[str, Any]:
    """The body of a message of ours."""
    from licet.credentials.jws import peek
    from licet.credentials.message import MESSAGE_TYPE

    body: dict[str, Any] = peek(message.token, MESSAGE_TYPE)["body"]
    return body


def _same(before: Outgoing, kind: str, body: Mapping[str, Any]) -> Outgoing:
    if before.kind != kind or canonical_json(asked_by(before)) != canonical_json(dict(body)):
        raise Conflict(
            f"{before.pk} was used for something else.",
            hint="What is in the outbox is not changed: draw a new id.",
        )
    return before
