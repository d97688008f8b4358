"""What scanners find. It refuses to know how they find it and what follows from it."""

from __future__ import annotations

from typing import Final, NamedTuple

from licet.guard.literal import Entry
from licet.guard.machine import PatternEntry

HITS_MAX: Final = 64
"""Flagging hits that are kept of one text; more say nothing new."""


class Hit(NamedTuple):
    """A literal or pattern found: `start` and `end` are offsets in the text as it was fed."""

    entry: Entry | PatternEntry
    start: int
    end: int
