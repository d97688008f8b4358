"""The screen: a quick look that lets most lawful text pass without a closer one.

It refuses to know categories, verdicts and limits: it gives a number, and the model compares.

Rules
1. A text is read as UTF-8, READ_BYTES at a time from every byte: six Latin letters, or two Han
   characters. Each read is one bucket, and has one weight.
2. Weights are summed over blocks, and over two neighbouring blocks; the highest counts.
3. It may err towards suspicion only: limits are set in training so that it keeps nearly all that
   the full model would stop (the figure is in the model card).
4. It has no vocabulary and walks over the bytes once, in whole numbers of the machine: a few
   nanoseconds a letter where this is compiled.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from mypy_extensions import i64
from numpy.typing import NDArray

from licet.base.piecemeal import Piecemeal

SCREEN_BITS: Final = 17
READ_BYTES: Final = 6
BLOCK_BYTES: Final = 128
"""128 Latin letters or 42 Han characters."""
PIECE_BLOCKS: Final = 64
"""A long text is read by so many at a time."""

_PAD: Final = " " * 7
_MIX: Final = 0x79B97F4A7C15
_NEWEST: Final = 8 * (READ_BYTES - 1)
_SHIFT: Final = 8 * READ_BYTES - SCREEN_BITS
_MASK: Final = (1 << SCREEN_BITS) - 1
_BIAS: Final = 128
_LEAST: Final = -(1 << 62)
_ROOT_ONE, _ROOT_TWO = math.sqrt(BLOCK_BYTES), math.sqrt(2 * BLOCK_BYTES)


def table_of(weights: NDArray[np.int8]) -> bytes:
    """Weights by bucket, shape (2^SCREEN_BITS,), as this module reads them."""
    return (weights.astype(np.int16) + _BIAS).astype(np.uint8).tobytes()


def encoded(folded: str) -> bytes:
    """A folded text in UTF-8 with a blank before it and enough after it for every read."""
    return f" {folded}{_PAD}".encode("utf-8", "surrogatepass")


def is_han(data: bytes, characters: int) -> bool:
    """Whether the encoded text of so many characters is about a fifth of Han, or more."""
    # A Latin letter is one byte and a Han character three.
    return len(data) - 1 - len(_PAD) > 1.4 * characters


def buckets(data: bytes) -> NDArray[np.int64]:
    """The bucket of each read of an encoded text, in order: for those who train weights."""
    # Overlapping 64-bit reads, one from each byte. Multiplying by a constant whose low 16 bits
    # are nought throws the last two of the eight bytes away.
    reads: NDArray[np.uint64] = np.ndarray((_reads(data),), "<u8", data, 0, (1,))
    mixed = reads * np.uint64((_MIX << 16) % (1 << 64)) >> np.uint64(64 - SCREEN_BITS)
    return mixed.astype(np.int64)


def highest(table: bytes, data: bytes) -> float:
    """The highest mean of weights over a block or two of an encoded text. `table`: of `table_of`.

    A sum is divided by the root of the number of reads, as in the full model, so that a long
    text is no more suspicious than a short one for its mere length.
    """
    return _highest(table, data, 0, _reads(data))


def highest_piecemeal(table: bytes, data: bytes) -> Piecemeal[float]:
    """As `highest`. Pieces share a block, so that every two neighbours stand in one."""
    count, size = _reads(data), PIECE_BLOCKS * BLOCK_BYTES
    if count <= size:
        return _highest(table, data, 0, count)
    found = -math.inf
    for at in range(0, count - BLOCK_BYTES, size - BLOCK_BYTES):
        found = max(found, _highest(table, data, at, min(count, at + size)))
        yield
    return found


def _reads(data: bytes) -> int:
    """How many there are in an encoded text."""
    return len(data) - len(_PAD)


def _highest(table: bytes, data: bytes, start: i64, end: i64) -> float:
    """Of the reads from `start` to `end`, which are at least one."""
    at, stop = start, end + READ_BYTES - 1
    read: i64 = 0
    while at < start + READ_BYTES - 1:
        read = read >> 8 | i64(data[at]) << _NEWEST
        at += 1
    left: i64 = BLOCK_BYTES
    total: i64 = 0
    before: i64 = 0
    one: i64 = _LEAST
    two: i64 = _LEAST
    while at < stop:
        read = read >> 8 | i64(data[at]) << _NEWEST
        total += i64(table[read * _MIX >> _SHIFT & _MASK]) - _BIAS
        at += 1
        left -= 1
        if left == 0 and at < stop:
            if total > one:
                one = total
            if at > start + READ_BYTES - 1 + BLOCK_BYTES and before + total > two:
                two = before + total
            before, total, left = total, 0, BLOCK_BYTES
    if end - start <= BLOCK_BYTES:
        return float(int(total)) / math.sqrt(end - start)
    if total > one:
        one = total
    if before + total > two:
        two = before + total
    return max(float(int(one)) / _ROOT_ONE, float(int(two)) / _ROOT_TWO)
