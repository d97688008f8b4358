"""The ways in which a literal may be disguised, by name and as bits.

It refuses to know tables and texts. A rule names ways in `also`; a match of a disguised literal
has used some of them, and counts only where its rule names all of those.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PINYIN: Final = 1
"""Other characters that sound the same, and pinyin letters: `兵毒`, `bing毒`, `bing du`."""
INITIALS: Final = 2
"""The first letters of pinyin: `bd`."""
SPLIT: Final = 4
"""A character in its parts: `女马` for 妈."""
EMOJI: Final = 8
"""An emoji that is named by a character: `🐎` for 马."""
VARIANTS: Final = 16
"""Another character that looks alike or is the same word: `盃` for 杯."""
LEET: Final = 32
"""Digits and symbols for letters: `r3c4lled`."""
REPEATS: Final = 64
"""Letters and characters said more than once: `recaaalled`."""
REVERSED: Final = 128
"""From end to beginning: `dellacer`."""
ROT13: Final = 256
"""Each letter 13 places on: `erpnyyrq`."""

BITS: Final = {
    "pinyin": PINYIN,
    "initials": INITIALS,
    "split": SPLIT,
    "emoji": EMOJI,
    "variants": VARIANTS,
    "leet": LEET,
    "repeats": REPEATS,
    "reversed": REVERSED,
    "rot13": ROT13,
}
WAYS: Final = tuple(BITS)
"""Every way, as rules name them."""


def mask_of(ways: Iterable[str]) -> int:
    """The ways as one number. Raises KeyError for one that is not known."""
    mask = 0
    for way in ways:
        mask |= BITS[way]
    return mask
