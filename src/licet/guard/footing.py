"""What a scanner has open between two characters: all that decides what it makes of the rest.

It refuses to know what scanners look for. Offsets are told from where the scanner stands,
backwards, so that the same is the same wherever in a text it is; of what was read nothing is kept
that no longer matters.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple

from licet.guard.literal import Entry
from licet.guard.machine import PatternEntry

ESCAPE_KNOWN_MAX: Final = 2
"""Where a longer escape is open, what scanners have open is not remembered: too many differ."""


class Footing(NamedTuple):
    """Of one scanner, without its branches."""

    inside: Hashable
    """Where in the automaton, or whatever it walks."""
    word: int
    gaps: int
    gap_now: int
    window: tuple[int, ...]
    endings: tuple[tuple[Entry | PatternEntry, int, int], ...]
    escape: str
    """What may become an escape: it stands before that."""
    unseen: bool
    """Whether the last character was one that is read in two ways."""


Stance = tuple[Footing, ...]
"""The footing of a scanner, and behind it those of its branches."""
