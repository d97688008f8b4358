"""A round of the desk as a question and its answer: decided once, explained and made again later.

Pure. It refuses to know books, ledgers and whoever runs jobs.

Rules
1. A question holds all that an answer depends on; the same question gives the same answer.
2. What runs is counted where it runs and is not moved; who waits is placed on what is free.
3. An account never holds more than its `most`. Who would is passed over, and so told.
4. A job that may not be interrupted is placed only where the pool stays open for its longest time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec
import numpy as np

from licet.base.trouble import BadInput
from licet.compute.explain import Reason, explain
from licet.compute.lending import weigher
from licet.compute.model import Need, Pool, Standing
from licet.compute.placing import Nodes, place
from licet.compute.policies import POLICIES
from licet.compute.project import seen
from licet.compute.round import Flags, Round, Shares
from licet.rulebook.computing import SharingRule

CLOSE = 1e-6  # how far shares made again on another machine may be off


@dataclass(frozen=True, slots=True)
class Running:
    """A job that has its accelerators, in a pool."""

    need: Need
    pool: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that wants accelerators, for `longest_s` at most."""

    need: Need
    longest_s: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a round is decided by. `pools`: as they answer, not as was promised; `owed`: credits of
    accounts in accelerator-seconds; `premium` of work on domestic accelerators."""

    at_s: int
    policy: str
    rule: SharingRule
    standings: tuple[Standing, ...]
    owed: Mapping[str, float]
    premium: float
    pools: tuple[Pool, ...]
    running: tuple[Running, ...]
    waiting: tuple[Waiting, ...]

    @property
    def needs(self) -> tuple[Need, ...]:
        """Of everything that runs, then of everything that waits."""
        return (*(one.need for one in self.running), *(one.need for one in self.waiting))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided: the pool of each job that begins; each job's shares of time by pool, the
    price of each pool, and the level that everybody has, as in `round.Shares`."""

    placed: Mapping[str, str]
    shares: Mapping[str, tuple[float, ...]]
    price: tuple[float, ...]
    level: float


@dataclass(frozen=True, slots=True)
class Decided:
    """A round as it is kept."""

    question: Question
    answer: Answer


def decide(question: Question) -> Answer:
    """The answer by the policy that the question names. Raises BadInput for one nobody knows."""
    if question.policy not in POLICIES:
        raise BadInput(f"there is no policy {question.policy!r}.",
                       hint=f"One of {', '.join(POLICIES)}.")  # fmt: skip
    now, row, _ = _round(question)
    policy = POLICIES[question.policy](question.rule)
    shares = policy.shares(now)
    waiting = [one.need.id for one in question.waiting if one.need.id in row]
    rows = np.array([row[job] for job in waiting], np.int64)
    free = _free(question)
    none = np.zeros((len(rows), now.kinds))
    pools = question.pools
    best = sorted(range(len(pools)), key=lambda k: (pools[k].price, pools[k].id))
    # First where its share is: what was offered rests on that. Then on what is left over.
    speeds = now.speeds[rows]
    where = place(shares.time[rows], none, none, speeds, now.gang[rows], free, best, idle=False)
    if not policy.whole:
        taken = [(where == k) @ now.gang[rows] for k in range(len(pools))]
        left = [_nodes(one.count - int(n), pool.node)
                for one, n, pool in zip(free, taken, pools, strict=True)]  # fmt: skip
        rest = place(shares.time[rows], none, none, np.where(where[:, None] >= 0, 0.0, speeds),
                     now.gang[rows], left, best)  # fmt: skip
        where = np.where(where >= 0, where, rest)
    return Answer(
        placed={job: pools[k].id for job, k in zip(waiting, where, strict=True) if k >= 0},
        shares={job: tuple(map(float, shares.time[n])) for job, n in row.items()},
        price=tuple(map(float, shares.price)),
        level=float(shares.level),
    )


def reasons(decided: Decided) -> tuple[Mapping[str, Reason], Mapping[int, str]]:
    """Why each job had what it had, by job; and the names of accounts that reasons number."""
    question, answer = decided.question, decided.answer
    now, row, passed_over = _round(question)
    time = np.array([answer.shares[job] for job in row]).reshape(now.speeds.shape)
    shares = Shares(time, np.array(answer.price), answer.level, question.policy)
    found = explain(now, shares)
    accounts = {number: need.account for number, need in enumerate(question.needs)}
    return {
        job: replace(found[n], why="limit") if job in passed_over else found[n]
        for job, n in row.items()
    }, accounts  # fmt: skip


def differs(decided: Decided) -> tuple[str, ...]:
    """The jobs for which the policy, asked again, answers otherwise; empty: none. `price` and
    `level` stand for themselves. Shares may differ by CLOSE."""
    kept, again = decided.answer, decide(decided.question)
    jobs = sorted({*kept.shares, *again.shares, *kept.placed, *again.placed})
    wrong = [
        job for job in jobs
        if kept.placed.get(job) != again.placed.get(job)
        or not _near(kept.shares.get(job), again.shares.get(job))
    ]  # fmt: skip
    other = {"price": _near(kept.price, again.price),
             "level": _near((kept.level,), (again.level,))}  # fmt: skip
    return (*wrong, *(name for name, same in other.items() if not same))


def encode(decided: Decided) -> bytes:
    """The bytes of a round, the same for the same round."""
    return msgspec.json.encode(decided, order="sorted")


def decode(body: bytes) -> Decided:
    """A round from its bytes. Raises BadInput for others."""
    try:
        return msgspec.json.decode(body, type=Decided)
    except msgspec.DecodeError as error:
        raise BadInput(f"this is no round: {error}.", hint="Look at the book of jobs.") from None


def entry_of(number: int, body: bytes) -> Mapping[str, str | int]:
    """What the ledger says of a round: fields of `compute.allocated`. Names nobody."""
    kept = decode(body)
    return {
        "round": number,
        "record_sha256": sha256(body).hexdigest(),
        "policy": kept.question.policy,
        "running": len(kept.question.running),
        "waiting": len(kept.question.waiting),
        "placed": len(kept.answer.placed),
        "premium_ppm": round(kept.question.premium * 1_000_000),
    }


def same_matter(one: Question, other: Question) -> bool:
    """Whether two questions differ in nothing but the moment and what follows from it."""
    return one == replace(other, at_s=one.at_s, owed=one.owed, premium=one.premium)


def _round(question: Question) -> tuple[Round, Mapping[str, int], frozenset[str]]:
    """What the policy sees, the row of each job, and jobs that rule 3 passes over."""
    pools = question.pools
    left = {need.id: (need, need.work) for need in question.needs}
    weigh = weigher(question.standings, question.owed, question.rule)
    now, row = seen(left, pools, question.at_s, weigh, question.premium)
    speeds, running = now.speeds.copy(), now.running.copy()
    column = {pool.id: k for k, pool in enumerate(pools)}
    for held in question.running:
        if held.need.id in row:
            n, k = row[held.need.id], column.get(held.pool, -1)
            speeds[n, np.arange(len(pools)) != k] = 0.0
            running[n] = k if speeds[n].any() else -1
    over = _over_most(question)
    for one in question.waiting:
        if one.need.id in row:
            speeds[row[one.need.id], _barred(one, question, over)] = 0.0
    return replace(now, speeds=speeds, running=running), row, over


def _barred(one: Waiting, question: Question, over: frozenset[str]) -> Flags:
    """Pools where a waiting job may not begin, by rules 3 and 4."""
    ends = question.at_s + one.longest_s
    return np.array([
        one.need.id in over or (not one.need.interruptible and pool.until_s < ends)
        for pool in question.pools
    ], bool)  # fmt: skip


def _over_most(question: Question) -> frozenset[str]:
    most = {one.account: one.most for one in question.standings if one.most is not None}
    held = dict.fromkeys(most, 0)
    out = set[str]()
    for number, need in enumerate(question.needs):
        if need.account not in most:
            continue
        waits = number >= len(question.running)
        if waits and held[need.account] + need.gang > most[need.account]:
            out.add(need.id)
        else:
            held[need.account] += need.gang
    return frozenset(out)


def _nodes(count: int, size: int) -> Nodes:
    node = max(1, min(size, count))
    return Nodes(count, node if node > 1 else 0)


def _free(question: Question) -> list[Nodes]:
    """What of each pool is not taken; a node that is taken in part is smaller."""
    taken: dict[str, int] = {}
    for held in question.running:
        taken[held.pool] = taken.get(held.pool, 0) + held.need.gang
    return [
        _nodes(max(0, pool.count - taken.get(pool.id, 0)), pool.node) for pool in question.pools
    ]  # fmt: skip


def _near(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> bool:
    if one is None or other is None:
        return one is other
    return len(one) == len(other) and bool(np.allclose(one, other, rtol=CLOSE, atol=CLOSE))
