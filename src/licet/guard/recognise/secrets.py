"""Keys and tokens: what opens a door and should not be in a text.

It refuses to know who they belong to. Folded text has lost its capitals, so nothing is decoded.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_BODY = re.compile(r"-----\s*(?:(?:[\w-]+\s*:[^\n]*\n)*)\s*([a-z0-9+/=\s]{40,})", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"example|sample|your|xxxx|placeholder|dummy|fake|redacted|insert|changeme|0000000|1234567|"
    r"abcdefg|\.\.\.|<|>|\*\*",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"[a-z_\-]{0,16}[-_]|akia|asia|ltai|akid|aiza|eyj", re.IGNORECASE)
_BITS_MIN = 3.0
_SECRET_CHARACTERS_MIN = 12


def _bits(text: str) -> float:
    """Shannon's entropy in bits for a character, by the frequencies in the text itself."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def private_key(text: str) -> bool:
    """A private key in PEM form with a body, not the bare heading that every manual shows."""
    found = _BODY.search(text)
    if found is None or _PLACEHOLDER.search(text):
        return False
    return _bits(re.sub(r"\s", "", found[1]).lower()) >= _BITS_MIN


def token(text: str) -> bool:
    """An access token that looks drawn by chance: no placeholder, and neither one letter nor one
    word over and over."""
    if _PLACEHOLDER.search(text):
        return False
    found = _PREFIX.match(text)
    secret = text[found.end() :] if found else text
    if len(secret) < _SECRET_CHARACTERS_MIN or not any(char.isdigit() for char in secret):
        return False
    return _bits(secret.lower()) >= _BITS_MIN
