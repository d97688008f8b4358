"""A secret in shares, of which so many together give it back and fewer say nothing (Shamir 1979).

It refuses to know whose the shares are and what the secret opens.

Rules
1. Each byte of the secret is the value at 0 of a polynomial of its own over GF(2^8), the field of
   AES (x^8 + x^4 + x^3 + x + 1); share n holds its values at n. The polynomial's other
   coefficients are drawn anew for every byte: with one share less, every secret is equally likely.
2. A share is its number (one byte, 1 to 255) and as many bytes as the secret has.
3. Shares bear no proof of each other: joined with a wrong one they give something else, and what
   the secret opens must say so (`custody.py` does, by AES-GCM).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from licet.base.ids import Chance
from licet.base.trouble import BadInput

_POLYNOMIAL = 0x11B


def _times_three(number: int) -> int:
    doubled = number << 1
    return (doubled ^ number) ^ (_POLYNOMIAL if doubled & 0x100 else 0)


_POWER = list(accumulate(range(509), lambda last, _: _times_three(last), initial=1))
"""3 to the power n: 3 generates the field's multiplicative group, of 255 elements."""
_LOG = {_POWER[n]: n for n in range(255)}


def split(secret: bytes, needed: int, count: int, chance: Chance) -> tuple[bytes, ...]:
    """`count` shares of a secret, of which any `needed` give it back.

    Raises BadInput unless 2 <= needed <= count <= 255 and there is a secret: a share that gives
    the secret alone is no share.
    """
    if not secret or not 2 <= needed <= count <= 255:
        raise BadInput(f"{needed} of {count} shares are no way to split a secret")
    drawn = [chance(len(secret)) for _ in range(needed - 1)]
    polynomials = list(zip(secret, *drawn, strict=True))
    return tuple(
        bytes([x, *(_value(coefficients, x) for coefficients in polynomials)])
        for x in range(1, count + 1)
    )


def join(shares: Iterable[bytes]) -> bytes:
    """The secret, where as many shares as are needed come together (rule 3).

    Raises BadInput for fewer than two, for shares of different lengths and for one given twice.
    """
    given = sorted(shares)
    numbers = [share[0] for share in given if share]
    lengths = {len(share) for share in given}
    if len(given) < 2 or len(lengths) != 1 or min(lengths) < 2:
        raise BadInput("these are no shares of one secret", hint="Two or more are needed.")
    if len(set(numbers)) != len(given) or 0 in numbers:
        raise BadInput("a share was given twice", hint="Each share counts once.")
    weights = [_weight(number, numbers) for number in numbers]
    return bytes(
        _sum(_product(weight, byte) for weight, byte in zip(weights, column, strict=True))
        for column in zip(*(share[1:] for share in given), strict=True)
    )


def _value(coefficients: Sequence[int], x: int) -> int:
    """The polynomial with these coefficients, lowest first, at x (Horner)."""
    value = 0
    for coefficient in reversed(coefficients):
        value = _product(value, x) ^ coefficient
    return value


def _weight(number: int, numbers: Sequence[int]) -> int:
    """Lagrange's weight of a share at 0: the product of m / (m - n) over all others m."""
    weight = 1
    for other in numbers:
        if other != number:
            weight = _product(weight, _quotient(other, other ^ number))
    return weight


def _sum(numbers: Iterable[int]) -> int:
    total = 0
    for number in numbers:
        total ^= number
    return total


def _product(a: int, b: int) -> int:
    return _POWER[_LOG[a] + _LOG[b]] if a and b else 0


def _quotient(a: int, b: int) -> int:
    return _POWER[_LOG[a] - _LOG[b] + 255] if a else 0
