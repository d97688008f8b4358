"""Time, from the one place that reads it.

Pure code takes `now` as an argument. Only rims and services hold a Clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T02:19:57.123Z`: UTC, milliseconds (RFC 3339). `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be written")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
