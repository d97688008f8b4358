"""A message taken once: signature, address, id, time, kind; then done, with its receipt.

It refuses to know HTTP, and what a kind does.

Rules
1. What a message asks for, the row that remembers it and its receipt are there together or not at
   all: whoever is cut off sends the same again and gets the receipt of the first time.
2. The digest decides what "the same" is (`credentials.message`, rule 2).
3. What is not taken leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from licet.cases import Actor, Refusal, said, said_of
from licet.credentials.keys import KeySet
from licet.credentials.message import (
    MESSAGE_CHARACTERS_MAX,
    MESSAGE_TYPE,
    Message,
    NotTaken,
    Receipt,
    check_address,
    check_times,
    key_of,
    read_message,
    sign_receipt,
)
from licet.portal.accounts.models import Body
from licet.portal.api.enrolling import find_key
from licet.portal.api.kinds import KINDS, Kind, Sender, Taken
from licet.portal.api.models import Received
from licet.portal.api.signing import authority_name, receipt_key
from licet.portal.filings import service
from licet.portal.pack import procedure
from licet.rulebook import Procedure

LANGUAGES = ("zh", "en")


def take(token: str, now: datetime) -> tuple[str, bool]:
    """The receipt of a message, and whether it came for the first time. Raises NotTaken."""
    body, keys = known_sender(token, MESSAGE_TYPE, MESSAGE_CHARACTERS_MAX)
    message = read_message(token, keys)
    check_address(body.code, authority_name(), message)
    before = _before(body, message)
    if before is not None:
        return before, False
    check_times(message, now)
    kind = KINDS.get(message.kind)
    if kind is None:
        raise NotTaken("unknown-kind", f"kinds are {', '.join(KINDS)}.")
    asked = _body(kind, message)
    sender = Sender(body, actor_of_key(body))
    with service.together(now) as head:
        before = _before(body, message)  # two at once: the second waited for the first
        if before is not None:
            return before, False
        first = head.next_seq
        taken = kind.take(head, sender, asked, now)
        made = (first, head.next_seq - 1) if head.next_seq > first else None
        receipt = sign_receipt(_receipt(message, taken, made, now), receipt_key())
        Received.objects.create(
            body=body, message=message.id, sha256=message.sha256, kind=message.kind, at=now,
            token=token, receipt=receipt,
        )  # fmt: skip
    return receipt, True


def known_sender(token: str, kind: str, characters_max: int) -> tuple[Body, KeySet]:
    """The provider whose key a token names, with that key; not checked yet. Raises NotTaken."""
    if len(token) > characters_max:
        raise NotTaken("malformed", f"more than {characters_max} characters are not read.")
    found = find_key(key_of(token, kind))
    if found is None:
        raise NotTaken(
            "unknown-key",
            "it was signed with a key that is not known here, or not any more.",
            hint="Enrol the key with a code of this authority.",
        )
    return found


def actor_of_key(body: Body) -> Actor:
    """As whom a provider's key acts: who of its staff may send is the provider's own affair."""
    parties = procedure().parties
    roles = frozenset(name for name, role in parties.items() if role.side == "provider")
    return Actor(f"installation-{body.pk}", "provider", body.code, roles)


def _before(body: Body, message: Message) -> str | None:
    row = Received.objects.filter(body=body, message=message.id).first()
    if row is None:
        return None
    if row.sha256 != message.sha256:
        raise NotTaken(
            "other-bytes",
            f"the id {message.id} was used for other bytes.",
            hint="Send exactly what was sent, or draw a new id for something new.",
        )
    receipt: str = row.receipt
    return receipt


def _body(kind: Kind, message: Message) -> msgspec.Struct:
    try:
        return msgspec.convert(message.body, kind.body)
    except msgspec.ValidationError as unfit:
        raise NotTaken("bad-body", f"{unfit}.", hint="See the kind's schema in openapi.json.")


def _receipt(
    message: Message, taken: Taken, made: tuple[int, int] | None, now: datetime
) -> Receipt:
    refusal = taken.refusal
    return Receipt(
        message=message.id,
        authority=message.authority,
        provider=message.sender,
        kind=message.kind,
        sha256=message.sha256,
        received=now,
        outcome="done" if refusal is None else "refused",
        subject=taken.subject,
        entries=made,
        refusal=None if refusal is None else refusal_as_json(refusal, procedure(), taken.said),
    )


def refusal_as_json(
    refusal: Refusal, procedure: Procedure, words: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """A lawful "no" with its words, and what is wrong with each answer."""
    return {
        "code": refusal.code,
        "act": refusal.act,
        "said": words or {code: said(refusal, code, procedure) for code in LANGUAGES},
        "faults": [
            {
                "field": one.field,
                "code": one.code,
                "said": {code: said_of(one, code) for code in LANGUAGES},
            }
            for one in refusal.faults[:200]
        ],
    }
