"""Linear programmes over shares of time, solved by HiGHS. Pure.

It refuses to know what is maximised for whom. Jobs that are equal are merged before solving:
the answer of a class is split evenly, which loses nothing (the programme is symmetric in equals)
and makes 20,000 jobs as quick as their few classes. Where classes are many, every sixteenth tells
what accelerators are likely to cost, and the programme is sifted by that (`sifting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csc_array, csr_array, hstack, vstack

from licet.compute.round import Flags, Floats, Ints
from licet.compute.sifting import likely, sift

WHOLE_MAX = 10_000  # cells: classes times kinds; HiGHS takes a third of a second for so many
_EVERY = 16  # one class of so many is in the sample
_EASED = 0.9  # so much of a floor in the sample: a part must not be tighter than the whole


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
    rows = np.concatenate(parts, axis=1)
    order = np.lexsort(rows.T[::-1])  # stable: the first of equals comes first
    sort = rows[order]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = (sort[1:] != sort[:-1]).any(axis=1)
    of = np.empty(len(rows), np.int64)
    of[order] = np.cumsum(begins) - 1
    first = order[begins]
    count = np.diff(np.append(np.flatnonzero(begins), len(rows)))
    return Classes(gain[first], gang[first], count.astype(float), of)


def max_min(
    classes: Classes, capacity: Floats, floor: Floats | None = None, *, whole: int = WHOLE_MAX
) -> tuple[Floats, Floats, float]:
    """Time (C, K) of each member that makes the smallest Σ gain·time of any member as large as can
    be, while each member's reaches `floor` (C,); the price (K,) of a kind; that smallest value.
    Without floors, programmes of more cells than `whole` are sifted: all but GAP of it is reached.

    Raises Unsolved where floors are too high to be kept together.
    """
    many, kinds = classes.gain.shape
    width = many * kinds + 1  # the last column is the smallest value
    limits, most = _limits(classes, capacity)
    level = coo_array((np.ones(many), (np.arange(many), np.zeros(many, int))), (many, 1))
    rows = [_widened(limits, width), hstack([_gains(classes), level], format="csr")]
    bound = [most, np.zeros(many)]
    floored = floor is not None and bool(np.any(floor > 0))
    if floor is not None and floored:
        rows.append(_widened(_gains(classes)[floor > 0], width))
        bound.append(-floor[floor > 0])
    aim = np.zeros(width)
    aim[-1] = -1.0
    guess = None
    if _large(classes, whole) and not floored:  # beside floors, simplex is slow
        some, part = _sample(classes)
        _, price, need = max_min(some, capacity * part, whole=whole)
        seen = likely(classes.gain, classes.gang, np.zeros_like(classes.gain),
                      np.full(many, need), price)  # fmt: skip
        guess = np.append(seen.reshape(-1), True)
    x, price = _solve(aim, rows, bound, np.append(_upper(classes), np.inf), classes, guess)
    return _each(x[:-1], classes), price, float(x[-1])


def max_sum(
    classes: Classes, capacity: Floats, value: Floats, floor: Floats, premium: Floats,
    *, reaches: Flags | None = None, whole: int = WHOLE_MAX,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Time (C, K) of each member that makes the sum of value (C,) times Σ gain·time over all
    members as large as can be, gain on a kind counted 1 + `premium` (K,) times, while Σ gain·time
    of each member reaches `floor` (C,); and the price (K,) of a kind. Programmes of more cells
    than `whole` are sifted: all but GAP of it is reached. `reaches` (C, K): cells by which all
    floors can be reached.

    Raises Unsolved where floors are too high to be kept together.
    """
    limits, most = _limits(classes, capacity)
    rows, bound = [limits, _gains(classes)[floor > 0]], [most, -floor[floor > 0]]
    worth = classes.gain * value[:, None] * (1 + premium)
    guess = None
    if _large(classes, whole):
        some, part = _sample(classes)
        try:
            _, price = max_sum(some, capacity * part, value[some.of], floor[some.of] * _EASED,
                               premium, whole=whole)  # fmt: skip
            guess = likely(classes.gain, classes.gang, worth, floor, price)
            guess = (guess if reaches is None else guess | reaches).reshape(-1)
        except Unsolved:
            pass  # so tight that a part of it says nothing
    x, price = _solve(-worth.reshape(-1), rows, bound, _upper(classes), classes, guess)
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


def _large(classes: Classes, whole: int) -> bool:
    return classes.gain.size > whole and len(classes.count) >= _EVERY


def _sample(classes: Classes) -> tuple[Classes, float]:
    """Every sixteenth class, `of` saying which; what part of all accelerators wanted they want."""
    some = np.arange(0, len(classes.count), _EVERY)
    wanted = classes.count * classes.gang
    made = Classes(classes.gain[some], classes.gang[some], classes.count[some], some)
    return made, float(wanted[some].sum() / wanted.sum())


def _solve(
    aim: Floats, rows: list[csr_array], bound: list[Floats], upper: Floats, classes: Classes,
    guess: Flags | None = None,
) -> tuple[Floats, Floats]:  # fmt: skip
    limits, most, made = vstack(rows, format="csr"), np.concatenate(bound), None
    if guess is not None:
        own = np.arange(len(aim)) // classes.gain.shape[1]
        made = sift(aim, csc_array(limits), most, upper > 0, guess, own)
    if made is None:
        between = np.stack([np.zeros_like(upper), upper], axis=1)
        made = linprog(aim, limits, most, bounds=between, method="highs-ipm")
    if made.status != 0:
        raise Unsolved(made.message)
    many, kinds = classes.gain.shape
    return made.x, np.maximum(0.0, -made.ineqlin.marginals[many : many + kinds])


def _each(x: Floats, classes: Classes) -> Floats:
    return np.clip(x.reshape(classes.gain.shape) / classes.count[:, None], 0.0, 1.0)
