"""Words that were read before are taken in one stride.

Between two words most texts have nothing open but what literals may become, and that is a state
that is remembered (`licet.guard.lazy_dfa`). Where a watch stands so is a place. A word and the
blank or line end behind it lead from place to place, always to the same: a step for each of its
bytes, in whole numbers of the machine, instead of several look-ups for each of its characters.

It refuses to know what is looked for.

Rules
1. The parts alone say what is found and what is held. A word is taken in a stride only where they
   have read it from the same place, noted nothing in it, and stood at a place behind it.
2. At most STEPS_MAX steps are remembered; then remembering begins anew. Places from before lead
   nowhere then.
3. States that literals have forgotten are let go, with all that leads to them: else what they
   remember would have no bound.
"""

from __future__ import annotations

import re
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from licet.guard.lazy_dfa import LazyDfa, State

STEPS_MAX: Final = 1 << 17
"""Some 20,000 words; eight bytes each, and as many that are free."""
WORD_BYTES_MAX: Final = 24
"""Longer ones seldom come twice."""
TEXT_MIN: Final = 24
"""A shorter piece of a text, as a token is, has no whole word in it, or one."""
WORD: Final = re.compile(r"[^ \n]*[ \n]")
"""What may be a stride: no word is the beginning of another."""

_STEPS_FIRST: Final = 1 << 12
_NODE_BITS: Final = 21
_NODE_MASK: Final = (1 << _NODE_BITS) - 1
_NEVER: Final = 0
"""The node behind a word that must be read, and of a place that leads nowhere."""
_MIX: Final = 0x79B97F4A7C15
_MIXED: Final = 20


class Place:
    """Where a watch stands between two words: its node is odd; those inside of words are even."""

    __slots__ = ("literals", "node")

    def __init__(self, literals: State, node: i64) -> None:
        self.literals = literals
        self.node = node


class Strides:
    """The places and strides of all texts under the same rules. Shared by those of a thread."""

    __slots__ = ("_dfa", "_epoch", "_inside", "_known", "_named", "_places", "_steps")

    def __init__(self, dfa: LazyDfa) -> None:
        """`dfa`: what literals make of these texts."""
        self._dfa = dfa
        self._epoch = dfa.epoch
        self._places: dict[State, Place] = {}
        self._named: list[Place] = []
        """The place of node 2n + 1 is the nth."""
        self._inside: i64 = 0
        self._known: i64 = 0
        self._steps: vec[i64] = _table(_STEPS_FIRST)
        """By what `_slot` says: node, byte and the node behind it; 0 where there is nothing."""

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
            place = self._places[literals] = Place(literals, 2 * len(self._named) + 1)
            self._named.append(place)
        return place

    def take(self, place: Place, data: bytes, start: i64) -> tuple[Place, i64, i64]:
        """(place, byte, characters): how far strides lead from a place through a text in UTF-8,
        to where, and over how many characters."""
        steps = self._steps
        mask: i64 = len(steps) - 1
        end: i64 = len(data)
        node: i64 = place.node
        at, count = start, i64(0)
        last, last_at, last_count = node, start, i64(0)
        while at < end and node != _NEVER:
            byte = i64(data[at])
            key = node << 8 | byte
            slot = key * _MIX >> _MIXED & mask
            step = steps[slot]
            while step >> _NODE_BITS != key:
                if step == 0:
                    return self._reached(place, last), last_at, last_count
                slot = slot + 1 & mask
                step = steps[slot]
            node = step & _NODE_MASK
            at += 1
            if byte & 0xC0 != 0x80:
                count += 1
            if node & 1 != 0:
                last, last_at, last_count = node, at, count
        return self._reached(place, last), last_at, last_count

    def _reached(self, start: Place, node: i64) -> Place:
        return start if node == start.node else self._named[node >> 1]

    def remember(self, place: Place, word: bytes, following: Place | None) -> None:
        """Where a word in UTF-8, with what ends it, was found to lead, if it is not known; None:
        not to a place, or not without a note."""
        size: i64 = len(word)
        if size > WORD_BYTES_MAX or place.node == _NEVER:
            return
        if 2 * (self._known + size) > len(self._steps) and not self._grow():
            return
        behind: i64 = _NEVER if following is None else following.node
        node: i64 = place.node
        at: i64 = 0
        while at < size:
            key = node << 8 | i64(word[at])
            slot = _slot(self._steps, key)
            at += 1
            if self._steps[slot] != 0:
                node = self._steps[slot] & _NODE_MASK
                continue
            node = behind
            if at < size:
                self._inside += 2
                node = self._inside
            self._steps[slot] = key << _NODE_BITS | node
            self._known += 1

    def _grow(self) -> bool:
        """Room for more steps; False where all was forgotten instead."""
        if len(self._steps) > STEPS_MAX:
            self._forget()
            return False
        older, self._steps = self._steps, _table(2 * len(self._steps))
        for step in older:
            if step != 0:
                self._steps[_slot(self._steps, step >> _NODE_BITS)] = step
        return True

    def _forget(self) -> None:
        """Rule 2."""
        for place in self._named:
            place.node = _NEVER
        self._places = {}
        self._named = []
        self._inside = self._known = 0
        self._steps = _table(_STEPS_FIRST)


def _table(size: i64) -> vec[i64]:
    return vec[i64]([0] * size)


def _slot(steps: vec[i64], key: i64) -> i64:
    """Where the step of this node and byte stands, or may be put."""
    mask: i64 = len(steps) - 1
    slot = key * _MIX >> _MIXED & mask
    while steps[slot] != 0 and steps[slot] >> _NODE_BITS != key:
        slot = slot + 1 & mask
    return slot
