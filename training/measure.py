"""Measures: how good a ranking and how true a probability is.

It refuses to know texts and models: scores and truths go in, figures come out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma, log, log1p

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


def f1(said: Truths, truth: Truths) -> float:
    """Harmonic mean of precision and recall; nought where nothing is right."""
    right = int((said & truth).sum())
    return 2.0 * right / (int(said.sum()) + int(truth.sum())) if right else 0.0


def auprc(score: Floats, truth: Truths) -> float:
    """Average precision (step-wise, no interpolation); tied scores stand or fall together."""
    order = np.argsort(-score, kind="stable")
    score, truth = score[order], truth[order]
    ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    right = np.cumsum(truth)[ends]
    steps = np.diff(np.concatenate(([0], right)))
    return float((steps * right / (ends + 1)).sum() / max(1, right[-1]))


def limit_at(score: Floats, share: float) -> float:
    """The lowest limit that at most `share` of the (lawful) scores reach or pass."""
    ordered = np.sort(score)[::-1]
    allowed = int(share * len(ordered))
    return float(np.nextafter(ordered[allowed], np.inf)) if allowed < len(ordered) else 0.0


def recall_at(score: Floats, truth: Truths, share: float) -> float:
    """Recall where at most `share` of the lawful texts are stopped."""
    return float((score[truth] >= limit_at(score[~truth], share)).mean())


def calibration_error(score: Floats, truth: Truths, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins (Guo et al., 2017)."""
    place = np.minimum((score * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    gap = np.bincount(place, score, bins) - np.bincount(place, truth.astype(float), bins)
    return float(np.abs(gap).sum() / max(1, count.sum()))


def share_interval(count: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson, 1934); (0, 1) where nothing was seen."""
    if not total:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if not count else _solved(lambda p: 1 - _at_most(count - 1, total, p) - tail)
    high = 1.0 if count == total else _solved(lambda p: tail - _at_most(count, total, p))
    return low, high


def _at_most(count: int, total: int, share: float) -> float:
    """The chance of at most `count` of `total`, each with this chance."""
    places = np.arange(count + 1)
    logs = np.array([lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1) for k in places])
    return float(np.exp(logs + places * log(share) + (total - places) * log1p(-share)).sum())


def _solved(rising: Callable[[float], float]) -> float:
    """Where a rising function of a share crosses nought."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
