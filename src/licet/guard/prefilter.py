"""Finds where in a whole text a closer look is worth its time.

It refuses to decide: it may name places where nothing is, never miss one where something is.
Streams do not use it (they must know how much of a text is still alive); whole texts do, because
most of a text can be ruled out many letters at a time.

How: of each literal the first 1, 2, 4 or 8 letters, as many as it has, are hashed twice, and both
hashes of all literals are marked in a table for each length. A text's letters, without what stands
between them, are hashed the same way at every place, a doubling at a time; where both marks are
hit, the automaton is walked to see whether a literal goes on there to its end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from licet.guard.automaton import Automaton
from licet.guard.fold import EXPAND, MARKS_END, SKIP, SURROGATE, word_class

CANDIDATES_MAX = 200
"""With more, one look at the whole text is cheaper than one at each."""
SHORT_CHARACTERS = 96
"""A text as short as this is read as quickly by the scanner itself."""

Candidate = tuple[int, int]
"""Where the letters of a literal stand in a text: (start, end)."""

_HEADS = (1, 2, 4, 8)
_BITS_MIN, _BITS_MAX = 12, 22
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)
_MIX, _OTHER_MIX = np.uint32(0x2545F491), np.uint32(0xB5297A4D)
_MARKS_END = ord(MARKS_END)


class Prefilter:
    """The heads of all literals of an automaton."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        heads: dict[int, set[str]] = {}
        for entry in automaton.entries:
            length = max(head for head in _HEADS if head <= len(entry.letters))
            heads.setdefault(length, set()).add(entry.letters[:length])
        count = sum(map(len, heads.values()))
        # Eight places a mark or more: one place of a text in sixty-four is looked at in vain.
        bits = min(_BITS_MAX, max(_BITS_MIN, count.bit_length() + 4))
        self._shift = np.uint32(32 - bits)
        self._tables: dict[int, NDArray[np.bool_]] = {}
        for length, found in heads.items():
            points = np.frombuffer("".join(found).encode("utf-32-le"), dtype="<u4")
            table = np.zeros(1 << bits, dtype=np.bool_)
            hashes = dict(_doubled(points, length))[length][::length]
            table[hashes * _MIX >> self._shift] = True
            table[hashes * _OTHER_MIX >> self._shift] = True
            self._tables[length] = table
        self._longest = max(self._tables, default=0)

    def candidates(self, symbols: str) -> list[Candidate] | None:
        """Places in a text given by its symbols (letters view), or None for "look everywhere"."""
        if not self._tables:
            return []
        if len(symbols) <= SHORT_CHARACTERS or EXPAND in symbols or SURROGATE in symbols:
            return None
        points = np.frombuffer(symbols.encode("utf-32-le"), dtype="<u4")
        places = np.flatnonzero(points >= _MARKS_END)
        letters = points.take(places)
        starts: set[int] = set()
        for length, hashes in _doubled(letters, self._longest):
            table = self._tables.get(length)
            if table is not None:
                found = np.flatnonzero(table.take(hashes * _MIX >> self._shift))
                again = table.take(hashes.take(found) * _OTHER_MIX >> self._shift)
                starts.update(found[again].tolist())
        if not starts:
            return []
        return self._located(symbols, letters.tobytes().decode("utf-32-le"), places, starts)

    def _located(
        self, symbols: str, letters: str, places: NDArray[np.intp], starts: set[int]
    ) -> list[Candidate] | None:
        """From places among the letters where a literal may begin to where literals stand."""
        automaton = self._automaton
        out: set[Candidate] = set()
        for start in starts:
            state, at = 0, start
            while at < len(letters):
                following = automaton.opened(state).get(letters[at])
                if following is None:
                    break
                state, at = following, at + 1
                for entry in automaton.out[state]:
                    if len(entry.letters) != at - start:
                        break  # those of the suffixes come last, and begin elsewhere
                    first, last = int(places[start]), int(places[at - 1]) + 1
                    begins = not entry.start_word or _begins_word(symbols, first)
                    if begins and (not entry.end_word or _ends_word(symbols, last)):
                        out.add((first, last))
            if len(out) > CANDIDATES_MAX:
                return None
        return sorted(out)


def _doubled(points: NDArray[np.uint32], longest: int) -> list[tuple[int, NDArray[np.uint32]]]:
    """(length, hash of so many letters from each place) for each length up to the longest."""
    out = [(1, points)]
    for factor, length in zip(_FACTORS, _HEADS, strict=False):
        if length >= longest or len(points) <= length:
            break
        points = points[:-length] * factor + points[length:]
        out.append((2 * length, points))
    return out


def word_before(symbols: str, at: int) -> int:
    """The word class of what stands before `at`; what is not seen does not count."""
    at -= 1
    while at >= 0 and symbols[at] == SKIP:
        at -= 1
    return word_class(symbols[at]) if at >= 0 and symbols[at] >= MARKS_END else 0


def _ends_word(symbols: str, at: int) -> bool:
    kind = word_class(symbols[at - 1])
    while at < len(symbols) and symbols[at] == SKIP:
        at += 1
    following = word_class(symbols[at]) if at < len(symbols) and symbols[at] >= MARKS_END else 0
    return not following or following < kind


def _begins_word(symbols: str, at: int) -> bool:
    kind = word_class(symbols[at])
    return not kind or word_before(symbols, at) < kind
