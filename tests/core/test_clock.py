"""A moment reads the same, whatever was written before it and whoever writes at the same time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from licet.base.clock import rfc3339, utc_offset

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - zoned below
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3))]),
)  # fmt: skip
NOW = datetime(2026, 11, 24, 2, 19, 57, 123456, tzinfo=UTC)


def written_out(moment: datetime) -> str:
    """As the standard library has it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(st.lists(MOMENTS, max_size=5), st.lists(st.integers(-3_000_000, 3_000_000), max_size=9))
@example([NOW], [0, -1, 999_999, 1_000_000, -123_456, -123_457, 876_543, 876_544])
@example([NOW.replace(fold=1)], [0])
def test_a_moment_reads_as_the_standard_library_writes_it(
    moments: list[datetime], steps_us: list[int]
) -> None:
    for moment in moments:
        assert rfc3339(moment) == written_out(moment)
        for step_us in steps_us:
            near = moment + timedelta(microseconds=step_us)
            assert rfc3339(near) == written_out(near)


@pytest.mark.parametrize(
    ("minutes", "said"), [(480, "UTC+8"), (-210, "UTC-3:30"), (345, "UTC+5:45"), (0, "UTC")]
)
def test_people_are_told_the_zone(minutes: int, said: str) -> None:
    assert utc_offset(NOW.astimezone(timezone(timedelta(minutes=minutes)))) == said


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        rfc3339(NOW.replace(tzinfo=None))


def test_threads_that_write_different_seconds_do_not_mix_them() -> None:
    wrong: list[str] = []

    def write(moment: datetime) -> None:
        expected = written_out(moment)
        wrong.extend(text for _ in range(3000) if (text := rfc3339(moment)) != expected)

    threads = [threading.Thread(target=write, args=(NOW + timedelta(days=n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
