"""How many items show a limit, how many failures they may hold, what pairs can show at least.

It refuses to know what is counted. Bounds are those of `share`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, ndtri

from licet.base.trouble import BadInput
from licet.stats.share import Bound, Count, Sides, bounds

ITEMS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Items needed to show a limit.

    `least`: with no failure at all. `allowed`: failures that `planned` items may hold. `planned`:
    items with which a service whose true share of failures is `failing` shows the limit with the
    chance `power`; None where more than ITEMS_MAX would be needed.
    """

    least: int
    planned: int | None
    allowed: int | None
    failing: float
    power: float


def failures_max(of: int, limit: float, confidence: float, sides: Sides) -> int | None:
    """How many of `of` items may fail so that a share of failures of at most `limit` is shown.

    None where even no failure shows it.
    """

    def shown(failed: int) -> bool:
        return bounds(Count(failed, of), confidence, sides).high <= limit

    if not shown(0):
        return None
    low, high = 0, of
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if shown(middle) else (low, middle)
    return low


def plan(
    limit: float, bound: Bound, confidence: float, sides: Sides, *, failing: float, power: float
) -> Plan:
    """How many items to take. `failing` is the assumed true share of failures.

    Raises BadInput where `failing` is not on the right side of the limit: no number of items
    shows what is not so.
    """
    at_most = round(1 - limit, 12) if bound == "at_least" else limit
    if not 0 <= failing < at_most:
        raise BadInput(
            f"a share of failures of {failing:g} never shows at most {at_most:g}.",
            hint="Assume a better service, or make one.",
        )
    tail = (1 - confidence) / (2 if sides == "two" else 1)
    least = _items_for(0, at_most, tail)

    def enough(allowed: int) -> bool:
        return float(bdtr(allowed, _items_for(allowed, at_most, tail), failing)) >= power

    low, high = -1, 0
    while not enough(high):
        low, high = high, 2 * high + 1
        if _items_for(high, at_most, tail) > ITEMS_MAX:
            return Plan(least, None, None, failing, power)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return Plan(least, _items_for(high, at_most, tail), high, failing, power)


def _items_for(failed: int, at_most: float, tail: float) -> int:
    """The fewest items of which `failed` may fail: the bound of Clopper and Pearson read from
    the other side."""
    low, high = failed, int((failed + 1) / at_most) + 1
    while bdtr(failed, high, at_most) > tail:
        low, high = high, 2 * high
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if bdtr(failed, middle, at_most) <= tail else (middle, high)
    return high


def least_difference(
    pairs: int, discordant: float, significance: float, power: float
) -> float | None:
    """The least difference of two shares that exact McNemar finds with the chance `power`.

    `discordant` is the share of pairs that differ at all. None where even the largest difference
    that this leaves room for is not found.
    """
    from scipy.stats import binom  # slow to import, and needed here alone

    if pairs < 1 or discordant <= 0:
        return None
    differing = np.arange(pairs + 1)
    weight = binom.pmf(differing, pairs, discordant)
    # A split of m pairs that differ is found from `edge` on.
    edge = binom.isf(significance / 2, differing, 0.5) + 1

    def found(difference: float) -> float:
        towards = (discordant + difference) / (2 * discordant)
        upper = binom.sf(edge - 1, differing, towards)
        lower = binom.cdf(differing - edge, differing, towards)
        return float(np.sum(weight * (upper + lower)))

    if found(discordant) < power:
        return None
    low, high = 0.0, discordant
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= power else (middle, high)
    return high


def least_mean_difference(
    clusters: int, deviation: float, significance: float, power: float
) -> float | None:
    """The least mean difference that shows with the chance `power`, given the standard deviation
    of the differences of clusters. None for fewer than two clusters."""
    if clusters < 2:
        return None
    reach = float(ndtri(power) - ndtri(significance / 2))
    return reach * deviation / math.sqrt(clusters)
