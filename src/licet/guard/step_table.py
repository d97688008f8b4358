"""Where characters lead from where, as far as it is known: one look-up in whole numbers of the
machine for each character that a text has.

It refuses to know what nodes and codes stand for.

Rules
1. A step leads from a node by a code to a number; all three have at most 21 bits, as code points
   of Unicode have, and so all fit into one whole number. Nodes are more than 0.
2. Nothing is taken out alone: whoever has a bound begins anew.

Source: open addressing with linear probing (D. Knuth, The Art of Computer Programming 3, 6.4).
"""

from __future__ import annotations

from typing import Final, final

from librt.vecs import vec
from mypy_extensions import i64

UNKNOWN: Final = -1
_BITS: Final = 21
_MASK: Final = (1 << _BITS) - 1
_FIRST: Final = 1 << 10
_MIX: Final = 0x79B97F4A7C15
_MIXED: Final = 20


@final
class StepTable:
    """Steps by node and code. At least half of it is free; sixteen to 32 bytes a step."""

    __slots__ = ("_entries", "known")

    def __init__(self) -> None:
        self._entries: vec[i64] = _empty(_FIRST)
        self.known: i64 = 0
        """How many steps."""

    def find(self, node: i64, code: i64) -> i64:
        """Where it leads, or UNKNOWN, as from a node that is not more than 0."""
        entries = self._entries
        mask: i64 = len(entries) - 1
        key = node << _BITS | code
        slot = key * _MIX >> _MIXED & mask
        entry = entries[slot]
        while entry >> _BITS != key:
            if entry == 0:
                return UNKNOWN
            slot = slot + 1 & mask
            entry = entries[slot]
        return entry & _MASK

    def put(self, node: i64, code: i64, number: i64) -> None:
        """Remember a step that is not known."""
        if 2 * self.known >= len(self._entries):
            older, self._entries = self._entries, _empty(2 * len(self._entries))
            for entry in older:
                if entry != 0:
                    self._place(entry)
        self._place((node << _BITS | code) << _BITS | number)
        self.known += 1

    def clear(self) -> None:
        """Begin anew."""
        self._entries = _empty(_FIRST)
        self.known = 0

    def _place(self, entry: i64) -> None:
        mask: i64 = len(self._entries) - 1
        slot = (entry >> _BITS) * _MIX >> _MIXED & mask
        while self._entries[slot] != 0:
            slot = slot + 1 & mask
        self._entries[slot] = entry


def _empty(size: i64) -> vec[i64]:
    return vec[i64]([0] * size)
