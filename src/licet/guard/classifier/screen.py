"""The screen: a quick look that lets most lawful text pass without a closer one.

It refuses to know categories, verdicts and limits: it gives a number, and the model compares.

Rules
1. A text is read as UTF-8, READ_BYTES at a time from every byte: six Latin letters, or two Han
   characters. Each read is one bucket, and has one weight.
2. Weights are summed over blocks, and over two neighbouring blocks; the highest counts.
3. It may err towards suspicion only: limits are set in training so that it keeps nearly all that
   the full model would stop (the figure is in the model card).
4. The cost is about eight calls into numpy for any text; that is why it has no vocabulary.
"""

from __future__ import annotations

import math
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licet.base.piecemeal import Piecemeal

SCREEN_BITS = 17
READ_BYTES = 6
BLOCK_BYTES = 128
"""128 Latin letters or 42 Han characters."""
PIECE_BLOCKS = 64
"""A long text is read by so many at a time."""

_WORD_BYTES = 8
Table = NDArray[np.signedinteger[Any]]
"""Weights by bucket, shape (2^bits,), as narrow as they were packed."""

_PAD = " " * (_WORD_BYTES - 1)
# Multiplying by a constant whose low 16 bits are nought throws the last two of eight bytes away.
# Arrays of no dimension: a scalar would be looked at anew with every call.
_MIX = np.array((0x9E3779B97F4A7C15 << 8 * (_WORD_BYTES - READ_BYTES)) % (1 << 64), np.uint64)
_SHIFT = np.array(64 - SCREEN_BITS, np.uint64)
_READ = np.dtype("<u8")
_EACH_BYTE = (1,)
_ROOT_ONE, _ROOT_TWO = math.sqrt(BLOCK_BYTES), math.sqrt(2 * BLOCK_BYTES)
_STARTS = np.arange(0, 1 << 18, BLOCK_BYTES)


def encoded(folded: str) -> bytes:
    """A folded text in UTF-8 with a blank before it and enough after it for every read."""
    return f" {folded}{_PAD}".encode("utf-8", "surrogatepass")


def is_han(data: bytes, characters: int) -> bool:
    """Whether the encoded text of so many characters is about a fifth of Han, or more."""
    # A Latin letter is one byte and a Han character three.
    return len(data) - 1 - len(_PAD) > 1.4 * characters


def buckets(data: bytes) -> NDArray[np.int64]:
    """The bucket of each read of an encoded text, in order."""
    # Overlapping 64-bit reads, one from each byte: no copy, no loop.
    reads: NDArray[np.uint64] = np.ndarray(
        (len(data) - _WORD_BYTES + 1,), _READ, data, 0, _EACH_BYTE
    )
    mixed = np.multiply(reads, _MIX)
    np.right_shift(mixed, _SHIFT, mixed)
    return mixed.view(np.int64)


def highest(weights: Table, data: bytes) -> float:
    """The highest mean of weights (shape (2^SCREEN_BITS,)) over a block or two of the text.

    A sum is divided by the root of the number of reads, as in the full model, so that a long
    text is no more suspicious than a short one for its mere length.
    """
    found = weights.take(buckets(data))
    count = len(found)
    if count <= BLOCK_BYTES:
        return float(np.add.reduce(found, dtype=np.int32)) / math.sqrt(count)
    blocks = -(-count // BLOCK_BYTES)
    starts = _STARTS[:blocks] if blocks <= len(_STARTS) else np.arange(0, count, BLOCK_BYTES)
    sums: list[int] = np.add.reduceat(found, starts, dtype=np.int32).tolist()
    pairs: list[int] = list(map(add, sums, sums[1:]))
    return max(max(sums) / _ROOT_ONE, max(pairs) / _ROOT_TWO)


def highest_piecemeal(weights: Table, data: bytes) -> Piecemeal[float]:
    """As `highest`. Pieces share a block, so that every two neighbours stand in one."""
    count, size = len(data) - _WORD_BYTES + 1, PIECE_BLOCKS * BLOCK_BYTES
    if count <= size:
        return highest(weights, data)
    found = -math.inf
    for at in range(0, count - BLOCK_BYTES, size - BLOCK_BYTES):
        found = max(found, highest(weights, data[at : at + size + _WORD_BYTES - 1]))
        yield
    return found
