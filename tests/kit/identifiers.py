"""Identifiers that nobody has: well formed, drawn by chance from an rng that the caller gives."""

from __future__ import annotations

import random
from datetime import date, timedelta

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REGIONS = ("110105", "310115", "440304", "510107", "330106", "420111", "650102")
PROVINCES = "京沪粤苏浙鲁川鄂冀豫"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def digits(rng: random.Random, count: int) -> str:
    return "".join(str(rng.randrange(10)) for _ in range(count))


def cn_id(rng: random.Random) -> str:
    """Region, day of birth, serial and the check character of GB 11643, done by its definition."""
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(20_000))
    body = f"{rng.choice(REGIONS)}{born:%Y%m%d}{digits(rng, 3)}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    rest = (12 - total % 11) % 11
    return body + ("X" if rest == 10 else str(rest))


def card(rng: random.Random, issuer: str = "622202", length: int = 19) -> str:
    """A card number with the check digit of ISO/IEC 7812."""
    body = issuer + digits(rng, length - len(issuer) - 1)
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return body + str(-total % 10)


def mobile(rng: random.Random) -> str:
    return rng.choice(("138", "139", "150", "186", "177", "199")) + digits(rng, 8)


def plate(rng: random.Random) -> str:
    return rng.choice(PROVINCES) + rng.choice(PLATE_LETTERS) + digits(rng, 5)


def iban(rng: random.Random) -> str:
    """A German one: 18 digits and their remainder."""
    body = digits(rng, 18)
    return f"DE{98 - int(body + '131400') % 97:02d}{body}"


def ssn(rng: random.Random) -> str:
    return f"{rng.randrange(1, 600):03d}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"


def token(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))
