"""In which language texts are, told by their letters; and how many of their characters are signs.

It refuses to tell apart what shares its letters, but for English among the Latin ones, by its
commonest words. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

LANGUAGES = ("none", "zh", "en", "ja", "ko", "latin", "cyrillic", "arabic", "other")
_SPACE, _SIGN, _DIGIT, _HAN, _KANA, _HANGUL, _LATIN, _CYRILLIC, _ARABIC, _OTHER = range(10)
_CLASSES = 10
_TOP = 0x30000
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "that",
        "it",
        "for",
        "was",
        "with",
        "as",
        "on",
        "be",
        "by",
        "this",
        "are",
        "or",
        "an",
        "not",
        "from",
        "at",
        "have",
    ]
)
_WORDS = 60
_ENGLISH_SHARE_MIN = 0.12
"""Of the first words of English prose about a third are among these, of other tongues few."""
_KANA_SHARE_MIN = 0.05
"""Japanese writes much in Han; some kana tell it apart."""


def classes(texts: Sequence[str]) -> NDArray[np.int64]:
    """How many characters of each class (columns) each text (rows) has."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    points = np.minimum(np.frombuffer(joined, dtype="<u4"), _TOP - 1)
    kinds = _table()[points]
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(sizes)
    counted = np.zeros((len(texts), _CLASSES), dtype=np.int64)
    for kind in range(_CLASSES):
        places = np.flatnonzero(kinds == kind)
        counted[:, kind] = np.diff(np.searchsorted(places, np.concatenate(([0], ends))))
    return counted


def languages(texts: Sequence[str], counted: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The place in LANGUAGES of each text's language."""
    letters = counted[:, _HAN:].sum(axis=1)
    biggest = counted[:, _HAN:].argmax(axis=1) + _HAN
    out = np.full(len(texts), LANGUAGES.index("other"), dtype=np.uint8)
    for kind, name in (
        (_HAN, "zh"), (_KANA, "ja"), (_HANGUL, "ko"), (_LATIN, "latin"),
        (_CYRILLIC, "cyrillic"), (_ARABIC, "arabic"),
    ):  # fmt: skip
        out[biggest == kind] = LANGUAGES.index(name)
    # A Chinese text may quote a lot of English, and each Han character is a word.
    out[counted[:, _HAN] * 3 > counted[:, _LATIN]] = LANGUAGES.index("zh")
    out[counted[:, _KANA] > _KANA_SHARE_MIN * letters] = LANGUAGES.index("ja")
    out[(counted[:, _HANGUL] * 2 > letters)] = LANGUAGES.index("ko")
    out[letters == 0] = LANGUAGES.index("none")
    for place in np.flatnonzero(out == LANGUAGES.index("latin")).tolist():
        words = texts[place][:600].lower().split()[:_WORDS]
        if sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE_MIN * len(words):
            out[place] = LANGUAGES.index("en")
    return out


def sign_shares(counted: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of signs among the characters of each text that are no space."""
    seen = counted[:, _SIGN:].sum(axis=1)
    shares: NDArray[np.float64] = counted[:, _SIGN] / np.maximum(seen, 1)
    return shares


@cache
def _table() -> NDArray[np.uint8]:
    made = np.full(_TOP, _SIGN, dtype=np.uint8)
    for point in range(_TOP):
        char = chr(point)
        if char.isspace():
            made[point] = _SPACE
        elif char.isdigit():
            made[point] = _DIGIT
        elif char.isalpha():
            made[point] = _OTHER
    for low, high, kind in (
        (0x3400, 0x9FFF, _HAN), (0xF900, 0xFAFF, _HAN), (0x20000, _TOP - 1, _HAN),
        (0x3041, 0x30FF, _KANA), (0x31F0, 0x31FF, _KANA), (0xAC00, 0xD7A3, _HANGUL),
        (0x1100, 0x11FF, _HANGUL), (0x0041, 0x024F, _LATIN), (0x1E00, 0x1EFF, _LATIN),
        (0xFF21, 0xFF5A, _LATIN), (0x0400, 0x052F, _CYRILLIC), (0x0600, 0x06FF, _ARABIC),
        (0x0750, 0x077F, _ARABIC),
    ):  # fmt: skip
        area = made[low : high + 1]
        area[area == _OTHER] = kind
    return made
