"""A cluster that runs a policy round after round, on demand that is given. Pure, deterministic.

It refuses to know which policy it runs, and where demand comes from.

Rules
1. A round lasts `round_s`, shorter only if everything that runs ends before. What ends within a
   round leaves its accelerators idle until the next one, as a scheduler with leases does.
2. Shares are made anew when jobs came or went, at most every `renew_s` (a queue whose jobs are
   never stopped: every round); what a job was short of until then counts for it.
3. A job that fits on no kind is turned away when it comes, and not measured.
4. Rounds in which nothing can change are taken as one.
5. The same policy, demand and seed give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from licet.compute.placing import place
from licet.compute.round import Flags, Floats, Ints, Policy, Round
from licet.compute.simulate.demand import Cluster, Job


@dataclass(frozen=True, slots=True)
class Setting:
    """How the cluster runs; jobs numbered from `first` up to `last` are measured."""

    first: int
    last: int
    round_s: float = 360.0
    renew_s: float = 1920.0
    seed: int = 0


@dataclass(slots=True)
class _Book:
    """Columns for all jobs that came so far; they grow by doubling."""

    kinds: int
    size: int = 0
    arrives_s: Floats = field(default_factory=lambda: np.zeros(64))
    gang: Ints = field(default_factory=lambda: np.ones(64, np.int64))
    work: Floats = field(default_factory=lambda: np.zeros(64))
    done: Floats = field(default_factory=lambda: np.zeros(64))
    ends_s: Floats = field(default_factory=lambda: np.full(64, np.nan))
    due_s: Floats = field(default_factory=lambda: np.full(64, np.inf))
    account: Ints = field(default_factory=lambda: np.zeros(64, np.int64))
    fair_from: Floats = field(default_factory=lambda: np.zeros(64))
    fair_s: Floats = field(default_factory=lambda: np.zeros(64))
    running: Ints = field(default_factory=lambda: np.full(64, -1, np.int64))
    whole: Flags = field(default_factory=lambda: np.zeros(64, np.bool_))
    speeds: Floats = field(init=False)
    time: Floats = field(init=False)
    had_s: Floats = field(init=False)
    short_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        for name in _WIDE:
            setattr(self, name, np.zeros((64, self.kinds)))

    def add(self, job: Job, speeds: Floats, fair: float, had_s: float) -> None:
        """One row more."""
        if self.size == len(self.work):
            for name in (*_LONG, *_WIDE):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, old]))
        row = self.size
        self.arrives_s[row], self.gang[row], self.work[row] = job.arrives_s, job.gang, job.work
        self.done[row], self.ends_s[row], self.running[row] = 0.0, np.nan, -1
        self.due_s[row], self.account[row] = job.arrives_s + job.due_s, job.account
        self.whole[row] = job.whole
        self.fair_from[row], self.fair_s[row] = fair, 0.0
        self.time[row], self.short_s[row] = 0.0, 0.0
        self.speeds[row], self.had_s[row] = speeds, had_s
        self.size += 1


_LONG = ("arrives_s", "gang", "work", "done", "ends_s", "due_s", "account", "fair_from", "fair_s",
         "running", "whole")  # fmt: skip
_WIDE = ("speeds", "time", "had_s", "short_s")


@dataclass(frozen=True, slots=True)
class Ran:
    """What happened to the jobs `first` to `last`, in order of arrival, and to the cluster.

    took_s (N,) from arrival to end · fair_s (N,) seconds of equal share in that time · even (N,)
    work a second of all the cluster's kinds in equal parts · work (N,) · late (N,) whether a
    deadline was missed · due (N,) whether there was one · busy: part of accelerator time that was
    used · span_s: when it ended · rounds.
    """

    took_s: Floats
    fair_s: Floats
    even: Floats
    fastest: Floats
    work: Floats
    late: Flags
    due: Flags
    busy: float
    span_s: float
    rounds: int


def simulate(policy: Policy, cluster: Cluster, demand: Iterator[Job], setting: Setting) -> Ran:
    """Run `policy` until all measured jobs have ended, or demand and work have."""
    return _Run(policy, cluster, demand, setting).until_done()


class _Run:
    def __init__(
        self, policy: Policy, cluster: Cluster, demand: Iterator[Job], setting: Setting
    ) -> None:
        self._policy, self._cluster, self._demand, self._set = policy, cluster, demand, setting
        self._book = _Book(len(cluster.kinds))
        self._capacity = np.array(cluster.capacity, float)
        self._shuffle = random.Random(setting.seed + 5)  # noqa: S311 - a simulation
        self._next: Job | None = next(demand, None)
        self._now = self._made_at = self._fair = self._busy_s = 0.0
        self._active: Ints = np.zeros(0, np.int64)
        self._stale = False
        self._open = setting.last - setting.first
        self._rounds = 0

    def until_done(self) -> Ran:
        """Round after round."""
        while self._open > 0:
            self._admit()
            if not len(self._active):
                if self._next is None:
                    break
                self._pass_to(self._next.arrives_s)
                continue
            self._renew()
            self._run(self._placed())
        return self._ran()

    def _admit(self) -> None:
        fresh, measured = list[int](), range(self._set.first, self._set.last)
        while self._next is not None and self._next.arrives_s <= self._now:
            fits = [one.fits([self._next.gang]) for one in self._cluster.nodes]
            speeds = np.where(fits, self._next.speeds, 0.0)
            self._book.add(self._next, speeds, self._fair, self._set.round_s / 2)
            if speeds.any():
                fresh.append(self._book.size - 1)
            elif self._book.size - 1 in measured:
                self._open -= 1
            self._next = next(self._demand, None)
        if fresh:
            self._active = np.concatenate([self._active, np.array(fresh, np.int64)])
            self._stale = True

    def _renew(self) -> None:
        renew_s = 0.0 if self._policy.whole else self._set.renew_s
        due = self._made_at == 0.0 or self._now - self._made_at >= renew_s
        if not (self._stale and due):
            return
        book, rows = self._book, self._active
        owed = book.time[rows] * (self._now - self._made_at)
        book.short_s[rows] += owed - (book.had_s[rows] - self._set.round_s / 2)
        book.had_s[rows] = self._set.round_s / 2
        book.time[rows] = self._policy.shares(self._seen()).time
        self._made_at, self._stale = self._now, False

    def _seen(self) -> Round:
        book, rows = self._book, self._active
        return Round(
            capacity=self._capacity, speeds=book.speeds[rows], gang=book.gang[rows],
            weight=np.ones(len(rows)), waited_s=self._now - book.arrives_s[rows],
            left=book.work[rows] - book.done[rows], work=book.work[rows],
            due_s=book.due_s[rows] - self._now, fair_s=self._fair - book.fair_from[rows],
            running=book.running[rows], account=book.account[rows],
            premium=np.zeros(len(self._capacity)),
        )  # fmt: skip

    def _placed(self) -> Ints:
        book, rows = self._book, self._active
        order = list(range(len(self._cluster.kinds)))
        if not self._policy.aware:
            self._shuffle.shuffle(order)
        return place(
            book.time[rows], book.had_s[rows], book.short_s[rows], book.speeds[rows],
            book.gang[rows], self._cluster.nodes, order, idle=not self._policy.whole,
        )  # fmt: skip

    def _run(self, where: Ints) -> None:
        book, rows = self._book, self._active
        book.running[rows] = where
        on = where >= 0
        if not on.any():
            after = self._now + self._set.round_s
            self._pass_to(after if self._next is None else min(after, self._next.arrives_s))
            return
        ran, kind = rows[on], where[on]
        speed = book.speeds[ran, kind]
        left = book.work[ran] - book.done[ran]
        round_s = self._set.round_s * self._steady(float((left / speed).min()), bool(on.all()))
        steps = speed * round_s
        steps = np.where(book.whole[ran] & (steps >= 1), np.floor(steps), steps)
        steps = np.minimum(steps, left)
        took = steps / speed
        book.done[ran] += steps
        book.had_s[ran, kind] += took
        self._busy_s += float((took * book.gang[ran]).sum())
        over = book.work[ran] - book.done[ran] <= 1e-9 * book.work[ran]
        ended = ran[over]
        book.ends_s[ended] = self._now + took[over]
        self._pass_to(self._now + float(took.max()))
        self._rounds += 1
        if len(ended):
            book.fair_s[ended] = self._fair - book.fair_from[ended]
            self._open -= int(((ended >= self._set.first) & (ended < self._set.last)).sum())
            self._active = rows[np.isin(rows, ended, invert=True)]
            self._stale = True

    def _steady(self, ends_s: float, everything: bool) -> int:
        """How many rounds go as this one does; the first to end within `ends_s` ends the row."""
        whole = self._policy.whole or (everything and len(self._cluster.kinds) == 1)
        if not whole:
            return 1
        arrives_s = np.inf if self._next is None else self._next.arrives_s - self._now
        rounds = min(np.floor(ends_s / self._set.round_s), np.ceil(arrives_s / self._set.round_s))
        return max(1, int(rounds))

    def _pass_to(self, moment: float) -> None:
        wanted = float(self._book.gang[self._active].sum())
        part = min(1.0, float(self._capacity.sum()) / wanted) if wanted else 1.0
        self._fair += (moment - self._now) * part
        self._now = moment

    def _ran(self) -> Ran:
        book = self._book
        rows = np.arange(self._set.first, min(self._set.last, book.size))
        rows = rows[~np.isnan(book.ends_s[rows])]
        part = self._capacity / self._capacity.sum()
        due = np.isfinite(book.due_s[rows])
        return Ran(
            took_s=book.ends_s[rows] - book.arrives_s[rows], fair_s=book.fair_s[rows],
            even=book.speeds[rows] @ part, fastest=book.speeds[rows].max(axis=1),
            work=book.work[rows], late=due & (book.ends_s[rows] > book.due_s[rows]), due=due,
            busy=self._busy_s / (self._now * float(self._capacity.sum())) if self._now else 0.0,
            span_s=self._now, rounds=self._rounds,
        )  # fmt: skip
