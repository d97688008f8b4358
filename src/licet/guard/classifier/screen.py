"""The screen: a quick look that lets most lawful text pass without a closer one.

It refuses to know categories and verdicts: it only says whether a text deserves the full model.

Rules
1. A text is read as UTF-8, READ_BYTES at a time from every byte: six Latin letters, or two Han
   characters. Each read is one bucket, and has one weight.
2. Weights are summed over windows (two neighbouring blocks); the highest sum counts.
3. It may err towards suspicion only: the limit is set in training so that it keeps nearly all
   that the full model would stop (the figure is in the model card).
4. The cost is about eight calls into numpy for any text; that is why it has no vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import add

import numpy as np
from numpy.typing import NDArray

SCREEN_BITS = 17
READ_BYTES = 6
BLOCK_BYTES = 128
"""A window is two blocks: 256 Latin letters or 85 Han characters."""

_WORD_BYTES = 8
_PAD = " " * (_WORD_BYTES - 1)
# Multiplying by a constant whose low 16 bits are nought throws the last two of eight bytes away.
_MIX = np.uint64((0x9E3779B97F4A7C15 << 8 * (_WORD_BYTES - READ_BYTES)) % (1 << 64))
_SHIFT = np.uint64(64 - SCREEN_BITS)
_STARTS = np.arange(0, 1 << 20, BLOCK_BYTES)


def buckets(folded: str) -> NDArray[np.int64]:
    """The bucket of each read of the folded text, in order; a blank stands at either end."""
    data = f" {folded}{_PAD}".encode("utf-8", "surrogatepass")
    # Overlapping 64-bit reads, one from each byte: no copy, no loop.
    reads: NDArray[np.uint64] = np.ndarray(
        (len(data) - _WORD_BYTES + 1,), "<u8", data, strides=(1,)
    )
    mixed = reads * _MIX
    mixed >>= _SHIFT
    return mixed.view(np.int64)


@dataclass(frozen=True, slots=True)
class Screen:
    """weights: shape (2^SCREEN_BITS,), by bucket; limit: a window's sum above it is suspicious."""

    weights: NDArray[np.int32]
    limit: int

    def suspects(self, folded: str) -> bool:
        """Whether any window of the folded text deserves the full model."""
        return self.highest(folded) > self.limit

    def highest(self, folded: str) -> int:
        """The highest sum of weights over a window of the folded text."""
        weights = self.weights.take(buckets(folded))
        count = len(weights)
        if count <= BLOCK_BYTES:
            return int(np.add.reduce(weights))
        starts = _STARTS[: -(-count // BLOCK_BYTES)]
        if len(starts) * BLOCK_BYTES < count:
            starts = np.arange(0, count, BLOCK_BYTES)
        sums: list[int] = np.add.reduceat(weights, starts).tolist()
        pairs: list[int] = list(map(add, sums, sums[1:]))
        return max(pairs)
