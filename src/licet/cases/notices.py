"""Whom an event is told to, and which periods are near their end: nobody has to look for either.

It refuses to know how somebody is told.

Rules
1. What one side does is told to the other, unless it stays with whoever did it: a draft that is
   saved, a finding that is noted. What happens by itself is told to both.
2. Whoever is bound by a period that runs is told once, so many of its own days before it ends: as
   many as its row says, else as the pack says for all.
   Of a period that is not longer than that, its beginning was the notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from licet.cases.clocks import Clock, clocks
from licet.cases.days import beginning, is_worked
from licet.cases.deed import moves
from licet.cases.model import SYSTEM, Case, Event
from licet.rulebook.procedure import Procedure, Side

BOTH: tuple[Side, ...] = ("provider", "authority")
_TOLD = frozenset({"statement", "requests", "hearing", "extension", "text", "date", "flag"})
"""Keys of an event's data that the other side has to know of."""


@dataclass(frozen=True, slots=True)
class Near:
    """A period whose bearer is told from `since` on that it ends."""

    clock: Clock
    since: datetime


def told_to(event: Event, procedure: Procedure) -> tuple[Side, ...]:
    """The sides that are told of an event (rule 1)."""
    if event.actor == SYSTEM:
        return BOTH
    rule = procedure.acts.get(event.kind)
    if rule is None or not _matters(event, procedure):
        return ()
    return ("provider",) if rule.side == "authority" else ("authority",)


def _matters(event: Event, procedure: Procedure) -> bool:
    """Whether the event reaches the other side. A draft that is opened or kept does not."""
    if "round" in event.data:
        return False
    return bool(moves(event)) or bool(_TOLD & event.data.keys())


def nearing(case: Case, now: datetime, procedure: Procedure) -> tuple[Near, ...]:
    """The periods that run, each with the moment from which its bearer is told (rule 2)."""
    found = []
    for clock in clocks(case, now, procedure):
        since = _near_from(clock, procedure)
        if clock.state == "running" and since is not None:
            found.append(Near(clock, beginning(since, procedure.time_zone)))
    return tuple(found)


def _near_from(clock: Clock, procedure: Procedure) -> date | None:
    """The day on which so many of the period's days are left; None where it has no more."""
    days = clock.rule.near_days or procedure.near_days
    if days is None:
        return None
    day, left = clock.due, 0
    while day is not None and left < days:
        if day <= clock.started:
            return None
        left += clock.rule.kind != "working" or is_worked(procedure.calendar, day)
        day -= timedelta(days=1)
    return day if day is not None and day > clock.started else None
