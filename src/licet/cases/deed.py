"""One act about to be done: the case, the rule, who, when, and what they bring.

It refuses to know which acts there are and whether this one is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from licet.cases.days import Due, local_day, period
from licet.cases.model import Actor, Case, Data, Event, Fault
from licet.rulebook.procedure import ActRule, ClockRule, Form, PeriodKind, Procedure, Track


@dataclass(frozen=True, slots=True)
class Deed:
    """`case` is settled at `now`."""

    case: Case
    rule: ActRule
    actor: Actor
    now: datetime
    procedure: Procedure
    data: Data

    @property
    def today(self) -> date:
        return local_day(self.now, self.procedure.time_zone)

    @property
    def form(self) -> Form:
        return self.procedure.form_of(self.case.route)

    def clock(self) -> ClockRule:
        """The clock that the rule names; `check_procedure` saw that there is one."""
        return self.procedure.clocks[self.rule.clock or ""]

    def period(self, length: int, kind: PeriodKind) -> Due:
        """The last day of a period that begins now and ends on a worked day."""
        return period(self.procedure.calendar, self.today, length, kind, rolls=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect makes of a deed: data for the event, or faults, or a lawful "no"."""

    data: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    refusal: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def matter(case: Case, *tracks: Track) -> tuple[Event, ...]:
    """The events of the matters under way: of a filing since its round was opened, of a licence
    since it last changed its stage, that change included."""
    begun = min(_begun(case, track) for track in tracks)
    return case.events[begun:]


def _begun(case: Case, track: Track) -> int:
    begun = 0
    for place, event in enumerate(case.events):
        if "round" in event.data if track == "filing" else track in moves(event):
            begun = place
    return begun


def moves(event: Event) -> Mapping[str, str]:
    """Where the event took each track."""
    found: Mapping[str, str] = event.data.get("moves", {})
    return found


def tracks(rule: ActRule) -> tuple[Track, ...]:
    """The tracks that an act is about: those it moves, else those it stands on, else both."""
    return tuple(rule.to) or tuple(rule.at) or ("filing", "licence")
