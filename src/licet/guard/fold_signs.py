"""Tables for the views of `licet.guard.fold` alone: what rules see otherwise than the classifier.

It refuses to know texts. The classifier learnt from `fold`, which therefore stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_ALPHABETS: Final = (range(0x80, 0x2C80), range(0xA720, 0xAB70), range(0x1DF00, 0x1E000))
"""Where Unicode has the letters of Latin script that do not fall into a letter and its marks."""
_VARIED: Final = re.compile(
    r"LATIN (?:(?:SMALL|CAPITAL) LETTER|LETTER SMALL CAPITAL) ([A-Z])(?: WITH .*)?"
)


def _varied() -> dict[str, str]:
    found: dict[str, str] = {}
    for alphabet in _ALPHABETS:
        for char in map(chr, alphabet):
            named = _VARIED.fullmatch(unicodedata.name(char, ""))
            if named is not None and not unicodedata.decomposition(char):
                found[char] = named[1].lower()
    return found


STROKED: Final = _varied() | {
    "\u0289": "u", "\u0275": "o", "\u0493": "f", "\u028b": "u",
}  # fmt: skip
"""Letters with a stroke, hook or tail -> the letter, by their names; small capitals that Unicode
has as other letters; and some that are named otherwise than they look."""

_RADICALS: Final = (
    "\u2e81\u2e84\u2e85\u2e86\u2e88\u2e89\u2e8a\u2e8c\u2e8d\u2e8e\u2e90\u2e92\u2e93\u2e96\u2e98\u2e99"
    "\u2e9b\u2e9d\u2e9e\u2e9f\u2ea0\u2ea1\u2ea2\u2ea3\u2ea4\u2ea5\u2ea6\u2ea7\u2ea8\u2ea9\u2eac\u2ead"
    "\u2eaf\u2eb0\u2eb2\u2eb6\u2eb9\u2eba\u2ebb\u2ebc\u2ebd\u2ebe\u2ebf\u2ec0\u2ec1\u2ec2\u2ec3\u2ec4"
    "\u2ec5\u2ec6\u2ec8\u2ec9\u2eca\u2ecb\u2ecc\u2ecd\u2ece\u2ed0\u2ed1\u2ed2\u2ed3\u2ed4\u2ed5\u2ed6"
    "\u2ed7\u2ed8\u2ed9\u2eda\u2edb\u2edc\u2edd\u2edf\u2ee0\u2ee1\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee7"
    "\u2ee8\u2ee9\u2eea\u2eeb\u2eec\u2eed\u2eee\u2eef\u2ef0\u2ef1\u2ef2\u2ef3"
)
_CHARACTERS: Final = (
    "\u5382\u4e59\u4ebb\u5182\u5200\u5202\u535c\u5c0f\u5c0f\u5140\u5c22\u5df3\u5e7a\u5fc4\u624c\u6535"
    "\u65e1\u6708\u6b7a\u6bcd\u6c11\u6c35\u6c3a\u706c\u722b\u722b\u4e2c\u725b\u72ad\u738b\u793a\u793b"
    "\u7cf9\u7e9f\u7f52\u7f8a\u8002\u8080\u807f\u8089\u81fc\u8279\u8279\u8279\u864e\u8864\u8980\u897f"
    "\u89c1\u89d2\u8ba0\u8d1d\u8db3\u8f66\u8fb6\u8fb6\u8fb6\u9485\u9577\u9578\u957f\u95e8\u961c\u961d"
    "\u96e8\u9752\u97e6\u9875\u98ce\u98de\u98df\u98e0\u9963\u9996\u9a6c\u9aa8\u9b3c\u9c7c\u9e1f\u5364"
    "\u9ea6\u9ec4\u9efe\u6589\u9f50\u6b6f\u9f7f\u7adc\u9f99\u9f9c\u4e80\u9f9f"
)
RADICALS: Final = dict(zip(_RADICALS, _CHARACTERS, strict=True))
"""The radicals of U+2E80 to U+2EF3 that are a character: EquivalentUnifiedIdeograph of Unicode,
but for four whose equivalent nobody writes: those are the character that they stand for."""

BETWEEN: Final = frozenset(
    [chr(point) for point in range(0x2B0, 0x300)
     if not unicodedata.normalize("NFKD", chr(point))[0].isalpha()
     or (unicodedata.normalize("NFKD", chr(point)) == chr(point))]
    + list("\u4e36\u4e28\u4e3f\u4e40\u4e41\u4e85\u3127")
    + list("\u0559\u07f4\u07f5\u07fa\u141f\u1420\u1428\u16c1\u2d4f\u2e2f\u01c1\ua71d\ua78f\ua7f7")
    + list("\u0640\u318d\u119e\u1427\ua4f8\ua4f9\ua4fa\ua4fb\ua4fc\ua4fd\ua78c\u01c3")
)  # fmt: skip
"""Letters by their category that look like an apostrophe, a point or a line, the strokes of Han
characters among them: no letter of a word."""

HAN_FROM: Final = "\U00020000"
"""From here on stand rare Han characters, and beyond them nothing that is a letter."""
_COMPATIBLE: Final = range(0x2F800, 0x2FA20)
_HAN_OF_LATER: Final = (range(0x2EBF0, 0x2EE5E), range(0x31350, 0x33480))
"""Han characters that the Unicode of this Python may not know yet."""
_UNSEEN: Final = range(0xE0000, 0xE1000)
TAGS: Final = {0xE0000 + point: chr(point) for point in range(0x20, 0x7F)}
"""Tag characters, which nobody sees -> the ASCII that they are to a model."""
READ_TWICE: Final = frozenset([*map(chr, TAGS), "\u202e"])
"""What nobody sees and some readers go by: tags, and where a text begins to be shown reversed."""


def rare(char: str, gap: str, skip: str) -> str:
    """What a character from HAN_FROM on is read as: a Han character, `gap` or `skip`."""
    point = ord(char)
    if point in _UNSEEN:
        return skip
    if point in _COMPATIBLE:
        base = unicodedata.normalize("NFKD", char)
        return base if base != char else gap
    if char.isalpha() or any(point in known for known in _HAN_OF_LATER):
        return char
    return gap


def numbers() -> list[tuple[str, str]]:
    """The numbers in circles that Unicode has no digits for, each with its digits."""
    signs = [*range(0x24EB, 0x2500), *range(0x2776, 0x2794), 0x1F10B, 0x1F10C]
    return [(chr(point), str(int(unicodedata.numeric(chr(point))))) for point in signs]


@cache
def digits() -> dict[str, str]:
    """The digits of other scripts, each with its own."""
    signs = map(chr, range(0x80, 0x20000))
    return {sign: str(unicodedata.decimal(sign)) for sign in signs if sign.isdecimal()}


def is_emblem(char: str) -> bool:
    """Whether a letter or digit stands there as a sign of its own (circled, raised, a flag)."""
    if unicodedata.category(char) in ("So", "No") or char == "\u2139":
        return True
    return unicodedata.decomposition(char).startswith(("<super>", "<sub>"))
