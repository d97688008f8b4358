"""What a commons did, in figures for everybody: use, waiting, fairness, cost, origin of chips.

Pure. It refuses to name accounts.

Rules
1. Use is what was metered of jobs that were billed, never what was promised. The domestic part is
   of use on pools of known origin, with both sums beside it.
2. Waiting is from acceptance to the first release. Stretch is the time that a job took over what
   it would have taken with nobody else there, both from acceptance: 1 is as if alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from licet.compute.jobbook import Notice, Row
from licet.compute.market import Asking, Kept
from licet.compute.model import Pool

WEEK_S, WEEKS = 7 * 86_400, 12


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of accelerator: how many there are, how many are taken, hours used, fen paid."""

    kind: str
    there: int
    taken: int
    used_h: float
    paid_fen: int

    @property
    def busy(self) -> float:
        """Part that is taken, from 0 to 1."""
        return min(1.0, self.taken / self.there) if self.there else 0.0

    @property
    def fen_hour(self) -> float | None:
        """What an accelerator-hour cost on average; None where none was used."""
        return self.paid_fen / self.used_h if self.used_h else None


@dataclass(frozen=True, slots=True)
class Usage:
    """A commons as it is at `at_s`. Hours are accelerator-hours, waits seconds, money fen; None:
    there is nothing to measure yet."""

    at_s: int
    suppliers: int
    accounts: int
    kinds: tuple[Kind, ...]
    running: int
    waiting: int
    waits_median_s: float | None
    waits_longest_s: float | None
    ended: int
    failed: int
    stretch_median: float | None
    stretch_worst: float | None
    deadlines: int
    missed: int
    domestic_h: float
    foreign_h: float
    unknown_h: float
    largest: float | None
    """Part of all use that the account with most of it had."""
    weeks: tuple[tuple[int, float], ...]
    """(begin, hours) of the last weeks, the oldest first."""

    @property
    def domestic(self) -> float | None:
        """Domestic part of use on pools of known origin."""
        known = self.domestic_h + self.foreign_h
        return self.domestic_h / known if known else None

    @property
    def used_h(self) -> float:
        """Hours in all."""
        return self.domestic_h + self.foreign_h + self.unknown_h


def usage(
    pools: Sequence[Pool], rows: Sequence[Row], notices: Iterable[Notice],
    askings: Iterable[Kept[Asking]], now_s: int,
) -> Usage:  # fmt: skip
    """The figures of everything that was accepted until now."""
    released, over = _moments(rows, notices)
    accepted = {k.value.id: k for k in askings if k.value.state == "accepted"}
    billed = [row for row in rows if row.stage == "settled" and row.ended and row.used_s]
    origin = {pool.id: pool.origin for pool in pools}
    hours = Counter[str]()
    for row in billed:
        hours[origin.get(row.pool, "unknown")] += row.used_s
    waits = [released[i] - kept.at_s for i, kept in accepted.items() if i in released]
    stretches = [
        (over[i] - kept.at_s) / max(1, kept.value.offer.alone_s)
        for i, kept in accepted.items() if i in over and kept.value.offer is not None
    ]  # fmt: skip
    due = [row for row in billed if row.need.due_s is not None and row.id in over]
    return Usage(
        at_s=now_s, suppliers=len({pool.supplier for pool in pools if not pool.withdrawn}),
        accounts=len({row.need.account for row in rows}), kinds=_kinds(pools, rows, billed),
        running=sum(row.stage == "released" for row in rows),
        waiting=sum(row.stage in ("waiting", "placed", "reserved", "submitted") for row in rows),
        waits_median_s=median(waits) if waits else None,
        waits_longest_s=max(waits, default=None),
        ended=sum(row.ended == "ended" for row in billed),
        failed=sum(row.ended != "ended" for row in billed),
        stretch_median=median(stretches) if stretches else None,
        stretch_worst=max(stretches, default=None),
        deadlines=len(due), missed=sum(over[row.id] > (row.need.due_s or 0) for row in due),
        domestic_h=hours["domestic"] / 3600, foreign_h=hours["foreign"] / 3600,
        unknown_h=hours["unknown"] / 3600, largest=_largest(billed),
        weeks=_weeks(billed, over, now_s),
    )  # fmt: skip


def facts(found: Usage) -> list[tuple[str, str, float | int | None, str]]:
    """The figures as rows for spreadsheets: what, of which kind, how much, in which unit."""
    rows: list[tuple[str, str, float | int | None, str]] = [
        ("suppliers", "", found.suppliers, "bodies"), ("accounts", "", found.accounts, "bodies"),
        ("running", "", found.running, "jobs"), ("waiting", "", found.waiting, "jobs"),
        ("waiting_time_median", "", found.waits_median_s, "s"),
        ("waiting_time_longest", "", found.waits_longest_s, "s"),
        ("ended", "", found.ended, "jobs"), ("failed", "", found.failed, "jobs"),
        ("stretch_median", "", found.stretch_median, "times"),
        ("stretch_worst", "", found.stretch_worst, "times"),
        ("deadlines", "", found.deadlines, "jobs"), ("deadlines_missed", "", found.missed, "jobs"),
        ("used_domestic", "", found.domestic_h, "accelerator-hours"),
        ("used_foreign", "", found.foreign_h, "accelerator-hours"),
        ("used_unknown_origin", "", found.unknown_h, "accelerator-hours"),
        ("largest_account", "", found.largest, "part"),
    ]  # fmt: skip
    for one in found.kinds:
        rows += [
            ("accelerators", one.kind, one.there, "accelerators"),
            ("taken", one.kind, one.taken, "accelerators"),
            ("used", one.kind, one.used_h, "accelerator-hours"),
            ("cost", one.kind, one.fen_hour, "fen an accelerator-hour"),
        ]
    rows += [
        ("used_in_week", str(begin), hours, "accelerator-hours") for begin, hours in found.weeks
    ]
    return rows


def _moments(
    rows: Sequence[Row], notices: Iterable[Notice]
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """When each job was first released, and when one that is settled was over."""
    released, over = dict[str, int](), dict[str, int]()
    settled = {row.id: row.attempt for row in rows if row.stage == "settled"}
    for one in notices:
        if one.what.startswith("released:"):
            released[one.job] = min(one.at_s, released.get(one.job, one.at_s))
        elif settled.get(one.job) == one.attempt and ":" in one.what:
            over[one.job] = one.at_s
    return released, over


def _kinds(pools: Sequence[Pool], rows: Sequence[Row], billed: Sequence[Row]) -> tuple[Kind, ...]:
    kind_of = {pool.id: pool.kind for pool in pools}
    there, taken, used, owed = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for pool in pools:
        there[pool.kind] += 0 if pool.withdrawn else pool.count
    for row in rows:
        if row.stage == "released" and row.pool in kind_of:
            taken[kind_of[row.pool]] += row.need.gang
    for row in billed:
        if row.pool in kind_of:
            used[kind_of[row.pool]] += row.used_s
            owed[kind_of[row.pool]] += row.owed
    return tuple(
        Kind(kind, there[kind], taken[kind], used[kind] / 3600, owed[kind])
        for kind in sorted(there)
    )


def _largest(billed: Sequence[Row]) -> float | None:
    sums = Counter[str]()
    for row in billed:
        sums[row.need.account] += row.used_s
    return max(sums.values()) / sums.total() if sums else None


def _weeks(
    billed: Sequence[Row], over: Mapping[str, int], now_s: int
) -> tuple[tuple[int, float], ...]:
    begin = now_s - now_s % 86_400 + 86_400 - WEEKS * WEEK_S
    sums = defaultdict[int, float](float)
    for row in billed:
        week = (over.get(row.id, 0) - begin) // WEEK_S
        sums[week] += row.used_s / 3600
    return tuple((begin + n * WEEK_S, sums[n]) for n in range(WEEKS))
