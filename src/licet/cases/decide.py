"""What follows when somebody wants to do something in a case: events, or a lawful "no".

    events = decide(case, Act("send_back", {...}), officer, now, procedure)

It refuses to know the names of acts and stages, storage, and the time of day.

Rules
1. `decide` is a function of its arguments: the same case, act, actor and moment give the same
   answer. It changes nothing; whoever calls it stores the events it returns, or the refusal.
2. What fell due before the act comes first among the events, dated when it fell due.
3. An act that is refused leaves no event of its own.
4. `possible` lists exactly the acts that `decide` would not refuse for who, when or where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from licet.cases.days import end, last_day, period
from licet.cases.deed import Deed, Outcome
from licet.cases.effects import EFFECTS, NEEDS
from licet.cases.fold import OPENED, apply, due
from licet.cases.model import Act, Actor, Case, Event, Fault, Refusal
from licet.cases.permits import out_of_place, refused
from licet.cases.statement import role_of
from licet.rulebook.procedure import ActRule, ClockRule, Procedure


def open_case(
    case_id: str, route: str, actor: Actor, now: datetime, procedure: Procedure
) -> tuple[Event, ...] | Refusal:
    """The first event of a case: a holder's staff begin an application on a route."""
    if route not in procedure.routes:
        return Refusal("no_such_route", OPENED, {"route": route})
    if actor.side != "provider":
        return Refusal("other_side", OPENED)
    role = next((r for r in procedure.parties if r in actor.roles), None)
    if role is None:
        return Refusal("not_your_role", OPENED, {"roles": ", ".join(procedure.parties)})
    data = {
        "case": case_id,
        "pack": f"{procedure.pack}@{procedure.version}",
        "route": route,
        "holder": actor.organisation,
        "moves": {"filing": procedure.first_filing, "licence": procedure.first_licence},
    }
    return (Event(OPENED, actor.account, role, now, data),)


def decide(
    case: Case, act: Act, actor: Actor, now: datetime, procedure: Procedure
) -> tuple[Event, ...] | Refusal:
    """The events that the act leads to, or why it does not."""
    rule = procedure.acts.get(act.id)
    if rule is None:
        return Refusal("no_such_act", act.id)
    now = max(now, case.events[-1].at)
    fallen = due(case, now)
    for event in fallen:
        case = apply(case, event)
    deed = Deed(case, rule, actor, now, procedure, act.data)
    refusal = refused(deed)
    if refusal is not None:
        return refusal
    data = _brought(deed)
    if isinstance(data, Refusal):
        return data
    return (*fallen, Event(act.id, actor.account, role_of(deed), now, data))


def possible(case: Case, actor: Actor, now: datetime, procedure: Procedure) -> tuple[ActRule, ...]:
    """The acts that are open to this actor now, in the order of the pack."""
    return tuple(d.rule for d in _deeds(case, actor, now, procedure) if refused(d) is None)


def barred(case: Case, actor: Actor, now: datetime, procedure: Procedure) -> tuple[Refusal, ...]:
    """Acts that fit the case but are not open to this actor now, each with its reason: a person
    who may not approve reads why, and is not left to look for a missing button."""
    fitting = (d for d in _deeds(case, actor, now, procedure) if out_of_place(d) is None)
    return tuple(no for deed in fitting if (no := refused(deed)) is not None)


def _deeds(case: Case, actor: Actor, now: datetime, procedure: Procedure) -> Iterator[Deed]:
    now = max(now, case.events[-1].at)
    for event in due(case, now):
        case = apply(case, event)
    for rule in procedure.acts.values():
        yield Deed(case, rule, actor, now, procedure, {})


def _brought(deed: Deed) -> dict[str, Any] | Refusal:
    """The data of the event: what every effect makes of what was brought, and the moves."""
    rule = deed.rule
    data: dict[str, Any] = {}
    faults: list[Fault] = [
        Fault(str(key), "not_asked")
        for key in deed.data
        if not any(key in NEEDS[effect] for effect in rule.effects)
    ]
    refusal: Outcome | None = None
    for effect in rule.effects:
        outcome = EFFECTS[effect](deed)
        faults += outcome.faults
        refusal = refusal or (outcome if outcome.refusal else None)
        data |= outcome.data
    if refusal is not None:
        return Refusal(refusal.refusal or "", rule.id, refusal.params, tuple(faults))
    if faults:
        return Refusal("bad_data", rule.id, {}, tuple(faults))
    if rule.to:
        data["moves"] = dict(rule.to)
    return _timed(deed, data)


def _timed(deed: Deed, data: dict[str, Any]) -> dict[str, Any]:
    """The data with a timer for every period that this act starts and that ends by itself."""
    timers = [
        _timer(deed, clock)
        for clock in deed.procedure.clocks.values()
        if clock.expiry
        and deed.rule.id in clock.starts
        and (not clock.routes or deed.case.route in clock.routes)
    ]
    if timers:
        data["timers"] = timers
    grant: Mapping[str, Any] | None = data.get("grant")
    for timer in timers:
        if grant is not None and timer["track"] == "licence":
            last = last_day(datetime.fromisoformat(timer["at"]), deed.procedure.time_zone)
            data["grant"] = {**grant, "until": last.isoformat()}
    return data


def _timer(deed: Deed, clock: ClockRule) -> dict[str, Any]:
    """A period that still runs is lengthened from its end; else it begins today."""
    expiry = clock.expiry
    assert expiry is not None
    zone, running = deed.procedure.time_zone, deed.case.timers.get(clock.id)
    start = deed.today
    if running is not None:
        start = max(start, last_day(running.at, zone))
    last = period(deed.procedure.calendar, start, clock.length, clock.kind, rolls=False)
    return {
        "clock": clock.id,
        "at": end(last.day, zone).isoformat(),
        "track": expiry.track,
        "stages": list(expiry.at),
        "to": expiry.to,
        "waits": list(expiry.waits),
        "rounds": list(expiry.rounds),
    }
