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
5. A pool that left or closed gets nothing new; what runs there is taken back and placed again.
6. Every round that placed a job, or in which something else stood than in the last one, is kept
   with all that it was decided by, and its digest is in the ledger before a job begins by it.
7. Limits are held twice. We hold that an account has no more than its `most` at once, and pays for
   what it uses; a fence holds the same in accelerators, and in accelerator-minutes: what was used
   and what is reserved, no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from licet.base.trouble import BadInput, Conflict
from licet.compute.decided import (
    Decided,
    Question,
    Running,
    Waiting,
    decide,
    decode,
    encode,
    entry_of,
    same_matter,
)
from licet.compute.execution.contract import OVER, Executor, Fence, Metered, Spec
from licet.compute.jobbook import JobBook, Notice, Row
from licet.compute.lending import entitled, premium, settled
from licet.compute.model import Need, Pool, Standing
from licet.compute.money import Transfer, cost
from licet.compute.purse import Purse
from licet.rulebook.computing import SharingRule

_RUNS = ("placed", "reserved", "submitted", "released")


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A pool that has less than its supplier said."""

    pool: str
    supplier: str
    said: int
    there: int


@dataclass(frozen=True, slots=True)
class Terms:
    """By what jobs are placed: the name of a policy, the pack's numbers, what is known of accounts
    now; `enter` puts the fields of a `compute.allocated` entry into a ledger, and may be given the
    same ones twice; `fence` has whoever runs jobs hold an account's limits, too (rule 7)."""

    policy: str
    rule: SharingRule
    standings: Callable[[], Sequence[Standing]] = tuple
    enter: Callable[[Mapping[str, str | int]], None] = lambda _: None
    fence: Fence | None = None


class Desk:
    """Moves every accepted job on by one or more steps whenever `tick` is called."""

    def __init__(
        self, book: JobBook, purse: Purse, executor: Executor, terms: Terms,
        pools: Callable[[], Sequence[Pool]],
    ) -> None:  # fmt: skip
        self._book, self._purse, self._executor = book, purse, executor
        self._terms, self._pools = terms, pools

    def accept(
        self, need: Need, command: Sequence[str], longest_s: int, voucher: str, image: str = ""
    ) -> bool:
        """Take a job on; False: it was taken before. Raises BadInput for what cannot be run."""
        if not voucher.startswith("voucher:"):
            raise BadInput(f"{voucher!r} is no voucher.", hint="As in voucher:2026-17.")
        Spec(f"{need.id}-1", need.account, tuple(command), need.gang, longest_s)
        return self._book.add(Row(need.id, need, tuple(command), longest_s, voucher, image=image))

    def tick(self, now_s: int) -> None:
        """Do what is due. Raises Unavailable where a part does not answer; then call it again."""
        pools = {pool.id: pool for pool in self._pools()}
        self._place(pools, now_s)
        self._enter()
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
        """Rules 3, 4 and 6: waiting jobs onto what is free, and credits up to now."""
        rows = [row for row in self._book.all(settled=False) if not self._passed(row, now_s)]
        running = [row for row in rows if row.stage in _RUNS]
        waiting = {row.id: row for row in rows if row.stage == "waiting"}
        if not rows:
            return
        question = self._question(pools, running, list(waiting.values()), now_s)
        if not waiting:
            self._book.keep_round(None, (), question.owed, now_s)
            return
        made = Decided(question, decide(question))
        placed = [
            replace(waiting[job], stage="placed", pool=pool, supplier=pools[pool].supplier,
                    price=pools[pool].price)
            for job, pool in made.answer.placed.items()
        ]  # fmt: skip
        last = self._book.round()
        known = last is not None and same_matter(decode(last[1]).question, question)
        body = None if known and not placed else encode(made)
        self._book.keep_round(body, placed, question.owed, now_s)

    def _passed(self, row: Row, now_s: int) -> bool:
        """Rule 8: end a job that did not begin in its window."""
        by = row.need.begin_by_s
        if row.stage != "waiting" or row.attempt > 1 or by is None or now_s <= by:
            return False
        self._tell(row, "not-begun-in-time", now_s)
        self._book.save(replace(row, stage="settled", ended="cancelled"))
        return True

    def _question(
        self, pools: Mapping[str, Pool], running: Sequence[Row], waiting: Sequence[Row], now_s: int
    ) -> Question:
        room = self._executor.room()
        there = tuple(_answering(pool, room.get(pool.id, 0)) for pool in pools.values())
        standings = tuple(self._terms.standings())
        known = {one.account: one for one in standings}
        for row in (*running, *waiting):
            known.setdefault(row.need.account, Standing(row.need.account))
        held = Counter[str]()
        for row in running:
            held[row.need.account] += row.need.gang
        before, since_s = self._book.owed()
        passed_s = max(0, now_s - since_s) if since_s is not None else 0
        total = sum(pool.count for pool in there if not pool.withdrawn)
        rule = self._terms.rule
        parts = entitled(list(known.values()), rule)
        owed = settled(before, parts, held, total, passed_s, rule)
        return Question(
            now_s, self._terms.policy, rule, standings, owed,
            premium(self._book.used(), pools.values(), rule), there,
            tuple(Running(row.need, row.pool) for row in running),
            tuple(Waiting(row.need, row.longest_s) for row in waiting),
        )  # fmt: skip

    def _enter(self) -> None:
        """Rule 6: rounds into the ledger, before anything that they placed begins."""
        for number, _ in self._book.rounds(entered=False):
            found = self._book.round(number)
            if found is not None:
                self._terms.enter(entry_of(number, found[1]))
            self._book.set_entered(number)

    def _advance(self, row: Row, pools: Mapping[str, Pool], now_s: int) -> None:
        """One job, as far as it goes without waiting."""
        if row.image and row.stage in _RUNS[:2] and not self._executor.containers():
            row = self._take_back(row, now_s)
        if row.stage == "placed":
            if not self._reserve(row, now_s):
                return
            row = self._keep(row, "reserved")
        if row.stage == "reserved":
            self._fence(row.need.account)
            need = row.need
            self._executor.submit(
                Spec(row.name, need.account, row.command, need.gang, row.longest_s, row.image)
            )
            row = self._keep(row, "submitted")
        if row.stage == "submitted":
            self._executor.release(row.name, row.pool)
            row = self._keep(row, "released")
            self._tell(row, f"released:{row.pool}", now_s)
        if row.stage == "released":
            row = self._watch(row, pools, now_s)
        if row.stage == "over":
            row = self._bill(row)
        if row.stage == "billed":
            self._settle(row, now_s)

    def _watch(self, row: Row, pools: Mapping[str, Pool], now_s: int) -> Row:
        found = self._executor.look([row.name]).get(row.name)
        if found is None:
            return self._keep(row, "reserved")  # whoever runs jobs has forgotten it: say it again
        pool = pools.get(row.pool)
        left = pool is None or pool.withdrawn or pool.until_s <= now_s
        if found.state not in OVER and left:
            self._executor.cancel(row.name)
            found = self._executor.look([row.name]).get(row.name, found)
        if found.state not in OVER:
            return row
        gone = found.state == "cancelled" and left
        over = replace(row, stage="over", ended="lost" if gone else found.state)
        self._book.save(over)
        return over

    def _fence(self, account: str) -> None:
        """Rule 7, before a job of the account is submitted."""
        if self._terms.fence is None:
            return
        most = next((one.most for one in self._terms.standings() if one.account == account), None)
        used_s = sum(s for (whose, _), s in self._book.used().items() if whose == account)
        reserved = [
            row for row in self._book.all(settled=False)
            if row.need.account == account and row.stage in (*_RUNS[1:], "over")
        ]  # fmt: skip
        minutes = sum(-(-row.longest_s // 60) * row.need.gang for row in reserved)
        self._terms.fence.limit(account, most, -(-used_s // 60) + minutes)

    def _reserve(self, row: Row, now_s: int) -> bool:
        most = cost(row.longest_s * row.need.gang, row.price)
        try:
            self._purse.move(Transfer(f"reserve:{row.name}", "reserve", row.voucher,
                                      f"job:{row.name}", most, now_s))  # fmt: skip
        except Conflict:
            self._book.save(replace(row, stage="waiting", pool="", price=0))
            self._tell(row, "voucher-too-small", now_s)
            return False
        return True

    def _take_back(self, row: Row, now_s: int) -> Row:
        """A job whose image nothing runs any more: it waits, or is placed again where its money
        is reserved."""
        self._tell(row, "no-containers", now_s)
        if row.stage == "placed":
            row = replace(row, stage="waiting", pool="", price=0)
        else:
            row = replace(row, stage="over", ended="lost")
        self._book.save(row)
        return row

    def _bill(self, row: Row) -> Row:
        """What is owed, written down before it is paid: it is metered once."""
        used = sum(one.accelerator_s for one in self._executor.meter([row.name]))
        most = cost(row.longest_s * row.need.gang, row.price)
        owed = 0 if row.ended == "lost" else min(most, cost(used, row.price))
        billed = replace(row, stage="billed", owed=owed, used_s=used)
        self._book.save_billed(billed)
        return billed

    def _settle(self, row: Row, now_s: int) -> None:
        most = cost(row.longest_s * row.need.gang, row.price)
        job = f"job:{row.name}"
        self._purse.move_all([
            Transfer(f"settle:{row.name}", "settle", job, f"supplier:{row.supplier}", row.owed,
                     now_s),
            Transfer(f"refund:{row.name}", "refund", job, row.voucher, most - row.owed, now_s),
        ])  # fmt: skip
        self._tell(row, f"{row.ended}:{row.owed}", now_s)
        if row.ended == "lost":
            again = Row(row.id, row.need, row.command, row.longest_s, row.voucher,
                        attempt=row.attempt + 1, image=row.image)  # fmt: skip
            self._book.save(again)
        else:
            self._keep(row, "settled")

    def _keep(self, row: Row, stage: str) -> Row:
        made = replace(row, stage=stage)  # type: ignore[arg-type]
        self._book.save(made)
        return made

    def _tell(self, row: Row, what: str, now_s: int) -> None:
        self._book.tell(Notice(row.id, row.attempt, what, now_s))


def _answering(pool: Pool, there: int) -> Pool:
    """The pool with what of it answers; where that is less than a node, it is the node."""
    count = min(pool.count, there)
    return replace(pool, count=count, node=max(1, min(pool.node, count)))
