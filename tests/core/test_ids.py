"""Ids: what they give away, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime

from licet.base.ids import Series, case_mark, case_number, new_id

NOW = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)


def test_ids_sort_by_their_time() -> None:
    later = NOW.replace(minute=20)
    assert new_id("ex", NOW, lambda n: b"\xff" * n) < new_id("ex", later, bytes)


def test_a_series_never_repeats() -> None:
    series = Series("ex", NOW)
    taken = [series.take() for _ in range(1000)]
    assert len(set(taken)) == 1000


def test_a_case_number_is_one_that_nobody_guesses() -> None:
    assert case_number(NOW, lambda n: b"\xff" * n) == "LC-20261124-ZZZZZZZZZZZZ"


def test_the_mark_of_a_case_does_not_show_its_number() -> None:
    case = case_number(NOW)
    assert case not in case_mark(case)
    assert case_mark(case) == case_mark(case) != case_mark(case_number(NOW))
    assert len(case_mark(case)) == 32
