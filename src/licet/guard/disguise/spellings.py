"""How one letter of a literal may be written otherwise.

It refuses to know which rules allow it and where in a text it stands. A letter is a folded one,
Han or Latin, as in `Entry.letters`; a spelling is a string of symbols with the way that it uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from licet.guard.disguise.tables import folded, han_tables
from licet.guard.disguise.ways import EMOJI, INITIALS, LEET, PINYIN, SPLIT, VARIANTS
from licet.guard.disguise.zhuyin import BAR, zhuyin

LEET_SIGNS: Final = {
    "a": "4@", "b": "86\u20bf", "c": "\u00a2\u00a9", "e": "3\u20ac", "g": "9", "i": "1!|l\u00a1",
    "l": "1|i\u00a3", "o": "0", "p": "\u20b1", "s": "5$\u00a7", "t": "7+\u2020", "z": "2",
}  # fmt: skip
"""Letter -> what stands for it because it looks alike. A bracket for c is not among them: behind
one that opens, lawful words stand (`(all` for `call`)."""

SHAPES: Final = {
    "a": "\u039b\u15e9", "b": "\u15f7", "c": "\u1455", "d": "\u15ea", "e": "\u15f4",
    "f": "\u15b4", "h": "\u0397\u157c", "j": "\u148d", "l": "\u14aa", "m": "\u039c\u15f0",
    "n": "\u039d\u0397\u144e", "p": "\u146d", "q": "\u146b", "r": "\u042f\u044f\u1587",
    "s": "\u1515", "u": "\u03a5\u144c", "v": "\u039d\u142f", "w": "\u15ef", "y": "\u03a5",
    "z": "\u1614", "\u03bc": "\u039c", "\u03bb": "\u039b",
    "\u044f": "\u042f",
}  # fmt: skip
"""Letter -> Greek capitals that look like its own, or whose small letter reads as it does, and
letters of other scripts of which such a font is made. Elsewhere they are letters of their own."""

TONE: Final = "\x01"
"""Ends a spelling in pinyin: a digit for the tone may follow."""
TONES: Final = "012345"

Spelling = tuple[int, str]
"""(way, symbols)"""
SYMBOLS_MAX: Final = 1 << 14
"""Of so many symbols what is known is remembered: more than texts in any language have."""


@cache
def spellings(letter: str) -> tuple[Spelling, ...]:
    """Every spelling of a letter but itself and the characters that sound the same."""
    if "a" <= letter <= "z" or letter in SHAPES:
        alike = LEET_SIGNS.get(letter, "") + SHAPES.get(letter, "")
        return tuple((LEET, sign) for sign in alike)
    if letter < "\u2e80":
        return ()
    tables, out = han_tables(), []
    for reading in tables.readings.get(letter, ()):
        out.append((PINYIN, reading + TONE))
        out.append((INITIALS, reading[0]))
        if "v" in reading:
            out.append((PINYIN, reading.replace("v", "u") + TONE))
            out.append((PINYIN, reading.replace("v", "yu") + TONE))
        in_zhuyin = zhuyin(reading)
        if in_zhuyin:
            out.append((PINYIN, in_zhuyin))
    out += [(VARIANTS, other) for other in tables.variants.get(letter, "")]
    out += [(SPLIT, way) for way in tables.parts.get(letter, ())]
    out += [(EMOJI, sign) for sign in tables.emoji.get(letter, "")]
    return tuple(dict.fromkeys(out))


class Reader:
    """What a symbol may be read as: `spellings` the other way round, for some letters."""

    def __init__(self, alphabet: Iterable[str], ways: int) -> None:
        """`ways`: those that are of interest."""
        self._by_sound: dict[str, list[str]] = {}
        self._known: dict[str, dict[str, list[Spelling]]] = {}
        self._written: dict[str, list[tuple[str, int, str]]] = {}
        for letter in sorted(alphabet):
            for way, written in spellings(letter):
                if way & ways:
                    self._written.setdefault(written[0], []).append((letter, way, written[1:]))
            if ways & PINYIN and letter >= "\u2e80":
                for reading in han_tables().readings.get(letter, ()):
                    self._by_sound.setdefault(reading, []).append(letter)

    def letters_of(self, symbol: str) -> dict[str, list[Spelling]]:
        """Letter -> (way, the rest of the spelling that begins with `symbol`)."""
        known = self._known.get(symbol)
        if known is None:
            known = {}
            for letter, way, rest in self._written.get(symbol, ()):
                known.setdefault(letter, []).append((way, rest))
            if self._by_sound and symbol >= "\u2e80":
                for reading in han_tables().readings.get(symbol, ()):
                    for letter in self._by_sound.get(reading, ()):
                        if letter != symbol and (PINYIN, "") not in known.get(letter, ()):
                            known.setdefault(letter, []).append((PINYIN, ""))
            if len(self._known) >= SYMBOLS_MAX:
                self._known.clear()
            self._known[symbol] = known
        return known


@cache
def signs() -> frozenset[str]:
    """Symbols that are part of a spelling and else stand between letters."""
    leet = {sign for known in LEET_SIGNS.values() for sign in known if not sign.isalnum()}
    emoji = {sign for known in han_tables().emoji.values() for sign in known if not folded(sign)}
    return frozenset(leet | emoji | {BAR})
