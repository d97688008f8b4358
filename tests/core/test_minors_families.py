"""Age signals, guardians' settings, links, requests and appeals: what each takes and refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Corrupt
from licet.minors.asking import (
    Appeal,
    MoreTime,
    Refusal,
    answer_appeal,
    answer_more,
    ask_more,
    file_appeal,
    is_overdue,
)
from licet.minors.identifying import identifying
from licet.minors.linking import Act, Link, Stage, act, claim, invite, new_code, settled, told
from licet.minors.linking import Refusal as LinkRefusal
from licet.minors.record import MinorRecord, parse_settings, read_record, write_record
from licet.minors.reporting import week
from licet.minors.settings import (
    Extra,
    Fault,
    Quiet,
    Settings,
    check_settings,
    features_off,
)
from licet.minors.signal import AgeSignal, band_of, parse_signal, signal_as_json, standing
from licet.minors.timetable import Timetable
from licet.minors.use import Usage
from licet.minors.zone import Zone, iso_day
from licet.rulebook import load_pack
from licet.rulebook.minors import Hours

RULES = load_pack("cn-genai-2023").minors
CHAT, GAME = RULES.profiles["chat"], RULES.profiles["game"]
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW = 1_773_000_000_000
SIGNAL = AgeSignal("document", "high", 12, 14, NOW - DAY_MS, NOW + 90 * DAY_MS, "acme.id-check")
RAW: dict[str, Any] = signal_as_json(SIGNAL)


# --- signals


def test_a_signal_is_read_as_it_was_written() -> None:
    assert parse_signal(RAW, RULES) == SIGNAL
    assert (standing(SIGNAL, RULES, NOW), band_of(SIGNAL, RULES).id) == ("minor", "from12")


@pytest.mark.parametrize(
    ("over", "under", "stands", "band"),
    [
        (18, None, "adult", "from16"),
        (0, 3, "minor", "under3"),
        (14, 18, "minor", "from12"),  # 14 to 17: the youngest band that is possible
        (16, 18, "minor", "from16"),
        (12, None, "unknown", "from12"),
        (0, None, "unknown", "under3"),
    ],
)
def test_a_signal_says_what_was_reached_and_what_was_not(
    over: int, under: int | None, stands: str, band: str
) -> None:
    signal = parse_signal(RAW | {"over": over, "under": under}, RULES)
    assert standing(signal, RULES, NOW) == stands
    assert band_of(signal, RULES).id == band


def test_an_expired_signal_says_nothing() -> None:
    assert standing(SIGNAL, RULES, SIGNAL.expires_ms) == "unknown"
    assert standing(SIGNAL, RULES, SIGNAL.issued_ms - 1) == "unknown"
    assert standing(None, RULES, NOW) == "unknown"


PERSONAL = (
    "birth_date", "birthday", "dateOfBirth", "dob", "name", "realName", "id_number", "idNum",
    "idCard", "pi", "phone", "document_number", "passport", "age",
)  # fmt: skip


@pytest.mark.parametrize("field", PERSONAL)
def test_personal_data_is_refused_by_name_and_its_value_not_repeated(field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_signal(RAW | {field: "1999-12-31"}, RULES)
    assert "is not taken here" in refused.value.message
    assert "1999" not in str(refused.value)
    assert "over" in refused.value.hint


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", "guess"),
        ("assurance", None),
        ("over", 13),
        ("over", True),
        ("under", 12),
        ("under", 17),
        ("expires_ms", NOW + 500 * DAY_MS),
        ("expires_ms", "2027-01-01"),
        ("issued_ms", -1),
        ("source", "110101200001011234"),
        ("source", "Zhang San"),
        ("source", ""),
        ("mood", "good"),
    ],
)
def test_a_signal_that_will_not_do_is_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        parse_signal(RAW | {field: value}, RULES)
    assert refused.value.message.startswith(("over:", "under:", "expires_ms:", field))
    assert refused.value.hint
    assert "110101" not in str(refused.value)


@given(st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=5), max_size=8))
def test_no_object_breaks_the_reader_of_signals(raw: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        parse_signal(raw, RULES)


# --- records and settings


def test_a_record_is_read_as_it_was_written() -> None:
    quiet = Quiet(frozenset((5, 6)), Hours(21 * 60, 7 * 60))
    settings = Settings({0: 30, 6: 90}, (quiet,), True, {"voice": False}, 100,
                        (Extra(NOW, NOW + HOUR_MS, HOUR_MS),))  # fmt: skip
    record = MinorRecord(SIGNAL, consented=True, linked=True, settings=settings)
    assert read_record(write_record(record, NOW)) == record
    gone = read_record(write_record(record, NOW + 3 * DAY_MS))
    assert gone.settings.extras == ()


@pytest.mark.parametrize("text", ["", "{}", "null", '{"signal": 1}', "\x00"])
def test_a_record_that_is_not_ours_is_refused_and_says_what_to_do(text: str) -> None:
    with pytest.raises(Corrupt) as refused:
        read_record(text)
    assert "anew" in refused.value.hint


@pytest.mark.parametrize(
    "raw",
    [1, {"daily": {}}, {"daily_min": {"monday": 1}}, {"quiet": [1]}, {"curfew_off": "yes"}],
)
def test_settings_that_will_not_do_are_refused(raw: object) -> None:
    with pytest.raises(BadInput):
        parse_settings(raw)


def test_settings_come_as_json() -> None:
    raw = {"daily_min": {"6": 90}, "quiet": [{"days": [0], "hours": {"start_min": 1200,
           "end_min": 420}}], "features": {"voice": False}}  # fmt: skip
    settings = parse_settings(raw)
    assert settings.daily_min == {6: 90}
    assert settings.quiet[0].hours == Hours(1200, 420)


def faults(settings: Settings, profile: str = "chat") -> list[Fault]:
    band = RULES.bands["from12"]
    return list(check_settings(settings, RULES, RULES.profiles[profile], band))


def test_what_a_guardian_may_not_loosen_is_named() -> None:
    loose = Settings(
        {0: 600}, curfew_off=True, features={"virtual_intimacy": True}, month_yuan=900
    )
    assert faults(loose) == [
        Fault("features.virtual_intimacy", "not_yours_to_loosen"),
        Fault("month_yuan", "not_yours_to_loosen"),
    ]
    assert Fault("curfew_off", "not_yours_to_loosen") in faults(loose, "game")


@pytest.mark.parametrize(
    "settings",
    [
        Settings({7: 10}),
        Settings({0: 1441}),
        Settings(quiet=(Quiet(frozenset((9,)), Hours(0, 60)),)),
        Settings(quiet=(Quiet(frozenset((0,)), Hours(60, 60)),)),
        Settings(quiet=(Quiet(frozenset((0,)), Hours(0, 1440)),)),
        Settings(quiet=(Quiet(frozenset((0,)), Hours(0, 60)),) * 15),
        Settings(features={"teleport": True}),
        Settings(month_yuan=-1),
    ],
)
def test_settings_out_of_range_are_named(settings: Settings) -> None:
    assert len(faults(settings)) == 1


def test_features_follow_the_pack_and_then_the_guardian() -> None:
    assert features_off(Settings(), RULES) == {"virtual_intimacy", "training_use", "memory"}
    own = Settings(features={"voice": False, "memory": True, "virtual_intimacy": True})
    assert features_off(own, RULES) == {"virtual_intimacy", "training_use", "voice"}


# --- links


def linked() -> Link:
    link = claim(invite("ln_1", "g", "abcd", NOW), "c", "abcd", SIGNAL, NOW, RULES)
    assert isinstance(link, Link)
    return link


def test_a_younger_child_is_linked_by_the_code_and_an_older_one_is_asked() -> None:
    assert linked().stage == "active"
    older = replace(SIGNAL, over=14, under=16)
    asked = claim(invite("ln_1", "g", "abcd", NOW), "c", "ABCD", older, NOW, RULES)
    assert isinstance(asked, Link)
    assert asked.stage == "asked"
    agreed = act(asked, "consent", "child", "c", NOW, RULES)
    assert isinstance(agreed, Link)
    assert agreed.stage == "active"
    assert told(asked, agreed) == ("guardian", "child")
    declined = act(asked, "decline", "child", "c", NOW, RULES)
    assert isinstance(declined, Link)
    assert told(asked, declined) == ("guardian",)


def test_a_child_of_unknown_age_is_asked() -> None:
    link = claim(invite("ln_1", "g", "abcd", NOW), "c", "abcd", None, NOW, RULES)
    assert isinstance(link, Link)
    assert link.stage == "asked"


@pytest.mark.parametrize("party", ["guardian", "child"])
def test_either_ends_a_link_and_both_are_told(party: Any) -> None:
    before = linked()
    after = act(before, "unlink", party, "g" if party == "guardian" else "c", NOW, RULES)
    assert isinstance(after, Link)
    assert after.stage == "ended"
    assert told(before, after) == ("guardian", "child")


def test_an_invitation_lapses() -> None:
    link = invite("ln_1", "g", "abcd", NOW)
    late = NOW + RULES.invitation_hours * HOUR_MS
    assert settled(link, late - 1, RULES).stage == "invited"
    assert settled(link, late, RULES).stage == "lapsed"
    assert claim(link, "c", "abcd", SIGNAL, late, RULES) == LinkRefusal("not_now")


def test_a_strangers_code_or_hand_moves_nothing() -> None:
    link = invite("ln_1", "g", "abcd", NOW)
    assert claim(link, "c", "abce", SIGNAL, NOW, RULES) == LinkRefusal("wrong_code")
    assert claim(link, "g", "abcd", SIGNAL, NOW, RULES) == LinkRefusal("own_code")
    assert act(linked(), "unlink", "child", "x", NOW, RULES) == LinkRefusal("not_yours")


@given(st.data())
def test_no_order_of_acts_revives_an_ended_link(data: st.DataObject) -> None:
    link, now = invite("ln_1", "g", "abcd", NOW), NOW
    over: Stage | None = None
    for _ in range(12):
        now += data.draw(st.integers(0, 30)) * HOUR_MS
        what = data.draw(st.sampled_from(get_args(Act)))
        party: Any = data.draw(st.sampled_from(("guardian", "child")))
        if what == "claim":
            out = claim(link, "c", "abcd", SIGNAL, now, RULES)
        else:
            out = act(link, what, party, "g" if party == "guardian" else "c", now, RULES)
        link = settled(out if isinstance(out, Link) else link, now, RULES)
        if over:
            assert link.stage == over
        elif link.stage in ("declined", "withdrawn", "lapsed", "ended"):
            over = link.stage
        if link.stage == "active":
            assert link.child == "c"


def test_codes_are_made_of_chance() -> None:
    codes = {new_code(lambda n, k=k: bytes((k,)) * n) for k in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 10 for code in codes)


# --- more time, appeals, reports


def test_more_time_is_given_once_and_within_the_packs_bound() -> None:
    request = ask_more("mt_1", "c", 20, NOW, RULES, CHAT)
    assert isinstance(request, MoreTime)
    answered = answer_more(request, 20, NOW + 60_000, RULES, CHAT)
    assert not isinstance(answered, Refusal)
    done, extra = answered
    assert extra == Extra(NOW + 60_000, NOW + 60_000 + 20 * 60_000, 20 * 60_000)
    assert answer_more(done, 5, NOW, RULES, CHAT) == Refusal("answered")
    assert answer_more(request, 61, NOW, RULES, CHAT) == Refusal("too_much")
    late = NOW + RULES.request_hours * HOUR_MS
    assert answer_more(request, 5, late, RULES, CHAT) == Refusal("lapsed")
    assert ask_more("mt_1", "c", 20, NOW, RULES, GAME) == Refusal("not_yours_to_loosen")
    no = answer_more(request, 0, NOW, RULES, CHAT)
    assert not isinstance(no, Refusal)
    assert no[1] is None


def _answer(appeal: Appeal, officer: str, reason: str, **said: bool) -> Appeal | Refusal:
    return answer_appeal(
        appeal, officer, reason, NOW, **{"upheld": True, "decided_before": False} | said
    )


def test_an_adult_is_answered_by_a_person_with_a_reason_in_time() -> None:
    appeal = file_appeal("ap_1", "p", NOW, RULES)
    due = NOW + RULES.appeal_answer_days * DAY_MS
    assert not is_overdue(appeal, due - 1)
    assert is_overdue(appeal, due)
    assert _answer(appeal, "o", " ") == Refusal("no_reason")
    assert _answer(appeal, "p", "yes") == Refusal("own_case")
    done = _answer(appeal, "o", "The document shows it.")
    assert isinstance(done, Appeal)
    assert (done.outcome, is_overdue(done, due)) == ("upheld", False)
    assert _answer(done, "o", "No.", upheld=False) == Refusal("answered")


def test_who_said_no_before_may_put_it_right_and_not_say_no_again() -> None:
    appeal = file_appeal("ap_2", "p", NOW, RULES)
    again = _answer(appeal, "o", "No proof.", upheld=False, decided_before=True)
    assert again == Refusal("decided_before")
    assert isinstance(_answer(appeal, "o", "Now it is shown.", decided_before=True), Appeal)
    assert isinstance(_answer(appeal, "other", "No proof.", upheld=False), Appeal)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("110101 19900307 1234", ("number",)), ("我的身份证00000020100101001X", ("number",)),
        ("生于2001年3月4日", ("date",)), ("2001-03-04", ("date",)),
        ("４．３．２００１", ("date",)),
        ("born 4 March 2001", ("date",)), ("Mar 4, 2001", ("date",)), ("20010304", ("date",)),
        ("11010119900307123X, 2001/3/4", ("number", "date")),
        ("我今年20岁", ()), ("I was 18 in 2019, call 13912345678.", ()), ("May 2010", ()),
    ],
)  # fmt: skip
def test_what_says_who_somebody_is_is_found(text: str, kinds: tuple[str, ...]) -> None:
    assert identifying(text) == kinds


def test_a_report_is_seven_days_of_minutes() -> None:
    zone = Zone(RULES.time_zone)
    table = Timetable(RULES, CHAT, RULES.bands["from12"], Settings({6: 90}), zone)
    monday = zone.day(NOW)
    kinds = {iso_day(monday): ("text", "voice")}
    report = week(table, Usage(NOW, 0, {monday: 125_000}), monday, kinds)
    assert [day.kinds for day in report[-2:]] == [(), ("text", "voice")]
    assert len(report) == 7
    assert (report[-1].used_min, report[-1].total_min) == (2, 60)
    assert {day.total_min for day in report} == {60, 90}
