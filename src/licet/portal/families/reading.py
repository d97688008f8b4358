"""What holds for a child, as pages show it: the gateway's answer in the reader's words.

It refuses to know HTTP, and to decide anything.

Rules
1. What the gateway says is shown; where it gives no answer, that is shown, and nothing guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from licet.base.trouble import Unavailable
from licet.minors.settings import NO_SETTINGS, Quiet, Settings
from licet.minors.spending import FEN
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.families import gateway
from licet.portal.families.models import Child, Notice
from licet.portal.families.service import rules
from licet.rulebook.minors import Hours, Profile

SHOWN_NOTICES = 8
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class State:
    """What the gateway says of a person, field for field."""

    standing: str
    allowed: bool
    profile: str = ""
    why: str = "open"
    seconds_left: int | None = None
    next: datetime | None = None
    can_ask: bool = False
    reminders: Mapping[str, int] = field(default_factory=dict)
    features_off: tuple[str, ...] = ()
    band: str = ""
    under: int | None = None
    linked: bool = False
    settings: Settings = NO_SETTINGS
    used_min: int = 0
    total_min: int | None = None
    spent_fen: int = 0

    @property
    def limited(self) -> bool:
        """Whether limits hold for this person at all."""
        return bool(self.band)

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes, as whoever plans wants them."""
        return None if self.seconds_left is None else self.seconds_left // 60

    @property
    def rule(self) -> Profile:
        """The profile that the service is under."""
        return rules().profiles[self.profile]


def state_of(child: Child, deed: str = "status") -> State | None:
    """What holds; None where the gateway gives no answer. `deed` may be `heartbeat`: that counts
    as use."""
    try:
        said = gateway.ask(deed, user=child.reference)
        if deed == "heartbeat" and said.ok:
            said = gateway.ask("status", user=child.reference)
        return msgspec.convert(said.body, State, str_keys=True) if said.ok else None
    except (Unavailable, msgspec.ValidationError):
        return None


def summary(state: State | None) -> str:
    """One sentence: how things stand now."""
    if state is None:
        return word("family-now.silent")
    if not state.limited:
        return word("family-now.unlimited")
    if not state.allowed:
        return word(f"family-why.{state.why}")
    if state.minutes_left is None:
        return word("family-now.open")
    if state.minutes_left < 2:
        return word("family-now.last" if state.minutes_left else "family-now.nearly")
    return word("family-now.left", minutes=state.minutes_left)


def again(state: State | None) -> str:
    """When use may begin again; empty where nobody knows."""
    if state is None or state.next is None:
        return ""
    return word("family-now.again", when=clock(state.next))


def clock(moment: datetime) -> str:
    """`20:00`, with the day where it is another one."""
    local = moment.astimezone(_zone())
    shown = f"{local:%H:%M}"
    return f"{word('family-day.' + WEEK[local.weekday()])} {shown}"


def limits(state: State) -> Iterator[tuple[str, str]]:
    """Every limit that holds: its name, and what it is."""
    settings, rule = state.settings, state.rule
    for label, minutes in _totals(state):
        yield word("family-limit.total", days=label), minutes
    if rule.window is not None:
        yield word("family-limit.window"), span(rule.window.hours)
    if rule.curfew is not None and not settings.curfew_off:
        yield word("family-limit.night"), span(rule.curfew)
    for quiet in settings.quiet:
        yield word("family-limit.quiet", days=days_of(quiet)), span(quiet.hours)
    comma = word("family-limit.comma")
    off = [rules().features[name].name[current().code] for name in sorted(state.features_off)]
    yield word("family-limit.off"), comma.join(off) or word("family-limit.nothing")
    caps = rules().spending[state.band]
    month = caps.month_yuan if settings.month_yuan is None else settings.month_yuan
    paid = word("family-limit.paid", spent=yuan(state.spent_fen), cap=min(month, caps.month_yuan))
    yield word("family-limit.spending"), paid


def yuan(fen: int) -> str:
    """`12.50`, or `12` where nothing is behind the point."""
    return f"{fen // FEN}" if fen % FEN == 0 else f"{fen / FEN:.2f}"


def span(hours: Hours) -> str:
    """`22:00–06:00`."""
    return f"{time_of(hours.start_min)}–{time_of(hours.end_min)}"


def time_of(minute: int) -> str:
    """`22:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def days_of(quiet: Quiet) -> str:
    """The days of quiet hours in words."""
    for name, days in DAY_SETS.items():
        if quiet.days == days:
            return word(f"family-days.{name}")
    return word("family-limit.comma").join(
        word(f"family-day.{WEEK[d]}") for d in sorted(quiet.days)
    )


DAY_SETS = {
    "every": frozenset(range(7)),
    "school": frozenset((6, 0, 1, 2, 3)),
    "work": frozenset(range(5)),
    "weekend": frozenset((5, 6)),
}
"""Sets of days by a name: `school` are the evenings before a day of school."""


def _totals(state: State) -> Iterator[tuple[str, str]]:
    """Totals by day of the week, days of one total together in their order."""
    pack_min = state.rule.daily_min.get(state.band)
    totals = [state.settings.daily_min.get(day, pack_min) for day in range(7)]
    begin = 0
    for day in range(1, 8):
        if day < 7 and totals[day] == totals[begin]:
            continue
        first, last = (word(f"family-day.{WEEK[d]}") for d in (begin, day - 1))
        label = first if begin == day - 1 else word("family-days.upto", first=first, last=last)
        if begin == 0 and day == 7:
            label = word("family-days.every")
        minutes = totals[begin]
        none = word("family-limit.no-total")
        yield label, none if minutes is None else word("family-limit.minutes", minutes=minutes)
        begin = day


def notices(rows: Any, side: str) -> list[dict[str, Any]]:
    """The newest of what somebody was told, in words."""
    return [
        {"at": one.at, "text": one.text, "what": _told(one, side)}
        for one in rows.order_by("-id")[:SHOWN_NOTICES]
    ]


def _told(one: Notice, side: str) -> str:
    if side == "guardian":
        return word(f"family-told-guardian.{one.kind}", about=one.about)
    return word(f"family-told-child.{one.kind}", about=one.about)


def help_lines() -> tuple[str, list[tuple[str, str]]]:
    """The pack's words of help, and the numbers to call."""
    crisis, lang = rules().crisis, current().code
    return crisis.help[lang], [(line.name[lang], line.number) for line in crisis.lines.values()]


def _zone() -> ZoneInfo:
    return ZoneInfo(rules().time_zone)
