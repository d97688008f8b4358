"""A filing goes its way: drafted, filed, sent back, reviewed, decided, and what stops it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest

from kit.cases import (
    ADVERSE,
    AFTER_HEARING,
    ALL_ROLES,
    APPROVER,
    CLERK,
    DRAFTER,
    FILE,
    HEARER,
    MONDAY,
    NUMBERS,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    STATEMENT,
    STRANGER,
    Play,
    actor,
    answers,
)
from licet.base.trouble import Corrupt
from licet.cases import (
    Refusal,
    apply,
    awaited,
    barred,
    differences,
    open_case,
    replay,
    shown,
    withheld,
)
from licet.cases.days import local_day


@pytest.mark.parametrize("route", PROCEDURE.routes)
def test_every_route_leads_from_draft_to_a_number(route: str) -> None:
    play = Play(route).granted()
    assert (play.case.filing, play.case.licence) == ("granted", "in_force")
    assert play.case.grant is not None
    assert play.case.grant.number == NUMBERS[route]
    assert play.case.in_force == play.case.versions[0]


def test_an_incomplete_draft_is_not_filed_and_says_what_is_missing() -> None:
    play = Play()
    whole = answers("model_filing", model_name=None, security_report=None)
    play.act("save_draft", DRAFTER, answers=whole)
    refusal = play.tries("file", REPRESENTATIVE)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "incomplete"
    assert {(f.field, f.code) for f in refusal.faults} == {
        ("model_name", "missing"),
        ("security_report", "missing"),
    }


def test_a_draft_may_lack_answers_but_holds_no_nonsense() -> None:
    play = Play()
    play.act("save_draft", DRAFTER, answers={"model_name": "Riverside"})
    refusal = play.tries("save_draft", DRAFTER, answers={"concurrency": "many", "colour": "red"})
    assert isinstance(refusal, Refusal)
    assert [(f.field, f.code) for f in refusal.faults] == [
        ("concurrency", "no_number"),
        ("colour", "no_such_field"),
    ]


def test_an_answer_that_was_not_asked_for_is_not_filed() -> None:
    play = Play()
    whole = answers("model_filing", model_origin="own", base_model="Somebody else's")
    play.act("save_draft", DRAFTER, answers=whole)
    play.act("file", REPRESENTATIVE)
    assert play.case.filed is not None
    assert "base_model" not in play.case.filed.answers


def test_only_the_representative_files() -> None:
    play = Play()
    play.act("save_draft", DRAFTER, answers=answers("model_filing"))
    assert play.refused("file", DRAFTER) == "not_your_role"
    assert "file" not in play.open_to(DRAFTER)
    assert "file" in play.open_to(REPRESENTATIVE)


def test_nobody_touches_the_case_of_another_provider() -> None:
    play = Play().granted()
    assert play.open_to(STRANGER) == set()
    assert play.refused("open_change", STRANGER, date="2026-03-09") == "not_yours"


@pytest.mark.parametrize("act", ["accept", "grant", "suspend_interim"])
def test_the_provider_does_not_do_what_the_authority_does(act: str) -> None:
    assert Play().filed().refused(act, REPRESENTATIVE) == "other_side"


def test_sending_back_says_what_to_correct_and_is_no_refusal() -> None:
    play = Play().filed()
    assert play.refused("send_back", CLERK) == "bad_data"
    request = {"field": "security_report", "text": "Page 4 is missing."}
    play.act("send_back", CLERK, requests=[request])
    assert play.case.filing == "sent_back"
    assert play.case.requests == (request,)
    assert play.case.statements == ()
    play.act("save_draft", DRAFTER, answers=answers("model_filing", concurrency=9))
    play.act("refile", REPRESENTATIVE)
    assert [version.number for version in play.case.versions] == [1, 2]


def test_versions_tell_what_changed_between_them() -> None:
    play = Play().filed()
    play.act("send_back", CLERK, requests=[{"text": "How many users at once?"}])
    play.act("save_draft", DRAFTER, answers=answers("model_filing", concurrency=9))
    play.act("refile", REPRESENTATIVE)
    first, second = play.case.versions
    changed = differences(PROCEDURE.form_of("model_filing"), first.answers, second.answers)
    assert [(c.field, c.before, c.after) for c in changed] == [("concurrency", 7, 9)]


def test_a_review_is_concluded_when_every_article_has_its_finding() -> None:
    play = Play().in_review()
    findings = {"lawful_sources": {"result": "conforms"}}
    play.act("assess", REVIEWER, findings=findings)
    assert play.refused("recommend", REVIEWER, text="Conforms.") == "checks_left"


def test_findings_are_about_the_version_that_was_filed() -> None:
    play = Play().in_review()
    findings = {c.id: {"result": "conforms"} for c in PROCEDURE.checks_of("model_filing")}
    play.act("assess", REVIEWER, findings=findings)
    play.act("send_back", REVIEWER, requests=[{"text": "One more thing."}])
    play.act("refile", REPRESENTATIVE)
    play.act("accept", CLERK)
    assert play.refused("recommend", REVIEWER, text="Conforms.") == "checks_left"


@pytest.mark.parametrize("result", ["fails", "not_applicable"])
def test_a_finding_that_is_no_yes_says_why(result: str) -> None:
    play = Play().in_review()
    refusal = play.tries("assess", REVIEWER, findings={"minors": {"result": result}})
    assert isinstance(refusal, Refusal)
    assert [(f.field, f.code) for f in refusal.faults] == [("minors", "missing")]


def test_what_fails_is_not_granted_without_a_condition_for_it() -> None:
    play = Play().in_review()
    findings = {c.id: {"result": "conforms"} for c in PROCEDURE.checks_of("model_filing")}
    findings["complaints"] = {"result": "fails", "note": "No time of answer is published."}
    play.act("assess", REVIEWER, findings=findings)
    play.act("recommend", REVIEWER, text="One thing is open.")
    number = NUMBERS["model_filing"]
    assert play.refused("grant", APPROVER, number=number, statement=STATEMENT) == "findings_open"
    condition = {"check": "complaints", "text": "Publish the time of answer within a month."}
    play.act("grant", APPROVER, number=number, conditions=[condition], statement=STATEMENT)
    assert play.case.grant is not None
    assert play.case.grant.conditions == (condition,)


def test_who_reviews_never_approves_whatever_their_roles() -> None:
    play = Play().in_review()
    findings = {c.id: {"result": "conforms"} for c in PROCEDURE.checks_of("model_filing")}
    play.act("assess", ALL_ROLES, findings=findings)
    play.act("recommend", REVIEWER, text="Conforms.")
    data = {"number": NUMBERS["model_filing"], "statement": STATEMENT}
    assert play.refused("grant", ALL_ROLES, **data) == "four_eyes"
    assert [(no.act, no.code) for no in barred(play.case, ALL_ROLES, play.now, PROCEDURE)] == [
        ("grant", "four_eyes")
    ]
    play.act("grant", APPROVER, **data)


@pytest.mark.parametrize("number", ["", "beijing-x-20260309", "Beijing-Riverside-2026", None, 7])
def test_a_number_looks_as_the_pack_says(number: object) -> None:
    play = Play().reviewed()
    assert play.refused("grant", APPROVER, number=number, statement=STATEMENT) == "bad_data"


def test_a_decision_states_its_reasons() -> None:
    play = Play().reviewed()
    number = NUMBERS["model_filing"]
    assert play.refused("grant", APPROVER, number=number) == "bad_data"
    lawless = {**STATEMENT, "provisions": ["art99"]}
    assert play.refused("grant", APPROVER, number=number, statement=lawless) == "bad_data"
    play.act("grant", APPROVER, number=number, statement=STATEMENT)
    (statement,) = play.case.statements
    assert statement["decision"] == "grant"
    assert statement["decider_role"] == "approver"
    assert statement["second_decider_role"] == "reviewer"
    assert statement["automated"] == "not_automated"
    assert statement["effective_from"] == "2026-03-09"


def test_a_refusal_comes_after_the_applicant_was_heard() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    assert play.case.filing == "refusal_proposed"
    assert play.refused("refuse", APPROVER, statement=AFTER_HEARING) == "hearing_open"
    play.act("respond", REPRESENTATIVE, text="The report was attached after all.")
    assert play.refused("refuse", APPROVER, statement=AFTER_HEARING) == "hearing_open"
    play.pass_days(8)
    assert play.refused("refuse", REVIEWER, statement=AFTER_HEARING) == "not_your_role"
    play.act("refuse", APPROVER, statement=AFTER_HEARING)
    assert play.case.filing == "refused"
    (statement,) = play.case.statements
    assert statement["heard"]["responses"] == 1
    assert [remedy["remedy"] for remedy in statement["remedies"]] == [
        "reconsideration",
        "litigation",
    ]
    assert play.case.hearing is None


def test_a_hearing_that_was_asked_for_is_held_by_somebody_else() -> None:
    play = Play().in_review()
    play.act("propose_refusal", ALL_ROLES, statement=ADVERSE)
    play.act("ask_hearing", REPRESENTATIVE)
    play.pass_days(30)
    assert play.refused("refuse", APPROVER, statement=AFTER_HEARING) == "hearing_asked"
    assert play.refused("hold_hearing", ALL_ROLES, text="Record.") == "four_eyes"
    play.act("hold_hearing", HEARER, text="Record of the hearing.")
    play.act("refuse", APPROVER, statement=AFTER_HEARING)


def waits_for(play: Play) -> set[str]:
    return {*awaited(play.case, local_day(play.now, PROCEDURE.time_zone), PROCEDURE)}


def test_while_somebody_is_heard_the_case_waits_for_them_and_then_for_the_authority() -> None:
    play = Play().in_review()
    assert waits_for(play) == {"authority"}
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    assert waits_for(play) == {"provider"}
    play.act("respond", REPRESENTATIVE, text="The report was attached after all.")
    assert waits_for(play) == {"provider"}, "there is time to say more"
    asked, waived, late = copy(play), copy(play), copy(play)
    asked.act("ask_hearing", REPRESENTATIVE)
    assert waits_for(asked) == {"authority"}
    waived.act("waive", REPRESENTATIVE)
    assert waits_for(waived) == {"authority"}
    late.pass_days(8)
    assert waits_for(late) == {"authority"}
    late.act("refuse", APPROVER, statement=AFTER_HEARING)
    assert waits_for(late) == set()


def test_a_hearing_about_the_licence_takes_no_filing_from_who_has_it() -> None:
    play = Play().granted()
    assert waits_for(play) == set()
    play.act("propose_suspension", REVIEWER, statement=ADVERSE)
    assert waits_for(play) == {"provider"}
    play.act("waive", REPRESENTATIVE)
    assert waits_for(play) == {"authority"}
    play.act("open_change", DRAFTER, date="2026-03-02")
    assert waits_for(play) == {"authority", "provider"}


def test_an_urgent_suspension_waits_for_the_authority_that_must_confirm_it() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, statement=ADVERSE, urgency="People are at risk.")
    assert waits_for(play) == {"authority"}
    play.act("propose_suspension", REVIEWER, statement=ADVERSE)
    assert waits_for(play) == {"provider"}
    play.act("waive", REPRESENTATIVE)
    assert waits_for(play) == {"authority"}


def test_a_hearing_that_nobody_asked_for_does_not_shorten_the_time() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.act("hold_hearing", HEARER, text="Nobody came.")
    assert play.refused("refuse", APPROVER, statement=AFTER_HEARING) == "hearing_open"
    play.pass_days(8)
    play.act("refuse", APPROVER, statement=AFTER_HEARING)


def test_who_never_corrects_can_be_refused_after_being_heard() -> None:
    play = Play().filed()
    play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
    play.pass_days(60)
    assert play.clock("correct").state == "overdue"
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.pass_days(9)
    play.act("refuse", APPROVER, statement=AFTER_HEARING)


def test_a_hearing_is_asked_for_in_time() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.pass_days(8)
    assert play.refused("ask_hearing", REPRESENTATIVE) == "too_late"


def test_a_proposal_can_be_given_up() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.act("drop_refusal", REVIEWER, text="The report had been overlooked.")
    assert (play.case.filing, play.case.hearing) == ("in_review", None)


def test_withdrawing_ends_the_hearing_about_what_is_withdrawn() -> None:
    play = Play().in_review()
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.act("withdraw", REPRESENTATIVE)
    assert (play.case.filing, play.case.hearing) == ("withdrawn", None)
    assert play.open_to(REPRESENTATIVE) == set()


def test_what_no_effect_reads_is_refused_and_not_dropped() -> None:
    refusal = Play().filed().tries("accept", CLERK, note="by the way")
    assert isinstance(refusal, Refusal)
    assert [(f.field, f.code) for f in refusal.faults] == [("note", "not_asked")]


def test_an_act_that_the_pack_does_not_know_is_refused() -> None:
    assert Play().refused("knight", APPROVER) == "no_such_act"


def test_only_a_providers_staff_open_a_case_on_a_route_that_exists() -> None:
    for route, by, code in (
        ("moon_landing", REPRESENTATIVE, "no_such_route"),
        ("model_filing", CLERK, "other_side"),
        ("model_filing", actor("nobody", "acme"), "not_your_role"),
    ):
        refusal = open_case("case-2", route, by, MONDAY, PROCEDURE)
        assert isinstance(refusal, Refusal)
        assert refusal.code == code


def test_the_public_sees_public_answers_and_how_many_are_withheld() -> None:
    play = Play().granted()
    assert play.case.in_force is not None
    form, whole = PROCEDURE.form_of("model_filing"), play.case.in_force.answers
    public = shown(form, whole, "public")
    assert {form.fields[name].visibility for name in public} == {"public"}
    assert {form.fields[n].visibility for n in shown(form, whole, "regulator")} == {
        "public",
        "regulator",
    }
    assert set(public) | set(withheld(form, whole, "public")) == set(whole)
    assert "keyword_list" in withheld(form, whole, "regulator")
    assert shown(form, whole, "holder") == whole


def test_a_history_that_was_tampered_with_is_not_read() -> None:
    events = Play().filed().case.events
    with pytest.raises(Corrupt):
        replay(events[1:])
    forged = {**events[2].data["answers"], "model_name": "Another"}
    with pytest.raises(Corrupt, match="not what was filed"):
        replay((*events[:2], replace(events[2], data={**events[2].data, "answers": forged})))
    with pytest.raises(Corrupt):
        replay((*events, events[0]))
    with pytest.raises(Corrupt):
        replay(())


def test_replaying_the_events_gives_the_case() -> None:
    case = Play().granted().case
    assert replay(case.events) == case
    assert apply(replay(case.events[:-1]), case.events[-1]) == case


def test_a_file_is_named_by_its_digest() -> None:
    play = Play()
    for broken in ({}, {**FILE, "sha256": "0"}, {**FILE, "bytes": 0}, "report.pdf"):
        refusal = play.tries("save_draft", DRAFTER, answers={"security_report": broken})
        assert isinstance(refusal, Refusal)
        assert [(f.field, f.code) for f in refusal.faults] == [("security_report", "no_file")]
