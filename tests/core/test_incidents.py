"""Incidents and corrections as people go through them: clocks, reports, proofs, second persons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.proceedings import (
    APPROVER,
    MONDAY,
    OFFICER,
    REVIEWER,
    RIVAL,
    SECOND,
    Play,
    brought,
)
from licet.cases import Refusal
from licet.cases.proceedings import MACHINE, as_of
from licet.rulebook import load_pack

HOUR = timedelta(hours=1)


def graded(**grading: Any) -> Play:
    return Play("incident").begun("find").does("set_grade", OFFICER, **grading)


def reported(**grading: Any) -> Play:
    return graded(**grading).does("report_first", OFFICER)


# --- incidents ---


@pytest.mark.parametrize(
    ("reporter", "hours"),
    [("critical_infrastructure", 1), ("central_organ", 2), ("other_operator", 4)],
)
@pytest.mark.parametrize("grade", ["larger", "major", "special"])
def test_a_cyber_incident_is_reported_in_the_hours_of_its_reporter(
    reporter: str, hours: int, grade: str
) -> None:
    play = graded(kind="cyber", grade=grade, reporter=reporter)
    due = {c.due_at for n, c in play.running().items() if n.startswith("report_")}
    assert due == {MONDAY + hours * HOUR}


@pytest.mark.parametrize(("grade", "hours"), [("ordinary", 24), ("grave", 4)])
def test_a_content_incident_is_reported_inside_the_service_level(grade: str, hours: int) -> None:
    play = graded(kind="content", grade=grade)
    clock = play.running()[f"report_{grade}"]
    assert clock.due_at == MONDAY + hours * HOUR
    play.now = MONDAY + hours * HOUR
    assert play.running()[f"report_{grade}"].state == "overdue"
    play.does("report_first", OFFICER)
    assert play.running()[f"report_{grade}"].state == "met_late"


def test_a_higher_grade_brings_its_clock_with_it_from_the_beginning() -> None:
    play = graded(kind="content", grade="ordinary")
    play.pass_hours(3)
    play.does("set_grade_again", OFFICER, kind="content", grade="grave")
    running = play.running()
    assert "report_ordinary" not in running
    assert running["report_grave"].due_at == MONDAY + 4 * HOUR


def test_a_later_statement_does_not_set_a_clock_back() -> None:
    play = graded(kind="content", grade="grave")
    later, earlier = MONDAY + 2 * HOUR, MONDAY - 3 * HOUR
    play.does("report_first", OFFICER, found_at=later.isoformat())
    assert play.running()["report_grave"].started_at == MONDAY
    play.does("supplement", OFFICER, found_at=earlier.isoformat())
    assert play.running()["report_grave"].started_at == earlier
    assert play.running()["report_grave"].state == "met"


def test_a_first_report_is_partial_and_the_final_one_is_whole() -> None:
    play = graded()
    first = {"system": "Riverside", "found_at": MONDAY.isoformat()}
    assert play.faults("report_first", OFFICER, system="") == {"system": "missing"}
    play.act(
        "report_first", OFFICER, **first, happened="In one answer.", measures_taken="Stopped."
    )
    lacking = play.tries("report_final", OFFICER, lessons="None.")
    assert isinstance(lacking, Refusal)
    assert {f.field for f in lacking.faults} == {
        *("trend", "cause", "planned_measures", "preservation")
    }
    play.act("supplement", OFFICER, trend="Over.", cause="A missing rule.")
    play.act(
        "report_final", OFFICER,
        planned_measures="A rule.", preservation="In the ledger.", lessons="None.",
    )  # fmt: skip
    assert play.stage == "final_reported"
    assert play.of.facts["system"] == "Riverside"


def test_an_answer_needs_words_of_its_own() -> None:
    play = reported()
    play.act("ask", REVIEWER, text="Which rule?")
    assert play.faults("answer", OFFICER, text=None) == {"text": "missing"}
    play.act("answer", OFFICER, text="base.fraud.zh.1")
    assert play.stage == "reported"


def test_the_final_report_rests_while_a_question_is_open() -> None:
    play = reported()
    before = play.running()["final_report"].due_at
    play.pass_hours(24)
    play.act("ask", REVIEWER, text="Which rule?")
    assert play.running()["final_report"].state == "resting"
    assert play.running()["answer"].state == "running"
    play.pass_hours(72)
    play.act("answer", OFFICER, text="base.fraud.zh.1")
    after = play.running()["final_report"].due_at
    assert before
    assert after
    assert timedelta(days=2) <= after - before <= timedelta(days=5)


def test_a_question_after_the_final_report_leads_back_to_it() -> None:
    play = graded().does("report_at_once", OFFICER)
    play.act("ask", REVIEWER, text="Which rule?").act("answer", OFFICER, text="That one.")
    assert play.stage == "final_reported"
    play.does("close", APPROVER)
    assert play.stage == "closed"
    assert play.open_to(OFFICER) == set()
    play.does("reopen", APPROVER)
    assert play.stage == "final_reported"


def test_a_measure_ordered_has_the_day_that_the_order_names_and_ninety_at_most() -> None:
    play = reported()
    play.does("order_measure", APPROVER, measure_due="2026-03-12")
    due = play.running()["measure"].due_at
    assert due == datetime.fromisoformat("2026-03-13T00:00+08:00")
    other = reported().does("order_measure", APPROVER, measure_due="2027-03-12")
    bound = other.running()["measure"].due_at
    assert bound
    assert bound < MONDAY + timedelta(days=95)


def test_nobody_dismisses_an_incident_alone() -> None:
    play = Play("incident").begun("find")
    assert play.refused("dismiss", OFFICER, text="A test.") == "not_yet"
    play.act("propose_dismissal", OFFICER, text="A test.")
    assert play.refused("dismiss", OFFICER, text="A test.") == "four_eyes"
    play.act("dismiss", SECOND, text="A test.")
    assert play.stage == "dismissed"
    assert "grade" not in play.of.facts


def test_a_machine_finds_and_counts_and_does_nothing_else() -> None:
    play = graded(grade="grave")
    assert play.open_to(MACHINE) == {"add_halts"}
    play.act("add_halts", MACHINE, halts=7)
    assert (play.of.facts["halts"], play.of.facts["grade"]) == (7, "grave")
    assert play.refused("set_grade_again", MACHINE, **brought(play, "set_grade_again")) == (
        "other_side"
    )


def test_a_rival_sees_no_act_and_hears_why() -> None:
    play = graded()
    assert play.open_to(RIVAL) == set()
    assert play.refused("report_first", RIVAL) == "not_yours"


def test_the_authority_forwards_a_major_incident_within_the_hour() -> None:
    play = reported(kind="cyber", grade="major", reporter="other_operator")
    assert play.running()["forward"].due_at == MONDAY + HOUR
    major = reported(kind="cyber", grade="special", reporter="critical_infrastructure")
    assert major.running()["forward_infrastructure"].due_at == MONDAY + HOUR / 2
    assert not {"forward", "forward_infrastructure"} & set(
        reported(kind="cyber", grade="larger", reporter="other_operator").running()
    )


@pytest.mark.parametrize(
    ("grade", "clock", "days"),
    [
        ("serious", "report", 15),
        ("death", "report_death", 10),
        ("widespread", "report_widespread", 2),
    ],
)
def test_the_second_regime_counts_days(grade: str, clock: str, days: int) -> None:
    start = datetime.fromisoformat("2026-03-02T10:00+01:00")
    play = Play("incident", load_pack("eu-ai-act"), start).begun("find")
    play.does("set_grade", OFFICER, grade=grade)
    due = play.running()[clock].due_at
    assert due
    last = (due - timedelta(seconds=1)).date()
    assert last - start.date() >= timedelta(days=days)
    assert last - start.date() <= timedelta(days=days + 2)  # rolls over a week's end


# --- corrections ---


def proposed() -> Play:
    play = Play("correction").begun("start", OFFICER)
    for act in ("contain", "explain", "name_candidate"):
        play.does(act, OFFICER)
    return play


def test_only_a_proven_candidate_is_released() -> None:
    play = proposed()
    assert play.refused("release", OFFICER) == "not_now"
    play.does("record_proof", OFFICER, verdict="better")
    play.act("release", OFFICER)
    play.act("take_effect", MACHINE)
    assert play.stage == "served"


@pytest.mark.parametrize("verdict", ["regresses", "not_better", "not_enough_data"])
def test_against_the_proof_only_a_second_person_releases_with_a_reason(verdict: str) -> None:
    play = proposed().does("record_proof", OFFICER, verdict=verdict)
    assert play.refused("release", OFFICER) == "not_proven"
    assert play.refused("release", SECOND) == "not_proven"
    against = brought(play, "release_against_proof")
    assert play.refused("release_against_proof", OFFICER, **against) == "four_eyes"
    assert play.faults("release_against_proof", SECOND, override_reason=" ") == {
        "override_reason": "missing"
    }
    play.act("release_against_proof", SECOND, **against)
    assert play.stage == "released"


def test_a_proof_proves_the_candidate_that_it_names() -> None:
    play = proposed()
    other = "0" * 64
    assert play.faults("record_proof", OFFICER, proven_sha256=other) == {
        "proven_sha256": "other_candidate"
    }
    play.does("record_proof", OFFICER)
    play.pass_hours(1)
    play.does("name_candidate", OFFICER)
    assert "verdict" not in play.of.facts
    assert play.refused("release", OFFICER) == "not_now"
    play.does("record_proof", OFFICER, verdict="regresses")
    assert play.refused("release", OFFICER) == "not_proven"


def test_a_proven_candidate_needs_no_override() -> None:
    play = proposed().does("record_proof", OFFICER)
    against = brought(play, "release_against_proof")
    assert play.refused("release_against_proof", SECOND, **against) == "is_proven"


def test_the_past_can_be_asked_about() -> None:
    play = graded()
    then = play.now
    play.pass_hours(2)
    play.does("report_first", OFFICER)
    before = as_of(play.of, then)
    assert before
    assert before.stage == "graded"
    assert as_of(play.of, then - timedelta(days=1)) is None
