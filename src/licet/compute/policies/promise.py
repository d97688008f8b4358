"""The default: everybody is promised a fair finish and their deadline; within that, soonest first.

It refuses to trade one person's promise for another's speed.

Rules
1. A job's fair finish is when an equal part of every kind would have finished it, times `ratio`:
   that says how fast it must go from now on. A deadline says it too.
2. Deadlines come first: they were accepted because they can be kept (`answer.py`). Where they
   cannot all have a steady pace at once, the earliest have it, as many as can.
3. No fair finish is guaranteed more than max-min fairness on work gives now beside the deadlines,
   so that all guarantees can be kept together. A job that is late by then goes as fast as that.
4. What remains goes to work done compared with an equal split, weighted towards what is nearly
   done: (work left at an equal split's speed) to the power of minus `haste`. At 0 the cluster does
   most work; at 1 it finishes the most jobs soonest (Smith's rule), but on kinds that others could
   use better.
5. Work on a kind with a premium counts so much more in rule 4 alone: no promise is broken for it.
6. Jobs that differ by less than a grain in what counts are one class; the grain is the finest that
   leaves a programme of bounded size.

The yardstick is finish-time fairness (Mahajan et al., Themis, NSDI 2020), the guarantee's level is
Gavel's (Narayanan et al., OSDI 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from licet.compute.linear import Classes, Unsolved, max_min, max_sum, merge, reachable
from licet.compute.round import Floats, Ints, Round, Shares, equal_rate

_TINY = 1e-12
_GRAINS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4)  # steps in the logarithm; 0.3 costs 0.9 % of the aim
_CELLS_MAX = 100_000  # classes times kinds, sifted: about a second of HiGHS on one core
_PACED_MAX = 8_000  # the same beside deadlines, where programmes are not sifted
_HAIR = 1e-6  # floors are taken so much lower: rounding must not make them impossible


class Promise:
    """Deadlines and fair finishes guaranteed, then the most work, soonest."""

    name = "promise"
    aware = True
    whole = False

    def __init__(self, ratio: float, haste: float) -> None:
        self._ratio, self._haste = ratio, haste

    def shares(self, now: Round) -> Shares:
        """Two programmes: the level of rule 3, then rule 4 above the guarantees. The level is in
        times of what an equal split would do."""
        time = np.zeros(now.speeds.shape)
        able = now.speeds.max(axis=1, initial=0.0) > 0
        if not able.any():
            return Shares(time, np.zeros(now.kinds), 0.0, self.name)
        even, weight, gang = equal_rate(now)[able], now.weight[able], now.gang[able]
        gain = now.speeds[able] / even[:, None]
        due, fair = (one[able] / even for one in self.needed(now))
        due = np.where(due < gain.max(axis=1), due, 0.0) * (1 - _HAIR)
        order = np.argsort(now.due_s[able], kind="stable")
        level, due, reached = _level(gain, gang, weight, due, order, now.capacity)
        fair = np.minimum(fair, level * weight) * (1 - _HAIR)
        haste = weight * (even / np.maximum(now.left[able], _TINY)) ** self._haste
        for grain in _GRAINS:
            floor = np.maximum(due, _step(fair, grain, np.floor))
            worth = _step(haste, grain, np.round)
            classes = merge(gain, gang, np.stack([floor, worth], axis=1))
            if classes.gain.size <= _CELLS_MAX:
                break
        first = _first(classes.of)
        reaches = np.zeros(classes.gain.shape, np.bool_)
        np.logical_or.at(reaches, classes.of, reached > 0)
        each, price = max_sum(classes, now.capacity, worth[first], floor[first], now.premium,
                              reaches=reaches)  # fmt: skip
        time[able] = each[classes.of]
        return Shares(time, price, level, self.name)

    def needed(self, now: Round) -> tuple[Floats, Floats]:
        """Work a second (J,) that each job needs from now on for its deadline, and for its fair
        finish; inf: it is late; 0: it has none."""
        wanted, total = float(now.gang.sum()), float(now.capacity.sum())
        part = min(1.0, total / wanted) if wanted else 1.0
        even = now.speeds @ (now.capacity / max(total, _TINY))
        fair_s = (self._ratio * now.work / np.maximum(even, _TINY) - now.fair_s) / max(part, _TINY)
        return _pace(now.left, now.due_s), _pace(now.left, fair_s)


def _level(
    gain: Floats, gang: Ints, weight: Floats, due: Floats, order: Ints, capacity: Floats
) -> tuple[float, Floats, Floats]:
    """Rules 2 and 3: the level, in times of a job's weight; the paces (J,) of the deadlines that
    are kept at once; time (J, K) by which both are reached. `order`: rows by deadline, the
    earliest first."""
    for grain in _GRAINS:
        paced = _step(due, grain, np.ceil)
        paced = np.where(paced < gain.max(axis=1), paced, due)
        if _claimed(gain, gang, weight, paced).gain.size <= _PACED_MAX:
            break
    order = order[paced[order] > 0]
    best = _with_paces(gain, gang, weight, paced, order, capacity)
    few, many = 0, len(order)  # so few can be kept, so many cannot
    while best is None and many - few > 1:
        middle = (few + many) // 2
        rows = order[:middle]  # alone: who has no pace asks for nothing
        classes = merge(gain[rows], gang[rows], paced[rows][:, None])
        if reachable(classes, capacity, paced[rows][_first(classes.of)]):
            few = middle
        else:
            many = middle
    while best is None:  # what is just reachable may be out of the solver's reach with all rows
        best = _with_paces(gain, gang, weight, paced, order[:few], capacity)
        if best is None and not few:
            raise Unsolved("max-min fairness without deadlines has no answer")
        few = few * 9 // 10
    return best


def _with_paces(
    gain: Floats, gang: Ints, weight: Floats, paced: Floats, keep: Ints, capacity: Floats
) -> tuple[float, Floats, Floats] | None:
    """What `_level` answers if the rows `keep` have their paces; None: not all can have them."""
    paces = np.zeros_like(paced)
    paces[keep] = paced[keep]
    classes = _claimed(gain, gang, weight, paces)
    floor = (paces / weight)[_first(classes.of)]
    try:
        each, _, level = max_min(classes, capacity, floor)
    except Unsolved:
        return None
    return level, paces, each[classes.of]


def _claimed(gain: Floats, gang: Ints, weight: Floats, paces: Floats) -> Classes:
    """Classes of rows whose gain is counted in times of their weight."""
    return merge(gain / weight[:, None], gang, paces[:, None])


def _step(values: Floats, grain: float, how: Callable[..., Any]) -> Floats:
    """Numbers on a grid of `grain` in their logarithm; 0 and inf stay."""
    sure = np.clip(values, _TINY, 1 / _TINY)
    on = np.exp(how(np.log(sure) / grain) * grain)
    return np.where((values > 0) & np.isfinite(values), on, values)


def _pace(left: Floats, within_s: Floats) -> Floats:
    return np.where(within_s > 0, left / np.maximum(within_s, _TINY), np.inf)


def _first(of: Ints) -> Ints:
    """The first row of each class."""
    return np.asarray(np.unique(of, return_index=True)[1])
