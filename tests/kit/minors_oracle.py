"""A slow second opinion on the time of minors, written apart from the code that it checks.

It reads the pack's TOML itself, keeps every sign of life, and works everything out anew from all
of them each time it is asked. Times are whole seconds since 1970; the zone is China's, which has
had one offset since 1991.

    oracle = Oracle("chat", "from12")
    oracle.sign(at_s, read_s)
    oracle.allows(at_s), oracle.used_s("2026-03-09", at_s)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from kit.packs import shipped

DAY_S = 86_400
_OFFSET_S = 8 * 3_600
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock of the zone, without one
_DOCUMENTS = shipped()
_LAW = _DOCUMENTS["minors.toml"]
_NAMES = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def wall(at_s: int) -> datetime:
    """What the clock on the wall shows."""
    return _EPOCH + timedelta(seconds=at_s + _OFFSET_S)


def _clock_time(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _days_of(rows: list[dict[str, Any]]) -> set[str]:
    out = set()
    for row in rows:
        day = date.fromisoformat(row["first"])
        while day <= date.fromisoformat(row["last"]):
            out.add(day.isoformat())
            day += timedelta(days=1)
    return out


_HOLIDAYS = _days_of(_DOCUMENTS["calendar.toml"]["holiday"])


class Oracle:
    """One person. `guardian`: totals by day of the week (Monday is 0) and quiet hours as
    (days, "21:00", "07:00"); `curfew_off` where the guardian lifted it; `more` (s) by day."""

    def __init__(
        self,
        profile: str,
        band: str,
        totals_min: Mapping[int, int] | None = None,
        quiet: list[tuple[set[int], str, str]] | None = None,
        *,
        curfew_off: bool = False,
    ) -> None:
        self.law = next(row for row in _LAW["profile"] if row["id"] == profile)
        self.band = band
        self.totals_min = totals_min or {}
        self.quiet = quiet or []
        self.curfew_off = curfew_off
        self.gap_s = _LAW["use"]["gap_s"]["value"]
        self.signs: list[tuple[int, int]] = []
        self.extras: list[tuple[int, int, int]] = []

    def sign(self, at_s: int, read_s: int = 0) -> None:
        """A sign of life, and how long there is to read after it."""
        self.signs.append((at_s, at_s + min(read_s, _LAW["use"]["reading_s_max"]["value"])))

    def more(self, at_s: int, until_s: int, more_s: int) -> None:
        """A guardian gave more time."""
        self.extras.append((at_s, until_s, more_s))

    def forget(self, before_s: int) -> None:
        """Let go of what ended before a moment: no question will be about it."""
        self.signs = [sign for sign in self.signs if sign[1] >= before_s]
        self.extras = [extra for extra in self.extras if extra[1] >= before_s]

    def stretches(self, since_s: int = 0) -> list[tuple[int, int]]:
        """All use: signs that overlap once each is made longer by the gap are one stretch."""
        out: list[tuple[int, int]] = []
        for start, end in sorted(s for s in self.signs if s[1] >= since_s):
            if out and start <= out[-1][1] + self.gap_s:
                out[-1] = (out[-1][0], max(out[-1][1], end))
            else:
                out.append((start, end))
        return out

    def used_s(self, day: str, upto_s: int | None = None) -> int:
        """What was used of a day, as far as it lies before a moment."""
        midnight = datetime.fromisoformat(day) - _EPOCH
        first = int(midnight.total_seconds()) - _OFFSET_S
        last = first + DAY_S if upto_s is None else min(first + DAY_S, upto_s)
        stretches = self.stretches(first - DAY_S)
        return sum(max(0, min(end, last) - max(start, first)) for start, end in stretches)

    def total_s(self, at_s: int) -> int | None:
        """The total of the day in which a moment lies."""
        now = wall(at_s)
        minutes = self.law["daily"][self.band]["value"] if "daily" in self.law else None
        if now.weekday() in self.totals_min:
            own = self.totals_min[now.weekday()]
            may = "daily" in self.law["guardian"]["value"]
            minutes = own if minutes is None or may else min(own, minutes)
        if minutes is None:
            return None
        today = [more for start, _, more in self._extras() if wall(start).date() == now.date()]
        return int(minutes) * 60 + sum(today)

    def is_open(self, at_s: int) -> bool:
        """Whether the hours allow use at a second."""
        if any(start <= at_s < end for start, end, _ in self._extras()):
            return True
        now = wall(at_s)
        second = now.hour * 3600 + now.minute * 60 + now.second
        if "window" in self.law and not self._in_window(now, second):
            return False
        for days, start, end in self.quiet:
            if self._in_hours(second, start, end, now.weekday(), days):
                return False
        lifted = self.curfew_off and "curfew" in self.law["guardian"]["value"]
        if "curfew" in self.law and not lifted:
            start, end = self.law["curfew"]["from"]["value"], self.law["curfew"]["to"]["value"]
            if self._in_hours(second, start, end, now.weekday(), set(range(7))):
                return False
        return True

    def allows(self, at_s: int) -> bool:
        """Whether use may begin at a second."""
        if not self.is_open(at_s):
            return False
        total = self.total_s(at_s)
        return total is None or self.used_s(wall(at_s).date().isoformat(), at_s) < total

    def _extras(self) -> list[tuple[int, int, int]]:
        may = {"daily", "curfew"} <= set(self.law["guardian"]["value"])
        return self.extras if may else []

    def _in_window(self, now: datetime, second: int) -> bool:
        window = self.law["window"]
        days = window["days"]["value"]
        is_day = _NAMES[now.weekday()] in days
        is_day = is_day or ("holiday" in days and now.date().isoformat() in _HOLIDAYS)
        start, end = (_clock_time(window[which]["value"]) for which in ("from", "to"))
        return is_day and start <= second < end

    @staticmethod
    def _in_hours(second: int, start: str, end: str, weekday: int, days: set[int]) -> bool:
        first, last = _clock_time(start), _clock_time(end)
        if first < last:
            return weekday in days and first <= second < last
        begun_today = weekday in days and second >= first
        return begun_today or ((weekday - 1) % 7 in days and second < last)
