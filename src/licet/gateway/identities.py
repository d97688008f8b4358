"""Who is behind a pseudonym: kept sealed, for keepers of three sides of whom two open it together.

It refuses to open anything, and to keep anything where no keepers are named.

Rules
1. The keepers are one of each side: provider, authority, independent body. So no side opens alone,
   and one that is gone stops nothing. An installation names them in a file, or keeps nobody.
2. An envelope is made when a case is opened for a pseudonym that has none yet, never otherwise:
   who was not stopped can't be looked up.
law:cn-genai-2023/art11.1
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from licet.base.ids import Chance
from licet.base.trouble import BadInput
from licet.gateway.subjects import Subjects
from licet.ledger.custody import Card, pack, seal_for

SIDES = ("provider", "authority", "independent")
NEEDED = 2
KEEPERS = "identity-keepers.json"
"""In the folder of keys: the cards of the three keepers."""


class Identities:
    """What the recorder enters: whose a case is and, where there are keepers, who that is."""

    def __init__(self, subjects: Subjects, keepers: Sequence[Card], chance: Chance) -> None:
        self._subjects = subjects
        self._keepers = keepers
        self._chance = chance

    def enter(self, case: str, subject: str, reference: str, now: datetime) -> None:
        """Keep whose a case is. Raises Unavailable."""
        self._subjects.link(case, subject, now)
        if self._keepers and not self._subjects.knows(subject):
            payload = pack("", reference.encode("utf-8", "replace"))
            sealed = seal_for(payload, subject, self._keepers, NEEDED, self._chance)
            self._subjects.keep_identity(subject, sealed.to_bytes(), now)


def read_keepers(path: Path) -> tuple[Card, ...]:
    """The keepers in a file; none where there is no file. Raises BadInput where they are not one
    of each side (rule 1)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        cards = tuple(msgspec.json.decode(data, type=list[Card]))
    except msgspec.DecodeError as wrong:
        raise BadInput(f"{path} holds no keepers: {wrong}.", hint="licet order keepers") from None
    check_keepers(cards)
    return cards


def check_keepers(cards: Sequence[Card]) -> None:
    """Raises BadInput unless there is one keeper of each side, with a key of their own."""
    sides, marks = sorted(card.side for card in cards), {card.mark for card in cards}
    if sides != sorted(SIDES) or len(marks) != len(SIDES):
        raise BadInput(
            "identities are kept by three: one of the provider, one of the authority, one of an"
            " independent body.",
            hint="Give three cards, made by three people: licet order key make",
        )
