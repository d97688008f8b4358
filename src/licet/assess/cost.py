"""What a run will ask for: tokens, and money where prices are given. An estimate, and said to be.

It refuses to know any provider's prices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from licet.assess.bank import Item

HAN_TOKENS, OTHER_TOKENS = 0.8, 0.28
"""Tokens a character, for Chinese and for other text: rounded up from common tokenisers."""
OVERHEAD_TOKENS = 12


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens at most, and money at most in the unit of the prices; None without prices."""

    items: int
    tokens_in: int
    tokens_out_max: int
    money_max: float | None


def estimate(
    items: Sequence[Item], tokens_max: int, price_in: float | None, price_out: float | None
) -> Estimate:
    """The most that asking these items may take. Prices are for a million tokens."""
    tokens = sum(OVERHEAD_TOKENS + math.ceil(_tokens(item.text)) for item in items)
    out = tokens_max * len(items)
    money = None
    if price_in is not None and price_out is not None:
        money = (tokens * price_in + out * price_out) / 1_000_000
    return Estimate(len(items), tokens, out, money)


def _tokens(text: str) -> float:
    han = sum(1 for char in text if "\u3400" <= char <= "\u9fff")
    return han * HAN_TOKENS + (len(text) - han) * OTHER_TOKENS
