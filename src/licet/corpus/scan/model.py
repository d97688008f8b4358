"""What a scan is made of: values and nothing else.

Rules
1. An item is known by its piece and its place in it; that order is the same on every machine.
2. Nothing here says when or by whom it was worked off: the same input gives the same report.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["jsonl", "parquet", "text", "warc"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the input that is worked off at once: bytes [start, end) of a plain file of lines,
    row groups [start, end) of a Parquet file, or all of a compressed file or WARC."""

    source: str
    path: Path
    name: str
    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """A text of the input. `source`: where it is from, as it says or as its file was named."""

    text: str
    source: str


class Flag(IntFlag):
    """Why an item is not taken over into a cleaned copy, or is told of."""

    UNLAWFUL = 1
    """A rule of the guard halts it, or the guard does."""
    EXACT_COPY = 2
    NEAR_COPY = 4
    CONTAMINATED = 8
    SHORT = 16
    SYMBOLS = 32
    REPEATS = 64
    PERSONAL = 128
    SECRET = 256
    REJECTED = 512
    """Of a source of which nothing may be used."""


REMOVED = (
    Flag.UNLAWFUL | Flag.EXACT_COPY | Flag.NEAR_COPY | Flag.CONTAMINATED | Flag.SHORT
    | Flag.SYMBOLS | Flag.REPEATS | Flag.REJECTED
)  # fmt: skip
"""What a cleaned copy leaves out; personal data and secrets are masked instead."""


Where = int | NDArray[np.bool_] | NDArray[np.int64]


def mark(flags: NDArray[np.uint16], where: Where, flag: Flag) -> None:
    """Raise a flag on the items at `where`: a place, places or a mask."""
    flags[where] |= np.uint16(flag)


def having(flags: NDArray[np.uint16], flag: Flag) -> NDArray[np.bool_]:
    """Which items have any of some flags."""
    found: NDArray[np.bool_] = (flags & np.uint16(flag)) > 0
    return found
