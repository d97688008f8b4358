"""From an accepted need to a settled bill: one step after the other, each safe to repeat.

It refuses to allocate (a policy does), to run (an executor does), to keep money (the purse does).

Rules
1. Every step is done first and written down after. Whoever is cut off between does it again, and
   nothing happens twice: transfers, submissions and releases have ids of their own.
2. Before a job runs, its longest time on its pool is reserved. What was metered is settled, never
   more than that; the rest goes back. A job that ended badly pays for what it used; one that was
   lost with its node, or whose pool left, pays nothing for that attempt.
3. A lost attempt is placed again, as a new attempt under a new name, and the customer is told.
4. Capacity is what answers, not what was promised; where a pool has less, its supplier is named.
5. A pool that left gets nothing new; what runs there is taken back and placed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from licet.base.trouble import BadInput, Conflict
from licet.compute.execution.contract import OVER, Executor, Metered, Spec
from licet.compute.jobbook import JobBook, Notice, Row
from licet.compute.model import Need, Pool
from licet.compute.money import Transfer
from licet.compute.placing import Nodes, place
from licet.compute.project import seen
from licet.compute.purse import Purse
from licet.compute.round import Policy

_RUNS = ("placed", "reserved", "submitted", "released")


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A pool that has less than its supplier said."""

    pool: str
    supplier: str
    said: int
    there: int


class Desk:
    """Moves every accepted job on by one or more steps whenever `tick` is called."""

    def __init__(
        self, book: JobBook, purse: Purse, executor: Executor, policy: Policy,
        pools: Callable[[], Sequence[Pool]],
    ) -> None:  # fmt: skip
        self._book, self._purse, self._executor = book, purse, executor
        self._policy, self._pools = policy, pools

    def accept(self, need: Need, command: Sequence[str], longest_s: int, voucher: str) -> bool:
        """Take a job on; False: it was taken before. Raises BadInput for what cannot be run."""
        if not voucher.startswith("voucher:"):
            raise BadInput(f"{voucher!r} is no voucher.", hint="As in voucher:2026-17.")
        Spec(f"{need.id}-1", need.account, tuple(command), need.gang, longest_s)
        return self._book.add(Row(need.id, need, tuple(command), longest_s, voucher))

    def tick(self, now_s: int) -> None:
        """Do what is due. Raises Unavailable where a part does not answer; then call it again."""
        pools = {pool.id: pool for pool in self._pools()}
        self._place(pools, now_s)
        for row in self._book.all(settled=False):
            self._advance(row, pools, now_s)

    def shortfalls(self) -> tuple[Shortfall, ...]:
        """Pools that have less than was said, now."""
        room = self._executor.room()
        return tuple(
            Shortfall(pool.id, pool.supplier, pool.count, room.get(pool.id, 0))
            for pool in self._pools()
            if not pool.withdrawn and room.get(pool.id, 0) < pool.count
        )

    def metered(self) -> tuple[Metered, ...]:
        """What every attempt of every job used, as whoever ran it saw it."""
        names = [f"{row.id}-{n}" for row in self._book.all() for n in range(1, row.attempt + 1)]
        return self._executor.meter(names)

    def _place(self, pools: Mapping[str, Pool], now_s: int) -> None:
        """Rules 3 and 4: waiting jobs onto what is free, by the policy."""
        rows = self._book.all(settled=False)
        waiting = {row.id: row for row in rows if row.stage == "waiting"}
        if not waiting:
            return
        room = self._executor.room()
        taken = dict.fromkeys(pools, 0)
        for row in rows:
            if row.stage in _RUNS and row.pool in taken:
                taken[row.pool] += row.need.gang
        free = [_free(pool, room.get(pool.id, 0), taken[pool.id]) for pool in pools.values()]
        left = {row.id: (row.need, row.need.work) for row in waiting.values()}
        now, number = seen(left, free, now_s)
        shares = self._policy.shares(now)
        none = np.zeros_like(shares.time)
        nodes = [Nodes(pool.count, pool.node if pool.node > 1 else 0) for pool in free]
        best = sorted(range(len(free)), key=lambda k: (free[k].price, free[k].id))
        where = place(shares.time, none, none, now.speeds, now.gang, nodes, best)
        for job, n in number.items():
            if where[n] >= 0:
                pool = free[where[n]]
                self._book.save(replace(waiting[job], stage="placed", pool=pool.id,
                                        supplier=pool.supplier, price=pool.price))  # fmt: skip

    def _advance(self, row: Row, pools: Mapping[str, Pool], now_s: int) -> None:
        """One job, as far as it goes without waiting."""
        if row.stage == "placed":
            if not self._reserve(row, now_s):
                return
            row = self._keep(row, "reserved")
        if row.stage == "reserved":
            self._executor.submit(
                Spec(row.name, row.need.account, row.command, row.need.gang, row.longest_s)
            )
            row = self._keep(row, "submitted")
        if row.stage == "submitted":
            self._executor.release(row.name, row.pool)
            row = self._keep(row, "released")
            self._tell(row, f"released:{row.pool}", now_s)
        if row.stage == "released":
            row = self._watch(row, pools)
        if row.stage == "over":
            row = self._bill(row)
        if row.stage == "billed":
            self._settle(row, now_s)

    def _watch(self, row: Row, pools: Mapping[str, Pool]) -> Row:
        found = self._executor.look([row.name]).get(row.name)
        if found is None:
            return self._keep(row, "reserved")  # whoever runs jobs has forgotten it: say it again
        pool = pools.get(row.pool)
        if found.state not in OVER and (pool is None or pool.withdrawn):
            self._executor.cancel(row.name)
            found = self._executor.look([row.name]).get(row.name, found)
            if found.state not in OVER:
                return row
        if found.state not in OVER:
            return row
        gone = found.state == "cancelled" and (pool is None or pool.withdrawn)
        over = replace(row, stage="over", ended="lost" if gone else found.state)
        self._book.save(over)
        return over

    def _reserve(self, row: Row, now_s: int) -> bool:
        most = _cost(row.longest_s * row.need.gang, row.price)
        try:
            self._purse.move(Transfer(f"reserve:{row.name}", "reserve", row.voucher,
                                      f"job:{row.name}", most, now_s))  # fmt: skip
        except Conflict:
            self._book.save(replace(row, stage="waiting", pool="", price=0))
            self._tell(row, "voucher-too-small", now_s)
            return False
        return True

    def _bill(self, row: Row) -> Row:
        """What is owed, written down before it is paid: it is metered once."""
        used = sum(one.accelerator_s for one in self._executor.meter([row.name]))
        most = _cost(row.longest_s * row.need.gang, row.price)
        owed = 0 if row.ended == "lost" else min(most, _cost(used, row.price))
        billed = replace(row, stage="billed", owed=owed, used_s=used)
        self._book.save(billed)
        return billed

    def _settle(self, row: Row, now_s: int) -> None:
        most = _cost(row.longest_s * row.need.gang, row.price)
        job = f"job:{row.name}"
        self._purse.move_all([
            Transfer(f"settle:{row.name}", "settle", job, f"supplier:{row.supplier}", row.owed,
                     now_s),
            Transfer(f"refund:{row.name}", "refund", job, row.voucher, most - row.owed, now_s),
        ])  # fmt: skip
        self._tell(row, f"{row.ended}:{row.owed}", now_s)
        if row.ended == "lost":
            again = Row(row.id, row.need, row.command, row.longest_s, row.voucher,
                        attempt=row.attempt + 1)  # fmt: skip
            self._book.save(again)
        else:
            self._keep(row, "settled")

    def _keep(self, row: Row, stage: str) -> Row:
        made = replace(row, stage=stage)  # type: ignore[arg-type]
        self._book.save(made)
        return made

    def _tell(self, row: Row, what: str, now_s: int) -> None:
        self._book.tell(Notice(row.id, row.attempt, what, now_s))


def _cost(accelerator_s: int, price: int) -> int:
    """Fen, rounded up."""
    return -(-accelerator_s * price // 3600)


def _free(pool: Pool, there: int, taken: int) -> Pool:
    """The pool with what of it is there and not taken; a node that is taken in part is smaller."""
    count = max(0, min(pool.count, there) - taken)
    return replace(pool, count=count, node=max(1, min(pool.node, count)))
