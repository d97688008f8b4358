"""Working days and periods, by the calendar of a pack.

It refuses to know which periods there are and what follows when one ends.

Rules
1. The day on which something happens does not count; a period begins with the next day.
2. A day is worked if the calendar says so. Of a year that the calendar does not hold, days are
   presumed by the week alone, and whatever rests on such a day says so.
3. A period of calendar days or months that ends on a day of rest ends with the next worked day.
   One after which the holder loses or regains something by itself ends on its day all the same.
4. A month ends on the day of the same number, or on the last there is.
5. Days are days of the authority's time zone; a day ends where the next one begins.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from licet.rulebook.procedure import PeriodKind
from licet.rulebook.workdays import Calendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a period. `presumed`: the calendar of a year in it is not known yet."""

    day: date
    presumed: bool


def is_worked(calendar: Calendar, day: date) -> bool:
    """Whether work is done on a day (rule 2)."""
    if day in calendar.worked:
        return True
    return day not in calendar.off and day.weekday() not in calendar.rest


def is_presumed(calendar: Calendar, day: date) -> bool:
    """Whether the calendar of that year is not known."""
    return day.year not in calendar.years


def period(calendar: Calendar, start: date, length: int, kind: PeriodKind, *, rolls: bool) -> Due:
    """The last day of a period after `start`; `rolls`: rule 3, for calendar days and months."""
    day, presumed, left = start, False, length
    if kind != "working":
        day = _months(start, length) if kind == "month" else start + timedelta(days=length)
        while rolls and not is_worked(calendar, day):
            presumed |= is_presumed(calendar, day)
            day += _DAY
        return Due(day, presumed or (rolls and is_presumed(calendar, day)))
    while left:
        day += _DAY
        presumed |= is_presumed(calendar, day)
        left -= is_worked(calendar, day)
    return Due(day, presumed)


def local_day(moment: datetime, zone: str) -> date:
    """The day on which a moment falls, where the authority sits."""
    return moment.astimezone(ZoneInfo(zone)).date()


def beginning(day: date, zone: str) -> datetime:
    """The first moment of a day, where the authority sits."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def end(day: date, zone: str) -> datetime:
    """The first moment after a day (rule 5)."""
    return beginning(day + _DAY, zone)


def last_day(ended: datetime, zone: str) -> date:
    """The last day of what is over at `ended`: the inverse of `end`."""
    return local_day(ended - timedelta(microseconds=1), zone)


def _months(start: date, length: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + length, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
