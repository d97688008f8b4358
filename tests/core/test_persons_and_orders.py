"""Measures, complaints, orders: notice, end, appeal; names instead of topics; shares of keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.proceedings import (
    ALL_ROLES,
    APPROVER,
    CLERK,
    HEARER,
    KEEPER,
    MONDAY,
    OFFICER,
    REVIEWER,
    SECOND,
    SECOND_SHARER,
    SHARER,
    SOMEBODY,
    STRANGER,
    TRUSTEE,
    Play,
    brought,
)
from licet.cases import Refusal
from licet.cases.proceedings import MACHINE, provider_knows

HOUR = timedelta(hours=1)


# --- measures against a person ---


def imposed(by: Any = MACHINE, act: str = "impose_alone", **notice: Any) -> Play:
    return Play("measure").begun(act, by, **notice)


def test_a_machine_warns_and_restricts_for_a_day_at_most() -> None:
    imposed(step="warn")
    imposed(step="restrict", prior_step="warn")
    play = Play("measure")
    for step, hours, fault in [
        ("suspend", 1, {"step": "not_alone"}),
        ("end", 1, {"step": "not_alone"}),
        ("restrict", 25, {"until": "too_late_a_day"}),
        ("restrict", -1, {"until": "past"}),
    ]:
        until = (play.now + hours * HOUR).isoformat()
        notice = {**brought(play, "impose_alone"), "step": step, "until": until}
        notice |= {"prior_step": "suspend"}
        no = play.opening("impose_alone", MACHINE, **notice)
        assert isinstance(no, Refusal)
        assert {f.field: f.code for f in no.faults} == fault


def test_what_a_machine_proposes_binds_nobody_and_lapses() -> None:
    play = imposed(act="propose", step="suspend", prior_step="restrict")
    assert play.stage == "proposed"
    play.pass_hours(24)
    assert play.stage == "dropped"
    other = imposed(act="propose", step="suspend", prior_step="restrict")
    other.does("confirm", OFFICER, step="suspend", prior_step="restrict")
    assert other.stage == "in_force"


def test_a_step_that_is_left_out_needs_a_reason() -> None:
    play = Play("measure")
    notice = {**brought(play, "impose"), "step": "suspend"}
    no = play.opening("impose", OFFICER, **notice)
    assert isinstance(no, Refusal)
    assert [(f.field, f.code) for f in no.faults] == [("skip_reason", "missing")]
    assert not isinstance(
        play.opening("impose", OFFICER, **notice, skip_reason="Lives are in danger."), Refusal
    )


@pytest.mark.parametrize("field", ["rule", "reason", "excerpt_sha256", "until"])
def test_a_notice_says_rule_reason_excerpt_and_end(field: str) -> None:
    play = Play("measure")
    no = play.opening("impose", OFFICER, **{**brought(play, "impose"), field: None})
    assert isinstance(no, Refusal)
    assert [(f.field, f.code) for f in no.faults] == [(field, "missing")]


def test_a_measure_ends_by_itself_appealed_or_not() -> None:
    play = imposed()
    play.pass_hours(11)
    assert play.stage == "in_force"
    play.does("appeal", SOMEBODY)
    play.pass_hours(1)
    assert play.stage == "over_appealed"
    play.does("overturn", OFFICER)
    assert play.stage == "overturned"


def test_an_appeal_is_decided_by_somebody_who_was_not_part_of_it() -> None:
    play = imposed(OFFICER, "impose").does("appeal", SOMEBODY)
    decision = brought(play, "overturn")
    assert play.refused("uphold", OFFICER, **decision) == "four_eyes"
    assert play.refused("overturn", OFFICER, **decision) == "four_eyes"
    play.does("uphold", SECOND)
    assert play.stage == "in_force"
    assert play.refused("appeal", SOMEBODY, **brought(play, "appeal")) == "done_before"
    play.pass_hours(20)
    play.does("appeal_later", SOMEBODY)
    assert play.refused("uphold_at_last", SECOND, **decision) == "four_eyes"


def test_only_the_person_appeals() -> None:
    play = imposed()
    assert play.refused("appeal", STRANGER, **brought(play, "appeal")) == "not_yours"


# --- complaints ---


def test_a_complaint_rests_while_the_complainant_is_asked() -> None:
    play = Play("complaint").begun("hand_in", SOMEBODY).act("take_up", OFFICER)
    play.does("ask_more", OFFICER)
    assert play.running()["feedback"].state == "resting"
    play.pass_hours(24)
    play.does("say_more", SOMEBODY)
    assert play.running()["feedback"].state == "running"


def test_the_authority_may_be_asked_once_the_provider_is_late_or_has_answered() -> None:
    play = Play("complaint").begun("hand_in", SOMEBODY)
    words = {"text": "Nobody answers."}
    assert play.refused("escalate", SOMEBODY, **words) == "not_late"
    play.pass_hours(24 * 3)
    play.act("escalate", SOMEBODY, **words)
    assert play.stage == "escalated"
    answered = Play("complaint").begun("hand_in", SOMEBODY).act("take_up", OFFICER)
    answered.does("give_feedback", OFFICER).act("escalate", SOMEBODY, **words)
    answered.does("decide_complaint", REVIEWER)
    assert answered.stage == "decided"


def test_a_complaint_that_nobody_takes_further_is_done() -> None:
    play = Play("complaint").begun("hand_in", SOMEBODY).does("turn_away", OFFICER)
    play.pass_hours(24 * 31)
    assert play.stage == "done"


# --- orders of access ---


def requested(**order: Any) -> Play:
    return Play("order").begun("request", REVIEWER, **order)


def ready(**order: Any) -> Play:
    play = requested(**order).act("validate", APPROVER).act("tell_provider", CLERK)
    return play.act("accept_order", OFFICER)


@pytest.mark.parametrize(
    "names",
    [
        "protest",
        "base.fraud",
        "everybody who asked about housing",
        "*",
        "LC-20260309-*",
        "LC-20260309-7F3K9Q2A1MZB protest",
        "2026-48~" + "0" * 31,
        "user@example.com",
    ],
)
def test_an_order_cannot_name_a_topic(names: str) -> None:
    play = Play("order")
    no = play.opening("request", REVIEWER, **{**brought(play, "request"), "names": names})
    assert isinstance(no, Refusal)
    assert [(f.field, f.code) for f in no.faults] == [("names", "no_name")]


def test_an_order_names_twenty_at_most_and_each_once() -> None:
    play, cases = Play("order"), [f"LC-20260309-{n:012d}" for n in range(21)]
    for names, code in [(cases, "too_many_names"), ([cases[0]] * 2, "named_twice")]:
        told = {**brought(play, "request"), "names": "\n".join(names)}
        no = play.opening("request", REVIEWER, **told)
        assert isinstance(no, Refusal)
        assert [f.code for f in no.faults] == [code]
    requested(names="\n".join(cases[:20]))
    requested(names="2026-48~" + "0" * 32)


DOSSIER = f"dossier_{'0' * 20}"


def test_a_section_that_an_order_names_is_sealed_in_the_dossier() -> None:
    requested(opens="section", names=f"{DOSSIER}/annotation_rules")
    play = Play("order")
    for name, code in [
        (f"{DOSSIER}/data_source", "no_section"),
        ("annotation_rules", "no_name"),
        ("dossier_0/annotation_rules", "no_name"),
        ("LC-20260309-7F3K9Q2A1MZB", "no_name"),
    ]:
        told = {**brought(play, "request"), "opens": "section", "names": name}
        no = play.opening("request", REVIEWER, **told)
        assert isinstance(no, Refusal)
        assert [f.code for f in no.faults] == [code]


def test_a_section_is_opened_with_the_shares_of_two_people_at_the_authority() -> None:
    play = ready(opens="section", names=f"{DOSSIER}/annotation_rules")
    view = brought(play, "open_sealed")
    play.does("give_provider_share", KEEPER).does("give_authority_share", SHARER)
    assert play.refused("open_sealed", REVIEWER, **view) == "shares_lack"
    again = brought(play, "give_authority_share")
    assert play.refused("give_authority_share", SHARER, **again) == "done_before"
    play.does("give_authority_share", SECOND_SHARER)
    play.does("open_sealed", REVIEWER)


def test_a_provider_knows_of_an_order_once_it_is_told() -> None:
    play = requested().act("validate", APPROVER)
    assert not provider_knows(play.of, play.rules)
    late = requested().act("validate", APPROVER).does("delay_notice", APPROVER)
    assert not provider_knows(late.of, late.rules)
    play.act("tell_provider", CLERK)
    assert provider_knows(play.of, play.rules)
    other = Play("incident").begun("find")
    assert provider_knows(other.of, other.rules)


def test_versions_of_a_dossier_are_counted_and_differ() -> None:
    play = Play("dossier").begun("publish_first", OFFICER)
    known = play.of.facts["version_sha256"]
    assert play.faults("publish_version", OFFICER, number=1) == {"number": "not_next"}
    assert play.faults("publish_version", OFFICER, version_sha256=known) == {
        "version_sha256": "same_version"
    }
    play.does("publish_version", OFFICER)
    assert play.of.facts["number"] == 2


def test_an_identity_is_opened_with_the_shares_of_two_sides() -> None:
    play = ready()
    view = brought(play, "open_sealed")
    assert play.refused("open_sealed", REVIEWER, **view) == "shares_lack"
    play.does("give_provider_share", KEEPER)
    assert play.refused("open_sealed", REVIEWER, **view) == "shares_lack"
    share = play.of.facts["share_sha256"]
    assert play.faults("give_independent_share", TRUSTEE, share_sha256=share) == {
        "share_sha256": "same_share"
    }
    play.does("give_independent_share", TRUSTEE)
    play.does("open_sealed", REVIEWER)
    assert play.stage == "opened"
    play.pass_hours(4)
    assert play.stage == "ended"


def test_one_official_with_every_role_opens_nothing() -> None:
    play = Play("order").begun("request", ALL_ROLES)
    assert play.refused("validate", ALL_ROLES) == "four_eyes"
    play.act("validate", APPROVER).act("tell_provider", CLERK).act("accept_order", OFFICER)
    share = brought(play, "give_authority_share")
    assert play.refused("give_authority_share", ALL_ROLES, **share) == "four_eyes"


def test_an_objection_is_decided_by_somebody_else_and_stops_the_order() -> None:
    play = Play("order").begun("request", ALL_ROLES).act("validate", APPROVER)
    play.act("tell_provider", CLERK).does("object", OFFICER)
    assert play.refused("open_sealed", REVIEWER, **brought(play, "open_sealed")) == "not_now"
    why = brought(play, "dismiss_objection")
    assert play.refused("dismiss_objection", ALL_ROLES, **why) == "four_eyes"
    play.does("set_order_aside", HEARER)
    assert play.stage == "set_aside"


def test_a_delayed_notice_has_a_reason_and_a_last_day_and_falls_due() -> None:
    play = requested().act("validate", APPROVER)
    assert play.faults("delay_notice", APPROVER, delay_reason="") == {"delay_reason": "missing"}
    play.does("delay_notice", APPROVER, notice_until="2026-03-11")
    play.does("give_authority_share", SHARER).does("give_independent_share", TRUSTEE)
    play.does("open_untold", REVIEWER)
    play.now = MONDAY + timedelta(days=4)
    assert play.running()["tell"].state == "overdue"
    assert play.stage == "ended_untold", "the view is over, the order is not"
    assert not provider_knows(play.of, play.rules)
    play.act("tell_later", CLERK)
    assert play.stage == "ended"
    assert provider_knows(play.of, play.rules)


@pytest.mark.parametrize("called_back", [False, True], ids=["lapsed", "called back"])
def test_of_an_order_that_was_delayed_and_never_opened_the_provider_is_told(
    called_back: bool,
) -> None:
    play = requested(until="2026-03-12").act("validate", APPROVER)
    play.does("delay_notice", APPROVER, notice_until="2026-03-11")
    if called_back:
        play.does("call_back_untold", REVIEWER)
    play.now = MONDAY + timedelta(days=9)
    assert play.stage == "unused_untold", "it is not over before the provider knows"
    assert play.running()["tell"].state == "overdue"
    assert play.refused("open_untold", REVIEWER, **brought(play, "open_untold")) == "not_now"
    play.act("tell_unused", CLERK)
    assert play.stage == "unused"
    assert provider_knows(play.of, play.rules)
    assert play.running()["tell"].state == "met_late"


def test_an_order_ends_on_the_day_that_it_names() -> None:
    play = requested(until="2026-03-10").act("validate", APPROVER)
    play.now = datetime.fromisoformat("2026-03-10T23:59+08:00")
    assert play.stage == "validated"
    play.now = datetime.fromisoformat("2026-03-11T00:00+08:00")
    assert play.stage == "lapsed_unused"
    assert play.refused("tell_provider", CLERK) == "not_now"
