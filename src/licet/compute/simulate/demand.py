"""Demand for a simulation: jobs with arrival, gang, work and speeds; a cluster of kinds. Pure.

It refuses to know files (`traces.py` reads them) and policies.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from licet.compute.placing import Nodes

Speeds = tuple[float, ...]
ACCOUNTS = 20  # generated jobs are of so many accounts in turn; Gavel's had none


@dataclass(frozen=True, slots=True)
class Cluster:
    """Kinds of accelerator by name, with how many there are and how they stand together."""

    kinds: tuple[str, ...]
    nodes: tuple[Nodes, ...]

    @property
    def capacity(self) -> tuple[int, ...]:
        """Accelerators of each kind."""
        return tuple(one.count for one in self.nodes)


@dataclass(frozen=True, slots=True)
class Job:
    """One job: arrival in seconds, gang, work in steps, steps a second of the whole gang on each
    kind (0: not there), seconds from arrival to its deadline (inf: none), account; `whole`: a step
    that a round cannot end is not begun."""

    arrives_s: float
    gang: int
    work: float
    speeds: Speeds
    due_s: float = math.inf
    account: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """What a job may train: its name, and whether several accelerators can share it."""

    name: str
    shared: bool


# The 26 single-accelerator workloads of Gavel's evaluation (OSDI 2020, table 2), in its order.
GAVEL_MODELS: tuple[Model, ...] = (
    *(Model(f"ResNet-18 (batch size {size})", True) for size in (16, 32, 64, 128, 256)),
    *(Model(f"ResNet-50 (batch size {size})", True) for size in (16, 32, 64, 128)),
    *(Model(f"Transformer (batch size {size})", True) for size in (16, 32, 64, 128, 256)),
    *(Model(f"LM (batch size {size})", True) for size in (5, 10, 20, 40, 80)),
    *(Model(f"Recommendation (batch size {2**power})", False) for power in range(9, 14)),
    Model("A3C", False),
    Model("CycleGAN", False),
)  # fmt: skip


def gavel_jobs(
    speeds: dict[tuple[str, int], Speeds], reference: int, jobs_per_hour: float, seed: int,
    *, gangs: bool = False, deadlines: bool = False,
) -> Iterator[Job]:  # fmt: skip
    """Jobs without end, as Gavel's generator draws them: Poisson arrivals; four in five run for
    0.5 to 17 hours on the `reference` kind, one in five for 17 to 167; gangs of 1, 2, 4 and 8;
    deadlines of 1.2, 2 or 10 times that time, a third each.

    The same seed draws the same jobs as the published experiments did.
    """
    draw, arrival, due = (random.Random(seed + n) for n in (2, 3, 6))  # noqa: S311 - a simulation
    at = 0.0
    for number in count():
        gang = _gang(draw.uniform(0, 1))
        power = draw.uniform(3, 4) if draw.random() >= 0.8 else draw.uniform(1.5, 3)
        seconds = 60 * 10**power
        gang = gang if gangs else 1
        while True:
            model = draw.choice(GAVEL_MODELS)
            if gang == 1 or model.shared:
                break
        fast = speeds[(model.name, gang)]
        yield Job(
            at, gang, seconds * fast[reference], fast, account=number % ACCOUNTS, whole=True,
            due_s=seconds * _slack(due.uniform(0, 1)) if deadlines else math.inf,
        )  # fmt: skip
        at += -math.log(1.0 - arrival.random()) * 3600.0 / jobs_per_hour


def _gang(drawn: float) -> int:
    return 1 if drawn < 0.7 else 2 if drawn <= 0.8 else 4 if drawn <= 0.95 else 8


def _slack(drawn: float) -> float:
    return 1.2 if drawn < 0.33 else 2.0 if drawn < 0.67 else 10.0


def recorded(jobs: Sequence[Job]) -> Iterator[Job]:
    """Jobs of a record, in order of arrival."""
    yield from sorted(jobs, key=lambda one: one.arrives_s)
