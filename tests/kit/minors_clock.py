"""A clock that somebody sets wrong, and coroutines that never wait: what a year is lived with.

It refuses to know minors.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("it waited")


class ShiftedClock:
    """The machine's clock: true time for intervals, and a wall clock that somebody sets wrong."""

    def __init__(self, now_s: int) -> None:
        self.true_s = now_s
        self.shift_s = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.true_s + self.shift_s, UTC)

    def monotonic(self) -> float:
        return float(self.true_s)
