"""Features: folded text as rows of a table, the same in training and in service.

It refuses to know weights, labels and thresholds. A feature is a number of a bucket, made by
multiplicative hashing of code points in 32-bit arithmetic; nothing here depends on the machine,
on Python's own `hash`, or on the order in which texts come.

Rules
1. Every position of the text (and the blank before it) starts GRAMS character grams, of 1, 2, …
   code points; grams that run past the end read blanks.
2. Every Latin word or number starts WORD_GRAMS word grams: itself, it and the next, it and the
   next but one. Han needs none: its characters carry what words carry elsewhere.
3. A feature belongs to the window in which it starts, so that the sum over any window is the
   difference of two running sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BITS = 18
"""Buckets are numbered with this many bits."""
GRAMS = 4
WORD_GRAMS = 3
SLAB_CHARACTERS = 4096
"""The longest text that `features` takes; longer text is read slab by slab."""

Indices = NDArray[np.uint32]

_SHIFT = np.uint32(32 - BITS)
_STEP = np.uint32(0x01000193)  # odd, so that it can be undone in arithmetic modulo 2^32
_SKIP = np.uint32(0x2C1B3C6D)
_MIX = np.uint32(0x9E3779B1)
_SALTS = np.array([[0x3C6EF372], [0x78DDE6E5], [0xB54CDA57], [0xF1BBCDCA]], dtype=np.uint32)
_WORD_SALTS = np.array([[0x165667B1], [0x27D4EB2F], [0xC2B2AE3D]], dtype=np.uint32)
_PAD = " " * GRAMS
_COLUMN_BITS = np.uint32(13)  # enough for a slab's columns; with BITS they fit into 32
_COLUMN_MASK = np.uint32((1 << 13) - 1)
_COLUMNS = np.arange(SLAB_CHARACTERS + 1, dtype=np.uint32)


def _powers(base: int, count: int) -> NDArray[np.uint32]:
    """base^0 … base^(count-1) modulo 2^32."""
    out = np.full(count, base, dtype=np.uint32)
    out[0] = 1
    return np.multiply.accumulate(out, dtype=np.uint32)


_POWERS = _powers(int(_STEP), SLAB_CHARACTERS + 8)
_INVERSES = _powers(pow(int(_STEP), -1, 1 << 32), SLAB_CHARACTERS + 8)
_WORDLIKE = np.zeros(129, dtype=np.bool_)  # 128 stands for everything that is not ASCII
_WORDLIKE[[i for i in range(128) if chr(i).isalnum()]] = True


@dataclass(frozen=True, slots=True)
class Features:
    """Buckets of one text of n code points.

    grams: shape (GRAMS, n + 1), the column is the position (0 is the blank before the text).
    words: shape (WORD_GRAMS, w); starts: shape (w,), the column of `grams` where each begins.
    """

    grams: Indices
    words: Indices
    starts: NDArray[np.intp]

    def window(self, start: int, end: int) -> Indices:
        """All buckets that start in columns [start, end), in no promised order."""
        low, high = np.searchsorted(self.starts, (start, end))
        return np.concatenate((self.grams[:, start:end].ravel(), self.words[:, low:high].ravel()))


def features(folded: str) -> Features:
    """The buckets of a folded text of at most SLAB_CHARACTERS code points (else ValueError)."""
    count = len(folded) + 1
    if count > SLAB_CHARACTERS + 1:
        raise ValueError(f"a slab has at most {SLAB_CHARACTERS} characters, not {count - 1}")
    points = np.frombuffer(
        f" {folded}{_PAD}".encode("utf-32-le", "surrogatepass"), dtype="<u4"
    ).astype(np.uint32, copy=False)
    grams = np.empty((GRAMS, count), dtype=np.uint32)
    grams[0] = points[:count]
    for n in range(1, GRAMS):
        np.multiply(grams[n - 1], _STEP, out=grams[n])
        grams[n] += points[n : count + n]
    grams += _SALTS
    grams *= _MIX
    grams >>= _SHIFT
    words, starts = _words(points[: count + 1])
    return Features(grams, words, starts)


def distinct(buckets: Indices) -> Indices:
    """The buckets in order, each once. (`np.unique` does the same in eight times the time.)"""
    return each_once(np.sort(buckets))


def each_once(in_order: Indices) -> Indices:
    """The same of buckets that are in order."""
    first = np.ones(len(in_order), dtype=np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=first[1:])
    return in_order.compress(first)


@dataclass(frozen=True, slots=True)
class Order:
    """All buckets of a slab in order, so that every window of it is counted without sorting anew.

    buckets, columns: of each feature, by bucket, then by column. before: the column of the same
    bucket's last feature before it, or -1. Each of shape (features,).
    """

    buckets: NDArray[np.uint32]
    columns: NDArray[np.int32]
    before: NDArray[np.int32]

    def window(self, start: int, end: int) -> NDArray[np.bool_]:
        """Which features stand for the distinct buckets of columns [start, end): of each bucket
        the first one there."""
        found = self.columns >= start
        found &= self.columns < end
        found &= self.before < start
        return found


def ordered(slab: Features) -> Order:
    """The features of a slab, put in order once."""
    columns = _COLUMNS[: slab.grams.shape[1]]
    keys = np.concatenate(
        (
            (slab.grams << _COLUMN_BITS | columns).ravel(),
            (slab.words << _COLUMN_BITS | slab.starts.astype(np.uint32)).ravel(),
        )
    )
    keys.sort()
    buckets = keys >> _COLUMN_BITS
    places = (keys & _COLUMN_MASK).view(np.int32)
    before = np.full(len(keys), -1, dtype=np.int32)
    np.copyto(before[1:], places[:-1], where=buckets[1:] == buckets[:-1])
    return Order(buckets, places, before)


def _words(points: NDArray[np.uint32]) -> tuple[Indices, NDArray[np.intp]]:
    """Word grams and their starts; `points` begins and ends with a blank."""
    inside = _WORDLIKE[np.minimum(points, 128)]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts = edges[0::2] + 1
    out = np.zeros((WORD_GRAMS, len(starts)), dtype=np.uint32)
    if not len(starts):
        return out, starts
    # A word's hash is the difference of two running sums, brought back to its first letter.
    running = np.cumsum(points * _POWERS[: len(points)], dtype=np.uint32)
    own = (running[edges[1::2]] - running[edges[0::2]]) * _INVERSES[starts]
    out[0] = own
    out[1] = own * _STEP
    out[1, :-1] += own[1:]
    out[2] = own * _SKIP
    out[2, :-2] += own[2:]
    out += _WORD_SALTS
    out *= _MIX
    out >>= _SHIFT
    return out, starts
