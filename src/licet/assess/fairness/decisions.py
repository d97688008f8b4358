"""Decisions in a table: who was given what, by group, at any stage of a model's life. Pure.

    outcome,truth,sex,age
    1,1,f,30-49

It refuses to say that a difference is unlawful, and to know what was decided.

Rules
1. The same audit at every stage: labels of training data, choices in training, what is generated,
   what the service decides. The stage is named, never guessed.
2. Rates of groups are Fairlearn's (`MetricFrame`); bounds are exact (Clopper and Pearson); each
   group is held against all others by Fisher's exact test, Holm over all of them.
3. Fewer than the pack's `cell_min` of a group are neither shown nor tested.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from licet.base.extras import to_install
from licet.base.trouble import BadInput, TooMuch, Unavailable
from licet.rulebook import EvidenceRule
from licet.stats.family import holm
from licet.stats.share import Bounds, Count, bounds
from licet.stats.table import fisher

Stage = Literal["data", "training", "generation", "service"]
Rate = Literal["selected", "found", "wrongly_selected"]
STAGES: tuple[Stage, ...] = ("data", "training", "generation", "service")
RATES: tuple[Rate, ...] = ("selected", "found", "wrongly_selected")
"""Given the outcome, of all; of those who should be; of those who should not be."""
ROWS_MAX = 2_000_000
_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Decisions:
    """A table read: outcomes, truths where there are any, and the groups by ground."""

    outcomes: tuple[bool, ...]
    truths: tuple[bool, ...] | None
    groups: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One rate of one group beside that of all others. Hidden where they are too few."""

    ground: str
    group: str
    rate: Rate
    of: int
    share: float | None = None
    within: Bounds | None = None
    others: float | None = None
    p: float | None = None
    p_family: float | None = None
    called: bool = False

    @property
    def hidden(self) -> bool:
        return self.p is None


def read_decisions(lines: Iterable[str], name: str, grounds: Sequence[str]) -> Decisions:
    """The table in lines of CSV with a heading. `truth` may be left out.

    Raises BadInput with line and cause, TooMuch beyond ROWS_MAX rows.
    """
    reader = csv.DictReader(lines)
    there = reader.fieldnames or []
    if missing := [one for one in ("outcome", *grounds) if one not in there]:
        raise BadInput(
            f"{name}: has no column {', '.join(missing)}.", hint=f"It has: {', '.join(there)}."
        )
    judged = "truth" in there
    outcomes, truths = [], []
    groups: dict[str, list[str]] = {ground: [] for ground in grounds}
    for number, row in enumerate(reader, 2):
        where = f"{name}, line {number}"
        outcomes.append(_yes(row["outcome"], "outcome", where))
        if judged:
            truths.append(_yes(row["truth"], "truth", where))
        for ground in grounds:
            group = (row[ground] or "").strip()
            if not group:
                raise BadInput(f"{where}: {ground} is empty.", hint='Write "unknown".')
            groups[ground].append(group)
        if number > ROWS_MAX:
            raise TooMuch(f"{name}: more than {ROWS_MAX} rows.", hint="Draw a sample.")
    if not outcomes:
        raise BadInput(f"{name}: holds no rows.")
    return Decisions(
        tuple(outcomes), tuple(truths) if judged else None,
        {ground: tuple(found) for ground, found in groups.items()},
    )  # fmt: skip


def audit_decisions(table: Decisions, rule: EvidenceRule) -> tuple[GroupRate, ...]:
    """Every rate of every group, held against all others. Raises Unavailable without Fairlearn."""
    rows = [row for ground in table.groups for row in _of_ground(table, ground, rule)]
    adjusted = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(
        row if row.p is None else _called(row, next(adjusted), rule.significance) for row in rows
    )


def _of_ground(table: Decisions, ground: str, rule: EvidenceRule) -> Iterator[GroupRate]:
    for rate in RATES if table.truths is not None else RATES[:1]:
        kept = _kept(table, rate)
        if not kept:
            continue
        outcomes = [table.outcomes[place] for place in kept]
        groups = [table.groups[ground][place] for place in kept]
        shares = _shares(outcomes, groups)
        total, hits = len(outcomes), sum(outcomes)
        for group in sorted(shares):
            count, given = shares[group]
            row = GroupRate(ground, group, rate, count)
            if min(count, total - count) < rule.cell_min:
                yield row
                continue
            mine = Count(given, count)
            others = Count(hits - given, total - count)
            _, p = fisher(mine, others)
            yield replace(
                row, share=mine.share, within=bounds(mine, rule.confidence),
                others=others.share, p=p,
            )  # fmt: skip


def _kept(table: Decisions, rate: Rate) -> Sequence[int]:
    """The rows of which a rate speaks."""
    if rate == "selected" or table.truths is None:
        return range(len(table.outcomes))
    return [place for place, truth in enumerate(table.truths) if truth is (rate == "found")]


def _shares(outcomes: Sequence[bool], groups: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many there are of each group, and how many of them were given the outcome (rule 2)."""
    frame = _metric_frame()(
        metrics={"of": lambda _, given: len(given), "given": lambda _, given: int(sum(given))},
        y_true=outcomes, y_pred=outcomes, sensitive_features=groups,
    )  # fmt: skip
    return {
        str(group): (int(row["of"]), int(row["given"])) for group, row in frame.by_group.iterrows()
    }


def _metric_frame() -> Any:
    try:
        from fairlearn.metrics import MetricFrame
    except ImportError:
        raise Unavailable(
            "tables of decisions need Fairlearn.", hint=to_install("fairness")
        ) from None
    return MetricFrame


def _yes(text: str | None, column: str, where: str) -> bool:
    found = _YES.get((text or "").strip().lower())
    if found is None:
        raise BadInput(f"{where}: {column} is {text!r}.", hint="Write 1 or 0.")
    return found


def _called(row: GroupRate, p_family: float, significance: float) -> GroupRate:
    return replace(row, p_family=p_family, called=p_family <= significance)
