"""Every day of a Chinese calendar year as the first day of a matter, against a count by hand.

The days off and the make-up workdays are those of the State Council's notice for 2026, written
here a second time; the count walks one day after another and knows nothing of ours.
"""

from __future__ import annotations

import datetime as dt

import pytest

from kit.cases import CLERK, REPRESENTATIVE, Play
from licet.cases import Clock

OFF = "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25"
OFF += " 10-01 10-02 10-05 10-06 10-07"
MAKE_UP = "01-04 02-14 02-28 05-09 09-20 10-10"
TEN_IN_BEIJING = dt.time(2, tzinfo=dt.UTC)
YEAR = [dt.date(2026, 1, 1) + dt.timedelta(n) for n in range(365)]


def worked(day: dt.date) -> bool:
    short = f"{day:%m-%d}"
    if day.year == 2026 and short in OFF.split():
        return False
    return day.weekday() < 5 or (day.year == 2026 and short in MAKE_UP.split())


def counted(first: dt.date, last: dt.date, rests: range | None = None) -> int:
    """Worked days after `first` up to `last`, without those of a rest (ordinals)."""
    days = range(first.toordinal() + 1, last.toordinal() + 1)
    return sum(worked(dt.date.fromordinal(n)) for n in days if rests is None or n not in rests)


def agrees(clock: Clock, first: dt.date, today: dt.date, rests: range | None = None) -> None:
    """What the clock says is what is counted by hand."""
    length = clock.rule.length
    assert clock.left == length - counted(first, today, rests)
    assert clock.due is not None
    assert clock.presumed == (clock.due.year > 2026)
    if clock.presumed:
        return
    assert counted(first, clock.due, rests) == length
    assert worked(clock.due)
    assert clock.state == ("overdue" if today > clock.due else "running")


def filed_on(day: dt.date) -> Play:
    return Play(start=dt.datetime.combine(day, TEN_IN_BEIJING)).filed()


def test_every_day_of_a_year_starts_clocks_that_end_as_counted_by_hand() -> None:
    for first in YEAR:
        play = filed_on(first)
        for days in (0, 1, 6, 13, 44, 50):
            play.now = dt.datetime.combine(first + dt.timedelta(days), TEN_IN_BEIJING)
            for name in ("check_complete", "decide"):
                agrees(play.clock(name), first, play.now.date())


@pytest.mark.parametrize(("sent_back", "filed_again"), [(0, 1), (1, 12), (3, 5), (4, 40)])
def test_every_day_of_a_year_a_clock_rests_while_the_matter_is_with_the_provider(
    sent_back: int, filed_again: int
) -> None:
    for first in YEAR[::2]:
        play = filed_on(first)
        play.pass_days(sent_back)
        back = play.now.date()
        play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
        resting = play.clock("decide")
        play.pass_days(filed_again)
        asleep = play.clock("decide")
        assert (asleep.state, asleep.due, asleep.left) == ("resting", None, resting.left)
        play.act("refile", REPRESENTATIVE)
        rests = range(back.toordinal() + 1, play.now.date().toordinal() + 1)
        for days in (0, 2, 30, 60):
            today = play.now.date()
            agrees(play.clock("decide"), first, today, rests)
            play.pass_days(days)
