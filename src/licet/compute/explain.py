"""Why a job gets what it gets: which rule, whose claim, at what price. Pure.

It refuses to know words: `wording.py` says it in a language.

Rules
1. Every job has a reason, also one that gets nothing.
2. A reason names the kinds that are scarce for this job: it would run there, and another job's
   time there is worth more under the rule, which `price` shows.
3. Whose claim stands before it: the accounts that hold most of the scarce kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from licet.compute.round import Flags, Floats, Round, Shares, equal_rate, rate

Why = Literal["all", "share", "spare", "waits", "cannot", "limit"]
BEFORE_MAX = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """The row of a job. `share`: part of time by kind; `times_even`: work compared with an equal
    split of everything, `level`: what the rule gives everybody at least, in the same measure (0:
    the rule knows none); `scarce` kinds that it could use and does not get all of its time on,
    with their prices; `before`: accounts that hold most of these, with accelerators held."""

    job: int
    rule: str
    why: Why
    share: tuple[float, ...]
    times_even: float
    level: float
    scarce: tuple[tuple[int, float], ...]
    before: tuple[tuple[int, float], ...]


def explain(now: Round, shares: Shares) -> tuple[Reason, ...]:
    """A reason for each job, in order of rows."""
    even, got = equal_rate(now), rate(now, shares.time)
    held = shares.time * now.gang[:, None]
    full = held.sum(axis=0) >= now.capacity * (1 - 1e-6)
    return tuple(
        _reason(now, shares, job, even[job], got[job], full, held) for job in range(now.jobs)
    )


def _reason(
    now: Round, shares: Shares, job: int, even: float, got: float,
    full: Flags, held: Floats,
) -> Reason:  # fmt: skip
    speeds, time = now.speeds[job], shares.time[job]
    able = (speeds > 0) & (now.capacity >= now.gang[job])
    whole = float(time.sum()) >= 1 - 1e-6
    best = speeds >= speeds[able].max(initial=0.0)
    content = whole and bool(time[best & able].sum() >= 1 - 1e-6)
    why: Why = (
        "cannot" if not able.any() else "all" if content else "share" if got > 0
        else "waits" if full[able].all() else "spare"
    )  # fmt: skip
    scarce = [] if content else [
        (int(kind), float(shares.price[kind])) for kind in np.flatnonzero(able & full)
    ]  # fmt: skip
    return Reason(
        job=job, rule=shares.rule, why=why, share=tuple(float(part) for part in time),
        times_even=float(got / even) if even > 0 else 0.0, level=shares.level,
        scarce=tuple(scarce), before=_before(now, job, [kind for kind, _ in scarce], held),
    )  # fmt: skip


def _before(
    now: Round, job: int, kinds: list[int],
    held: Floats,
) -> tuple[tuple[int, float], ...]:  # fmt: skip
    if not kinds:
        return ()
    sums: dict[int, float] = {}
    for other in np.flatnonzero(held[:, kinds].sum(axis=1) > 1e-9):
        account = int(now.account[other])
        if account != now.account[job]:
            sums[account] = sums.get(account, 0.0) + float(held[other, kinds].sum())
    return tuple(sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:BEFORE_MAX])
