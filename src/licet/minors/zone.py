"""Days of a time zone, in milliseconds since 1970: where one begins, and which one a moment is in.

It refuses to know which days matter. Days are ordinals (`date.toordinal`), so that they add up.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


class Zone:
    """The days of `name` (`Asia/Shanghai`), remembered as they are asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._starts: dict[int, int] = {}

    def start_ms(self, day: int) -> int:
        """The first moment of a day."""
        found = self._starts.get(day)
        if found is None:
            if len(self._starts) > 4_000:  # some ten years: whoever asks for more starts anew
                self._starts.clear()
            found = self._starts[day] = self._moment_ms(day, time())
        return found

    def day(self, at_ms: int) -> int:
        """The day in which a moment lies."""
        guess = _EPOCH + at_ms // DAY_MS
        for day in (guess, guess + 1, guess - 1):
            if self.start_ms(day) <= at_ms < self.start_ms(day + 1):
                return day
        raise ValueError(f"{at_ms} lies in no day of {self.name}")

    def at_ms(self, day: int, minute: int) -> int:
        """The moment at which the clock on the wall shows `minute` minutes after midnight."""
        start = self.start_ms(day)
        if minute >= 1440 or self.start_ms(day + 1) - start != DAY_MS:
            later, minute = divmod(minute, 1440)
            return self._moment_ms(day + later, time(minute // 60, minute % 60))
        return start + minute * MINUTE_MS

    def _moment_ms(self, day: int, at: time) -> int:
        moment = datetime.combine(date.fromordinal(day), at, self._zone)
        return round(
            (moment - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) / timedelta(0, 0, 1000)
        )


def iso_day(day: int) -> str:
    """`2026-03-09`."""
    return date.fromordinal(day).isoformat()
