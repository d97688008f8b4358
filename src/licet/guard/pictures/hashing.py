"""The perceptual hash of a picture: 64 bits that stay nearly the same when it is saved again.

It refuses to know files and what follows from a hash.

Source: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.1
(DCT based). The signs of the 64 lowest frequencies of a picture of 32 × 32, against their median.

Rules
1. A picture without any drawing (one colour, or nearly) has no hash: all such look alike.
2. A mirrored or turned picture has another hash; `turned` gives those of all eight positions.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

HASH_SIDE = 32
_KEPT = 8
_FLAT = 2.0
"""Standard deviation of greys (of 255) below which there is no drawing."""

Greys = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def phash(greys: Greys) -> int | None:
    """The hash of a picture that was made HASH_SIDE × HASH_SIDE; None by rule 1."""
    if float(greys.std()) < _FLAT:
        return None
    waves = _waves()
    low = (waves @ greys @ waves.T).reshape(-1)
    bits = low > np.median(low[1:])  # the first is mere brightness
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def turned(greys: Greys) -> tuple[int, ...]:
    """The hashes of the picture as it is, turned by quarters, and mirrored."""
    positions = [np.rot90(side, quarter) for side in (greys, greys.T) for quarter in range(4)]
    return tuple(found for position in positions if (found := phash(position)) is not None)


def render_hash(number: int) -> str:
    """As it stands in lists: 16 hexadecimal digits."""
    return f"{number:016x}"


@lru_cache(maxsize=1)
def _waves() -> Greys:
    """The lowest rows of the DCT-II of HASH_SIDE points."""
    at = np.arange(HASH_SIDE) + 0.5
    waves: Greys = np.cos(np.pi / HASH_SIDE * np.arange(_KEPT)[:, None] * at[None, :])
    return waves
