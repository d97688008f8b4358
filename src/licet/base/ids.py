"""Identifiers: short, sortable by time where that helps, made from the chance that is given.

An id is never derived from personal data.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

Chance = Callable[[int], bytes]
"""Gives n random bytes: `secrets.token_bytes` in production, a seeded one in tests."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def base32(number: int, width: int) -> str:
    """`number` in Crockford base 32, `width` characters, zero-padded on the left."""
    out = []
    for _ in range(width):
        out.append(_ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(out))


def new_id(prefix: str, now: datetime, chance: Chance = secrets.token_bytes) -> str:
    """`prefix_` + 9 characters of time (ms) + 11 of chance (55 bits): sorts by time."""
    ms = int(now.timestamp() * 1000)
    return f"{prefix}_{base32(ms, 9)}{base32(int.from_bytes(chance(7), 'big') >> 1, 11)}"


class Series:
    """Ids of one process in their order: a beginning drawn once, then a count. Costs nothing."""

    def __init__(self, prefix: str, now: datetime, chance: Chance = secrets.token_bytes) -> None:
        self._start = new_id(prefix, now, chance)
        self._count = itertools.count(1)

    def take(self) -> str:
        """The next id, `prefix_…-1f`."""
        return f"{self._start}-{hex(next(self._count))[2:]}"


def secret_number(prefix: str, now: datetime, chance: Chance = secrets.token_bytes) -> str:
    """`LM-20261124-7F3K9Q2A1MZB`: the day, and 60 bits of chance. Who does not know it does not
    guess it, so it may open a page by itself."""
    return f"{prefix}-{now:%Y%m%d}-{base32(int.from_bytes(chance(8), 'big'), 12).upper()}"


def case_number(now: datetime, chance: Chance = secrets.token_bytes) -> str:
    """`LC-20261124-7F3K9Q2A1MZB`: what a person quotes when they appeal. 60 bits of chance a day:
    who does not know a case's number does not guess it, and the number opens the case's page."""
    return secret_number("LC", now, chance)


def case_mark(case: str) -> str:
    """What public records hold of a case's number: whoever has the number finds the record, and
    whoever has the record does not find the number (32 hexadecimal digits)."""
    return hashlib.sha256(b"licet/case/v1\n" + case.encode()).hexdigest()[:32]
