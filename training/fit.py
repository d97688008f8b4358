"""Fitting: sparse logistic regressions, the same bytes each time on the same kind of machine.

It refuses to know what the columns and the targets mean. One thread, fixed order, no sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse, special

Floats = NDArray[np.float64]


def matrix(indices: Sequence[NDArray[np.uint32]], columns: int) -> sparse.csr_matrix:
    """Rows of counts divided by the root of their sum: shape (len(indices), columns)."""
    ends = np.cumsum([0] + [len(row) for row in indices])
    scale = np.repeat(1.0 / np.sqrt(np.maximum(1, np.diff(ends))), np.diff(ends))
    flat = np.concatenate(indices).astype(np.int32)
    made = sparse.csr_matrix(
        (scale.astype(np.float32), flat, ends.astype(np.int64)), (len(indices), columns)
    )
    made.sum_duplicates()
    return made


def rarity(counts: sparse.csr_matrix, power: float) -> Floats:
    """A factor for each column: (log inverse share of rows that have it) ^ power; 0 if none."""
    rows = np.bincount(counts.indices, minlength=counts.shape[1])
    out = np.zeros(counts.shape[1])
    seen = rows > 0
    out[seen] = np.log((1.0 + counts.shape[0]) / rows[seen]) ** power
    return out


class Design:
    """A matrix and its transpose, both by rows, so that neither product has to search."""

    def __init__(self, x: sparse.csr_matrix) -> None:
        self.x = x
        self.turned = x.T.tocsr()


def logistic(
    design: Design, target: Floats, weight: Floats, penalty: float, steps: int
) -> tuple[Floats, float]:
    """Weights and offset that minimise weighted cross-entropy + penalty/2 · |weights|².

    `target` is in [0, 1] and may be soft. Cross-entropy is summed, weights as given.
    """
    x, turned = design.x, design.turned

    def loss(flat: Floats) -> tuple[float, Floats]:
        z = x @ flat[:-1] + flat[-1]
        cost = float(weight @ (np.logaddexp(0.0, z) - target * z))
        slope = weight * (special.expit(z) - target)
        grad = np.append(turned @ slope + penalty * flat[:-1], slope.sum())
        return cost + 0.5 * penalty * float(flat[:-1] @ flat[:-1]), grad

    start = np.zeros(x.shape[1] + 1)
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 10}
    )
    return found.x[:-1], float(found.x[-1])


def platt(score: Floats, target: Floats) -> tuple[float, float]:
    """(slope, offset) so that sigmoid(slope · score + offset) is calibrated (Platt, 1999)."""
    # Platt's own targets: a little inside 0 and 1, so that separable scores stay finite.
    bad = float(target.sum())
    good = float((1.0 - target).sum())
    soft = np.where(target > 0.5, (bad + 1.0) / (bad + 2.0), 1.0 / (good + 2.0))

    def loss(ab: Floats) -> tuple[float, Floats]:
        z = ab[0] * score + ab[1]
        slope = special.expit(z) - soft
        cost = float(np.sum(np.logaddexp(0.0, z) - soft * z))
        return cost, np.array([slope @ score, slope.sum()])

    found = optimize.minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def quantise(values: Floats, limit: int, clip: float, kind: str) -> tuple[NDArray[Any], float]:
    """Whole numbers in [-limit, limit] and the scale that brings them back.

    Values beyond the `clip` quantile of those that are not nought are clipped.
    """
    used = np.abs(values[values != 0])
    top = float(np.quantile(used, clip)) if len(used) else 1.0
    scale = top / limit
    return np.clip(np.rint(values / scale), -limit, limit).astype(kind), scale


Progress = Callable[[str], None]
