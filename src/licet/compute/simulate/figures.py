"""What a simulation shows, in figures: one row a policy. Pure.

It refuses to say which policy is best: what is short for one job is long for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from licet.compute.round import Floats
from licet.compute.simulate.engine import Ran


@dataclass(frozen=True, slots=True)
class Figures:
    """Hours from arrival to end: mean, median, 99th percentile, longest. `unfair` and
    `unfair_p99`: the worst and the 99th percentile of time taken over the time that an equal part
    of every kind would have taken among as many jobs (finish-time fairness; 1: as fair). `busy`:
    part of accelerator time that was used. `missed` of `due` deadlines. `jobs` measured."""

    policy: str
    mean_h: float
    median_h: float
    p99_h: float
    longest_h: float
    unfair: float
    unfair_p99: float
    busy: float
    missed: int
    due: int
    jobs: int


def unfairness(ran: Ran) -> Floats:
    """Finish-time fairness (N,) of each measured job (Mahajan et al., Themis, NSDI 2020): work
    that an equal part would have done in the time that the job took, over the work of the job."""
    return np.asarray(ran.even * ran.fair_s / ran.work)


def figures(policy: str, ran: Ran) -> Figures:
    """The row of one run. A run without a finished job has zeros."""
    if not len(ran.took_s):
        return Figures(policy, 0, 0, 0, 0, 0, 0, ran.busy, 0, 0, 0)
    hours, unfair = ran.took_s / 3600, unfairness(ran)
    return Figures(
        policy=policy, mean_h=float(hours.mean()), median_h=float(np.median(hours)),
        p99_h=float(np.percentile(hours, 99)), longest_h=float(hours.max()),
        unfair=float(unfair.max()), unfair_p99=float(np.percentile(unfair, 99)), busy=ran.busy,
        missed=int(ran.late.sum()), due=int(ran.due.sum()), jobs=len(hours),
    )  # fmt: skip


def over_seeds(rows: list[Figures]) -> Figures:
    """One row of several runs of a policy: means, but the worst of what is worst, and sums of what
    is counted. Rows are of one policy, one or more."""
    return Figures(
        policy=rows[0].policy, jobs=sum(row.jobs for row in rows),
        missed=sum(row.missed for row in rows), due=sum(row.due for row in rows),
        longest_h=max(row.longest_h for row in rows), unfair=max(row.unfair for row in rows),
        **{name: float(np.mean([getattr(row, name) for row in rows]))
           for name in ("mean_h", "median_h", "p99_h", "unfair_p99", "busy")},
    )  # fmt: skip


HEADS = ("policy", "mean h", "median h", "p99 h", "longest h", "worst fairness", "p99 fairness",
         "busy", "missed", "jobs")  # fmt: skip


def table(rows: list[Figures]) -> list[str]:
    """Lines for a terminal."""
    line = "{:<14} {:>8} {:>8} {:>8} {:>9} {:>14} {:>12} {:>6} {:>11} {:>6}".format
    return [line(*HEADS)] + [
        line(row.policy, f"{row.mean_h:.2f}", f"{row.median_h:.2f}", f"{row.p99_h:.1f}",
             f"{row.longest_h:.1f}", f"{row.unfair:.2f}", f"{row.unfair_p99:.2f}",
             f"{row.busy:.1%}", f"{row.missed} of {row.due}", row.jobs)
        for row in rows
    ]  # fmt: skip
