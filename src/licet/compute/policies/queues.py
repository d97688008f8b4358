"""Queues as most schedulers keep them: first come first served, with backfill, and DRF. Pure.

They are baselines, and what an operator may prefer. Shares are 0 or 1: what runs is never stopped.

Rules
1. A job that runs keeps its kind. Others start where there is room, on the kind that serves them
   fastest (`aware`), or on the first in order of columns.
2. FIFO stops at the first job that does not fit. Backfill keeps the earliest start for it, and
   lets later jobs by that end before it or leave it its room (EASY; Lifka 1995).
3. DRF grants one job at a time to the account with the smallest dominant share, the largest part
   that it holds of any kind (Ghodsi et al., NSDI 2011).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from licet.compute.round import Floats, Ints, Round, Shares


@dataclass(slots=True)
class _Room:
    """What is free while a queue is worked through, and what was given."""

    now: Round
    aware: bool
    free: Floats = field(init=False)
    where: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.free = self.now.capacity.copy()
        self.where = np.full(self.now.jobs, -1, np.int64)
        for job in np.flatnonzero(self.now.running >= 0):
            if self.now.gang[job] <= self.free[self.now.running[job]]:
                self.give(int(job), int(self.now.running[job]))

    def kinds(self, job: int) -> list[int]:
        """Kinds on which a job could run if they were empty, best first."""
        speeds, gang = self.now.speeds[job], self.now.gang[job]
        able = [k for k in range(self.now.kinds) if speeds[k] > 0 and gang <= self.now.capacity[k]]
        return sorted(able, key=lambda k: (-speeds[k], k)) if self.aware else able

    def room(self, job: int) -> int | None:
        """The best kind with room now."""
        gang = self.now.gang[job]
        return next((kind for kind in self.kinds(job) if gang <= self.free[kind]), None)

    def give(self, job: int, kind: int) -> None:
        """Let a job run there."""
        self.where[job] = kind
        self.free[kind] -= self.now.gang[job]

    def waiting(self) -> list[int]:
        """Jobs that could run somewhere and do not, in order of arrival."""
        return [job for job in range(self.now.jobs) if self.where[job] < 0 and self.kinds(job)]

    def shares(self, rule: str) -> Shares:
        """What was given, as shares."""
        time = np.zeros(self.now.speeds.shape)
        ran = np.flatnonzero(self.where >= 0)
        time[ran, self.where[ran]] = 1.0
        return Shares(time, np.zeros(self.now.kinds), 0.0, rule)


class Fifo:
    """First come, first served."""

    name = "fifo"
    aware = False
    whole = True

    def shares(self, now: Round) -> Shares:
        """Rules 1 and 2, first sentence."""
        room = _Room(now, self.aware)
        for job in room.waiting():
            kind = room.room(job)
            if kind is None:
                break
            room.give(job, kind)
        return room.shares(self.name)


class Backfill:
    """First come, first served, and small jobs in the gaps."""

    name = "backfill"
    aware = True
    whole = True

    def shares(self, now: Round) -> Shares:
        """Rules 1 and 2. How long a job runs is its work over its speed."""
        room = _Room(now, self.aware)
        held: tuple[int, float, float] | None = None  # kind, start of the first in line, room then
        for job in room.waiting():
            if held is None:
                kind = room.room(job)
                if kind is None:
                    held = _earliest(room, job)
                else:
                    room.give(job, kind)
                continue
            for kind in room.kinds(job):
                gang = float(now.gang[job])
                ends = now.left[job] / now.speeds[job, kind]
                beside = kind != held[0] or ends <= held[1]
                if gang <= room.free[kind] and (beside or gang <= held[2]):
                    room.give(job, kind)
                    if not beside:
                        held = (held[0], held[1], held[2] - gang)
                    break
        return room.shares(self.name)


def _earliest(room: _Room, job: int) -> tuple[int, float, float]:
    now, found = room.now, list[tuple[float, int, float, float]]()
    for kind in room.kinds(job):
        free = float(room.free[kind])
        ran = np.flatnonzero(room.where == kind)
        for ends, gang in sorted((now.left[j] / now.speeds[j, kind], now.gang[j]) for j in ran):
            free += float(gang)
            if free >= now.gang[job]:
                done = ends + now.left[job] / now.speeds[job, kind]
                found.append((done, kind, float(ends), free - float(now.gang[job])))
                break
    _, kind, start, beside = min(found)
    return kind, start, beside


class Drf:
    """Dominant resource fairness between accounts."""

    name = "drf"
    aware = True
    whole = True

    def shares(self, now: Round) -> Shares:
        """Rules 1 and 3."""
        room = _Room(now, self.aware)
        capacity = np.maximum(now.capacity, 1e-12)
        held: dict[int, Floats] = {}
        for job in range(now.jobs):
            mine = held.setdefault(int(now.account[job]), np.zeros(now.kinds))
            if room.where[job] >= 0:
                mine[room.where[job]] += now.gang[job]
        queues: dict[int, list[int]] = {}
        for job in room.waiting():
            queues.setdefault(int(now.account[job]), []).append(job)
        while queues:
            account = min(queues, key=lambda a: (float((held[a] / capacity).max()), a))
            job = queues[account].pop(0)
            if not queues[account]:
                del queues[account]
            kind = room.room(job)
            if kind is not None:
                room.give(job, kind)
                held[account][kind] += now.gang[job]
        return room.shares(self.name)
