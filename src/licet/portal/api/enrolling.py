"""How a provider's key becomes known: by a code from an official, shown by who holds the key.

It refuses to know HTTP, and how the code reaches the provider.

Rules
1. An official gives a code for a provider that is known here; it opens once, for some days.
2. A code that is shown again with the same key gets the same answer: the first may have been lost.
3. A provider may have several keys; each is ended by itself, and what it signed stays.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from licet.base.ids import Chance, base32
from licet.base.trouble import Conflict, NotFound
from licet.credentials.keys import KeySet, PublicKey
from licet.credentials.message import Enrolment, NotTaken
from licet.portal.accounts.models import Body
from licet.portal.api.models import EnrolmentCode, ProviderKey

CODE_LIFE = timedelta(days=14)


def give_code(body_code: str, now: datetime, chance: Chance = secrets.token_bytes) -> str:
    """A code for a provider, to be handed to it and to nobody else: `LE-` and 80 bits of chance.

    Raises NotFound where there is no such provider."""
    body = Body.objects.filter(code=body_code, kind="provider").first()
    if body is None:
        raise NotFound(
            f"there is no provider {body_code} here.",
            hint="Name it first: licet portal person … --body CODE --body-kind provider",
        )
    letters = base32(int.from_bytes(chance(10), "big"), 16).upper()
    code = "LE-" + "-".join(letters[n : n + 4] for n in range(0, 16, 4))
    EnrolmentCode.objects.create(sha256=_digest(code), body=body, ends=now + CODE_LIFE)
    return code


def enrol(shown: Enrolment, now: datetime) -> ProviderKey:
    """The key, known from now on. Raises NotTaken (rules 1 and 2)."""
    with transaction.atomic():
        code = (
            EnrolmentCode.objects.select_for_update()
            .filter(sha256=_digest(shown.code))
            .select_related("body")
            .first()
        )
        if code is None or (code.key_id is None and code.ends <= now):
            raise NotTaken("code-unknown", "no such code is open here.", hint="Ask for a new one.")
        if code.key is not None:
            if code.key.kid != shown.key.id:
                raise NotTaken("code-used", "the code was used for another key.")
            return code.key
        if ProviderKey.objects.filter(kid=shown.key.id).exists():
            raise NotTaken("key-taken", "this key is known already.", hint="Make a new key.")
        code.key = ProviderKey.objects.create(
            kid=shown.key.id, body=code.body, x=shown.key.x, since=now
        )
        code.save()
        return code.key


def end_key(kid: str, now: datetime) -> None:
    """Nothing that this key signs counts from now on. Raises NotFound or Conflict."""
    row = ProviderKey.objects.filter(kid=kid).first()
    if row is None:
        raise NotFound(f"there is no key {kid} here.")
    if row.until is not None:
        raise Conflict("this key was ended before.")
    row.until = now
    row.save()


def list_keys() -> list[ProviderKey]:
    """Every key that is or was known, by provider."""
    return list(ProviderKey.objects.select_related("body").order_by("body__code", "since"))


def find_key(kid: str) -> tuple[Body, KeySet] | None:
    """Whose key this is, and the key; None where it is not known, or was ended."""
    kid = kid.replace("\x00", "")[:64]
    row = ProviderKey.objects.filter(kid=kid, until=None).select_related("body").first()
    return (row.body, KeySet.of([PublicKey(bytes(row.x))])) if row else None


def _digest(code: str) -> str:
    return sha256(code.strip().upper().encode()).hexdigest()
