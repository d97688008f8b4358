"""Pinyin syllables as they are written in zhuyin, computed from their initial and final.

It refuses to know characters and tones: tone marks are no letters, a text may hold them anywhere.
"""

from __future__ import annotations

from typing import Final

BAR: Final = "\u3127"
"""The letter for i. It looks like a line, so elsewhere it is a sign between letters."""
_U: Final = "\u3128"
_V: Final = "\u3129"

_INITIALS: Final = {
    "b": "ㄅ", "p": "ㄆ", "m": "ㄇ", "f": "ㄈ", "d": "ㄉ", "t": "ㄊ", "n": "ㄋ", "l": "ㄌ",
    "g": "ㄍ", "k": "ㄎ", "h": "ㄏ", "j": "ㄐ", "q": "ㄑ", "x": "ㄒ", "zh": "ㄓ", "ch": "ㄔ",
    "sh": "ㄕ", "r": "ㄖ", "z": "ㄗ", "c": "ㄘ", "s": "ㄙ",
}  # fmt: skip
_FINALS: Final = {
    "a": "ㄚ", "o": "ㄛ", "e": "ㄜ", "ai": "ㄞ", "ei": "ㄟ", "ao": "ㄠ", "ou": "ㄡ", "an": "ㄢ",
    "en": "ㄣ", "ang": "ㄤ", "eng": "ㄥ", "er": "ㄦ",
    "i": BAR, "ia": BAR + "ㄚ", "io": BAR + "ㄛ", "ie": BAR + "ㄝ", "iai": BAR + "ㄞ",
    "iao": BAR + "ㄠ", "iou": BAR + "ㄡ", "iu": BAR + "ㄡ", "ian": BAR + "ㄢ", "in": BAR + "ㄣ",
    "iang": BAR + "ㄤ", "ing": BAR + "ㄥ", "iong": _V + "ㄥ",
    "u": _U, "ua": _U + "ㄚ", "uo": _U + "ㄛ", "uai": _U + "ㄞ", "uei": _U + "ㄟ", "ui": _U + "ㄟ",
    "uan": _U + "ㄢ", "uen": _U + "ㄣ", "un": _U + "ㄣ", "uang": _U + "ㄤ", "ueng": _U + "ㄥ",
    "ong": _U + "ㄥ", "v": _V, "ve": _V + "ㄝ", "van": _V + "ㄢ", "vn": _V + "ㄣ",
}  # fmt: skip
_WITHOUT_INITIAL: Final = {"yi": "i", "yu": "v", "wu": "u", "y": "i", "w": "u"}
"""How a syllable begins that has no initial -> its final."""
_BARE: Final = frozenset({"zhi", "chi", "shi", "ri", "zi", "ci", "si"})
"""Syllables whose i is not written."""


def zhuyin(reading: str) -> str:
    """A syllable without its tone, with v for ü; empty where it is none."""
    initial = reading[:2] if reading[:2] in _INITIALS else reading[:1]
    if initial not in _INITIALS:
        return _FINALS.get(_final_alone(reading), "")
    if reading in _BARE:
        return _INITIALS[initial]
    final = reading[len(initial) :]
    if initial in "jqx" and final.startswith("u"):
        final = "v" + final[1:]
    return _INITIALS[initial] + _FINALS[final] if final in _FINALS else ""


def _final_alone(reading: str) -> str:
    for begins, final in _WITHOUT_INITIAL.items():
        if reading.startswith(begins):
            return final + reading[len(begins) :]
    return reading
