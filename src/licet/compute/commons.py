"""A commons of computing power in one folder: what was said, jobs, money; and who may do what.

It refuses to know pages, programs and how jobs run. This is where the parts are put together.

Rules
1. A pool is changed by its supplier alone; a need is accepted, and a job stopped, by its customer
   alone.
2. Before a need is accepted it is answered again: where that is dearer or takes longer than what
   the customer saw, nothing is accepted, and the new answer stands in the place of the old one.
3. A job is paid from a voucher of its account, which must cover its longest time on the dearest
   pool that fits.
4. One process at a time moves jobs on; another that tries does nothing.
5. Whoever runs jobs is written down with the first one. Somebody else takes over only on purpose,
   and only while no job is under way: a job that one runs is unknown to the other, and would run
   twice.
6. Whoever runs jobs says what runs container images there; where nothing does, a job with an image
   is refused before it queues.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Conflict, NotFound
from licet.compute.answer import Offer, Work, answer
from licet.compute.claims import granted_to
from licet.compute.execution.container import check_image
from licet.compute.execution.contract import Executor, Fence, Spec
from licet.compute.jobbook import JobBook, Row
from licet.compute.market import Asking, Choice, Kept, Market, Remark, Stop
from licet.compute.model import Need, Pool, Standing, unfit
from licet.compute.money import Transfer, cost
from licet.compute.purse import Purse, open_purse
from licet.compute.results import JobFolder
from licet.rulebook.computing import SharingRule

DEFAULT_POLICY, LOCAL = "promise", "local"
SCRIPT_MAX = 64 << 10
GOING = ("waiting", "placed", "reserved", "submitted", "released")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class TooLittle(BadInput):
    """A voucher that covers less than `most`, in fen: what a job may cost."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"the voucher does not cover {most / 100:.2f} yuan.",
                         hint="Choose another, or a shorter longest time.")  # fmt: skip


class NoContainers(BadInput):
    """A job with an image where nothing runs images (rule 6)."""

    def __init__(self) -> None:
        super().__init__("nothing runs container images here.",
                         hint="Leave the image out, or ask the operator.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """What is to run: a script of the shell, in a container of `image` where one is named; for
    `longest_s` at most, paid from `voucher`."""

    script: str
    image: str
    longest_s: int
    voucher: str

    def command(self) -> tuple[str, ...]:
        """As whoever runs jobs takes it. Raises BadInput."""
        if not self.script.strip() or len(self.script) > SCRIPT_MAX:
            raise BadInput("A job has a script, of 64 KiB at most.", hint="Say what is to run.")
        if self.image:
            check_image(self.image)
        return ("/bin/sh", "-c", self.script.replace("\r\n", "\n"))


@dataclass(frozen=True, slots=True)
class Commons:
    """Everything of one commons. `folder` also holds `jobs`, where each attempt has its folder;
    `rule` is what the pack says of sharing."""

    folder: Path
    rule: SharingRule
    market: Market
    book: JobBook
    purse: Purse

    def pools(self) -> tuple[Pool, ...]:
        """Every pool as it is now."""
        return tuple(kept.value for kept in self.market.all(Pool))

    def add_pool(self, pool: Pool, by: str, now_s: int) -> None:
        """Register a pool. Raises BadInput for a name that will not do, Conflict for one that is
        taken."""
        if not _SLUG.fullmatch(pool.id) or not pool.kind.strip() or not pool.region.strip():
            raise BadInput("A pool has a name of small letters, digits and hyphens, a kind and a"
                           " region.", hint="As in north-1, h20, north.")  # fmt: skip
        self.market.put(replace(pool, supplier=by), by, now_s)

    def change_pool(self, name: str, by: str, now_s: int, **changes: Any) -> Pool:
        """Say what a pool has from now on. Raises NotFound for one that is not `by`'s (rule 1)."""
        kept = self.market.get(Pool, name)
        if kept.value.supplier != by:
            raise NotFound(f"there is no pool {name} of yours.", hint="Look at the list.")
        pool = replace(kept.value, **changes)
        if pool != kept.value:
            self.market.put(pool, by, now_s, seen=kept.n)
        return pool

    def policy(self) -> Kept[Choice]:
        """The policy in force, and since when."""
        found = self.market.find(Choice, "policy")
        return found or Kept(Choice("policy", DEFAULT_POLICY, ""), 0, "", 0)

    def choose_policy(self, name: str, reason: str, by: str, now_s: int) -> None:
        """Put a policy in force. Raises BadInput without a reason or for one that nobody knows."""
        from licet.compute.policies import POLICIES  # HiGHS: an extra

        if name not in POLICIES or not reason.strip():
            raise BadInput("A policy is chosen by name, with a reason.",
                           hint=f"One of {', '.join(POLICIES)}.")  # fmt: skip
        choice = Choice("policy", name, reason.strip())
        self.market.put(choice, by, now_s, seen=self.policy().n)

    def standings(self) -> tuple[Standing, ...]:
        """What the operator said of accounts."""
        return tuple(kept.value for kept in self.market.all(Standing))

    def set_standing(self, standing: Standing, by: str, now_s: int) -> None:
        """Say of what standing an account is from now on. Raises BadInput for no account."""
        if not _SLUG.fullmatch(standing.account) or (standing.most or 1) < 1:
            raise BadInput("An account has a name, and holds 1 accelerator or more.",
                           hint="As in college, most 64.")  # fmt: skip
        kept = self.market.find(Standing, standing.account)
        if kept is None or kept.value != standing:
            self.market.put(standing, by, now_s, seen=kept.n if kept else 0)

    def explain_standing(self, standing: Standing, reason: str, by: str, now_s: int) -> None:
        """The same, with its reason kept beside it. Raises BadInput without one, Conflict."""
        if not reason:
            raise BadInput("A standing has a reason.", hint="Say why.")
        name = f"standing-{standing.account}"
        kept = self.market.find(Remark, name)
        self.market.put(Remark(name, reason), by, now_s, seen=kept.n if kept else 0)
        self.set_standing(standing, by, now_s)

    def remark(self, name: str) -> str:
        """Why a thing is as it was said; empty where nobody said so."""
        kept = self.market.find(Remark, name)
        return kept.value.text if kept else ""

    def under_way(self, now_s: int, without: str = "") -> list[Work]:
        """What was accepted and is not over, with the work that is left as far as is known."""
        return [
            Work(row.need, self._left(row, now_s))
            for row in self.book.all(settled=False)
            if row.stage in GOING and row.id != without
        ]

    def ask(self, need: Need, now_s: int, chance: Chance) -> Asking:
        """Answer a need before it queues; the answer is kept. Its id is made here."""
        made = self._answered(replace(need, id=f"n-{chance(5).hex()}"), now_s)
        self.market.put(made, need.account, now_s)
        return made

    def accept(self, name: str, by: str, task: Task, now_s: int) -> Asking:
        """Take the job on, or give the new answer where it got worse (rule 2).

        Raises NotFound, Conflict for what is not open, BadInput for what cannot run or be paid.
        """
        kept = self.asking(name, by)
        asked = kept.value
        if asked.state != "answered" or asked.offer is None:
            raise Conflict("this need is not open to be accepted.", hint="State it again.")
        command = task.command()
        Spec(f"{name}-1", by, command, asked.need.gang, task.longest_s)
        if task.image and not self.containers():
            raise NoContainers
        fresh = self._answered(asked.need, now_s)
        if fresh.offer is None or _worse(fresh.offer, asked.offer, now_s, asked.answered_s):
            self.market.put(fresh, by, now_s, seen=kept.n)
            return fresh
        self._must_pay(by, task, fresh)
        self.book.add(
            Row(name, asked.need, command, task.longest_s, task.voucher, image=task.image)
        )
        done = replace(fresh, state="accepted")
        self.market.put(done, by, now_s, seen=kept.n)
        return done

    def give_up(self, name: str, by: str, now_s: int) -> None:
        """Drop a need that was not accepted. Raises as `accept`."""
        kept = self.asking(name, by)
        if kept.value.state != "answered":
            raise Conflict("this need is not open any more.", hint="Stop its job instead.")
        self.market.put(replace(kept.value, state="given_up"), by, now_s, seen=kept.n)

    def asking(self, name: str, by: str) -> Kept[Asking]:
        """A need of an account. Raises NotFound."""
        kept = self.market.find(Asking, name)
        if kept is None or kept.value.need.account != by:
            raise NotFound(f"there is no need {name} of yours.", hint="Look at the list.")
        return kept

    def job(self, name: str, by: str = "") -> Row:
        """A job by id, of an account or one that runs with it as supplier. Raises NotFound."""
        row = self.book.find(name)
        if row is None or (by and by not in (row.need.account, row.supplier)):
            raise NotFound(f"there is no job {name} of yours.", hint="Look at the list.")
        return row

    def stop(self, name: str, by: str, now_s: int) -> None:
        """Wish that a job end; it does at the next round. Raises NotFound."""
        if self.job(name).need.account != by:
            raise NotFound(f"there is no job {name} of yours.", hint="Look at the list.")
        if self.market.find(Stop, name) is None:
            self.market.put(Stop(name), by, now_s)

    def folder_of(self, row: Row) -> JobFolder:
        """What the latest attempt of a job wrote."""
        return JobFolder(self.folder / "jobs", row.name)

    def pay_in(self, account: str, fen: int, paper: str, now_s: int) -> None:
        """Record that an account paid in advance, by a paper that says so. Raises BadInput, and
        Conflict for a paper that was recorded with another sum."""
        if fen <= 0 or not re.fullmatch(r"\S{1,80}", paper):
            raise BadInput("A payment has a sum and the number of its paper.", hint="Look at it.")
        self.purse.move_all([
            Transfer(f"paid:{paper}", "fund", "outside", "programme:paid", fen, now_s),
            Transfer(f"credit:{paper}", "grant", "programme:paid", paid(account), fen, now_s),
        ])  # fmt: skip

    def tick(
        self, executor: Executor, now_s: int, *,
        enter: Callable[[Mapping[str, str | int]], None] = lambda _: None,
        fence: Fence | None = None, runner: str = LOCAL, take_over: bool = False,
    ) -> bool:  # fmt: skip
        """Move every job on, once; False: another does (rules 4 and 5). `runner` names whoever
        runs jobs; `enter` and `fence` are as in `desk.Terms`. Raises Unavailable where a part does
        not answer."""
        from licet.compute.desk import Desk, Terms  # HiGHS: an extra

        with (self.folder / "desk.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if not self._is_run_by(runner, take_over=take_over):
                return False
            _put(self.folder / "containers", executor.containers())
            self._stop_wished(executor)
            terms = Terms(self.policy().value.policy, self.rule, self.standings, enter, fence)
            Desk(self.book, self.purse, executor, terms, self.pools).tick(now_s)
        return True

    def containers(self) -> str | None:
        """What runs container images, as whoever runs jobs said; empty: nothing; None: nobody has
        run jobs yet."""
        path = self.folder / "containers"
        return path.read_text("utf-8") if path.exists() else None

    def close(self) -> None:
        """Give the files back."""
        for part in (self.market, self.book, self.purse):
            part.close()

    def _is_run_by(self, runner: str, *, take_over: bool) -> bool:
        """Rule 5, while nobody else moves jobs."""
        path = self.folder / "runner"
        kept = path.read_text("utf-8") if path.exists() else ""
        if kept == runner:
            return True
        going = any(row.stage != "waiting" for row in self.book.all(settled=False))
        if kept and (going or not take_over):
            return False
        _put(path, runner)
        return True

    def _stop_wished(self, executor: Executor) -> None:
        wished = {kept.value.id for kept in self.market.all(Stop)}
        for row in self.book.all(settled=False):
            if row.id not in wished or row.stage not in GOING:
                continue
            if row.stage in ("waiting", "placed"):
                self.book.save(replace(row, stage="settled", ended="cancelled"))
            else:
                executor.cancel(row.name)

    def _answered(self, need: Need, now_s: int) -> Asking:
        from licet.compute.lending import premium, weigher  # NumPy and HiGHS: an extra
        from licet.compute.policies import POLICIES

        others, pools, rule = self.under_way(now_s, need.id), self.pools(), self.policy()
        name = rule.value.policy
        weigh = weigher(self.standings(), self.book.owed()[0], self.rule)
        more = premium(self.book.used(), pools, self.rule)
        found = answer(need, others, pools, POLICIES[name](self.rule), now_s, weigh, more)
        yes = found if isinstance(found, Offer) else None
        no = None if isinstance(found, Offer) else found
        accounts = tuple(work.need.account for work in others)
        return Asking(need.id, need, now_s, name, yes, no, tuple(pool.id for pool in pools),
                      (*accounts, need.account), more)  # fmt: skip

    def _must_pay(self, by: str, task: Task, asked: Asking) -> None:
        """Raises BadInput where the voucher is not `by`'s or covers too little (rule 3)."""
        own = self.vouchers(by)
        if task.voucher not in own:
            raise BadInput("this voucher is not yours.", hint="Choose one of your own.")
        fitting = [pool for pool in self.pools() if not unfit(asked.need, pool, asked.answered_s)]
        dearest = max((pool.price for pool in fitting), default=0)
        most = cost(task.longest_s * asked.need.gang, dearest)
        if own[task.voucher] < most:
            raise TooLittle(most)

    def vouchers(self, account: str) -> Mapping[str, int]:
        """What an account may pay from: names, what is left in fen; what was paid in is first."""
        names = (paid(account), *granted_to(self.market, account))
        return {name: self.purse.balance(name) for name in names}

    def _left(self, row: Row, now_s: int) -> float:
        """Work that is left: what the job says, else what its time on its pool would have done."""
        done = self.folder_of(row).done() if row.stage == "released" else None
        if done is None and row.stage == "released":
            begun = next((one.at_s for one in self.book.told(row.id)
                          if one.attempt == row.attempt), now_s)  # fmt: skip
            pool = self.market.find(Pool, row.pool)
            speed = row.need.speeds.get(pool.value.kind) if pool else None
            done = (now_s - begun) * speed.value if speed else 0.0
        return max(row.need.work - (done or 0.0), row.need.work * 1e-3)


def paid(account: str) -> str:
    """The voucher that holds what an account paid in advance."""
    return f"voucher:paid-{account}"


def open_commons(folder: Path, rule: SharingRule) -> Commons:
    """The commons in a folder, made where there is none, by what the pack says of sharing. Raises
    Unavailable."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Commons(folder, rule, Market(folder / "market.db"), JobBook(folder / "jobs.db"),
                   open_purse(f"sqlite:{folder / 'books.db'}"))  # fmt: skip


def local(commons: Commons) -> Executor:
    """Whoever runs jobs where there is no scheduler: processes of this machine."""
    from licet.compute.execution.local import LocalExecutor

    room: Mapping[str, int] = {pool.id: pool.count for pool in commons.pools()}
    return LocalExecutor(room, commons.folder / "jobs")


def _put(path: Path, text: str) -> None:
    """A small file, whole or as it was."""
    if path.exists() and path.read_text("utf-8") == text:
        return
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _worse(fresh: Offer, shown: Offer, now_s: int, shown_s: int) -> bool:
    # A second: the grain of a policy's classes.
    longer = fresh.end_s - now_s > shown.end_s - shown_s + 1
    return fresh.price > shown.price or longer


__all__: Sequence[str] = (
    "Commons",
    "NoContainers",
    "Task",
    "TooLittle",
    "local",
    "open_commons",
    "paid",
)
