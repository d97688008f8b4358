"""Time of minors: what counts, when use is allowed, and that a slow second opinion agrees."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.minors_oracle import Oracle, wall
from licet.gateway.minors_words import refusal_words
from licet.minors.decide import decide
from licet.minors.service import Answer
from licet.minors.settings import NO_SETTINGS, Extra, Quiet, Settings
from licet.minors.timetable import Timetable
from licet.minors.use import UNUSED, Usage, mark, reading_ms, used_ms
from licet.minors.zone import Zone, iso_day
from licet.rulebook import load_pack
from licet.rulebook.minors import Hours

RULES = load_pack("cn-genai-2023").minors
ZONE = Zone(RULES.time_zone)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> int:
    """A moment in ms, of a time in Shanghai: `2026-03-09 20:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


def table(profile: str = "chat", band: str = "from12", own: Settings = NO_SETTINGS) -> Timetable:
    return Timetable(RULES, RULES.profiles[profile], RULES.bands[band], own, ZONE)


def signs(*moments: str, read_s: int = 0) -> Usage:
    usage = UNUSED
    for moment in moments:
        usage = mark(usage, at(moment), read_s * 1000, RULES.use, ZONE)
    return usage


def used_min(usage: Usage, day: str) -> float:
    return usage.days.get(datetime.fromisoformat(day).toordinal(), 0) / 60_000


# --- what counts


def test_signs_close_together_are_one_use_and_apart_are_none() -> None:
    assert used_min(signs("2026-03-09 10:00:00", "2026-03-09 10:01:30"), "2026-03-09") == 1.5
    assert used_min(signs("2026-03-09 10:00:00", "2026-03-09 10:01:31"), "2026-03-09") == 0


def test_an_answer_is_read_at_a_slow_readers_speed_for_a_minute_at_most() -> None:
    assert reading_ms(100, RULES.use) == 20_000
    assert reading_ms(10_000, RULES.use) == 60_000
    assert used_min(signs("2026-03-09 10:00", read_s=20), "2026-03-09") == pytest.approx(1 / 3)


def test_two_devices_at_once_use_one_time() -> None:
    one = signs("2026-03-09 10:00:00", "2026-03-09 10:01:00", "2026-03-09 10:02:00")
    both = signs("2026-03-09 10:00:00", "2026-03-09 10:00:30", "2026-03-09 10:01:00",
                 "2026-03-09 10:01:10", "2026-03-09 10:02:00")  # fmt: skip
    assert one.days == both.days


def test_use_over_midnight_is_divided_between_the_days() -> None:
    usage = signs("2026-03-09 23:59:20", "2026-03-10 00:00:40")
    assert used_min(usage, "2026-03-09") == pytest.approx(2 / 3)
    assert used_min(usage, "2026-03-10") == pytest.approx(2 / 3)


@pytest.mark.parametrize("back_s", [1, 59, 61, 3_600, 86_400])
def test_a_clock_that_is_set_back_takes_nothing_and_adds_nothing(back_s: int) -> None:
    usage = UNUSED
    start, real_s = at("2026-03-09 15:00"), 0
    for n in range(60):  # ten minutes of real time, a sign each ten seconds
        real_s = n * 10
        shift = back_s if n >= 30 else 0
        usage = mark(usage, start + (real_s - shift) * 1000, 0, RULES.use, ZONE)
    counted_s = sum(usage.days.values()) / 1000
    assert counted_s <= real_s
    assert counted_s >= real_s - min(back_s, RULES.use.reading_s_max) - 10


def test_a_clock_that_jumps_ahead_counts_no_time_that_nobody_used() -> None:
    usage = signs("2026-03-09 15:00:00", "2026-03-09 15:00:30", "2026-03-09 17:00:40",
                  "2026-03-09 17:01:10")  # fmt: skip
    assert used_min(usage, "2026-03-09") == 1.0


def test_only_the_days_that_the_pack_keeps_are_kept() -> None:
    usage = UNUSED
    for n in range(80):
        usage = mark(usage, at("2026-03-09 10:00") + n * 86_400_000, 30_000, RULES.use, ZONE)
    assert len(usage.days) == RULES.use.keep_days


# --- what is allowed


def test_the_hour_is_up_and_the_next_begins_in_the_morning() -> None:
    usage = UNUSED
    start = at("2026-03-09 20:00")
    for n in range(61):
        now = start + n * 60_000
        decision = decide(table(), usage, now)
        assert decision.allowed == (n < 60)
        if n < 60:
            assert decision.ends_ms == start + 3_600_000
            assert decision.pause_reminders == n // 30
            usage = mark(usage, now, 0, RULES.use, ZONE)
            usage = mark(usage, now + 60_000, 0, RULES.use, ZONE)
    assert (decision.why, decision.may_ask) == ("daily_total", True)
    assert decision.next_ms == at("2026-03-10 06:00")
    told = refusal_words(Answer(now, "minor", decision), ZONE.name, 18)
    assert "You can go on from 2026-03-10 06:00 (UTC+8). " in told
    assert "03月10日06:00（UTC+8）起可以继续使用。" in told


def test_older_minors_have_two_hours() -> None:
    usage = Usage(at("2026-03-09 19:00"), 0, {ZONE.day(at("2026-03-09 19:00")): 90 * 60_000})
    now = at("2026-03-09 20:00")
    assert not decide(table(band="from12"), usage, now).allowed
    assert decide(table(band="from16"), usage, now).ends_ms == at("2026-03-09 20:30")


def test_the_night_is_closed_and_says_when_it_ends() -> None:
    decision = decide(table(), UNUSED, at("2026-03-09 22:00"))
    assert (decision.allowed, decision.why) == (False, "curfew")
    assert decision.next_ms == at("2026-03-10 06:00")
    assert decide(table(), UNUSED, at("2026-03-09 21:45")).ends_ms == at("2026-03-09 22:00")


GAME_DAYS = [
    ("2026-03-12 20:30", False),  # a Thursday
    ("2026-03-13 20:30", True),  # Friday
    ("2026-03-15 20:59", True),  # Sunday
    ("2026-03-15 21:00", False),
    ("2026-03-15 19:59", False),
    ("2026-02-17 20:30", True),  # a Tuesday in the Spring Festival
    ("2026-02-14 20:30", True),  # a Saturday that is worked in exchange: still a Saturday
    ("2026-09-25 20:30", True),
    ("2026-05-06 20:30", False),  # the day after Labour Day's
]


@pytest.mark.parametrize(("moment", "open_"), GAME_DAYS)
def test_games_are_open_for_their_hour(moment: str, open_: bool) -> None:
    decision = decide(table("game"), UNUSED, at(moment))
    assert decision.allowed is open_
    if not open_:
        assert decision.why == "window"
        assert not decision.may_ask


def test_a_refusal_names_the_next_hour_of_games() -> None:
    assert decide(table("game"), UNUSED, at("2026-03-09 12:00")).next_ms == at("2026-03-13 20:00")
    assert decide(table("game"), UNUSED, at("2026-02-13 22:00")).next_ms == at("2026-02-14 20:00")


def test_a_year_without_a_calendar_is_presumed_and_says_so() -> None:
    decision = decide(table("game"), UNUSED, at("2031-10-01 20:30"))
    assert decision.presumed
    assert not decide(table("chat"), UNUSED, at("2031-10-01 20:30")).presumed


def test_education_is_free_of_limits_until_a_guardian_sets_one() -> None:
    now = at("2026-03-09 23:30")
    assert decide(table("education"), UNUSED, now).ends_ms is None
    own = Settings(quiet=(Quiet(frozenset((0,)), Hours(21 * 60, 7 * 60)),))
    assert decide(table("education", own=own), UNUSED, now).why == "quiet_hours"
    assert decide(table("education", own=own), UNUSED, at("2026-03-10 06:59")).allowed is False
    assert decide(table("education", own=own), UNUSED, at("2026-03-10 23:30")).allowed


def test_a_guardian_tightens_games_and_never_loosens_them() -> None:
    more = Extra(at("2026-03-09 20:00"), at("2026-03-09 23:00"), 3_600_000)
    loose = Settings(daily_min=dict.fromkeys(range(7), 600), curfew_off=True, extras=(more,))
    assert not decide(table("game", own=loose), UNUSED, at("2026-03-09 20:30")).allowed
    tight = Settings(daily_min={4: 15})
    assert decide(table("game", own=tight), UNUSED, at("2026-03-13 20:00")).ends_ms == at(
        "2026-03-13 20:15"
    )


def test_more_time_opens_the_night_and_the_total_while_it_lasts() -> None:
    given_at, until = at("2026-03-09 21:50"), at("2026-03-09 22:20")
    own = Settings(extras=(Extra(given_at, until, 30 * 60_000),))
    spent = Usage(given_at, 0, {ZONE.day(given_at): 60 * 60_000})
    assert decide(table(own=own), spent, given_at).ends_ms == until
    assert not decide(table(own=own), spent, until).allowed
    assert not decide(table(), spent, given_at).allowed


def test_a_missing_consent_comes_before_everything() -> None:
    decision = decide(table("companion"), UNUSED, at("2026-03-09 15:00"), consent=False)
    assert (decision.allowed, decision.why, decision.next_ms) == (False, "consent_missing", None)


def test_a_pause_ends_the_streak_and_its_reminders() -> None:
    usage = UNUSED
    for n in range(41):
        usage = mark(usage, at("2026-03-09 15:00") + n * 60_000, 0, RULES.use, ZONE)
    assert decide(table(), usage, at("2026-03-09 15:41")).pause_reminders == 1
    assert decide(table(), usage, at("2026-03-09 15:45")).pause_reminders == 0


def test_a_companion_reminds_of_what_it_is_after_two_hours() -> None:
    usage = UNUSED
    for n in range(121):
        usage = mark(usage, at("2026-03-09 15:00") + n * 60_000, 0, RULES.use, ZONE)
    decision = decide(table("companion", "from16"), usage, at("2026-03-09 17:00"))
    assert (decision.reality_reminders, decision.pause_reminders) == (1, 4)


# --- the zone


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"])
def test_every_moment_lies_in_its_day(name: str) -> None:
    zone, real = Zone(name), ZoneInfo(name)
    for hour in range(0, 24 * 370, 5):
        moment = datetime.fromtimestamp(1_767_225_600 + hour * 3600, UTC)
        day = zone.day(int(moment.timestamp() * 1000))
        assert iso_day(day) == moment.astimezone(real).date().isoformat()


def test_a_wall_clock_hour_is_found_on_days_that_are_longer() -> None:
    zone = Zone("Europe/Berlin")
    for day in ("2026-03-29", "2026-10-25", "2026-06-01"):
        ordinal = datetime.fromisoformat(day).toordinal()
        moment = datetime.fromtimestamp(zone.at_ms(ordinal, 22 * 60) / 1000, ZoneInfo(zone.name))
        assert moment.strftime("%Y-%m-%d %H:%M") == f"{day} 22:00"
        assert zone.at_ms(ordinal, 1440) == zone.start_ms(ordinal + 1)


# --- the second opinion

PROFILES = ("chat", "companion", "game", "education")
BANDS = tuple(RULES.bands)


@given(seed=st.integers(0, 2**32), profile=st.sampled_from(PROFILES), band=st.sampled_from(BANDS))
@settings(max_examples=150, deadline=None)
def test_a_slow_second_opinion_agrees_on_every_request(seed: int, profile: str, band: str) -> None:
    chance = random.Random(seed)
    totals = {d: chance.choice((0, 5, 20, 90)) for d in range(7) if chance.random() < 0.4}
    quiet = [
        ({d for d in range(7) if chance.random() < 0.5}, f"{chance.randrange(24):02}:30",
         f"{chance.randrange(24):02}:00")
        for _ in range(chance.randrange(3))
    ]  # fmt: skip
    lifted = chance.random() < 0.3
    oracle = Oracle(profile, band, totals, quiet, curfew_off=lifted)
    now = at("2026-01-01 12:00") // 1000 + chance.randrange(300 * 86_400)
    extras = []
    if chance.random() < 0.5:
        start = now + chance.randrange(7_200)
        extra = (start, start + chance.randrange(1, 5_400), chance.randrange(60, 3_600))
        oracle.more(*extra)
        extras.append(Extra(*(1000 * part for part in extra)))
    own = Settings(
        daily_min=totals,
        quiet=tuple(
            Quiet(frozenset(days), Hours(_minutes(start), _minutes(end)))
            for days, start, end in quiet
        ),
        curfew_off=lifted,
        extras=tuple(extras),
    )
    mine, usage = table(profile, band, own), UNUSED
    for _ in range(chance.randrange(5, 60)):
        now += chance.choice((1, 20, 70, 90, 91, 200, 400, 3_000, 20_000))
        decision = decide(mine, usage, now * 1000)
        assert decision.allowed == oracle.allows(now), wall(now)
        _check_promises(decision.ends_ms, decision.next_ms, oracle, now)
        if decision.allowed:
            read_s = chance.choice((0, 10, 60, 100))
            oracle.sign(now, read_s)
            usage = mark(usage, now * 1000, read_s * 1000, RULES.use, ZONE)
        for day, used in usage.days.items():
            assert used == oracle.used_s(iso_day(day)) * 1000
            assert used_ms(usage, day, now * 1000, ZONE) == oracle.used_s(iso_day(day), now) * 1000


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _check_promises(ends: int | None, again: int | None, oracle: Oracle, now: int) -> None:
    """What a decision says of later is so: it opens then and not a second before."""
    if again is not None and again > now * 1000:
        assert oracle.allows(again // 1000)
        assert not oracle.allows(again // 1000 - 1)
    if ends is not None:
        last = oracle.signs[:]
        oracle.signs += [(now, ends // 1000)]  # use that goes on without a break
        assert ends == now * 1000 or oracle.allows(ends // 1000 - 1)
        assert not oracle.allows(ends // 1000)
        oracle.signs[:] = last
