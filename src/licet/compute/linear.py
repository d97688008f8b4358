"""Linear programmes over shares of time, solved by HiGHS. Pure.

It refuses to know what is maximised for whom. Jobs that are equal are merged before solving:
the answer of a class is split evenly, which loses nothing (the programme is symmetric in equals)
and makes 20,000 jobs as quick as their few classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack

from licet.compute.round import Floats, Ints


class Unsolved(Exception):
    """There is no answer that reaches the floors. Without floors it is a broken belief of ours."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Equal rows, merged: gain (C, K) of a class, gang (C,), count (C,) of members, of (J,) the
    class of each row."""

    gain: Floats
    gang: Ints
    count: Floats
    of: Ints


def merge(gain: Floats, gang: Ints, keys: Floats | None = None) -> Classes:
    """Rows with equal gain, gang and keys (J, any) as one class; equal to twelve digits."""
    parts = [np.round(gain, 12), gang[:, None]] + ([] if keys is None else [np.round(keys, 12)])
    _, first, of, count = np.unique(
        np.concatenate(parts, axis=1), axis=0,
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    return Classes(gain[first], gang[first], count.astype(float), of.reshape(-1))


def max_min(
    classes: Classes, capacity: Floats, floor: Floats | None = None
) -> tuple[Floats, Floats, float]:
    """Time (C, K) of each member that makes the smallest Σ gain·time of any member as large as can
    be, while each member's reaches `floor` (C,); the price (K,) of a kind; that smallest value.

    Raises Unsolved where floors are too high to be kept together.
    """
    many, kinds = classes.gain.shape
    width = many * kinds + 1  # the last column is the smallest value
    limits, most = _limits(classes, capacity)
    level = coo_array((np.ones(many), (np.arange(many), np.zeros(many, int))), (many, 1))
    rows = [_widened(limits, width), hstack([_gains(classes), level], format="csr")]
    bound = [most, np.zeros(many)]
    if floor is not None and np.any(floor > 0):
        rows.append(_widened(_gains(classes)[floor > 0], width))
        bound.append(-floor[floor > 0])
    aim = np.zeros(width)
    aim[-1] = -1.0
    x, price = _solve(aim, rows, bound, np.append(_upper(classes), np.inf), classes)
    return _each(x[:-1], classes), price, float(x[-1])


def max_sum(
    classes: Classes, capacity: Floats, value: Floats, floor: Floats, premium: Floats
) -> tuple[Floats, Floats]:
    """Time (C, K) of each member that makes the sum of value (C,) times Σ gain·time over all
    members as large as can be, gain on a kind counted 1 + `premium` (K,) times, while Σ gain·time
    of each member reaches `floor` (C,); and the price (K,) of a kind.

    Raises Unsolved where floors are too high to be kept together.
    """
    limits, most = _limits(classes, capacity)
    rows, bound = [limits, _gains(classes)[floor > 0]], [most, -floor[floor > 0]]
    aim = -(classes.gain * value[:, None] * (1 + premium)).reshape(-1)
    x, price = _solve(aim, rows, bound, _upper(classes), classes)
    return _each(x, classes), price


def reachable(classes: Classes, capacity: Floats, floor: Floats) -> bool:
    """Whether Σ gain·time of each member can reach `floor` (C,), all at once."""
    limits, most = _limits(classes, capacity)
    rows, bound = [limits, _gains(classes)], [most, -floor]
    try:
        _solve(np.zeros(classes.gain.size), rows, bound, _upper(classes), classes)
    except Unsolved:
        return False
    return True


def _limits(classes: Classes, capacity: Floats) -> tuple[csr_array, Floats]:
    """What holds for every policy, over x (C·K), the time of a whole class: members have no more
    than all their time, kinds no more than their accelerators."""
    many, kinds = classes.gain.shape
    cells = np.arange(many * kinds)
    own = coo_array((np.ones(many * kinds), (cells // kinds, cells)), (many, many * kinds))
    weight = np.repeat(classes.gang.astype(float), kinds)
    scarce = coo_array((weight, (cells % kinds, cells)), (kinds, many * kinds))
    return vstack([own, scarce], format="csr"), np.concatenate([classes.count, capacity])


def _gains(classes: Classes) -> csr_array:
    """Minus what a member of each class gains, over x (C·K)."""
    many, kinds = classes.gain.shape
    cells = np.arange(many * kinds)
    gain = -(classes.gain / classes.count[:, None]).reshape(-1)
    return csr_array(coo_array((gain, (cells // kinds, cells)), (many, many * kinds)))


def _widened(rows: csr_array, width: int) -> csr_array:
    made = coo_array(rows)
    return csr_array(coo_array((made.data, made.coords), (rows.shape[0], width)))


def _upper(classes: Classes) -> Floats:
    return np.where(classes.gain.reshape(-1) > 0, np.inf, 0.0)


def _solve(
    aim: Floats, rows: list[csr_array], bound: list[Floats], upper: Floats, classes: Classes
) -> tuple[Floats, Floats]:
    made = linprog(
        aim, vstack(rows, format="csr"), np.concatenate(bound),
        bounds=np.stack([np.zeros_like(upper), upper], axis=1), method="highs-ipm",
    )  # fmt: skip
    if made.status != 0:
        raise Unsolved(made.message)
    many, kinds = classes.gain.shape
    return made.x, np.maximum(0.0, -made.ineqlin.marginals[many : many + kinds])


def _each(x: Floats, classes: Classes) -> Floats:
    return np.clip(x.reshape(classes.gain.shape) / classes.count[:, None], 0.0, 1.0)
