"""Time, from the one place that reads it.

Pure code takes `now` as an argument. Only rims and services hold a Clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol


class Clock(Protocol):
    """Tells the time. `now` is wall time in UTC; `monotonic` is for intervals, in seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - the one reader

    def monotonic(self) -> float:
        return time.monotonic()


def rfc3339_ms(at_ms: int) -> str:
    """`rfc3339` of a moment in milliseconds since 1970."""
    return rfc3339(
        datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    )


class _Second:
    """A second (UTC) and what stands before its milliseconds, in one value: threads share it."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.")


_LAST: Final = _Second()
"""The second that was last written: most moments are of the present one."""
_MILLISECONDS: Final = [f"{count:03d}Z" for count in range(1000)]


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T02:19:57.123Z`: UTC, milliseconds (RFC 3339). `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be written")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    begins, text = _LAST.held
    since = moment - begins
    if since.days or since.seconds:
        begins = moment.replace(microsecond=0)
        text = begins.isoformat()[:-6] + "."
        _LAST.held = (begins, text)
    return text + _MILLISECONDS[moment.microsecond // 1000]


def utc_offset(moment: datetime) -> str:
    """`UTC+8`, `UTC-3:30`, `UTC`: how people are told the zone of a moment in its own zone."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"
