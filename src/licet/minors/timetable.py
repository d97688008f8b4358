"""When a child may use a service, day by day, and for how long: the law and its guardian in one.

It refuses to know what has been used.

Rules
1. Open is what lies in the profile's window, outside its curfew and outside a guardian's quiet
   hours; and, where the profile lets a guardian loosen hours, what more time was given for.
2. A guardian's total replaces the pack's where the profile lets it be loosened, else the smaller
   of both holds.
3. A day off of the calendar is a holiday. A year that the calendar does not hold has none.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from licet.minors.settings import Settings
from licet.minors.zone import MINUTE_MS, Zone
from licet.rulebook.minors import Band, Hours, MinorsRules, Profile, Weekday, Window
from licet.rulebook.workdays import Calendar

Closed = Literal["window", "quiet_hours", "curfew"]
Span = tuple[int, int]

_MIDNIGHT = 1440
_WEEK: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
)  # fmt: skip
_DAYS_KEPT = 16


class Timetable:
    """Open hours and totals by day. It keeps what it worked out; it is never changed."""

    def __init__(
        self, rules: MinorsRules, profile: Profile, band: Band, settings: Settings, zone: Zone
    ) -> None:
        self.rules = rules
        self.profile = profile
        self.settings = settings
        self.zone = zone
        self._pack_min = profile.daily_min.get(band.id)
        self._curfew = profile.curfew
        if settings.curfew_off and "curfew" in profile.guardian:
            self._curfew = None
        may_open = "curfew" in profile.guardian
        self._extras = settings.extras if may_open and "daily" in profile.guardian else ()
        self._spans: dict[int, tuple[Span, ...]] = {}

    def spans(self, day: int) -> tuple[Span, ...]:
        """The open hours of a day: moments from and up to, in order, apart from each other."""
        found = self._spans.get(day)
        if found is None:
            if len(self._spans) >= _DAYS_KEPT:
                self._spans.clear()
            found = self._spans[day] = self._open(day)
        return found

    def total_ms(self, day: int) -> int | None:
        """How long the service may be used on a day; None where there is no total."""
        minutes = self._pack_min
        own = self.settings.daily_min.get((day - 1) % 7)  # the ordinal 1 was a Monday
        if own is not None:
            loosens = minutes is None or "daily" in self.profile.guardian
            minutes = own if loosens or minutes is None else min(own, minutes)
        if minutes is None:
            return None
        start, end = self.zone.start_ms(day), self.zone.start_ms(day + 1)
        more = sum(e.more_ms for e in self._extras if start <= e.start_ms < end)
        return minutes * MINUTE_MS + more

    def closed(self, at_ms: int) -> Closed | None:
        """Why a moment is closed, None if it is open."""
        day = self.zone.day(at_ms)
        if any(start <= at_ms < end for start, end in self.spans(day)):
            return None
        window = self.profile.window
        if window is not None and not _within(self._window(window, day), at_ms):
            return "window"
        return "quiet_hours" if _within(self._quiet(day), at_ms) else "curfew"

    def is_presumed(self, day: int) -> bool:
        """Whether a day's place in the calendar matters here and is not known."""
        calendar = self.rules.calendar
        return self.profile.window is not None and date.fromordinal(day).year not in calendar.years

    def _open(self, day: int) -> tuple[Span, ...]:
        start, end = self.zone.start_ms(day), self.zone.start_ms(day + 1)
        window = self.profile.window
        spans = [(start, end)] if window is None else self._window(window, day)
        for closed in (*self._quiet(day), *self._curfews(day)):
            spans = _without(spans, closed)
        for extra in self._extras:
            if extra.start_ms < end and extra.end_ms > start:
                spans.append((max(start, extra.start_ms), min(end, extra.end_ms)))
        return _merged(spans)

    def _window(self, window: Window, day: int) -> list[Span]:
        if not is_window_day(window, date.fromordinal(day), self.rules.calendar):
            return []
        hours = window.hours
        return [(self.zone.at_ms(day, hours.start_min), self.zone.at_ms(day, hours.end_min))]

    def _curfews(self, day: int) -> list[Span]:
        if self._curfew is None:
            return []
        return self._parts(day, self._curfew, self._curfew)

    def _quiet(self, day: int) -> list[Span]:
        out: list[Span] = []
        for quiet in self.settings.quiet:
            begun = quiet.hours if (day - 2) % 7 in quiet.days else None
            begins = quiet.hours if (day - 1) % 7 in quiet.days else None
            out += self._parts(day, begun, begins)
        return out

    def _parts(self, day: int, begun: Hours | None, begins: Hours | None) -> list[Span]:
        """What of hours lies in a day: of those `begun` the day before, and that it `begins`."""
        out: list[Span] = []
        if begun is not None and begun.end_min <= begun.start_min and begun.end_min:
            out.append((self.zone.start_ms(day), self.zone.at_ms(day, begun.end_min)))
        if begins is not None:
            over = begins.end_min <= begins.start_min
            end = _MIDNIGHT if over else begins.end_min
            out.append((self.zone.at_ms(day, begins.start_min), self.zone.at_ms(day, end)))
        return out


def is_window_day(window: Window, day: date, calendar: Calendar) -> bool:
    """Whether a day is one of the window's (rule 3)."""
    if day in calendar.off and "holiday" in window.days:
        return True
    if day in calendar.worked and window.make_up == "as_workday":
        return False
    return _WEEK[day.weekday()] in window.days


def _within(spans: list[Span], at_ms: int) -> bool:
    return any(start <= at_ms < end for start, end in spans)


def _without(spans: list[Span], closed: Span) -> list[Span]:
    out = []
    for start, end in spans:
        if start < min(end, closed[0]):
            out.append((start, min(end, closed[0])))
        if max(start, closed[1]) < end:
            out.append((max(start, closed[1]), end))
    return out


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    out: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)
