"""Words that were read before are taken in one stride.

Between two words most texts have nothing open but what literals may become, and that is a state
that is remembered (`licet.guard.lazy_dfa`). Where a watch stands so is a place. A word and the
blank behind it lead from place to place, always to the same: one look-up for a word, instead of
several for each of its characters.

It refuses to know what is looked for.

Rules
1. The parts alone say what is found and what is held. A word is taken in a stride only where they
   have read it from the same place, noted nothing in it, and stood at a place behind it.
2. At most STRIDES_MAX strides are remembered; then remembering begins anew. Texts that stand at a
   place go on from it.
3. States that literals have forgotten are let go, with all that leads to them: else what they
   remember would have no bound.
"""

from __future__ import annotations

from typing import Final

from licet.guard.lazy_dfa import LazyDfa, State

STRIDES_MAX: Final = 60_000
"""Some 110 bytes each."""
WORD_MAX: Final = 24
"""Longer ones seldom come twice."""
TEXT_MIN: Final = 24
"""A shorter piece of a text, as a token is, has no whole word in it, or one."""


class Place:
    """Where a watch stands between two words, and where words lead from here."""

    __slots__ = ("literals", "words")

    def __init__(self, literals: State) -> None:
        self.literals = literals
        self.words: dict[str, Place] = {}
        """By a word, without the blank behind it; `Strides.never` where it must be read."""


class Strides:
    """The places and strides of all texts under the same rules. Shared by those of a thread."""

    __slots__ = ("_dfa", "_epoch", "_known", "_places", "never")

    def __init__(self, dfa: LazyDfa) -> None:
        """`dfa`: what literals make of these texts."""
        self._dfa = dfa
        self._epoch = dfa.epoch
        self._places: dict[State, Place] = {}
        self._known = 0
        self.never = Place(dfa.unknown)

    def place(self, literals: State) -> Place | None:
        """Where parts stand of which literals alone have anything open, in this state; None for
        one that is to be forgotten (rule 3)."""
        if literals.epoch != self._dfa.epoch:
            return None
        if self._epoch != literals.epoch:
            self._epoch = literals.epoch
            self._forget()
        place = self._places.get(literals)
        if place is None:
            place = self._places[literals] = Place(literals)
        return place

    def remember(self, place: Place, word: str, following: Place | None) -> None:
        """Where a word was found to lead; None: not to a place, or not without a note."""
        if len(word) > WORD_MAX:
            return
        self._known += 1
        if self._known > STRIDES_MAX:
            self._forget()
        place.words[word] = following or self.never

    def _forget(self) -> None:
        """Rule 2."""
        self._places = {}
        self._known = 0
