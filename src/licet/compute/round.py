"""What a policy sees at one moment: jobs as rows, kinds of accelerator as columns. Pure.

Where it matters who supplies a kind and where it stands, each pool is a column of its own.

It refuses to know who asks, what a job computes, and where a speed comes from: that was settled
when a need was taken (`model.py`).

Rules
1. Rows stand in order of arrival; a policy that must choose between equals takes the earlier.
2. A speed of 0 means that the job cannot run on that kind. No policy gives time there.
3. A share is a part of time, from 0 to 1, in which the whole gang of a job runs on a kind. The
   shares of a job never sum above 1, the accelerators that they need never exceed capacity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from licet.base.trouble import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Round:
    """J jobs that want accelerators now, K kinds.

    capacity (K,) accelerators · speeds (J, K) work a second of the whole gang · gang (J,)
    accelerators that run at once · weight (J,) claims beside 1 · waited_s (J,) since arrival ·
    left (J,) work to do · work (J,) in all · due_s (J,) seconds until the deadline, inf: none ·
    fair_s (J,) seconds of equal share that passed since arrival · running (J,) the kind's column,
    -1: none · account (J,) number of whose job it is · premium (K,) how much more work on a kind
    is worth, beyond what was promised, as a part of it.
    """

    capacity: Floats
    speeds: Floats
    gang: Ints
    weight: Floats
    waited_s: Floats
    left: Floats
    work: Floats
    due_s: Floats
    fair_s: Floats
    running: Ints
    account: Ints
    premium: Floats

    @property
    def jobs(self) -> int:
        """How many rows there are."""
        return int(self.speeds.shape[0])

    @property
    def kinds(self) -> int:
        """How many columns there are."""
        return int(self.speeds.shape[1])


def make_round(
    capacity: Floats, speeds: Floats, gang: Ints, **more: NDArray[np.generic] | None
) -> Round:
    """A round of which only the first three are given; the rest is: equal claims, no deadlines,
    just arrived, an hour of work at the fastest speed, each job of an account of its own.

    Raises BadInput where shapes do not fit or a number is negative or no number.
    """
    capacity, speeds = np.asarray(capacity, float), np.asarray(speeds, float)
    jobs = speeds.shape[0]
    gang = np.asarray(gang, np.int64)
    work = more.get("work")
    default = {
        "weight": np.ones(jobs), "waited_s": np.zeros(jobs),
        "work": 3600.0 * speeds.max(axis=1, initial=0.0) if work is None else work,
        "due_s": np.full(jobs, np.inf), "fair_s": np.zeros(jobs),
        "running": np.full(jobs, -1, np.int64), "account": np.arange(jobs),
        "premium": np.zeros(len(capacity)),
    }  # fmt: skip
    given = default | {name: value for name, value in more.items() if value is not None}
    given.setdefault("left", given["work"])
    made = Round(capacity, speeds, gang, **given)  # type: ignore[arg-type]
    _check(made)
    return made


def _check(made: Round) -> None:
    if made.speeds.ndim != 2 or made.capacity.shape != (made.kinds,):
        raise BadInput("Speeds must have a column for each kind of accelerator.",
                       hint="Give one capacity for each column.")  # fmt: skip
    for name in ("gang", "weight", "waited_s", "left", "work", "due_s", "fair_s", "running",
                 "account"):  # fmt: skip
        if getattr(made, name).shape != (made.jobs,):
            raise BadInput(f"{name} must have one number for each job.",
                           hint=f"There are {made.jobs} jobs.")  # fmt: skip
    if made.premium.shape != (made.kinds,):
        raise BadInput("premium must have one number for each kind.", hint="0: no premium.")
    for name in ("capacity", "speeds", "weight", "left", "premium"):
        values = getattr(made, name)
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise BadInput(f"{name} must be numbers from 0 up.", hint="Look for an empty cell.")
    if np.any(made.gang < 1):
        raise BadInput("A gang has one accelerator or more.", hint="Look at the smallest one.")


@dataclass(frozen=True, slots=True)
class Shares:
    """What a policy answers: time (J, K), parts of time; price (K,), what one accelerator more of
    a kind would add to the policy's aim, 0 where the kind is not scarce; level, the claim that
    everyone gets at least, in the policy's own measure; rule, the policy's name."""

    time: Floats
    price: Floats
    level: float
    rule: str


class Policy(Protocol):
    """Who should get how much of what. Pure, deterministic, without memory of its own."""

    name: str
    aware: bool  # whether speeds decide which kind; else kinds are taken as they come
    whole: bool  # whether shares are 0 or 1 and a job that runs is never stopped

    def shares(self, now: Round) -> Shares:
        """Shares of time that keep rule 2 and 3 of this module."""
        ...


def feasible(now: Round, time: Floats) -> bool:
    """Whether shares keep rules 2 and 3, within TOLERANCE."""
    used = (time * now.gang[:, None]).sum(axis=0)
    return bool(
        np.all(time >= -TOLERANCE)
        and np.all(time.sum(axis=1) <= 1 + TOLERANCE)
        and np.all(used <= now.capacity * (1 + TOLERANCE) + TOLERANCE)
        and np.all(time[now.speeds <= 0] <= TOLERANCE)
    )


def rate(now: Round, time: Floats) -> Floats:
    """Work a second (J,) that shares of time give."""
    return np.asarray((now.speeds * time).sum(axis=1))


def equal_time(now: Round) -> Floats:
    """Time (J, K) of an equal split: each job the same part of each kind, never more than all of
    its time, a gang of g counted as g; the yardstick that fairness is measured against."""
    total = now.capacity.sum()
    if not now.jobs or total <= 0:
        return np.zeros(now.speeds.shape)
    each = now.capacity[None, :] / (now.jobs * now.gang[:, None])
    over = np.maximum(1.0, each.sum(axis=1, keepdims=True))
    return np.asarray(each / over)


def equal_rate(now: Round) -> Floats:
    """Work a second (J,) of an equal split."""
    return rate(now, equal_time(now))
