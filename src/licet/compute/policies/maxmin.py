"""Max–min fairness: nobody can get more without somebody getting less who has no more. Pure.

Two policies that differ in what is counted: time on any accelerator (agnostic), or work done
compared with what an equal split would do (aware; Narayanan et al., OSDI 2020, section 4.1).
"""

from __future__ import annotations

import numpy as np

from licet.compute.linear import max_min, merge
from licet.compute.round import Round, Shares, equal_rate, equal_time


class MaxMinTime:
    """Equal time for equal claims, whatever the accelerator."""

    name = "max-min-time"
    aware = False
    whole = False

    def shares(self, now: Round) -> Shares:
        """In closed form where every job can run everywhere and weighs the same, else by LP."""
        if now.jobs and np.all(now.speeds > 0) and np.all(now.weight == now.weight[0]):
            time = equal_time(now)
            level = float((time.sum(axis=1) * now.gang).min())
            return Shares(time, np.zeros(now.kinds), level, self.name)
        gain = np.where(now.speeds > 0, now.gang[:, None] / now.weight[:, None], 0.0)
        return _solve(now, gain, self.name)


class MaxMinWork:
    """Equal work done for equal claims, measured against an equal split of every kind."""

    name = "max-min-work"
    aware = True
    whole = False

    def shares(self, now: Round) -> Shares:
        """The level is how many times the work of an equal split everybody gets at least."""
        even = equal_rate(now)
        scale = np.divide(1.0, even * now.weight, out=np.zeros(now.jobs), where=even > 0)
        return _solve(now, now.speeds * scale[:, None], self.name)


def _solve(
    now: Round, gain: np.ndarray[tuple[int, int], np.dtype[np.float64]], rule: str
) -> Shares:
    able = gain.max(axis=1, initial=0.0) > 0
    time = np.zeros(now.speeds.shape)
    if not able.any():
        return Shares(time, np.zeros(now.kinds), 0.0, rule)
    classes = merge(gain[able], now.gang[able])
    each, price, level = max_min(classes, now.capacity)
    time[able] = each[classes.of]
    return Shares(time, price, level, rule)
