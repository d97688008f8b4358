"""An authority's overview: where matters stand, how long they took, what is late."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kit.proceedings import MONDAY, OFFICER, PACK, REVIEWER, Play
from licet.cases.overview import WEEKS, overview
from licet.cases.proceedings import Proceeding

RULES = PACK.proceeding("incident")


def incident(graded_h: float = 1, reported_h: float | None = None, weeks: int = 0) -> Proceeding:
    play = Play("incident", start=MONDAY - timedelta(weeks=weeks)).begun("find")
    play.pass_hours(graded_h)
    play.does("set_grade", OFFICER)
    if reported_h is not None:
        play.pass_hours(reported_h)
        play.does("report_first", OFFICER)
    return play.of


def test_matters_are_counted_by_stage_and_week() -> None:
    found = overview([incident(), incident(weeks=1), incident(1, 1)], now(2), RULES)
    assert found.count == 3
    assert found.stages == {"graded": 2, "reported": 1}
    assert [count for _, count in found.weeks[-2:]] == [1, 2]
    assert len(found.weeks) == WEEKS


def now(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def test_how_long_it_took_runs_from_the_finding_to_the_first_time() -> None:
    matters = [incident(hours, 1) for hours in (1, 2, 3, 10)]
    paces = {one.stage: one for one in overview(matters, now(24), RULES).paces}
    assert (paces["graded"].count, paces["graded"].half_h, paces["graded"].most_h) == (4, 2.5, 10)
    assert paces["reported"].most_h == 11
    assert "found" not in paces


def test_what_is_late_is_late_for_whom_it_binds_and_the_latest_comes_first() -> None:
    soon, long_ago = incident(weeks=1), incident(weeks=3)
    late = overview([soon, long_ago, incident()], now(2), RULES).late
    first = [one for one in late if one.clock.rule.id == "report_ordinary"]
    assert [one.of.opened_at for one in first] == [long_ago.opened_at, soon.opened_at]
    assert {one.clock.bearer for one in first} == {"provider"}
    play = Play("incident").begun("find").does("set_grade", OFFICER).does("report_first", OFFICER)
    play.does("triage", REVIEWER)
    assert not overview([play.of], now(1), RULES).late


@given(st.lists(st.floats(0, 500), max_size=30))
def test_nine_in_ten_are_within_what_is_said(hours: list[float]) -> None:
    paces = overview([incident(one) for one in hours], now(600), RULES).paces
    if not hours:
        assert paces == ()
        return
    graded = next(one for one in paces if one.stage == "graded")
    within = sum(one <= graded.most_h + 1e-6 for one in hours)
    assert within >= 0.9 * len(hours)
    assert graded.half_h <= graded.most_h + 1e-9
