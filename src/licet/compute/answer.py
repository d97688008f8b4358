"""Before anybody queues: can this need be met, when, at what price, and why so. Pure.

It refuses to promise: an answer is a projection on what is known now, and says on what it rests.

Rules
1. A need is projected together with everything that is under way, by the policy in force. It is
   feasible if it begins in its window, ends by its deadline, within its budget, and makes nobody
   who was accepted late.
2. A "no" gives every reason, and the soonest end that is possible, if there is one.
3. Price is accelerator-time on each pool at that pool's price, each line rounded up to a fen.
4. An offer rests on its worst speed: one that is `assumed` makes all of it assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from licet.compute.explain import Reason, explain
from licet.compute.model import Basis, Need, Pool, Unfit, unfit
from licet.compute.money import cost
from licet.compute.project import Projected, Weigh, equal, project, seen
from licet.compute.round import Policy

No = Literal[
    "no_pool", "alone_too_late", "too_late", "begins_late", "over_budget", "delays_others"
]
_BASES: tuple[Basis, ...] = ("measured", "customer", "assumed")


@dataclass(frozen=True, slots=True)
class Work:
    """A need that was accepted, with the work that is left."""

    need: Need
    left: float


@dataclass(frozen=True, slots=True)
class Line:
    """What an offer costs on a pool: seconds of accelerators, and fen."""

    pool: str
    accelerator_s: int
    price: int


@dataclass(frozen=True, slots=True)
class Offer:
    """When a need is expected to run, where, for how much. `alone_s`: how long it would take with
    nobody else there; `reason`: its share of the first moment, and whose claim stands before."""

    need: str
    start_s: int
    end_s: int
    lines: tuple[Line, ...]
    price: int
    basis: Basis
    alone_s: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Declined:
    """Why a need cannot be met as it stands. `unfit`: by pool, why not there; `soonest_s`: when it
    could end if it had no deadline and no limit, None: never; `price` then; `delayed`: needs that
    would miss their deadlines."""

    need: str
    why: tuple[No, ...]
    unfit: Mapping[str, tuple[Unfit, ...]]
    soonest_s: int | None
    price: int | None
    delayed: tuple[str, ...]


def answer(
    need: Need, under_way: Sequence[Work], pools: Sequence[Pool], policy: Policy, now_s: int,
    weigh: Weigh = equal, premium: float = 0.0,
) -> Offer | Declined:  # fmt: skip
    """The offer for a need, or why there is none; accounts weigh, and domestic accelerators are
    worth more, as they do and are now."""
    unfitting = {pool.id: unfit(need, pool, now_s) for pool in pools}
    if all(unfitting.values()):
        return Declined(need.id, ("no_pool",), unfitting, None, None, ())
    others = {work.need.id: (work.need, work.left) for work in under_way}
    alone = project({need.id: (need, need.work)}, pools, policy, now_s, weigh, premium)[need.id]
    before = project(others, pools, policy, now_s, weigh, premium)
    after = project(others | {need.id: (need, need.work)}, pools, policy, now_s, weigh, premium)
    mine = after[need.id]
    delayed = tuple(
        work.need.id for work in under_way
        if work.need.due_s is not None
        and _late(after[work.need.id], work.need.due_s)
        and not _late(before[work.need.id], work.need.due_s)
    )  # fmt: skip
    lines = _lines(mine, need, pools)
    price = sum(line.price for line in lines)
    why = _why(need, mine, alone, price, delayed)
    if why or mine.end_s is None or alone.end_s is None or mine.start_s is None:
        end = None if mine.end_s is None else math.ceil(mine.end_s)
        return Declined(need.id, why or ("no_pool",), unfitting, end, price, delayed)
    now, row = seen(others | {need.id: (need, need.work)}, pools, now_s, weigh, premium)
    reason = explain(now, policy.shares(now))[row[need.id]]
    return Offer(
        need.id, math.floor(mine.start_s), math.ceil(mine.end_s), lines, price,
        _basis(need, lines, pools), math.ceil(alone.end_s - now_s), reason,
    )  # fmt: skip


def _late(one: Projected, due_s: int) -> bool:
    # A second: the grain of a policy's classes is no reason to call somebody late.
    return one.end_s is None or one.end_s > due_s + 1


def _why(
    need: Need, mine: Projected, alone: Projected, price: int, delayed: tuple[str, ...]
) -> tuple[No, ...]:
    out = list[No]()
    if need.due_s is not None:
        if _late(alone, need.due_s):
            out.append("alone_too_late")
        elif _late(mine, need.due_s):
            out.append("too_late")
    if need.begin_by_s is not None and (mine.start_s is None or mine.start_s > need.begin_by_s):
        out.append("begins_late")
    if need.budget is not None and price > need.budget:
        out.append("over_budget")
    if delayed:
        out.append("delays_others")
    return tuple(out)


def _lines(mine: Projected, need: Need, pools: Sequence[Pool]) -> tuple[Line, ...]:
    out = []
    for pool in pools:
        used_s = math.ceil(mine.used_s.get(pool.id, 0.0) * need.gang)
        if used_s > 0:
            out.append(Line(pool.id, used_s, cost(used_s, pool.price)))
    return tuple(out)


def _basis(need: Need, lines: Sequence[Line], pools: Sequence[Pool]) -> Basis:
    kinds = {pool.id: pool.kind for pool in pools}
    used = [need.speeds[kinds[line.pool]].basis for line in lines]
    return max(used, key=_BASES.index, default="measured")
