"""A share of items: exact bounds, the verdict against a limit, correction for a detector's error.

It refuses to know what is counted.

Rules
1. A bound is that of Clopper and Pearson (1934): whatever the true share, it lies on the wrong
   side of the bound with at most the chance that is left.
2. With `sides="one"` each bound holds at the confidence by itself; with "two" both do together.
3. Chance that cannot be ruled out is a verdict of its own: not enough data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from licet.base.extras import to_install
from licet.base.trouble import BadInput, Unavailable

Sides = Literal["one", "two"]
Bound = Literal["at_least", "at_most"]
Verdict = Literal["conforms", "does_not", "not_enough_data"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a share may lie: 0 <= low <= high <= 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Count:
    """`hits` of `of` items."""

    hits: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of:
            raise BadInput(f"{self.hits} of {self.of} items is no count.")

    @property
    def share(self) -> float | None:
        """None where there are no items."""
        return self.hits / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Detector:
    """How a detector did on items that people had labelled: found of those that are, and passed
    of those that are not."""

    sensitivity: Count
    specificity: Count


def bounds(count: Count, confidence: float, sides: Sides = "two") -> Bounds:
    """The bounds of Clopper and Pearson. Without items, from 0 to 1. Raises Unavailable without
    SciPy."""
    try:
        from scipy.special import betainccinv, betaincinv  # an extra: a count needs none
    except ImportError:
        raise Unavailable("exact bounds need SciPy.", hint=to_install("corpus")) from None
    tail = (1 - confidence) / (2 if sides == "two" else 1)
    hits, of = count.hits, count.of
    low = float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0
    high = float(betainccinv(hits + 1, of - hits, tail)) if hits < of else 1.0
    return Bounds(low, high)


def corrected(
    count: Count, detector: Detector, confidence: float, sides: Sides = "two"
) -> tuple[float | None, Bounds]:
    """The share that is behind what a detector found, and its bounds (Rogan and Gladen 1978).

    The bounds hold with at least the confidence: the doubt is divided among the three shares that
    go in, and their bounds of Clopper and Pearson are combined (Bonferroni). None and 0 to 1
    where the detector may be no better than chance.
    """
    doubt = (1 - confidence) / 3
    seen = bounds(count, 1 - doubt, sides)
    found = bounds(detector.sensitivity, 1 - doubt, sides)
    passed = bounds(detector.specificity, 1 - doubt, sides)
    if found.low + passed.low <= 1:
        return None, Bounds(0.0, 1.0)
    low = _behind(seen.low, found.high, passed.low)
    high = _behind(seen.high, found.low, passed.high)
    parts = (count.share, detector.sensitivity.share, detector.specificity.share)
    if None in parts:
        return None, Bounds(low, high)
    return _behind(*(part or 0.0 for part in parts)), Bounds(low, high)


def _behind(seen: float, sensitivity: float, specificity: float) -> float:
    """Rogan and Gladen's estimate, kept within 0 and 1. It grows with `seen`; it falls with the
    sensitivity and grows with the specificity, so bounds of the three give bounds of it."""
    share = (seen + specificity - 1) / (sensitivity + specificity - 1)
    return min(1.0, max(0.0, share))


def judge_share(observed: float | None, within: Bounds, limit: float, bound: Bound) -> Verdict:
    """The verdict on a share against a limit.

    It conforms where the whole of `within` does. It does not where none of `within` does.
    """
    if observed is None:
        return "not_enough_data"
    if bound == "at_least":
        good, bad = within.low >= limit, within.high < limit
    else:
        good, bad = within.high <= limit, within.low > limit
    return "conforms" if good else "does_not" if bad else "not_enough_data"


def meets(observed: float | None, limit: float, bound: Bound) -> bool:
    """Whether the observed share alone is on the right side: the letter of the standard."""
    if observed is None:
        return False
    return observed >= limit if bound == "at_least" else observed <= limit
