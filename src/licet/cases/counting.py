"""Counting the days of a period that may rest: how many are spent, which is the last.

It refuses to know which acts start a period and which rest it.

Rules
1. A day counts if the period was running when that day began and, of working days, if it is
   worked. So neither the day on which a period starts nor the one on which it goes on counts, and
   the day on which it stops does.
2. While it rests a period has days left and no last day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from licet.cases.days import beginning, is_presumed, is_worked, period
from licet.rulebook.workdays import Calendar

Rest = tuple[datetime, datetime | None]
"""When a period rested: since when, and until when, or None while it still does."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Count:
    """What days a period counts: worked ones alone or all, of which calendar, where."""

    working: bool
    calendar: Calendar
    zone: str

    def due(
        self, start: date, allowed: int, rests: tuple[Rest, ...], paused: date | None
    ) -> tuple[date | None, bool]:
        """The last day of `allowed` days after `start`, and whether a day of it was presumed.
        None where the period rests since `paused` and had not come to its last day."""
        for day, spent, presumed in self._walk(start, allowed, rests):
            if paused is not None and day > paused:
                return None, False
            if spent == allowed:
                return day, presumed
        return None, False

    def spent(self, start: date, until: date, rests: tuple[Rest, ...]) -> int:
        """Days that counted after `start`, up to and including `until`."""
        days = (start + timedelta(n) for n in range(1, (until - start).days + 1))
        return sum(self._counts(day, rests) for day in days)

    def _counts(self, day: date, rests: tuple[Rest, ...]) -> bool:
        """Rule 1, for a day after the start."""
        if self.working and not is_worked(self.calendar, day):
            return False
        began = beginning(day, self.zone)
        return not any(since <= began and (over is None or began < over) for since, over in rests)

    def _walk(
        self, start: date, allowed: int, rests: tuple[Rest, ...]
    ) -> Iterator[tuple[date, int, bool]]:
        """Day by day: the day, how many days are spent at its end, whether any was presumed."""
        day, spent, presumed = start, 0, False
        closed = tuple((since, over) for since, over in rests if over is not None)
        while spent < allowed:
            day += _DAY
            presumed |= self.working and is_presumed(self.calendar, day)
            spent += self._counts(day, closed)
            if spent == allowed and not self.working:
                last = period(self.calendar, day, 0, "calendar", rolls=True)
                day, presumed = last.day, presumed or last.presumed
            yield day, spent, presumed
