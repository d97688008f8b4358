"""From events to a proceeding, and from a proceeding at a moment to what happened by itself since.

It refuses to know who may do what: `decide` does, and what it decided is in the events.

Rules
1. `replay(events)` is the only way to a Proceeding; `apply` is its one step. No pack is needed.
2. A period that ends changes the stage at the moment it ends, whenever anybody looks: `due` says
   what fell due, as events dated at that moment, and asking twice says the same.
3. A fact that is None in an event is known no more; one that is not mentioned stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from licet.base.trouble import Corrupt
from licet.cases.model import SYSTEM, Event
from licet.cases.proceedings.model import Proceeding, ProceedingTimer

LAPSED = "lapsed"
_HEAD = "proceeding"


def replay(events: Iterable[Event]) -> Proceeding:
    """The proceeding that these events make. Raises Corrupt where they don't begin with its
    opening."""
    found: Proceeding | None = None
    for event in events:
        found = apply(found, event)
    if found is None:
        raise Corrupt("a proceeding without events.", hint="Restore its events from a backup.")
    return found


def apply(of: Proceeding | None, event: Event) -> Proceeding:
    """The proceeding after one more event. Raises Corrupt for an event that cannot follow."""
    if of is None:
        if _HEAD not in event.data:
            raise Corrupt(f"a proceeding begins with {event.kind!r}.", hint="Restore its first.")
        head = event.data[_HEAD]
        of = Proceeding(
            id=head["id"],
            kind=head["kind"],
            pack=head["pack"],
            parties=MappingProxyType(dict(head["parties"])),
            opened_at=event.at,
            stage=event.data["stage"],
        )
    elif _HEAD in event.data or event.at < of.events[-1].at:
        raise Corrupt(f"{of.id}: {event.kind!r} cannot follow.", hint="Restore the order.")
    stage = event.data.get("stage", of.stage)
    before = of.before if stage == of.stage else (*of.before, of.stage)
    return replace(
        of,
        stage=stage,
        before=before,
        facts=_facts(of.facts, event.data.get("facts", {})),
        timers=_timers(of.timers, event.data.get("timers", ())),
        events=(*of.events, event),
    )


def due(of: Proceeding, now: datetime) -> tuple[Event, ...]:
    """What has happened by itself up to `now` and stands in no event yet, oldest first."""
    events: list[Event] = []
    while fallen := _next(of, now):
        event = Event(
            kind=LAPSED,
            actor=SYSTEM,
            role=SYSTEM,
            at=max(fallen.at, of.events[-1].at),
            data={"clock": fallen.clock, "stage": fallen.to[of.stage]},
        )
        events.append(event)
        of = apply(of, event)
    return tuple(events)


def settled(of: Proceeding, now: datetime) -> Proceeding:
    """The proceeding as it stands at `now`."""
    for event in due(of, now):
        of = apply(of, event)
    return of


def as_of(of: Proceeding, moment: datetime) -> Proceeding | None:
    """The proceeding as it stood at a past moment; None before it was opened."""
    then = tuple(event for event in of.events if event.at <= moment)
    return settled(replay(then), moment) if then else None


def _next(of: Proceeding, now: datetime) -> ProceedingTimer | None:
    ended = [t for t in of.timers.values() if t.at <= now and of.stage in t.to]
    return min(ended, key=lambda timer: (timer.at, timer.clock)) if ended else None


def _facts(of: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    if not told:
        return of
    known = {**of, **told}
    return MappingProxyType({name: value for name, value in known.items() if value is not None})


def _timers(
    of: Mapping[str, ProceedingTimer], told: Iterable[Mapping[str, Any]]
) -> Mapping[str, ProceedingTimer]:
    new = {
        one["clock"]: ProceedingTimer(
            one["clock"], datetime.fromisoformat(one["at"]), MappingProxyType(dict(one["to"]))
        )
        for one in told
    }
    return MappingProxyType({**of, **new}) if new else of
