"""From shares of time to whole gangs on accelerators, for one round. Pure.

It refuses to know why a job has its share.

Rules
1. Whoever has had least of its share runs first: the share over the part of the kind's time that
   it has had since shares were made, then what it was short of before, then the share itself.
2. No kind is given out above its capacity, no job runs twice, none where it has no speed.
3. What is left over is given to whoever can use it, in the same order: no accelerator stands idle
   while a job that could run there waits.
4. A gang stands on one node where it fits on one, else on whole nodes; gangs are set down from the
   largest to the smallest.

The mechanism is Gavel's (Narayanan et al., OSDI 2020, section 5), written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from licet.compute.round import Floats, Ints


@dataclass(frozen=True, slots=True)
class Nodes:
    """How many accelerators stand together: `size` a node, `count` in all; size 0: no matter."""

    count: int
    size: int = 0

    def fits(self, gangs: Sequence[int]) -> bool:
        """Whether gangs can stand here together by rule 4."""
        if sum(gangs) > self.count:
            return False
        if self.size <= 1:
            return True
        free = [self.size] * (self.count // self.size)
        for gang in sorted(gangs, reverse=True):
            whole, part = divmod(gang, self.size)
            for _ in range(whole):
                if self.size not in free:
                    return False
                free.remove(self.size)
            if part:
                room = [one for one in free if one >= part]
                if not room:
                    return False
                tightest = min(room)
                free.remove(tightest)
                free.append(tightest - part)
        return True


def priority(time: Floats, had_s: Floats) -> Floats:
    """Rule 1, first part: share over part of time had, (J, K); `had_s` (J, K) in seconds."""
    whole = had_s.sum(axis=0)
    part = np.divide(had_s, whole, out=np.zeros_like(had_s), where=whole > 0)
    fresh = time * 1e9
    return np.where(part > 0, np.divide(time, part, out=fresh.copy(), where=part > 0), fresh)


def place(
    time: Floats, had_s: Floats, short_s: Floats, speeds: Floats, gang: Ints,
    nodes: Sequence[Nodes], order: Sequence[int], *, idle: bool = True,
) -> Ints:  # fmt: skip
    """The kind (J,) on which each job runs this round, -1: none.

    `short_s` (J, K): seconds short of earlier shares. `order`: in which order kinds are given out.
    `idle`: whether jobs without a share may use what is left.
    """
    jobs = time.shape[0]
    out = np.full(jobs, -1, np.int64)
    wants = priority(time, had_s)
    for kind in order:
        rank = np.lexsort((-time[:, kind], -short_s[:, kind], -wants[:, kind]))
        rank = rank[(out[rank] < 0) & (speeds[rank, kind] > 0)]
        if not idle:
            rank = rank[wants[rank, kind] > 0]
        _fill(out, rank, gang, nodes[kind], kind)
    return out


def _fill(out: Ints, rank: Ints, gang: Ints, nodes: Nodes, kind: int) -> None:
    if not len(rank):
        return
    if int(gang[rank].max()) == 1:
        out[rank[: nodes.count]] = kind
        return
    left, chosen = nodes.count, list[int]()
    for job in rank:
        size = int(gang[job])
        if size > left or not nodes.fits([*chosen, size]):
            continue
        chosen.append(size)
        left -= size
        out[job] = kind
        if not left:
            return
