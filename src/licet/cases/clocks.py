"""Clocks: who is bound to do what until when, reckoned from what happened and never scheduled.

It refuses to know how a clock is shown and who is reminded of it.

Rules
1. A clock is a function of the case's events, the pack and `now`; nothing about it is stored, so
   nothing about it can be forgotten or set back.
2. Days are counted as `counting` says; while the matter is with the other side the clock rests.
3. The last of several starting acts in the matter starts the clock, so a matter that is filed
   again is counted again where the pack says so, and rests where the pack says that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from licet.cases.counting import Count, Rest
from licet.cases.days import end, is_presumed, is_worked, last_day, local_day
from licet.cases.deed import matter, moves
from licet.cases.fold import settled
from licet.cases.forms import as_date
from licet.cases.model import Case, Event
from licet.rulebook.procedure import ClockRule, Procedure, Side

ClockState = Literal["running", "resting", "met", "met_late", "overdue"]


@dataclass(frozen=True, slots=True)
class Clock:
    """One period of a case as it stands at a moment.

    `due`: the last day, None while it rests. `left`: days that remain, negative once overdue.
    `presumed`: a day in it belongs to a year whose calendar is not known yet.
    """

    rule: ClockRule
    bearer: Side
    started: date
    state: ClockState
    due: date | None
    due_at: datetime | None
    left: int
    presumed: bool


def clocks(case: Case, now: datetime, procedure: Procedure) -> tuple[Clock, ...]:
    """Every clock that has started in the matters under way, in the order of the pack."""
    case = settled(case, now)
    found = (
        _clock(case, rule, now, procedure)
        for rule in procedure.clocks.values()
        if not rule.routes or case.route in rule.routes
    )
    return tuple(clock for clock in found if clock is not None)


def most_urgent(of: tuple[Clock, ...], bearer: Side) -> Clock | None:
    """The clock of one side that is due first, overdue ones before all; None without any."""
    open_ = [c for c in of if c.bearer == bearer and c.due and c.state in ("running", "overdue")]
    return min(open_, key=lambda clock: (clock.due or date.max, clock.rule.id), default=None)


def _clock(case: Case, rule: ClockRule, now: datetime, procedure: Procedure) -> Clock | None:
    if rule.expiry is not None:
        return _timer(case, rule, now, procedure)
    events = matter(case, "filing")
    started = _started(case, rule, events, procedure)
    if started is None:
        return None
    start, place = started
    stopped = next((e for e in events[place:] if e.kind in rule.stops), None)
    allowed = rule.length + sum(
        int(e.data["extension"]["length"])
        for e in events
        if e.data.get("extension", {}).get("clock") == rule.id
    )
    zone = procedure.time_zone
    until = local_day(stopped.at if stopped else now, zone)
    resting = _resting(rule, events[place:], now)
    paused = next((local_day(since, zone) for since, over in resting if over is None), None)
    count = Count(rule.kind == "working", procedure.calendar, zone)
    due, presumed = count.due(start, allowed, resting, paused)
    left = allowed - count.spent(start, until, resting)
    if stopped is not None:
        state: ClockState = "met_late" if due is not None and until > due else "met"
    elif due is not None and until > due:
        state = "overdue"
    else:
        state = "resting" if paused else "running"
    return Clock(
        rule=rule,
        bearer=rule.bearer,
        started=start,
        state=state,
        due=due,
        due_at=end(due, zone) if due else None,
        left=left,
        presumed=presumed,
    )


def _started(
    case: Case, rule: ClockRule, events: tuple[Event, ...], procedure: Procedure
) -> tuple[date, int] | None:
    """The day on which the clock started, and where among the events of the matter."""
    if rule.since is not None:
        version = case.filed or case.in_force
        day = as_date((version.answers if version else case.draft).get(rule.since))
        return (day, 0) if day else None
    for place in range(len(events) - 1, -1, -1):
        if events[place].kind in rule.starts:
            day = as_date(events[place].data.get("date")) if rule.dated else None
            return day or local_day(events[place].at, procedure.time_zone), place
    return None


def _resting(rule: ClockRule, events: tuple[Event, ...], now: datetime) -> tuple[Rest, ...]:
    """When the clock rested: from entering a stage of rest to leaving it, or up to now."""
    rests: list[Rest] = []
    since: datetime | None = None
    for event in events:
        stage = moves(event).get("filing")
        if stage is None or event.at > now:
            continue
        if since is None and stage in rule.rests:
            since = event.at
        elif since is not None and stage not in rule.rests:
            rests.append((since, event.at))
            since = None
    return (*rests, (since, None)) if since is not None else tuple(rests)


def _timer(case: Case, rule: ClockRule, now: datetime, procedure: Procedure) -> Clock | None:
    """A period that ends by itself, as the act that started it recorded it."""
    timer = case.timers.get(rule.id)
    if timer is None or case.stage(timer.track) not in timer.stages:
        return None
    zone = procedure.time_zone
    due, today = last_day(timer.at, zone), local_day(now, zone)
    started = max((e.at for e in case.events if e.kind in rule.starts), default=case.opened_at)
    left = (due - today).days
    if rule.kind == "working":
        days = (today + timedelta(n) for n in range(1, left + 1))
        left = sum(is_worked(procedure.calendar, day) for day in days)
    return Clock(
        rule=rule,
        bearer=rule.bearer,
        started=local_day(started, zone),
        state="running",
        due=due,
        due_at=timer.at,
        left=left,
        presumed=rule.kind == "working" and is_presumed(procedure.calendar, due),
    )
