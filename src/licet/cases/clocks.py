"""Clocks: who is bound to do what until when, reckoned from what happened and never scheduled.

It refuses to know how a clock is shown and who is reminded of it.

Rules
1. A clock is a function of the case's events, the pack and `now`; nothing about it is stored, so
   nothing about it can be forgotten or set back.
2. A day counts if the clock was running when that day began and, of working days, if it is
   worked. So neither the day on which a period starts nor the one on which it goes on counts, and
   the day on which it stops does.
3. While the matter is with the other side the clock rests: it has days left and no last day.
4. The last of several starting acts in the matter starts the clock, so a matter that is filed
   again is counted again where the pack says so, and rests where the pack says that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from licet.cases.days import (
    beginning,
    end,
    is_presumed,
    is_worked,
    last_day,
    local_day,
    period,
)
from licet.cases.deed import matter, moves
from licet.cases.fold import settled
from licet.cases.forms import as_date
from licet.cases.model import Case, Event
from licet.rulebook.procedure import ClockRule, Procedure, Side

ClockState = Literal["running", "resting", "met", "met_late", "overdue"]

_DAY = timedelta(days=1)


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
    due, presumed = _due(_walk(rule, start, allowed, procedure, resting), allowed, paused)
    left = allowed - _spent(rule, start, until, procedure, resting)
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


Rest = tuple[datetime, datetime | None]


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


def _rests(resting: tuple[Rest, ...], now: datetime) -> bool:
    return any(since <= now and (until is None or now < until) for since, until in resting)


def _counts(rule: ClockRule, day: date, procedure: Procedure, resting: tuple[Rest, ...]) -> bool:
    """Rule 2, for a day after the start."""
    if rule.kind == "working" and not is_worked(procedure.calendar, day):
        return False
    return not _rests(resting, beginning(day, procedure.time_zone))


def _walk(
    rule: ClockRule,
    start: date,
    allowed: int,
    procedure: Procedure,
    resting: tuple[Rest, ...],
) -> Iterator[tuple[date, int, bool]]:
    """Day by day: the day, how many days are spent at its end, whether any was presumed."""
    day, spent, presumed = start, 0, False
    closed = tuple((since, until) for since, until in resting if until is not None)
    while spent < allowed:
        day += _DAY
        presumed |= rule.kind == "working" and is_presumed(procedure.calendar, day)
        spent += _counts(rule, day, procedure, closed)
        if spent == allowed and rule.kind == "calendar":
            last = period(procedure.calendar, day, 0, "calendar", rolls=True)
            day, presumed = last.day, presumed or last.presumed
        yield day, spent, presumed


def _due(
    walk: Iterator[tuple[date, int, bool]], allowed: int, paused: date | None
) -> tuple[date | None, bool]:
    """The last day, or None where the clock rests since `paused` and had not come to it."""
    for day, spent, presumed in walk:
        if paused is not None and day > paused:
            return None, False
        if spent == allowed:
            return day, presumed
    return None, False


def _spent(
    rule: ClockRule, start: date, until: date, procedure: Procedure, resting: tuple[Rest, ...]
) -> int:
    """Days that counted after `start`, up to and including `until`."""
    days = (start + timedelta(n) for n in range(1, (until - start).days + 1))
    return sum(_counts(rule, day, procedure, resting) for day in days)


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
