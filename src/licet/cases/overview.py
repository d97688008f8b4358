"""What an authority sees of all matters of a kind at once: how many, how fast, what is late.

It refuses to know stores and pages, and any person: it counts proceedings.

Rules
1. How long it took to reach a stage runs from the opening of the matter (for an incident the
   moment at which the machine found the halts, where that is known) to the first time that the
   stage was reached. Matters that have not reached it say nothing.
2. A clock is late for whom it binds; the latest stands first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from licet.cases.forms import as_moment
from licet.cases.proceedings import Proceeding, RunningClock, clocks, settled
from licet.rulebook.proceeding import ProceedingRules

WEEKS = 12
FOUND = "found_at"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long matters took to reach a stage: how many did, hours for half, for nine in ten."""

    stage: str
    count: int
    half_h: float
    most_h: float


@dataclass(frozen=True, slots=True)
class Late:
    """A clock of a matter that is overdue."""

    of: Proceeding
    clock: RunningClock
    by: timedelta


@dataclass(frozen=True, slots=True)
class Overview:
    """`stages`: how many matters stand where; `weeks`: how many were opened in each of the last
    WEEKS weeks, oldest first, by the day on which the week began."""

    count: int
    stages: Mapping[str, int]
    weeks: tuple[tuple[datetime, int], ...]
    paces: tuple[Pace, ...]
    late: tuple[Late, ...]


def overview(matters: Iterable[Proceeding], now: datetime, rules: ProceedingRules) -> Overview:
    """The overview of matters of one kind at a moment."""
    found = [settled(of, now) for of in matters]
    took: dict[str, list[float]] = {stage: [] for stage in rules.stages}
    late: list[Late] = []
    for of in found:
        for stage, hours in _reached(of):
            took.setdefault(stage, []).append(hours)
        late += [
            Late(of, clock, now - clock.due_at)
            for clock in clocks(of, now, rules)
            if clock.state == "overdue" and clock.due_at is not None
        ]
    opening = {act.to for act in rules.acts.values() if act.opens}
    return Overview(
        count=len(found),
        stages={
            stage: count
            for stage in rules.stages
            if (count := sum(of.stage == stage for of in found))
        },
        weeks=_weeks([of.opened_at for of in found], now),
        paces=tuple(
            Pace(stage, len(hours), median(hours), _nine_in_ten(hours))
            for stage, hours in took.items()
            if hours and stage not in opening
        ),
        late=tuple(sorted(late, key=lambda one: one.by, reverse=True)),
    )


def _reached(of: Proceeding) -> Iterable[tuple[str, float]]:
    """Rule 1."""
    start = as_moment(of.events[0].data.get("facts", {}).get(FOUND)) or of.opened_at
    seen: set[str] = set()
    for event in of.events:
        stage = event.data.get("stage")
        if stage is not None and stage not in seen:
            seen.add(stage)
            yield stage, max(0.0, (event.at - start).total_seconds() / 3600)


def _weeks(opened: list[datetime], now: datetime) -> tuple[tuple[datetime, int], ...]:
    counted = Counter((now - at) // timedelta(weeks=1) for at in opened)
    return tuple((now - timedelta(weeks=back + 1), counted[back]) for back in range(WEEKS))[::-1]


def _nine_in_ten(hours: list[float]) -> float:
    """The smallest of them that at least nine in ten do not exceed."""
    ranked = sorted(hours)
    return ranked[-(-9 * len(ranked) // 10) - 1]
