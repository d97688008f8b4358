"""Words that were read before are taken in one stride.

Between two words most texts have nothing open but what literals and runs of digits may become,
and of that the parts of a watch remember a state (`licet.guard.lazy_dfa`). Where they all stand so
is a place. A word and the blank behind it lead from place to place, always to the same: one
look-up for a word, instead of several for each of its characters.

It refuses to know what is looked for.

Rules
1. The parts alone say what is found and what is held. A word is taken in a stride only where they
   have read it from the same place, noted nothing in it, and stood at a place behind it.
2. At most STRIDES_MAX strides are remembered; then remembering begins anew. Texts that stand at a
   place go on from it.
"""

from __future__ import annotations

from typing import Final

from licet.guard.disguise import candidates
from licet.guard.lazy_dfa import State

STRIDES_MAX: Final = 60_000
"""Some 110 bytes each."""
WORD_MAX: Final = 24
"""Longer ones seldom come twice."""
TEXT_MIN: Final = 24
"""A shorter piece of a text, as a token is, has no whole word in it, or one."""


class Place:
    """Where a watch stands between two words, and where words lead from here."""

    __slots__ = ("coded", "literals", "words")

    def __init__(self, literals: State, coded: candidates.State) -> None:
        self.literals = literals
        self.coded = coded
        self.words: dict[str, Place] = {}
        """By a word, without the blank behind it; `Strides.never` where it must be read."""


class Strides:
    """The places and strides of all texts under the same rules. Shared by those of a thread."""

    __slots__ = ("_known", "_places", "never")

    def __init__(self) -> None:
        self._places: dict[tuple[State, candidates.State], Place] = {}
        self._known = 0
        self.never = Place(State((), 0, 0), candidates.BEGIN)

    def place(self, literals: State, coded: candidates.State) -> Place:
        """Where parts stand that have these states, and nothing else open."""
        key = (literals, coded)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = Place(literals, coded)
        return place

    def remember(self, place: Place, word: str, following: Place | None) -> None:
        """Where a word was found to lead; None: not to a place, or not without a note."""
        if len(word) > WORD_MAX:
            return
        self._known += 1
        if self._known > STRIDES_MAX:  # rule 2
            self._places = {}
            self._known = 0
        place.words[word] = following or self.never
