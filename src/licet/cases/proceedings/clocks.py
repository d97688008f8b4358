"""The clocks of a proceeding: who is bound to do what until when, reckoned from what happened.

It refuses to know how a clock is shown and who is reminded of it.

Rules
1. A clock is a function of the events, the pack and `now`; nothing about it is stored.
2. A clock that runs `since` a moment that people state runs from the earliest ever stated: a later
   statement can't set it back.
3. Hours and minutes run on at night; days are counted as `counting` says, and a period that ends
   by itself ends on its day, worked or not. In a stage of `rests` a clock stands still, and has no
   last moment while it does.
4. A clock whose `when` is not known to be met does not run: no grade, no hour of it. Once it is
   known, it has run all along.
5. A last moment that people state (`until`) may come before the end of `length`, never after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from licet.cases.clocks import ClockState
from licet.cases.counting import Count, Rest
from licet.cases.days import end, local_day, period
from licet.cases.forms import as_date, as_moment
from licet.cases.model import Event
from licet.cases.proceedings.fold import settled
from licet.cases.proceedings.model import Proceeding
from licet.rulebook.procedure import PeriodKind
from licet.rulebook.proceeding import Desk, ProceedingClock, ProceedingRules

_SECONDS = {"minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class RunningClock:
    """One period of a proceeding as it stands at a moment.

    `due_at`: the first moment after it, None while it rests. `presumed`: a day in it belongs to a
    year whose calendar is not known yet.
    """

    rule: ProceedingClock
    started_at: datetime
    state: ClockState
    due_at: datetime | None
    presumed: bool

    @property
    def bearer(self) -> Desk:
        return self.rule.bearer


def clocks(of: Proceeding, now: datetime, rules: ProceedingRules) -> tuple[RunningClock, ...]:
    """Every clock that has started, in the order of the pack."""
    of = settled(of, now)
    found = (_clock(of, rule, now, rules) for rule in rules.clocks.values())
    return tuple(clock for clock in found if clock is not None)


def most_urgent(of: tuple[RunningClock, ...], bearer: Desk) -> RunningClock | None:
    """The clock of one side that is due first, overdue ones before all; None without any."""
    open_ = [c for c in of if c.bearer == bearer and c.state in ("running", "overdue")]
    return min(open_, key=lambda clock: (str(clock.due_at), clock.rule.id), default=None)


def ends_at(
    rule: ProceedingClock, start: datetime, rules: ProceedingRules, facts: Mapping[str, Any]
) -> datetime:
    """The first moment after a period that begins at `start` and never rests (rule 5)."""
    last, _ = _due(rule, start, (), rules)
    assert last is not None
    return _bounded(rule, last, rules, facts)


def _clock(
    of: Proceeding, rule: ProceedingClock, now: datetime, rules: ProceedingRules
) -> RunningClock | None:
    if not all(_said(of.facts.get(name)) in answers for name, answers in rule.when.items()):
        return None
    starts = [n for n, event in enumerate(of.events) if event.kind in rule.starts]
    if not starts:
        return None
    place = starts[-1]
    start = _since(rule, of.events) or of.events[place].at
    after = of.events[place:]
    stopped = next((event.at for event in after if event.kind in rule.stops), None)
    if stopped is None and rule.expires:
        stopped = _left(rule, after)
    rests = _rests(rule, after)
    due_at, presumed = _due(rule, start, rests, rules)
    if due_at is not None:
        due_at = _bounded(rule, due_at, rules, of.facts)
    until = stopped or now
    late = due_at is not None and until >= due_at
    if stopped is not None:
        state: ClockState = "met_late" if late and not rule.expires else "met"
    elif late:
        state = "overdue"
    else:
        state = "running" if due_at else "resting"
    return RunningClock(rule, start, state, due_at, presumed)


def _since(rule: ProceedingClock, events: tuple[Event, ...]) -> datetime | None:
    """Rule 2."""
    if rule.since is None:
        return None
    told = (as_moment(event.data.get("facts", {}).get(rule.since)) for event in events)
    return min((moment for moment in told if moment is not None), default=None)


def _left(rule: ProceedingClock, after: tuple[Event, ...]) -> datetime | None:
    """When a stage that the clock would have ended was left, by itself or by an act."""
    inside = False
    for event in after:
        stage = event.data.get("stage")
        if stage is not None and inside and stage not in rule.expires:
            return event.at
        inside |= stage in rule.expires
    return None


def _rests(rule: ProceedingClock, after: tuple[Event, ...]) -> tuple[Rest, ...]:
    """When the clock rested: from entering a stage of rest to leaving it, or up to now."""
    rests: list[Rest] = []
    since: datetime | None = None
    for event in after:
        stage = event.data.get("stage")
        if stage is None:
            continue
        if since is None and stage in rule.rests:
            since = event.at
        elif since is not None and stage not in rule.rests:
            rests.append((since, event.at))
            since = None
    return (*rests, (since, None)) if since is not None else tuple(rests)


def _due(
    rule: ProceedingClock, start: datetime, rests: tuple[Rest, ...], rules: ProceedingRules
) -> tuple[datetime | None, bool]:
    """The first moment after the period, and whether a day in it was presumed."""
    paused = next((since for since, over in rests if over is None), None)
    if rule.unit in _SECONDS:
        length = timedelta(seconds=rule.length * _SECONDS[rule.unit])
        rested = sum((over - since for since, over in rests if over), timedelta())
        last = start + length + rested
        return (last if paused is None or last <= paused else None), False
    first = local_day(start, rules.time_zone)
    if rule.expires:
        kind: PeriodKind = "working" if rule.unit == "working" else "calendar"
        found = period(rules.calendar, first, rule.length, kind, rolls=False)
        return end(found.day, rules.time_zone), found.presumed
    count = Count(rule.unit == "working", rules.calendar, rules.time_zone)
    day, presumed = count.due(
        first,
        rule.length,
        rests,
        local_day(paused, rules.time_zone) if paused else None,
    )
    return (end(day, rules.time_zone) if day else None), presumed


def _bounded(
    rule: ProceedingClock, last: datetime, rules: ProceedingRules, facts: Mapping[str, Any]
) -> datetime:
    told = facts.get(rule.until or "")
    day = as_date(told)
    moment = end(day, rules.time_zone) if day else as_moment(told)
    return min(last, moment) if moment else last


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
