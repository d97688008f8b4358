"""Folding: many ways to write a text, one way to read it.

It refuses to know rules, verdicts and streams. It maps single code points, never strings, so that
folding the parts of a text gives the parts of the folded text: fold(a + b) == fold(a) + fold(b).
(NFKC on whole strings does not have that property; that is why it is not used here.)

Two views of one text
1. `fold` is for the classifier: lower case, full width to ASCII, accents and zero-width characters
   dropped, traditional to simplified, look-alike letters to Latin, every space to " ".
2. `symbols` is for literal rules: one symbol for one code unit, so that offsets need no map.
   A letter (or digit) is its folded self; everything else is one of the marks below.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from licet.guard import fold_data

GAP = "\x00"
"""What may stand between letters: space, punctuation, symbol, control character."""
SKIP = "\x01"
"""What a reader does not see: zero-width, combining mark, variation selector."""
ESCAPE = "\x02"
"""What may begin an escape (`&#102;`, `\\u0066`, `<b>`): a gap, if nothing comes of it."""
EXPAND = "\x03"
"""A letter that folds to several (`ß`, `ﬁ`): ask `expansion`."""
SURROGATE = "\x04"
"""Half of a code point that JSON wrote as two escapes."""
MARKS_END = "\x05"
"""Every mark is below this; every letter is not."""

TABLE_SIZE = 0x20000
"""Planes 0 and 1. Beyond are rare Han characters (themselves) and tags (see `is_tag`)."""

_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5")  # letters that show nothing
_ENCLOSED = {base + i: chr(97 + i) for base in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
             for i in range(26)}  # fmt: skip


@cache
def _single() -> dict[int, str]:
    """Code points that are read as another one, before case and width are looked at."""
    table = {ord(a): b for a, b in zip(fold_data.LOOK_ALIKE, fold_data.LATIN, strict=True)}
    pairs = zip(fold_data.TRADITIONAL, fold_data.SIMPLIFIED, strict=True)
    table.update((ord(a), b) for a, b in pairs)
    table.update(_ENCLOSED)
    return table


def _letters(point: int) -> str:
    """The folded form of one code point: letters, digits, punctuation; no marks, no zero-width."""
    char = chr(point)
    if 0xAC00 <= point <= 0xD7A3:  # Hangul syllables stay whole
        return char
    single = _single()
    if point in single:
        return single[point]
    out = []
    for part in unicodedata.normalize("NFKD", char).casefold():
        if unicodedata.category(part) in ("Mn", "Me", "Cf") or part in _BLANK:
            continue
        out.append(single.get(ord(part), part))
    return "".join(out)


def _symbol(point: int, folded: str) -> str:
    if 0xD800 <= point <= 0xDFFF:
        return SURROGATE
    char = chr(point)
    if char in "&\\<":
        return ESCAPE
    kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LN")
    if len(kept) > 1:
        return EXPAND
    if kept:
        return kept
    if not folded or char in _BLANK:
        return SKIP
    return GAP


@cache
def _tables() -> tuple[list[int | str], list[int | str], dict[int, str]]:
    """(fold table, symbol table, expansions), made once: about 0.2 s."""
    numbers: list[int | str] = list(range(TABLE_SIZE))
    folds, symbols = numbers.copy(), numbers.copy()
    expansions: dict[int, str] = {}
    for point in range(TABLE_SIZE):
        if 0x3400 <= point <= 0x9FFF and point not in _single():
            continue  # Han that is itself
        category = unicodedata.category(chr(point))
        if category == "Cn" or 0xAC00 <= point <= 0xD7A3:
            symbols[point] = GAP if category == "Cn" else point
            continue
        folded = chr(point) if category in ("Cs", "Cc") else _letters(point)
        if category == "Zs":
            folded = " "
        symbol = _symbol(point, folded)
        if symbol == EXPAND:
            expansions[point] = "".join(c for c in folded if unicodedata.category(c)[0] in "LN")
        folds[point] = folded if folded != chr(point) else point
        symbols[point] = symbol if symbol != chr(point) else point
    return folds, symbols, expansions


def fold(text: str) -> str:
    """The text as the classifier reads it; about 25 ns a character, 1 ns where it is ASCII."""
    if text.isascii():
        return text.lower()
    return text.translate(_tables()[0])  # type: ignore[arg-type]  # a list serves as a table


def symbols(text: str) -> str:
    """One symbol for each code unit of `text`: same length, same offsets."""
    return text.translate(_tables()[1])  # type: ignore[arg-type]


def symbol_table() -> list[int | str]:
    """The table behind `symbols`, for `str.translate`; do not change it."""
    return _tables()[1]


def expansion(char: str) -> str:
    """The letters that a character marked EXPAND stands for."""
    return _tables()[2][ord(char)]


def is_tag(char: str) -> bool:
    """Whether the character is an invisible one of plane 14 (tags, variation selectors)."""
    return "\U000e0000" <= char <= "\U000e01ef"


def is_spaced(letter: str) -> bool:
    """Whether this folded letter belongs to a script that puts spaces between words.

    Han, kana and their kin (from U+2E80 on, Hangul excepted) and the scripts of South-East Asia
    that write without spaces do not.
    """
    return (
        letter < "\u0e00"
        or "\u0ec0" <= letter < "\u1780" and not "\u1000" <= letter < "\u10a0"
        or "\u17ff" < letter < "\u2e80"
        or "\uac00" <= letter <= "\ud7a3"
    )
