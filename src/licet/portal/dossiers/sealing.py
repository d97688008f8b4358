"""What is sealed, at the provider: closed the moment it comes, kept as envelopes, keys of people.

It refuses to know what is in an envelope, and has no way to open one: that takes an order
(`portal.orders`), people, and their passphrases.

Rules
1. A sealed answer is in memory while its form is read, and nowhere else: uploads are not written
   to disk (`settings.py`), and what is kept is the envelope.
2. An envelope is sealed for the keepers whom the authority has at that moment. Where these are
   fewer than must come together, nothing is sealed and nothing is kept: it fails closed.
law:cn-genai-2023/art19.2
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

import msgspec
from django.conf import settings

from licet.base.canonical import sha256_hex
from licet.base.trouble import BadInput, Corrupt, NotAllowed, NotFound
from licet.cases.dossier import Closed
from licet.ledger.custody import (
    Card,
    Envelope,
    Locked,
    make_card,
    read_envelope,
    seal_for,
)
from licet.ledger.custody import (
    pack as pack_answer,
)
from licet.portal.accounts.models import Person
from licet.portal.dossiers.models import Keeper
from licet.portal.filings import uploads
from licet.portal.pack import pack

SHARE_KEEPER = "share_keeper"
"""The role at the authority whose people keep shares of what is sealed."""


def keepers() -> list[Keeper]:
    """The authority's keepers at this moment."""
    found = Keeper.objects.filter(side="authority", retired=None).select_related("person")
    return [one for one in found.order_by("made") if _keeps(one)]


def needed() -> int:
    """How many keepers open a section together. Raises NotFound where the pack has no orders."""
    order = pack().supervision.order
    if order is None:
        raise NotFound("the pack knows no orders of access, so nothing can be sealed.")
    return order.section_shares_needed


def about(dossier_id: str, field: str) -> str:
    """What an envelope of a dossier is bound to, and what an order calls it."""
    return f"{dossier_id}/{field}"


def close(dossier_id: str, field: str, answer: bytes, name: str = "") -> Closed:
    """Seal an answer and keep the envelope; what stands for it. Raises BadInput (rule 2)."""
    cards = [one.card for one in keepers()]
    if len(cards) < needed():
        raise BadInput(
            f"{needed()} people at the authority must keep shares, and {len(cards)} have a key.",
            hint="Ask the authority to let its keepers make their keys.",
        )
    payload = pack_answer(name, answer)
    envelope = seal_for(payload, about(dossier_id, field), cards, needed(), secrets.token_bytes)
    return Closed(keep(envelope.to_bytes()), len(answer), name)


def keep(data: bytes) -> str:
    """Keep an envelope; its digest. Raises Corrupt where the bytes are none."""
    read_envelope(data)
    taken = uploads.Taken("envelope", "application/octet-stream", data)
    uploads.put(_store(), taken)
    return taken.sha256


def envelope_of(closed: Closed) -> Envelope:
    """The envelope that stands for an answer. Raises NotFound."""
    return stored(closed.sha256)


def stored(sha256: str) -> Envelope:
    """The envelope with this digest. Raises NotFound, Corrupt where it is another."""
    try:
        data = uploads.path_of(_store(), sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"the envelope {sha256} is not in the store.", hint="Restore it from a backup."
        ) from None
    if sha256_hex(data) != sha256:
        raise Corrupt(f"the envelope {sha256} was changed.", hint="Restore it from a backup.")
    return read_envelope(data)


def make_key(person: Person, passphrase: str, now: datetime) -> Keeper:
    """A new key of a person; an older one is used for nothing new. Raises BadInput."""
    card, locked = make_card(person.name, person.body.kind, passphrase, secrets.token_bytes)
    Keeper.objects.filter(person=person, retired=None).update(retired=now)
    return _keep(card, locked, person, now)


def enrol(card: Card, now: datetime) -> Keeper:
    """Take the key of somebody outside. Raises BadInput for a side that has no outsiders."""
    if card.side not in ("provider", "authority", "independent"):
        raise BadInput("a key is of the provider, the authority or an independent body.")
    if Keeper.objects.filter(pk=card.mark).exists():
        raise NotAllowed(f"the key {card.mark} is known already.")
    return _keep(card, None, None, now)


def key_of(person: Person) -> Keeper | None:
    """The key that a person has in use."""
    found: Keeper | None = Keeper.objects.filter(person=person, retired=None).first()
    return found


def _keeps(one: Keeper) -> bool:
    person = one.person
    return person is None or (person.is_active and person.has(SHARE_KEEPER))


def _keep(card: Card, locked: Locked | None, person: Person | None, now: datetime) -> Keeper:
    made: Keeper = Keeper.objects.create(
        mark=card.mark, name=card.name, side=card.side, public=card.public,
        person=person, made=now, locked=msgspec.to_builtins(locked) if locked else None,
    )  # fmt: skip
    return made


def _store() -> Path:
    return Path(settings.LICET_HOME) / "sealed"
