"""Policies tried beside each other: on what is under way, and on what was asked for.

It refuses to choose. Beside `licet.compute`, it only bounds what a page may cost.

Rules
1. Live: everything under way goes on as a fluid until its end, with nothing else to come.
2. Recorded: what was accepted comes again, when it came, on the pools as they are now.
"""

from __future__ import annotations

from dataclasses import dataclass

from licet.compute.commons import Commons
from licet.compute.lending import premium
from licet.compute.market import Asking
from licet.compute.model import unfit
from licet.compute.placing import Nodes
from licet.compute.policies import POLICIES
from licet.compute.project import project
from licet.compute.simulate.demand import Cluster, Job
from licet.compute.simulate.engine import Setting, simulate
from licet.compute.simulate.figures import Figures, figures

JOBS_MAX, ROUND_S, ROUNDS = 60, 60.0, 200


@dataclass(frozen=True, slots=True)
class Live:
    """How a policy would end what is under way: mean and longest hours from now, deadlines missed
    of all, needs that come to no end, fen in all."""

    policy: str
    mean_h: float
    longest_h: float
    missed: int
    due: int
    endless: int
    jobs: int


def try_live(commons: Commons, now_s: int) -> tuple[list[Live], bool]:
    """A row for each policy, none where nothing is under way; whether some jobs were left out."""
    works = commons.under_way(now_s)
    left = {one.need.id: (one.need, one.left) for one in works[:JOBS_MAX]}
    pools, rows = commons.pools(), []
    more = premium(commons.book.used(), pools, commons.rule)
    for name, make in POLICIES.items() if left else ():
        found = project(left, pools, make(commons.rule), now_s, premium=more)
        ends = [one.end_s for one in found.values() if one.end_s is not None]
        hours = [(end - now_s) / 3600 for end in ends]
        due = [i for i, (need, _) in left.items() if need.due_s is not None]
        late = sum(_late(found[i].end_s, left[i][0].due_s) for i in due)
        mean = sum(hours) / len(hours) if hours else 0.0
        rows.append(Live(name, mean, max(hours, default=0.0), late, len(due),
                         len(left) - len(ends), len(left)))  # fmt: skip
    return rows, len(works) > JOBS_MAX


def try_recorded(commons: Commons) -> tuple[list[Figures], bool]:
    """A row for each policy, none where nothing was accepted yet; whether some were left out."""
    pools = [pool for pool in commons.pools() if not pool.withdrawn and pool.count]
    accepted = [k for k in commons.market.all(Asking) if k.value.state == "accepted"]
    kept = sorted(accepted, key=lambda one: one.at_s)[-JOBS_MAX:]
    if not pools or not kept:
        return [], False
    accounts = {k.value.need.account: n for n, k in enumerate(kept)}
    begin = kept[0].at_s
    jobs = list[Job]()
    for one in kept:
        need = one.value.need
        speeds = tuple(
            need.speeds[pool.kind].value
            if not set(unfit(need, pool, one.at_s)) - _OF_TIME
            else 0.0
            for pool in pools
        )
        due_s = float("inf") if need.due_s is None else max(1.0, float(need.due_s - one.at_s))
        jobs.append(Job(arrives_s=float(one.at_s - begin), gang=need.gang, work=need.work,
                        speeds=speeds, due_s=due_s, account=accounts[need.account]))  # fmt: skip
    nodes = tuple(Nodes(pool.count, pool.node if pool.node > 1 else 0) for pool in pools)
    jobs = [job for job in jobs if any(job.speeds)]
    if not jobs:
        return [], False
    cluster = Cluster(tuple(pool.id for pool in pools), nodes)
    longest_s = max(job.work / max(job.speeds) for job in jobs)
    setting = Setting(0, len(jobs), round_s=max(ROUND_S, longest_s / ROUNDS))
    rows = [figures(name, simulate(make(commons.rule), cluster, iter(jobs), setting))
            for name, make in POLICIES.items()]  # fmt: skip
    return rows, len(accepted) > JOBS_MAX


_OF_TIME = frozenset({"closed", "late"})


def _late(end_s: float | None, due_s: int | None) -> bool:
    return end_s is None or (due_s is not None and end_s > due_s + 1)
