"""When what a person was stopped for calls for a measure: three in a row, five in a day.

It refuses to know who the person is, what was said, and what follows: `proceedings` takes steps.

Rules
1. A stop is a prompt refused or a reply halted. What was served in between ends a row.
2. A day is a day of the authority's time zone.
3. What has called for a measure does not call again: both counts begin anew.
4. The next step is the one above the last that was taken within the pack's memory, and the first
   where none was. A machine takes it where the step lets it and proposes it otherwise.
   law:cn-genai-2023/art14.2
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from licet.cases.days import local_day
from licet.rulebook.proceeding import LadderRules, LadderStep

Call = Literal["", "row", "day"]
"""What called for a measure: so many in a row, so many on a day; empty where nothing did."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Stops of one person: how many in a row, and how many on `day`."""

    in_a_row: int = 0
    day: date | None = None
    that_day: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken against the person, and when."""

    step: str
    at: datetime


def served(tally: Tally) -> Tally:
    """After something lawful: the row is over, the day is not."""
    return Tally(0, tally.day, tally.that_day)


def stopped(tally: Tally, at: datetime, zone: str, rules: LadderRules) -> tuple[Tally, Call]:
    """After a stop: the tally, and what of it calls for a measure."""
    today = local_day(at, zone)
    that_day = tally.that_day + 1 if tally.day == today else 1
    in_a_row = tally.in_a_row + 1
    if in_a_row >= rules.consecutive:
        return Tally(0, today, 0), "row"
    if that_day >= rules.per_day:
        return Tally(0, today, 0), "day"
    return Tally(in_a_row, today, that_day), ""


def counted(call: Call, rules: LadderRules) -> int:
    """How many stops called for a measure."""
    return rules.consecutive if call == "row" else rules.per_day


def next_step(taken: tuple[Taken, ...], now: datetime, rules: LadderRules) -> LadderStep:
    """The step that follows on those taken, overturned ones left out by the caller (rule 4)."""
    memory = timedelta(days=rules.memory_days)
    recent = [one.step for one in taken if now - one.at < memory]
    rank = max((rules.steps[step].rank for step in recent if step in rules.steps), default=0)
    ladder = tuple(rules.steps.values())
    return ladder[min(rank, len(ladder) - 1)]
