"""How what is under way will go, if nothing else comes: time runs on as a fluid. Pure.

It refuses to know rounds and rounding: gangs get their shares of time exactly.

Rules
1. Shares are made anew whenever a need ends or may begin, and when a pool opens or closes.
2. The projection ends after STEPS_MAX such moments: who has not ended by then has no end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from licet.compute.model import Need, Pool, unfit
from licet.compute.round import Floats, Policy, Round, make_round

STEPS_MAX = 2_000
# The weight of each job (account, gang) on so many accelerators, as `lending.weigher` makes it.
Weigh = Callable[[Sequence[tuple[str, int]], float], Floats]
Left = Mapping[str, tuple[Need, float]]


@dataclass(frozen=True, slots=True)
class Projected:
    """When a need begins and ends, None: not in sight; seconds of its gang on each pool."""

    start_s: float | None
    end_s: float | None
    used_s: Mapping[str, float]


def equal(jobs: Sequence[tuple[str, int]], _total: float) -> Floats:
    """The same weight for every job."""
    return np.ones(len(jobs))


def seen(
    left: Left, pools: Sequence[Pool], now_s: float, weigh: Weigh = equal, premium: float = 0.0
) -> tuple[Round, Mapping[str, int]]:
    """The round of needs that may run at a moment, a column a pool, and the row of each; work on
    domestic accelerators is worth `premium` more (`Round.premium`)."""
    ids = [i for i, (need, work) in left.items() if work > 0 and need.start_s <= now_s]
    accounts = {need.account: n for n, (need, _) in enumerate(left.values())}
    needs = [left[i][0] for i in ids]
    is_open = np.array([_open(pool, now_s) for pool in pools], bool)
    speeds = np.array([[_speed(left[i], p, now_s) for p in pools] for i in ids], float)
    capacity = np.array([float(pool.count) for pool in pools]) * is_open
    now = make_round(
        capacity=capacity,
        speeds=speeds.reshape(len(needs), len(pools)) * is_open,
        gang=np.array([need.gang for need in needs], np.int64),
        weight=weigh([(need.account, need.gang) for need in needs], float(capacity.sum())),
        work=np.array([need.work for need in needs], float),
        left=np.array([left[i][1] for i in ids], float),
        due_s=np.array([np.inf if n.due_s is None else n.due_s - now_s for n in needs], float),
        account=np.array([accounts[need.account] for need in needs], np.int64),
        premium=np.array([premium * (pool.origin == "domestic") for pool in pools], float),
    )
    return now, {i: row for row, i in enumerate(ids)}


def project(
    left: Left, pools: Sequence[Pool], policy: Policy, now_s: int, weigh: Weigh = equal,
    premium: float = 0.0,
) -> Mapping[str, Projected]:  # fmt: skip
    """The course of each need under a policy, from now on; weights and premium stay."""
    work = dict(left)
    start, end = dict[str, float](), dict[str, float]()
    used: dict[str, Floats] = {i: np.zeros(len(pools)) for i in left}
    running: dict[str, int] = {}
    at = float(now_s)
    for _ in range(STEPS_MAX):
        if not any(one > 0 for _, one in work.values()):
            break
        now, row = seen(work, pools, at, weigh, premium)
        time = _time(now, row, policy, running)
        rates = (now.speeds * time).sum(axis=1)
        until = _next(work, pools, at, now, rates)
        if until is None:
            break
        for i, n in row.items():
            if rates[n] > 0:
                start.setdefault(i, at)
                used[i] += time[n] * (until - at)
                need, before = work[i]
                after = before - rates[n] * (until - at)
                if after <= before * 1e-9 + need.work * 1e-12:
                    after, end[i] = 0.0, until
                work[i] = (need, after)
        at = until
    names = [pool.id for pool in pools]
    return {
        i: Projected(start.get(i), end.get(i),
                     {name: float(s) for name, s in zip(names, used[i], strict=True) if s > 0})
        for i in left
    }  # fmt: skip


def _time(now: Round, row: Mapping[str, int], policy: Policy, running: dict[str, int]) -> Floats:
    """Shares; a policy that never stops what runs is told what runs."""
    if policy.whole:
        for i, n in row.items():
            now.running[n] = running.get(i, -1)
    time = policy.shares(now).time
    if policy.whole:
        running.clear()
        running.update({i: int(time[n].argmax()) for i, n in row.items() if time[n].any()})
    return time


def _next(work: Left, pools: Sequence[Pool], at: float, now: Round, rates: Floats) -> float | None:
    """When something changes next, None: never."""
    moments = [at + now.left[n] / rate for n, rate in enumerate(rates) if rate > 0]
    moments += [need.start_s for need, left in work.values() if left > 0]
    moments += [one for pool in pools for one in (pool.from_s, pool.until_s)]
    return min((one for one in moments if one > at), default=None)


def _open(pool: Pool, now_s: float) -> bool:
    return not pool.withdrawn and pool.from_s <= now_s < pool.until_s


def _speed(going: tuple[Need, float], pool: Pool, now_s: float) -> float:
    # A deadline that has passed is no reason to stop: the customer decides.
    need, left = going
    reasons = set(unfit(replace(need, work=left), pool, int(now_s))) - {"late", "closed"}
    return 0.0 if reasons else need.speeds[pool.kind].value
