"""Where a scanner stands: what is remembered of a text so that another may read on from there.

It refuses to know how texts are read.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from licet.guard.literal import Entry
from licet.guard.machine import PatternEntry


class Footing(NamedTuple):
    """All that decides what a scanner makes of the text to come. Offsets are told from where it
    stands, backwards; of what it has read nothing is kept that no longer matters."""

    inside: Hashable
    """Where in the automaton, or whatever it walks."""
    word: int
    gaps: int
    gap_now: int
    window: tuple[int, ...]
    endings: tuple[tuple[Entry | PatternEntry, int, int], ...]
