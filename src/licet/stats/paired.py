"""The same items twice: before and after a correction, or with one word changed.

It refuses to know what an item is and which of the two is the good one.

Rules
1. Only pairs that differ speak: McNemar's test, exact (a binomial test of the pairs that differ).
2. Pairs of one template are not independent: their differences are summed, and the sums are
   permuted by sign, all of them or, where there are too many, as the seeded `rng` draws.
3. A p from draws counts the observation itself: it is never 0 (Phipson and Smyth 2010).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import bdtr, stdtrit

from licet.base.trouble import BadInput
from licet.stats.share import Bounds, Count, bounds

Proof = Literal["proven", "worse", "not_enough_data"]

EXACT_CLUSTERS = 16
DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """How pairs came out: good in both, fixed (bad, then good), broken (good, then bad), bad in
    both."""

    good: int
    fixed: int
    broken: int
    bad: int

    @property
    def total(self) -> int:
        return self.good + self.fixed + self.broken + self.bad

    @property
    def difference(self) -> float | None:
        """Share of good ones after, less that before; None without pairs."""
        return (self.fixed - self.broken) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Correction:
    """What pairs show of a correction: `p` of exact McNemar, the upper bound of the share of
    pairs that it broke, and the verdict."""

    pairs: Pairs
    p: float
    broken_high: float
    verdict: Proof


def count_pairs(before: Sequence[bool], after: Sequence[bool]) -> Pairs:
    """The pairs of two runs over the same items, good ones True. Raises BadInput where they are
    not of one length."""
    if len(before) != len(after):
        raise BadInput(
            f"{len(before)} outcomes before and {len(after)} after are no pairs.",
            hint="Run the same frozen items twice.",
        )
    both = list(zip(before, after, strict=True))
    return Pairs(
        good=both.count((True, True)),
        fixed=both.count((False, True)),
        broken=both.count((True, False)),
        bad=both.count((False, False)),
    )


def mcnemar(pairs: Pairs) -> float:
    """Two-sided p of exact McNemar: 1 where no pair differs."""
    differing = pairs.fixed + pairs.broken
    if not differing:
        return 1.0
    # Where both are as likely, both tails are the same: twice the lesser, and never above 1.
    return min(1.0, 2 * float(bdtr(min(pairs.fixed, pairs.broken), differing, 0.5)))


def prove_correction(
    pairs: Pairs, significance: float, confidence: float, broken_max: float
) -> Correction:
    """Whether pairs prove that a correction works and breaks at most `broken_max` of them.

    It is proven where more was fixed than broken, beyond chance, and the one-sided bound of what
    was broken is at most `broken_max`; it is worse where more was broken than fixed, beyond
    chance; else there is not enough data.
    """
    p = mcnemar(pairs)
    high = bounds(Count(pairs.broken, pairs.total), confidence, "one").high
    clear = p <= significance
    if clear and pairs.broken > pairs.fixed:
        return Correction(pairs, p, high, "worse")
    held = clear and pairs.fixed > pairs.broken and high <= broken_max
    return Correction(pairs, p, high, "proven" if held else "not_enough_data")


def difference_bounds(pairs: Pairs, confidence: float) -> Bounds:
    """Where the difference of the two shares may lie, from -1 to 1, for independent pairs.

    It holds with at least the confidence: the bounds of what was fixed and of what was broken,
    each at half the doubt.
    """
    each = 1 - (1 - confidence) / 2
    fixed = bounds(Count(pairs.fixed, pairs.total), each)
    broken = bounds(Count(pairs.broken, pairs.total), each)
    return Bounds(fixed.low - broken.high, fixed.high - broken.low)


def cluster_sums(
    differences: Iterable[float], clusters: Iterable[Hashable]
) -> tuple[np.ndarray, np.ndarray]:
    """(sum of differences, number of pairs) of each cluster, in order of appearance."""
    sums: dict[Hashable, list[float]] = {}
    for difference, cluster in zip(differences, clusters, strict=True):
        sums.setdefault(cluster, []).append(difference)
    return (
        np.array([math.fsum(each) for each in sums.values()]),
        np.array([len(each) for each in sums.values()]),
    )


def permutation_p(sums: np.ndarray, rng: np.random.Generator, draws: int = DRAWS) -> float:
    """Two-sided p that differences, summed by cluster, come from chance alone (rule 2).

    Exact for up to EXACT_CLUSTERS clusters that differ from 0; drawn beyond.
    """
    moved = sums[sums != 0]
    if not len(moved):
        return 1.0
    seen = abs(math.fsum(moved))
    edge = seen * (1 - 1e-12)  # the observation, summed in another order, counts as itself
    if len(moved) <= EXACT_CLUSTERS:
        signs = (np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1) * 2 - 1
        return float(np.mean(np.abs(signs @ moved) >= edge))
    as_far = 0
    for first in range(0, draws, 1000):
        many = min(1000, draws - first)
        signs = rng.integers(0, 2, (many, len(moved)), dtype=np.int8) * 2 - 1
        as_far += int(np.sum(np.abs(signs @ moved) >= edge))
    return (as_far + 1) / (draws + 1)


def mean_bounds(
    sums: np.ndarray, sizes: np.ndarray, confidence: float
) -> tuple[float | None, Bounds | None]:
    """The mean difference of a pair and its bounds, from cluster to cluster (Student's t over
    clusters, as a ratio estimate). No bounds for fewer than two clusters."""
    total = int(sizes.sum())
    if not total:
        return None, None
    mean = float(sums.sum() / total)
    many = len(sums)
    if many < 2:
        return mean, None
    residuals = sums - mean * sizes
    error = math.sqrt(many / (many - 1) * float(residuals @ residuals)) / total
    reach = -float(stdtrit(many - 1, (1 - confidence) / 2)) * error
    return mean, Bounds(mean - reach, mean + reach)
