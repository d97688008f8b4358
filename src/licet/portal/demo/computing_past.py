"""The weeks of a commons before the demonstration began: jobs stated, accepted, placed, metered
and paid for as today's are. Only whoever ran them is made up.

It refuses to write a table itself, and to know bodies.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from licet.base.trouble import NotFound, Unavailable
from licet.compute.commons import Commons, Task, paid
from licet.compute.execution.contract import Metered, Seen, Spec
from licet.compute.model import Need, Speed

ROUNDS_MAX, REST_S = 50, 0.05
RUNNER = "recital"
"""Not who runs jobs today, whose rounds may have begun already."""
Enter = Callable[[Mapping[str, str | int]], None]


@dataclass(frozen=True, slots=True)
class PastJob:
    """A job as the world tells it: who stated it, when, and what its gang does in a second."""

    account: str
    asked_s: int
    gang: int
    speed: Mapping[str, float]
    work: float


@dataclass(slots=True)
class Recital:
    """Whoever runs jobs, as a clock that is set: a job that began ends when its work is done."""

    pools: Mapping[str, tuple[str, int]]
    """Kind and count, by pool."""
    needs: Mapping[str, Need]
    runtime: str = ""
    now_s: int = 0
    begun: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """Pool, start, end, by job."""
    specs: dict[str, Spec] = field(default_factory=dict)

    def containers(self) -> str:
        """What runs images here, for the jobs to come."""
        return self.runtime

    def submit(self, spec: Spec) -> None:
        """As the contract says."""
        self.specs.setdefault(spec.id, spec)

    def release(self, job: str, pool: str) -> None:
        """It begins at once: what was placed has room."""
        if job not in self.specs:
            raise NotFound(f"there is no job {job}.")
        if job not in self.begun:
            need = self.needs[job.rpartition("-")[0]]
            took_s = round(need.work / need.speeds[self.pools[pool][0]].value)
            self.begun[job] = (pool, self.now_s, self.now_s + took_s)

    def cancel(self, job: str) -> None:
        """Nobody stops anything in the past."""

    def look(self, jobs: Sequence[str]) -> Mapping[str, Seen]:
        """As the contract says."""
        return {job: self._seen(job) for job in jobs if job in self.specs}

    def meter(self, jobs: Sequence[str]) -> tuple[Metered, ...]:
        """As the contract says."""
        return tuple(
            Metered(job, pool, (min(end_s, self.now_s) - start_s) * self.specs[job].gang)
            for job in jobs
            if job in self.begun
            for pool, start_s, end_s in (self.begun[job],)
        )

    def room(self) -> Mapping[str, int]:
        """Everything that was registered answers."""
        return {pool: count for pool, (_, count) in self.pools.items()}

    def _seen(self, job: str) -> Seen:
        if job not in self.begun:
            return Seen(job, "held")
        pool, start_s, end_s = self.begun[job]
        if end_s > self.now_s:
            return Seen(job, "running", pool, None, start_s)
        return Seen(job, "ended", pool, 0, start_s, end_s)


def recite(
    commons: Commons, jobs: Sequence[PastJob], runtime: str,
    entering: Callable[[int], Enter],
) -> None:  # fmt: skip
    """Let the jobs happen, each at its moment; `entering` gives what enters a moment's rounds."""
    pools = {pool.id: (pool.kind, pool.count) for pool in commons.pools()}
    needs: dict[str, Need] = {}
    ran = Recital(pools, needs, runtime)
    ahead = [(job.asked_s, n, job) for n, job in enumerate(jobs)]
    ends: list[int] = []
    heapq.heapify(ahead)
    _go_on(commons, ran, entering(jobs[0].asked_s))  # before there is a job for anybody else
    while ahead or ends:
        if ahead and (not ends or ahead[0][0] <= ends[0]):
            ran.now_s, n, job = heapq.heappop(ahead)
            need = _accepted(commons, job, n)
            needs[need.id] = need
        else:
            ran.now_s = heapq.heappop(ends)
        before = set(ran.begun)
        _go_on(commons, ran, entering(ran.now_s))
        for name in ran.begun.keys() - before:
            heapq.heappush(ends, ran.begun[name][2])


def _accepted(commons: Commons, job: PastJob, n: int) -> Need:
    speeds = {
        kind: Speed(value, "assumed", "demonstration", job.asked_s)
        for kind, value in job.speed.items()
    }
    need = Need("", job.account, job.work, "步 steps", speeds, gang=job.gang)
    asked = commons.ask(need, job.asked_s, lambda size: n.to_bytes(size, "big"))
    longest_s = round(job.work / min(job.speed.values()) * 1.5)
    task = Task("true", "", longest_s, paid(job.account))
    commons.accept(asked.id, job.account, task, job.asked_s)
    return asked.need


def _go_on(commons: Commons, ran: Recital, enter: Enter) -> None:
    """Rounds until nothing moves at this moment. Raises Unavailable where today's rounds go on."""
    for _ in range(ROUNDS_MAX):
        before = [(row.id, row.stage) for row in commons.book.all()]
        done = commons.tick(ran, ran.now_s, enter=enter, runner=RUNNER, take_over=True)
        if not done:  # today's are at it, and will see that they are not asked
            time.sleep(REST_S)
        elif [(row.id, row.stage) for row in commons.book.all()] == before:
            return
    raise Unavailable("the rounds of the past do not end.")
