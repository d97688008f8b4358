"""Text cut into tokens, and the figures that a model gives with them. Pure; it knows no dialect.

Rules
1. The tokens of a text, joined, are the text: nothing is lost, added or normalised.
2. A token is a word with the space before it, one or two Han characters, or up to three marks.
"""

from __future__ import annotations

import re
import zlib

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"[^\S\n]?(?:[{_HAN}]{{1,2}}|(?:(?![{_HAN}])\w){{1,24}}|[^\w\s]{{1,3}})|\s{{1,24}}"
)
_OTHERS = (" the", ",", ".", "\n", " and", "的", "，", " a", "。", "是", " of", " in")
_FLOOR = -9.0
"""Log probability of an alternative that was hardly considered."""


def split_tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))


def logprob(token: str, position: int) -> float:
    """A plausible log probability in [-1.6, 0), the same for the same token at the same place."""
    return -0.0005 - (zlib.crc32(f"{position}:{token}".encode()) % 1600) / 1000


def alternatives(token: str, position: int, count: int) -> list[tuple[str, float]]:
    """The `count` likeliest tokens at `position`: the one said, then others."""
    first = (token, logprob(token, position))
    rest = [other for other in _OTHERS if other != token]
    return [first, *((t, _FLOOR - i) for i, t in enumerate(rest))][:count]
