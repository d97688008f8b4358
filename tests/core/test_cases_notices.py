"""Who is told of what, and when a period is near its end."""

from __future__ import annotations

from datetime import timedelta

from kit.cases import (
    APPROVER,
    CLERK,
    DRAFTER,
    HEARER,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    Play,
    answers,
    brought,
)
from licet.cases import due, nearing, told_to
from licet.cases.days import local_day


def last_told(play: Play) -> tuple[str, ...]:
    return told_to(play.case.events[-1], PROCEDURE)


def test_what_one_side_does_is_told_to_the_other() -> None:
    play = Play()
    assert last_told(play) == ()
    play.act("save_draft", DRAFTER, answers=answers("model_filing"))
    assert last_told(play) == ()
    play.act("file", REPRESENTATIVE)
    assert last_told(play) == ("authority",)
    play.act("send_back", CLERK, requests=[{"text": "Sign it."}])
    assert last_told(play) == ("provider",)
    play.act("refile", REPRESENTATIVE)
    play.act("accept", CLERK)
    assert last_told(play) == ("provider",)
    findings = {c.id: {"result": "conforms"} for c in PROCEDURE.checks_of("model_filing")}
    play.act("assess", REVIEWER, findings=findings)
    assert last_told(play) == ()


def test_every_decision_and_every_hearing_is_told_to_the_holder() -> None:
    for rule in PROCEDURE.acts.values():
        if {"state", "invite", "drop", "request", "hold_hearing", "extend"} & set(rule.effects):
            assert rule.side == "authority"
    play = Play().granted()
    assert last_told(play) == ("provider",)
    play.act("propose_revocation", REVIEWER, **brought(play, "propose_revocation"))
    assert last_told(play) == ("provider",)
    play.act("ask_hearing", REPRESENTATIVE)
    assert last_told(play) == ("authority",)
    play.act("hold_hearing", HEARER, text="Both were heard.")
    assert last_told(play) == ("provider",)
    play.act("revoke", APPROVER, **brought(play, "revoke"))
    assert last_told(play) == ("provider",)


def test_what_happens_by_itself_is_told_to_both() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, **brought(play, "suspend_interim"))
    play.pass_days(40)
    (lapse,) = due(play.case, play.now)
    assert told_to(lapse, PROCEDURE) == ("provider", "authority")


def test_the_bearer_is_told_so_many_days_of_the_period_before_it_ends() -> None:
    play = Play().in_review()
    play.act("send_back", REVIEWER, requests=[{"text": "Sign it."}])
    near = {one.clock.rule.id: one for one in nearing(play.case, play.now, PROCEDURE)}
    correct = near["correct"]
    assert correct.clock.bearer == "provider"
    play.now = correct.since
    assert play.clock("correct").left == PROCEDURE.near_days
    play.now = correct.since - timedelta(seconds=1)
    assert play.clock("correct").left == PROCEDURE.near_days + 1
    assert "decide" not in near, "it rests"


def test_days_of_rest_are_not_counted_before_the_end() -> None:
    play = Play().filed()
    clock = play.clock("decide")
    (decide,) = (
        o for o in nearing(play.case, play.now, PROCEDURE) if o.clock.rule.id == clock.rule.id
    )
    play.now = decide.since
    assert play.clock("decide").left == PROCEDURE.near_days
    assert clock.due is not None
    assert (clock.due - local_day(decide.since, PROCEDURE.time_zone)).days >= 3


def test_a_period_that_is_over_or_met_is_not_near() -> None:
    play = Play().filed()
    play.pass_days(100)
    assert nearing(play.case, play.now, PROCEDURE) == ()
    play = Play().granted()
    running = {one.clock.rule.id for one in nearing(play.case, play.now, PROCEDURE)}
    assert running == {"term"}


def test_a_long_period_has_a_notice_of_its_own_length() -> None:
    play = Play().granted()
    (term,) = nearing(play.case, play.now, PROCEDURE)
    assert term.clock.due is not None
    days = (term.clock.due - local_day(term.since, PROCEDURE.time_zone)).days
    assert days == PROCEDURE.clocks["term"].near_days == 60
