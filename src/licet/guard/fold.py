"""Folding: many ways to write a text, one way to read it.

It refuses to know rules, verdicts and streams. It maps single code points, never strings, so that
folding the parts of a text gives the parts of the folded text: fold(a + b) == fold(a) + fold(b).
(NFKC on whole strings does not have that property; that is why it is not used here.)

Two views of one text
1. `fold` is for the classifier: lower case, full width to ASCII, accents and zero-width characters
   dropped, traditional to simplified, look-alike letters to Latin, every space to " ".
2. A `View` is for rules: one symbol for one code unit, so that offsets need no map.
   In `letters()` a letter or digit is its folded self, everything else one of the marks below; in
   `visible()` punctuation and symbols are themselves too, in `written()` spaces as well.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final, NamedTuple

from licet.guard import fold_data, fold_signs
from licet.guard.fold_signs import BETWEEN, HAN_FROM, RADICALS, STROKED
from licet.guard.markup import BEGINNINGS
from licet.guard.point_table import PointTable

GAP: Final = "\x00"
"""What may stand between letters: space, punctuation, symbol, control character."""
SKIP: Final = "\x01"
"""What a reader does not see: zero-width, combining mark, variation selector."""
ESCAPE: Final = "\x02"
"""What may begin an escape (`&#102;`, `\\u0066`, `%66`, `<b>`, `[b]`): a gap, if nothing comes of
it."""
EXPAND: Final = "\x03"
"""A letter that folds to several (`ß`, `ﬁ`): ask `expansion`."""
SURROGATE: Final = "\x04"
"""Half of a code point that JSON wrote as two escapes."""
MARKS_END: Final = "\x05"
"""Every mark is below this; every letter is not."""

LETTER, DIGIT = 1, 2
"""Word classes, see `word_class`."""
EMBLEM: Final = 4
"""Added to the class of a letter or digit that is a sign of its own (`fold_signs.is_emblem`)."""

TABLE_SIZE: Final = 0x20000
"""Planes 0 and 1. Beyond are rare Han characters and what is no letter (see `rare`)."""

_BLANK: Final = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5"
)  # letters that show nothing
_ENCLOSED: Final = {base + i: chr(97 + i) for base in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
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


@cache
def _folds() -> list[int | str]:
    """Code point -> folded form, made once: about 0.2 s."""
    table: list[int | str] = list(range(TABLE_SIZE))
    for point in range(TABLE_SIZE):
        if (0x3400 <= point <= 0x9FFF and point not in _single()) or 0xAC00 <= point <= 0xD7A3:
            continue  # Han and Hangul that are themselves
        category = unicodedata.category(chr(point))
        if category == "Zs":
            table[point] = " "
        elif category not in ("Cn", "Cs", "Cc", "Co"):
            folded = _letters(point)
            if folded != chr(point):
                table[point] = folded
    return table


class View(NamedTuple):
    """One way to look at a text, symbol by symbol."""

    table: list[int | str]
    """For `str.translate`; code points beyond it are themselves."""
    expansions: dict[str, str]
    """What a character marked EXPAND stands for."""
    sees_symbols: bool
    sees_spaces: bool = False

    def symbols(self, text: str) -> str:
        """One symbol for each code unit of `text`: same length, same offsets."""
        return text.translate(self.table)

    def plain(self, char: str) -> str:
        """The symbol of a character that begins no escape."""
        symbol = char.translate(self.table)
        if symbol in (ESCAPE, SURROGATE):
            return char if self.sees_symbols and char > " " and symbol == ESCAPE else GAP
        return rare(symbol) if symbol >= HAN_FROM else symbol

    def letter(self, char: str) -> str:
        """The one letter or digit that a character is; empty where it is none, or several."""
        symbol = self.plain(char)
        return symbol if symbol >= MARKS_END else ""


@cache
def _literal_forms() -> dict[int, str]:
    """Code points that literals are compared by another form of than `fold` gives."""
    forms = {ord(char): plain for char, plain in (*STROKED.items(), *RADICALS.items())}
    forms.update((ord(sign), number) for sign, number in fold_signs.numbers())
    stroked = str.maketrans(STROKED)
    for point, folded in enumerate(_folds()):
        if isinstance(folded, str) and not folded.isascii():
            plain = folded.translate(stroked)
            if plain != folded:
                forms[point] = plain
    return forms


def _view(sees_symbols: bool, sees_spaces: bool = False) -> View:
    table, expansions = _folds().copy(), {}
    for sign, digit in fold_signs.digits().items():
        table[ord(sign)] = digit
    if not sees_spaces:
        for point, form in _literal_forms().items():
            table[point] = form
    for point, folded in enumerate(table):
        char = chr(point)
        if isinstance(folded, int):
            if not sees_symbols and char in BETWEEN:
                table[point] = GAP
            elif not char.isalnum():
                seen = sees_spaces and char.isspace()
                table[point] = point if seen else _sign(point, char, sees_symbols)
                if char in BEGINNINGS and not sees_spaces:
                    table[point] = ESCAPE
            continue
        kept = folded if sees_spaces else folded.strip()
        if not sees_symbols:
            kept = "".join([c for c in folded if c.isalnum() and c not in BETWEEN])
        if len(kept) == 1:
            table[point] = kept
        elif kept:
            table[point] = EXPAND
            expansions[char] = kept
        else:
            table[point] = GAP if folded else SKIP
    return View(table, expansions, sees_symbols, sees_spaces)


def _sign(point: int, char: str, sees_symbols: bool) -> int | str:
    """The symbol of a character that is no letter and folds to itself."""
    if 0xD800 <= point <= 0xDFFF:
        return SURROGATE
    if char in "&\\<%":
        return ESCAPE
    if not sees_symbols or char.isspace() or unicodedata.category(char) in ("Cc", "Cn", "Co"):
        return GAP
    return point


@cache
def letters() -> View:
    """The view in which only letters and digits are seen."""
    return _view(sees_symbols=False)


@cache
def visible() -> View:
    """The view in which everything is seen but space and what shows nothing."""
    return _view(sees_symbols=True)


@cache
def written() -> View:
    """The view of patterns: everything is seen but what shows nothing; spaces are " "."""
    return _view(sees_symbols=True, sees_spaces=True)


@cache
def _fold_table() -> PointTable:
    return PointTable(_folds())


def fold(text: str) -> str:
    """The text as the classifier reads it."""
    if text.isascii():
        return text.lower()
    return _fold_table().translate(text)


def rare(char: str) -> str:
    """The symbol of a character beyond the tables."""
    symbol = fold_signs.rare(char, GAP, SKIP)
    return symbol if symbol == char else fold(symbol)


@cache
def word_class(letter: str) -> int:
    """What a symbol does to word boundaries: LETTER, DIGIT, or 0 for none.

    0 is Han, kana and their kin, the scripts of South-East Asia (no spaces between words, so every
    letter may begin or end one) and whatever is no letter. A word begins where the class rises: a
    number may begin behind a letter, a word does not begin behind a number.
    """
    if "0" <= letter <= "9":
        return DIGIT
    if not letter.isalnum():
        return 0
    if letter < "\u0e00" or "\uac00" <= letter <= "\ud7a3":
        return LETTER
    if letter < "\u10a0" or "\u1780" <= letter < "\u1800" or letter >= "\u2e80":
        return 0
    return LETTER
