"""From events to a case, and from a case at a moment to what has happened by itself since.

It refuses to know who may do what: `decide` does, and what it decided is in the events.

Rules
1. `replay(events)` is the only way to a Case; `apply` is its one step. No pack is needed.
2. A period that ends changes the stage at the moment it ends, whenever anybody looks: `due` says
   what fell due, as events dated at that moment, and asking twice says the same.
3. What an event does not mention stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import Corrupt
from licet.cases.model import (
    SYSTEM,
    Case,
    Event,
    Flag,
    Grant,
    Hearing,
    Round,
    Timer,
    Version,
)

OPENED = "opened"


def replay(events: Iterable[Event]) -> Case:
    """The case that these events make. Raises Corrupt where they don't begin with its opening."""
    case: Case | None = None
    for event in events:
        case = apply(case, event)
    if case is None:
        raise Corrupt("a case without events.", hint="Restore its events from the ledger's copy.")
    return case


def apply(case: Case | None, event: Event) -> Case:
    """The case after one more event. Raises Corrupt for an event that cannot follow."""
    if case is None:
        if event.kind != OPENED:
            raise Corrupt(f"a case begins with {event.kind!r}.", hint="Restore its first event.")
        return _opened(event)
    if event.kind == OPENED or event.at < case.events[-1].at:
        raise Corrupt(f"{case.id}: {event.kind!r} cannot follow.", hint="Restore the order.")
    for key, change in _CHANGES.items():
        if key in event.data:
            case = change(case, event, event.data[key])
    return replace(case, events=(*case.events, event))


def due(case: Case, now: datetime) -> tuple[Event, ...]:
    """What has happened by itself up to `now` and stands in no event yet, oldest first."""
    events: list[Event] = []
    while fallen := _next(case, now):
        event = Event(
            kind="lapsed",
            actor=SYSTEM,
            role=SYSTEM,
            at=max(fallen.at, case.events[-1].at),
            data={"clock": fallen.clock, "moves": {fallen.track: fallen.to}},
        )
        events.append(event)
        case = apply(case, event)
    return tuple(events)


def settled(case: Case, now: datetime) -> Case:
    """The case as it stands at `now`."""
    for event in due(case, now):
        case = apply(case, event)
    return case


def as_of(case: Case, moment: datetime) -> Case | None:
    """The case as it stood at a past moment; None before it was opened."""
    then = tuple(event for event in case.events if event.at <= moment)
    return settled(replay(then), moment) if then else None


def digest(answers: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form of answers."""
    return sha256_hex(canonical_json(dict(answers)))


def _next(case: Case, now: datetime) -> Timer | None:
    ended = [
        timer
        for timer in case.timers.values()
        if timer.at <= now and case.stage(timer.track) in timer.stages and not _waits(case, timer)
    ]
    return min(ended, key=lambda timer: (timer.at, timer.clock)) if ended else None


def _waits(case: Case, timer: Timer) -> bool:
    return case.round.kind in timer.rounds and case.filing in timer.waits


def _opened(event: Event) -> Case:
    data = event.data
    return Case(
        id=data["case"],
        pack=data["pack"],
        route=data["route"],
        holder=data["holder"],
        opened_at=event.at,
        filing=data["moves"]["filing"],
        licence=data["moves"]["licence"],
        round=Round(1, "application"),
        draft=MappingProxyType({}),
        events=(event,),
    )


def _moves(case: Case, _: Event, moves: Mapping[str, str]) -> Case:
    filing, licence = moves.get("filing", case.filing), moves.get("licence", case.licence)
    # A timer whose stage was left has no more to say, even if the stage comes again.
    kept = {
        name: timer
        for name, timer in case.timers.items()
        if {"filing": filing, "licence": licence}[timer.track] in timer.stages
    }
    return replace(case, filing=filing, licence=licence, timers=MappingProxyType(kept))


def _timers(case: Case, _: Event, timers: Iterable[Mapping[str, Any]]) -> Case:
    new = {
        one["clock"]: Timer(
            clock=one["clock"],
            at=datetime.fromisoformat(one["at"]),
            track=one["track"],
            stages=tuple(one["stages"]),
            to=one["to"],
            waits=tuple(one.get("waits", ())),
            rounds=tuple(one.get("rounds", ())),
        )
        for one in timers
    }
    return replace(case, timers=MappingProxyType({**case.timers, **new}))


def _round(case: Case, _: Event, found: Mapping[str, Any]) -> Case:
    opened = Round(found["number"], found["kind"])
    if opened == case.round:
        return case
    return replace(case, round=opened, findings=MappingProxyType({}), requests=())


def _answers(case: Case, _: Event, answers: Mapping[str, Any]) -> Case:
    return replace(case, draft=MappingProxyType(dict(answers)))


def _version(case: Case, event: Event, found: Mapping[str, Any]) -> Case:
    version = Version(found["number"], case.draft, found["sha256"], event.at)
    if version.number != len(case.versions) + 1 or digest(case.draft) != version.sha256:
        raise Corrupt(f"{case.id}: version {version.number} is not what was filed.")
    return replace(case, versions=(*case.versions, version))


def _requests(case: Case, _: Event, requests: Iterable[Mapping[str, str]]) -> Case:
    return replace(case, requests=tuple(requests))


def _findings(case: Case, _: Event, found: Mapping[str, Mapping[str, str]]) -> Case:
    return replace(case, findings=MappingProxyType({**case.findings, **found}))


def _grant(case: Case, event: Event, found: Mapping[str, Any]) -> Case:
    grant = Grant(
        number=found["number"],
        version=found["version"],
        conditions=tuple(found["conditions"]),
        granted_at=case.grant.granted_at if case.grant else event.at,
        until=date.fromisoformat(found["until"]) if found["until"] else None,
    )
    return replace(case, grant=grant)


def _hearing(case: Case, event: Event, found: Mapping[str, Any] | None) -> Case:
    if found is None:
        return replace(case, hearing=None)
    if case.hearing is None:
        opened = Hearing(
            act=found["act"],
            invited_at=event.at,
            until=date.fromisoformat(found["until"]),
            statement=found["statement"],
        )
        return replace(case, hearing=opened)
    return replace(
        case,
        hearing=replace(
            case.hearing,
            responses=(*case.hearing.responses, *found.get("responses", ())),
            asked=case.hearing.asked or found.get("asked", False),
            waived=case.hearing.waived or found.get("waived", False),
            held=case.hearing.held or found.get("held", False),
        ),
    )


def _statement(case: Case, _: Event, statement: Mapping[str, Any]) -> Case:
    return replace(case, statements=(*case.statements, statement))


def _flag(case: Case, event: Event, found: Mapping[str, Any]) -> Case:
    others = tuple(flag for flag in case.flags if flag.upstream != found["upstream"])
    if found["stands"]:
        return replace(case, flags=others)
    return replace(case, flags=(*others, Flag(found["upstream"], found["stage"], event.at)))


_CHANGES: Mapping[str, Callable[[Case, Event, Any], Case]] = {
    "round": _round,
    "answers": _answers,
    "version": _version,
    "requests": _requests,
    "findings": _findings,
    "hearing": _hearing,
    "statement": _statement,
    "grant": _grant,
    "moves": _moves,
    "timers": _timers,
    "flag": _flag,
}
"""What each key of an event's data changes, in the order in which they are applied."""
