"""Finds where in a whole text a closer look is worth its time.

It refuses to decide: it may name places where nothing is, never miss one where something is.
Streams do not use it (no library says how much of a text is still alive); whole texts do, because
a vectorised matcher (Hyperscan, BSD) reads them some fifty times faster than we can.
"""

from __future__ import annotations

from collections.abc import Sequence

import hyperscan
import numpy as np

from licet.guard.fold import EXPAND, MARKS_END, SKIP, SURROGATE, word_class
from licet.guard.literal import Entry

_MARKS = bytes(range(ord(MARKS_END)))
CANDIDATES_MAX = 200
"""With more, one look at the whole text is cheaper than one at each."""

Candidate = tuple[int, int]
"""Where the letters of a literal stand in a text: (start, end)."""


class Prefilter:
    """All letters of all entries, compiled for block scanning. One thread at a time."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        # Whether a literal must begin, and must end, where a word does, for all rules with it.
        anchored: dict[str, tuple[bool, bool]] = {}
        for entry in entries:
            begins, ends = anchored.get(entry.letters, (True, True))
            anchored[entry.letters] = (begins and entry.start_word, ends and entry.end_word)
        self._letters = list(anchored)
        self._anchored = list(anchored.values())
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if anchored:
            self._database.compile(
                expressions=[letters.encode() for letters in anchored],
                ids=list(range(len(anchored))),
                elements=len(anchored),
                flags=[0] * len(anchored),
                literal=True,
            )

    def candidates(self, symbols: str) -> list[Candidate] | None:
        """Places in a text given by its symbols (letters view), or None for "look everywhere"."""
        if not self._letters:
            return []
        if EXPAND in symbols or SURROGATE in symbols:
            return None
        found: list[tuple[int, int]] = []

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            found.append((number, end))
            return len(found) > CANDIDATES_MAX * 8

        skeleton = symbols.encode().translate(None, _MARKS)
        if skeleton:
            try:
                self._database.scan(skeleton, match_event_handler=on_match)
            except hyperscan.ScanTerminated:
                return None
        if not found:
            return []
        return self._located(symbols, skeleton, found)

    def _located(
        self, symbols: str, skeleton: bytes, found: list[tuple[int, int]]
    ) -> list[Candidate] | None:
        """From byte offsets among the letters to offsets in the text."""
        points = np.frombuffer(symbols.encode("utf-32-le"), dtype=np.uint32)
        places = np.flatnonzero(points >= ord(MARKS_END))
        ascii_only = len(skeleton) == len(places)
        if not ascii_only:
            units = np.frombuffer(skeleton, dtype=np.uint8)
            letter_starts = np.flatnonzero((units & 0xC0) != 0x80)
        out: set[Candidate] = set()
        for number, end_byte in found:
            end = end_byte if ascii_only else int(np.searchsorted(letter_starts, end_byte))
            letters = self._letters[number]
            start_at, end_at = int(places[end - len(letters)]), int(places[end - 1]) + 1
            begins, ends = self._anchored[number]
            if begins and not _begins_word(symbols, start_at):
                continue
            if ends and not _ends_word(symbols, end_at):
                continue
            out.add((start_at, end_at))
        return sorted(out) if len(out) <= CANDIDATES_MAX else None


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
