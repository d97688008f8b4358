"""What is past its time is destroyed, but not at the word of a clock that has just jumped."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from licet.base.trouble import Unavailable
from licet.gateway.sweeping import BELIEVED_S, SWEEP_S, Sweeping

NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.wall, self.mono_s = NOW, 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono_s

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono_s += seconds


def swept_of(clock: Hands) -> tuple[Sweeping, list[datetime], list[str]]:
    at, notes = list[datetime](), list[str]()

    def store(now: datetime) -> int:
        at.append(now)
        return 2

    return Sweeping(clock, (("things", store),), notes.append), at, notes


def test_it_is_swept_at_the_start_and_every_hour() -> None:
    clock = Hands()
    sweeping, at, notes = swept_of(clock)
    assert sweeping.tend() == 2
    for _ in range(3 * int(SWEEP_S)):
        clock.passes(1)
        sweeping.tend()
    assert len(at) == 3
    assert notes == []


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(hours=1), timedelta(days=-400)])
def test_a_clock_that_jumps_and_comes_back_destroys_nothing(jump: timedelta) -> None:
    clock = Hands()
    sweeping, at, notes = swept_of(clock)
    sweeping.tend()
    clock.wall += jump
    for _ in range(int(BELIEVED_S) - 10):
        clock.passes(1)
        assert sweeping.tend() == 0
    clock.wall -= jump
    for _ in range(2 * int(BELIEVED_S)):
        clock.passes(1)
        sweeping.tend()
    assert [moment.date() for moment in at] == [NOW.date()] * 2
    assert len(notes) == 2


def test_a_clock_that_was_set_is_believed_after_an_hour() -> None:
    clock = Hands()
    sweeping, at, _ = swept_of(clock)
    sweeping.tend()
    clock.wall += timedelta(days=400)
    for _ in range(int(BELIEVED_S) + 2):
        clock.passes(1)
        sweeping.tend()
    assert [moment.year for moment in at] == [2026, 2027]


def test_a_clock_that_is_kept_right_sweeps_as_ever() -> None:
    clock = Hands()
    sweeping, at, notes = swept_of(clock)
    for second in range(2 * int(SWEEP_S)):
        clock.passes(1)
        clock.wall += timedelta(seconds=20 if second % 900 == 0 else 0)
        sweeping.tend()
    assert len(at) == 2
    assert notes == []


@pytest.mark.parametrize(
    "fault", [OSError(24, "Too many open files"), sqlite3.OperationalError("disk I/O error"),
              Unavailable("busy")],
)  # fmt: skip
def test_a_store_that_cannot_be_swept_keeps_no_other_from_it(fault: Exception) -> None:
    notes = list[str]()

    def spoilt(now: datetime) -> int:
        raise fault

    stores = (("first", spoilt), ("second", lambda now: 3))
    assert Sweeping(Hands(), stores, notes.append).tend() == 3
    assert len(notes) == 1
    assert notes[0].startswith("first: ")
