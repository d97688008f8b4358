"""Working days by the calendar of the pack, and clocks that are reckoned from what happened."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.cases import (
    ADVERSE,
    APPROVER,
    CLERK,
    DRAFTER,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    Play,
    answers,
)
from licet.cases.clocks import clocks, most_urgent
from licet.cases.days import end, is_worked, last_day, local_day, period

CALENDAR = PROCEDURE.calendar
DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31))

# The notice for 2026, month by month: days that are no ordinary weekday or weekend.
OFF_2026 = ["01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20", "02-23", "04-06"]
OFF_2026 += ["05-01", "05-04", "05-05", "06-19", "09-25", "10-01", "10-02", "10-05", "10-06"]
OFF_2026 += ["10-07"]
WORKED_2026 = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def test_every_day_of_2026_is_what_the_notice_says() -> None:
    day = dt.date(2026, 1, 1)
    while day.year == 2026:
        short = f"{day:%m-%d}"
        expected = (day.weekday() < 5 and short not in OFF_2026) or short in WORKED_2026
        assert is_worked(CALENDAR, day) == expected, day
        day += dt.timedelta(days=1)


def test_make_up_workdays_keep_the_number_of_worked_days() -> None:
    """An exchange takes as many weekdays as it gives rest days back, beyond the 13 days of law."""
    for year, lawful in ((2025, 13), (2026, 13)):
        days = [dt.date(year, 1, 1) + dt.timedelta(n) for n in range(365)]
        taken = sum(d in CALENDAR.off and d.weekday() < 5 for d in days)
        given_back = sum(d in CALENDAR.worked for d in days)
        assert taken - given_back <= lawful


@pytest.mark.parametrize(
    ("start", "length", "last"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),  # over the Spring Festival
        ("2026-09-18", 1, "2026-09-20"),  # a Sunday that is worked
        ("2026-09-24", 5, "2026-10-09"),  # over the Mid-Autumn Festival and National Day
        ("2026-03-09", 30, "2026-04-21"),  # over Qingming
    ],
)
def test_a_period_of_working_days_ends(start: str, length: int, last: str) -> None:
    due = period(CALENDAR, dt.date.fromisoformat(start), length, "working", rolls=True)
    assert due.day.isoformat() == last
    assert not due.presumed


@given(start=DAYS, length=st.integers(1, 60))
def test_a_period_holds_as_many_worked_days_as_it_says(start: dt.date, length: int) -> None:
    due = period(CALENDAR, start, length, "working", rolls=True).day
    inside = [start + dt.timedelta(n) for n in range(1, (due - start).days + 1)]
    assert sum(is_worked(CALENDAR, day) for day in inside) == length
    assert is_worked(CALENDAR, due)


@given(start=DAYS, length=st.integers(1, 400), kind=st.sampled_from(["calendar", "month"]))
def test_a_period_ends_on_a_worked_day_only_if_it_rolls(
    start: dt.date, length: int, kind: str
) -> None:
    length = length % 36 + 1 if kind == "month" else length
    plain = period(CALENDAR, start, length, kind, rolls=False)  # type: ignore[arg-type]
    rolled = period(CALENDAR, start, length, kind, rolls=True)  # type: ignore[arg-type]
    assert rolled.day >= plain.day
    assert is_worked(CALENDAR, rolled.day)
    assert not plain.presumed


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-03-09", 36, "2029-03-09"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_a_month_ends_on_its_own_number_or_its_last_day(
    start: str, months: int, last: str
) -> None:
    due = period(CALENDAR, dt.date.fromisoformat(start), months, "month", rolls=False)
    assert due.day.isoformat() == last


def test_a_year_without_a_calendar_is_presumed_and_says_so() -> None:
    assert period(CALENDAR, dt.date(2026, 12, 30), 5, "working", rolls=True).presumed
    assert not period(CALENDAR, dt.date(2026, 12, 24), 5, "working", rolls=True).presumed


def test_a_day_is_a_day_where_the_authority_sits() -> None:
    late = dt.datetime(2026, 3, 9, 16, 30, tzinfo=dt.UTC)
    assert local_day(late, PROCEDURE.time_zone) == dt.date(2026, 3, 10)
    assert last_day(end(dt.date(2026, 3, 9), "Asia/Shanghai"), "Asia/Shanghai") == dt.date(
        2026, 3, 9
    )


def test_a_clock_runs_from_the_filing_and_names_its_last_day() -> None:
    clock = Play().filed().clock("decide")
    assert (clock.state, clock.left) == ("running", 30)
    assert clock.due == dt.date(2026, 4, 21)
    assert clock.due_at == dt.datetime(2026, 4, 21, 16, tzinfo=dt.UTC)
    assert clock.rule.basis == ("alg25", "lic42", "lic45")


def test_a_clock_rests_while_the_matter_is_with_the_provider() -> None:
    play = Play().filed()  # Monday 9 March
    play.pass_days(2)
    play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
    play.pass_days(7)
    resting = play.clock("decide")
    assert (resting.state, resting.due, resting.left) == ("resting", None, 28)
    play.act("refile", REPRESENTATIVE)  # Wednesday 18 March
    going_on = play.clock("decide")
    assert (going_on.state, going_on.left) == ("running", 28)
    assert going_on.due == dt.date(2026, 4, 28)  # five working days later than 21 April


def test_a_clock_that_is_over_counts_on() -> None:
    play = Play().filed()
    play.pass_days(45)  # 23 April
    clock = play.clock("decide")
    assert (clock.state, clock.left, clock.due) == ("overdue", -2, dt.date(2026, 4, 21))
    play.act("accept", CLERK)
    late = play.clock("check_complete")
    assert late.state == "met_late"


def test_a_clock_overdue_stays_overdue_when_the_matter_is_sent_back() -> None:
    play = Play().filed()
    play.pass_days(45)
    play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
    assert play.clock("decide").state == "overdue"


def test_a_decision_may_be_put_off_once_with_a_reason() -> None:
    play = Play().in_review()
    assert play.refused("extend", APPROVER) == "bad_data"
    play.act("extend", APPROVER, text="An expert is being heard.")
    assert play.clock("decide").due == dt.date(2026, 5, 8)
    assert play.refused("extend", APPROVER, text="Another one.") == "extended_before"


def test_a_filing_is_due_ten_working_days_after_the_service_started() -> None:
    play = Play("algorithm_filing")
    whole = answers("algorithm_filing", service_started_on="2026-02-13")
    play.act("save_draft", DRAFTER, answers=whole)
    clock = play.clock("file_after_start")
    assert (clock.state, clock.due) == ("overdue", dt.date(2026, 3, 5))
    play.act("file", REPRESENTATIVE)
    assert play.clock("file_after_start").state == "met_late"


def test_what_ends_by_itself_has_a_clock_too() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.pass_days(5)
    clock = play.clock("interim")
    assert (clock.due, clock.left) == (dt.date(2026, 3, 24), 10)
    play.pass_days(11)
    assert "interim" not in {c.rule.id for c in clocks(play.case, play.now, PROCEDURE)}


def test_the_most_urgent_clock_of_a_side_is_found() -> None:
    play = Play().filed()
    found = clocks(play.case, play.now, PROCEDURE)
    urgent = most_urgent(found, "authority")
    assert urgent is not None
    assert urgent.rule.id == "check_complete"
    assert most_urgent(found, "provider") is None


def test_a_hearing_starts_the_holders_clock() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    clock = play.clock("hearing")
    assert (clock.bearer, clock.due) == ("provider", dt.date(2026, 3, 16))
    assert play.case.hearing is not None
    assert play.case.hearing.until == clock.due
