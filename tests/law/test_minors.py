"""What the pack says of minors is what its sources say: ages, hours, totals, features, caps."""

from __future__ import annotations

from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed, shipped
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import load_pack, parse_pack

MINORS = load_pack(PACK_ID).minors


def test_bands_are_those_of_the_guidelines_on_the_minors_mode() -> None:
    assert [band.below for band in MINORS.bands.values()] == [3, 8, 12, 16, 18]


@pytest.mark.parametrize("profile", ["chat", "companion"])
def test_under_16_have_an_hour_a_day_and_older_minors_two(profile: str) -> None:
    daily = MINORS.profiles[profile].daily_min
    assert [daily[band] for band in MINORS.bands] == [60, 60, 60, 60, 120]


@pytest.mark.parametrize("profile", ["chat", "companion"])
def test_the_night_from_22_to_6_is_closed_unless_a_guardian_opens_it(profile: str) -> None:
    curfew = MINORS.profiles[profile].curfew
    assert curfew is not None
    assert (curfew.start_min, curfew.end_min) == (22 * 60, 6 * 60)
    assert "curfew" in MINORS.profiles[profile].guardian


def test_games_are_open_one_hour_on_four_kinds_of_day_and_no_parent_opens_another() -> None:
    game = MINORS.profiles["game"]
    assert game.window is not None
    assert game.window.days == {"friday", "saturday", "sunday", "holiday"}
    assert (game.window.hours.start_min, game.window.hours.end_min) == (20 * 60, 21 * 60)
    assert not game.guardian
    assert game.grace_s == 0


def test_education_has_no_limit_of_time() -> None:
    assert not MINORS.profiles["education"].limited


def test_reminders_come_after_half_an_hour_and_of_reality_after_two() -> None:
    assert MINORS.profiles["chat"].pause_min == 30
    assert MINORS.profiles["companion"].reality_min == 120
    assert MINORS.profiles["chat"].reality_min == 0


def test_a_guardians_consent_is_needed_under_14_for_companions() -> None:
    assert MINORS.guardian_consent_under == 14
    assert [name for name, p in MINORS.profiles.items() if p.consent_required] == ["companion"]


def test_no_virtual_partner_for_any_minor() -> None:
    assert MINORS.features["virtual_intimacy"].minors == "never"


@pytest.mark.parametrize(
    ("band", "once", "month"),
    [
        ("under3", 0, 0),
        ("from3", 0, 0),
        ("from8", 50, 200),
        ("from12", 50, 200),
        ("from16", 100, 400),
    ],
)
def test_spending_is_capped_as_in_games(band: str, once: int, month: int) -> None:
    assert (MINORS.spending[band].once_yuan, MINORS.spending[band].month_yuan) == (once, month)


def test_help_in_a_crisis_is_there_in_both_languages_with_numbers_to_call() -> None:
    assert set(MINORS.crisis.help) == {"zh", "en"}
    assert MINORS.crisis.categories == {"self_harm"}
    assert MINORS.crisis.lines["mental_health"].number == "12356"


def test_a_signal_may_speak_of_thresholds_only() -> None:
    assert MINORS.thresholds == (3, 8, 12, 14, 16, 18)


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        (("profile", "chat", "daily", "from12"), GONE, "chat.daily.from12: is missing"),
        (("profile", "chat", "daily"), GONE, "chat.limited: does not go with the rest"),
        (("profile", "education", "limited"), True, "education.limited"),
        (("spending", "from8"), GONE, "spending.from8: is missing"),
        (("band", "from16", "id"), GONE, "band number 5: has no id"),
        (("help_line", "youth", "source"), GONE, "youth: names no source"),
        (("help_line", "youth", "source"), ["S999"], "source 'S999' does not exist"),
        (("crisis", "help", "zh"), GONE, "crisis.help.zh: is missing"),
        (("profile", "chat", "teaser"), 1, "chat.teaser: unknown key"),
    ],
)
def test_a_broken_chapter_is_refused_with_file_and_key(
    path: tuple[str, ...], to: Any, told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse_pack(changed("minors.toml", *path, to=to))
    assert told in refused.value.message
    assert refused.value.message.startswith("minors.toml: ")
    assert refused.value.hint


def test_a_pack_may_say_nothing_of_minors() -> None:
    documents = shipped()
    del documents["minors.toml"]
    ours = {"S20", "S22", "S23", "S60"}  # that this chapter alone rests on
    sources = documents["sources.toml"]
    sources["source"] = [source for source in sources["source"] if source["id"] not in ours]
    pack = parse_pack(documents)
    with pytest.raises(NotFound, match="has no rules for minors"):
        pack.minors  # noqa: B018


@pytest.mark.parametrize("file", ["calendar.toml", "categories.toml"])
def test_it_rests_on_the_calendar_and_the_guards_categories(file: str) -> None:
    documents = shipped()
    del documents[file]
    with pytest.raises(BadInput, match=rf"{file}: is missing"):
        parse_pack(documents)
