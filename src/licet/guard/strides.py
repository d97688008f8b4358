"""Words that were read before are taken in one stride.

Between two words most texts have nothing open but what literals may become, and that is a state
that is remembered (`licet.guard.lazy_dfa`). Where a watch stands so is a place. A word and the
blank or line end behind it lead from place to place, always to the same: one look-up for the word
instead of several for each of its characters.

It refuses to know what is looked for.

Rules
1. The parts alone say what is found and what is held. A word is taken in a stride only where they
   have read it from the same place, noted nothing in it, and stood at a place behind it.
2. At most WORDS_MAX words are remembered; then remembering begins anew. Places from before lead
   nowhere then.
3. States that literals have forgotten are let go, with all that leads to them: else what they
   remember would have no bound.
4. A word that came once may never come again (numbers, names): only `met` tells whether one is
   worth remembering. Those that never do would push common words out of the processor's caches.
"""

from __future__ import annotations

import re
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from licet.guard.lazy_dfa import LazyDfa, State
from licet.guard.word_table import NOWHERE, UNKNOWN, WORD_BYTES_MAX, WordTable

WORDS_MAX: Final = 1 << 15
TEXT_MIN: Final = 24
"""A shorter piece of a text, as a token is, has no whole word in it, or one."""
WORD: Final = re.compile(r"[^ \n]*[ \n]")
"""What may be a stride: no word is the beginning of another."""

_MET_BITS: Final = 14
_MARK_BITS: Final = 40
_MARK: Final = (1 << _MARK_BITS) - 1
_MIX: Final = 0x3B9ACB  # odd: no mark is lost; a mark times this has 62 bits at most


class Place:
    """Where a watch stands between two words."""

    __slots__ = ("literals", "number")

    def __init__(self, literals: State, number: i64) -> None:
        self.literals = literals
        self.number = number


class Strides:
    """The places and strides of all texts under the same rules. Shared by those of a thread."""

    __slots__ = ("_dfa", "_epoch", "_met", "_named", "_places", "words")

    def __init__(self, dfa: LazyDfa) -> None:
        """`dfa`: what literals make of these texts."""
        self._dfa = dfa
        self._epoch = dfa.epoch
        self._places: dict[State, Place] = {}
        self._named: list[Place] = []
        """The place of number n + 1 is the nth."""
        self._met: vec[i64] = vec[i64]([0] * (1 << _MET_BITS))
        """Marks of words that were met of late, each in the one slot that it may have."""
        self.words = WordTable()

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
            place = self._places[literals] = Place(literals, len(self._named) + 1)
            self._named.append(place)
        return place

    def take(self, place: Place, data: bytes, start: i64) -> tuple[Place, i64, i64]:
        """(place, byte, characters): how far strides lead from a place through a text in UTF-8
        with `word_table.PAD` behind it, to where, and over how many characters."""
        number, at, count = self.words.follow(place.number, data, start)
        return (place if number == place.number else self._named[number - 1]), at, count

    def met(self, place: Place, word: bytes) -> bool:
        """Whether a word was met at a place not long ago; it is from now on."""
        mark: i64 = place.number
        for at in range(len(word)):
            mark = (mark ^ i64(word[at])) * _MIX & _MARK
        slot = mark >> _MARK_BITS - _MET_BITS
        known = self._met[slot] == mark
        self._met[slot] = mark
        return known

    def remember(self, place: Place, word: bytes, following: Place | None) -> None:
        """Where a word in UTF-8, with what ends it, was found to lead, if it is not known; None:
        not to a place, or not without a note."""
        behind: i64 = NOWHERE if following is None else following.number
        if len(word) > WORD_BYTES_MAX or place.number == UNKNOWN or behind == UNKNOWN:
            return
        if self.words.known >= WORDS_MAX:
            self._forget()
            return
        self.words.put(place.number, word, behind)

    def _forget(self) -> None:
        """Rule 2."""
        for place in self._named:
            place.number = UNKNOWN
        self._places = {}
        self._named = []
        self.words.clear()
