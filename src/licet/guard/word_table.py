"""Where words lead from where, as far as it is known: one look-up in whole numbers of the machine
for each word that a text has.

It refuses to know what places are.

Rules
1. A word has at most WORD_BYTES_MAX bytes of UTF-8. Its last one, and only that, is a blank or a
   line end. It is read eight bytes at a time.
2. A word is kept whole, beside the place from which it leads: none is taken for another.
3. Nothing is taken out alone: whoever has a bound begins anew.

Sources: open addressing with linear probing (D. Knuth, The Art of Computer Programming 3, 6.4);
finding a byte among eight (H. Warren, Hacker's Delight, 6-1).
"""

from __future__ import annotations

from typing import Final, final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

WORD_BYTES_MAX: Final = 24
NUMBER_MAX: Final = (1 << 24) - 1
"""The highest number of a place; the lowest is 1."""
NOWHERE: Final = 0
"""Where a word leads that is known to lead to no place."""
UNKNOWN: Final = -1
PAD: Final = b"\0" * WORD_BYTES_MAX
"""What stands behind a text that words are read from, so that eight bytes can be read anywhere."""

# An entry is four numbers: 24 bytes of a word, and where from (from bit 34 on), where to (from bit
# 10 on), how many bytes (from bit 5 on), how many characters. An empty one has 0 as its last.
_FROM: Final = 34
_TO: Final = 10
_BYTES: Final = 5
_SMALL: Final = 31
_FIRST: Final = 1 << 8

_ONES: Final = 0x0101010101010101
_HIGHS: Final = -0x7F7F7F7F7F7F7F80
_BLANKS: Final = 0x2020202020202020
_LINE_ENDS: Final = 0x0A0A0A0A0A0A0A0A
_MIX_SECOND: Final = 0x2545F4914F6CDD1D
_MIX_THIRD: Final = 0x369DEA0F31A53F85
_MIX_PLACE: Final = 0x1B873593CC9E2D51
_MIX: Final = 0x79B97F4A7C15F39B
_MIXED: Final = 24


@final
class WordTable:
    """Words by place. At least half of it is free; 64 to 128 bytes a word."""

    __slots__ = ("_entries", "known")

    def __init__(self) -> None:
        self._entries: vec[i64] = _empty(_FIRST)
        self.known: i64 = 0
        """How many words, each from one place."""

    def follow(self, place: i64, data: bytes, start: i64) -> tuple[i64, i64, i64]:
        """(place, byte, characters): from a place by the words of a text in UTF-8, PAD behind it,
        from `start` on, as far as they are known and lead to places: to which place, up to which
        byte, over how many characters."""
        entries = self._entries
        end: i64 = len(data) - WORD_BYTES_MAX
        at, count = start, i64(0)
        while at < end:
            first = read_i64_le(data, at)
            ends = _ends(first)
            second, third = i64(0), i64(0)
            if ends != 0:
                first &= ends ^ ends - 1  # what is behind the first of them is another word's
            else:
                second, third = _rest(data, at + 8)
                if second == 0:
                    break
            known = entries[_slot(entries, place, first, second, third) + 3]
            following = known >> _TO & NUMBER_MAX
            if following == NOWHERE:
                break
            place = following
            at += known >> _BYTES & _SMALL
            count += known & _SMALL
        return place, at, count

    def find(self, place: i64, word: bytes) -> i64:
        """Where a word leads: to a place, NOWHERE, or UNKNOWN."""
        slot = self._slot_of(place, word + PAD)
        known = self._entries[slot + 3]
        return UNKNOWN if known == 0 else known >> _TO & NUMBER_MAX

    def put(self, place: i64, word: bytes, following: i64) -> None:
        """Remember where a word leads (rule 1); what is known of it stays."""
        padded = word + PAD
        slot = self._slot_of(place, padded)
        if self._entries[slot + 3] != 0:
            return
        if 8 * self.known >= len(self._entries):
            self._grow()
            slot = self._slot_of(place, padded)
        size, count = i64(len(word)), i64(0)
        for at in range(size):
            if i64(word[at]) & 0xC0 != 0x80:
                count += 1
        self._write(
            slot, read_i64_le(padded, 0), read_i64_le(padded, 8), read_i64_le(padded, 16),
            place << _FROM | following << _TO | size << _BYTES | count,
        )  # fmt: skip
        self.known += 1

    def clear(self) -> None:
        """Begin anew."""
        self._entries = _empty(_FIRST)
        self.known = 0

    def _slot_of(self, place: i64, padded: bytes) -> i64:
        first, second = read_i64_le(padded, 0), read_i64_le(padded, 8)
        return _slot(self._entries, place, first, second, read_i64_le(padded, 16))

    def _grow(self) -> None:
        older, self._entries = self._entries, _empty(len(self._entries) >> 1)
        at: i64 = 0
        while at < len(older):
            known = older[at + 3]
            if known != 0:
                first, second, third = older[at], older[at + 1], older[at + 2]
                slot = _slot(self._entries, known >> _FROM, first, second, third)
                self._write(slot, first, second, third, known)
            at += 4

    def _write(self, slot: i64, first: i64, second: i64, third: i64, known: i64) -> None:
        self._entries[slot] = first
        self._entries[slot + 1] = second
        self._entries[slot + 2] = third
        self._entries[slot + 3] = known


def _rest(data: bytes, at: i64) -> tuple[i64, i64]:
    """What a word of more than eight bytes has behind them; (0, 0) if it is too long."""
    second, third = read_i64_le(data, at), read_i64_le(data, at + 8)
    ends = _ends(second)
    if ends != 0:
        return second & (ends ^ ends - 1), 0
    ends = _ends(third)
    return (second, third & (ends ^ ends - 1)) if ends != 0 else (0, 0)


def _ends(eight: i64) -> i64:
    """Bytes that are a blank or a line end, told by their highest bit; the lowest one is true."""
    blanks, line_ends = eight ^ _BLANKS, eight ^ _LINE_ENDS
    return (blanks - _ONES & ~blanks | line_ends - _ONES & ~line_ends) & _HIGHS


def _slot(entries: vec[i64], place: i64, first: i64, second: i64, third: i64) -> i64:
    """Where the entry of a word stands, or would."""
    last: i64 = len(entries) - 1
    mixed = first ^ second * _MIX_SECOND ^ third * _MIX_THIRD ^ place * _MIX_PLACE
    slot = ((mixed ^ mixed >> 29) * _MIX >> _MIXED << 2) & last
    known = entries[slot + 3]
    while known != 0 and (
        known >> _FROM != place or entries[slot] != first
        or entries[slot + 1] != second or entries[slot + 2] != third
    ):  # fmt: skip
        slot = slot + 4 & last
        known = entries[slot + 3]
    return slot


def _empty(words: i64) -> vec[i64]:
    return vec[i64]([0] * (4 * words))
