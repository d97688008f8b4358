"""The life of what was granted: conditions, suspension, restoration, change, renewal, end."""

from __future__ import annotations

import datetime as dt

import pytest

from kit.cases import (
    ADVERSE,
    AFTER_HEARING,
    ALL_ROLES,
    APPROVER,
    CLERK,
    DRAFTER,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    STATEMENT,
    Play,
    answers,
)
from licet.cases import (
    as_of,
    decide,
    depends_on,
    display_text,
    due,
    flagged,
    proposed_number,
    settled,
    status,
)
from licet.cases.model import Act


def test_an_urgent_suspension_lapses_by_itself_unless_confirmed() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    assert status(play.case, play.now, PROCEDURE) == "suspended"
    play.pass_days(14)
    assert status(play.case, play.now, PROCEDURE) == "suspended"
    play.pass_days(2)
    assert status(play.case, play.now, PROCEDURE) == "valid"
    (lapse,) = due(play.case, play.now)
    assert (lapse.kind, lapse.actor) == ("lapsed", "system")
    assert lapse.at.astimezone(dt.UTC).isoformat() == "2026-03-24T16:00:00+00:00"


def test_what_lapses_is_the_same_whenever_anybody_looks() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.pass_days(16)
    early = settled(play.case, play.now)
    play.pass_days(100)
    assert settled(play.case, play.now) == early
    assert due(early, play.now) == ()


def test_a_confirmed_suspension_does_not_lapse() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.act("propose_suspension", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    assert play.refused("suspend", APPROVER, statement=AFTER_HEARING) == "four_eyes"
    play.act("suspend", ALL_ROLES, statement=AFTER_HEARING)
    play.pass_days(60)
    assert play.settled.licence == "suspended"


def test_urgency_is_recorded() -> None:
    play = Play().granted()
    assert play.refused("suspend_interim", APPROVER, statement=ADVERSE) == "bad_data"


def test_what_lapsed_is_not_put_on_again_without_new_facts() -> None:
    play = Play().granted()
    data = {"urgency": "Harm is under way.", "statement": ADVERSE}
    play.act("suspend_interim", APPROVER, **data)
    play.pass_days(20)
    assert play.refused("suspend_interim", APPROVER, **data) == "bad_data"
    play.act("suspend_interim", APPROVER, **data, new_facts="It has begun again since.")


@pytest.mark.parametrize(
    ("proposal", "act", "leads"),
    [
        ("propose_suspension", "suspend", "suspended"),
        ("propose_revocation", "revoke", "revoked"),
    ],
)
def test_no_adverse_act_without_a_hearing(proposal: str, act: str, leads: str) -> None:
    play = Play().granted()
    assert play.refused(act, APPROVER, statement=AFTER_HEARING) == "not_heard"
    play.act(proposal, REVIEWER, statement=ADVERSE)
    assert play.refused(act, APPROVER, statement=AFTER_HEARING) == "hearing_open"
    play.pass_days(9)
    play.act(act, APPROVER, statement=AFTER_HEARING)
    assert play.case.licence == leads


def test_a_hearing_about_one_act_is_none_about_another() -> None:
    play = Play().granted()
    play.act("propose_suspension", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    assert play.refused("revoke", APPROVER, statement=AFTER_HEARING) == "not_heard"


def test_conditions_are_set_after_hearing_and_kept_with_the_number() -> None:
    play = Play().granted()
    play.act("propose_conditions", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    conditions = [{"text": "Report every month."}]
    play.act("set_conditions", APPROVER, conditions=conditions, statement=AFTER_HEARING)
    assert play.case.grant is not None
    assert play.case.grant.conditions == tuple(conditions)
    assert play.case.grant.number == "Beijing-Riverside-20260309"


def test_what_is_suspended_can_be_restored_with_reasons() -> None:
    play = Play().granted()
    play.act("propose_suspension", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    play.act("suspend", APPROVER, statement=AFTER_HEARING)
    play.act("ask_restoration", REPRESENTATIVE, text="The filter has been corrected.")
    assert play.refused("restore", APPROVER) == "bad_data"
    play.act("restore", APPROVER, statement=STATEMENT)
    assert status(play.case, play.now, PROCEDURE) == "valid"


def test_what_is_revoked_stays_revoked() -> None:
    play = Play().granted()
    play.act("propose_revocation", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    play.act("revoke", APPROVER, statement=AFTER_HEARING)
    for one in (APPROVER, REVIEWER, CLERK, REPRESENTATIVE):
        assert play.open_to(one) == set()


def test_a_change_leaves_the_old_version_in_force_until_it_is_approved() -> None:
    play = Play().granted()
    play.act("open_change", DRAFTER, date="2026-03-09")
    assert play.case.draft == play.case.versions[0].answers
    play.filed(concurrency=500)
    assert play.case.in_force == play.case.versions[0]
    play.act("accept", CLERK)
    play.assessed()
    assert "grant" not in play.open_to(APPROVER)
    play.act("approve_change", APPROVER, statement=STATEMENT)
    assert play.case.in_force == play.case.versions[1]
    assert play.case.grant is not None
    assert play.case.grant.number == "Beijing-Riverside-20260309"


def test_a_refused_change_takes_nothing_away() -> None:
    play = Play().granted()
    play.act("open_change", DRAFTER, date="2026-03-09")
    play.in_review(concurrency=500)
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    play.act("refuse", APPROVER, statement=AFTER_HEARING)
    assert (play.case.filing, play.case.licence) == ("refused", "in_force")
    assert play.case.in_force == play.case.versions[0]


def test_a_term_ends_by_itself_and_a_renewal_lengthens_it_from_its_end() -> None:
    play = Play().granted()
    assert play.case.grant is not None
    assert play.case.grant.until == dt.date(2029, 3, 9)
    end = dt.datetime(2029, 3, 9, 15, 59, tzinfo=dt.UTC)
    assert status(play.case, end, PROCEDURE) == "valid"
    assert status(play.case, end + dt.timedelta(minutes=1), PROCEDURE) == "invalid"
    play.pass_days(1000)
    play.act("open_renewal", DRAFTER)
    play.filed()
    play.act("accept", CLERK)
    play.assessed()
    play.act("renew", APPROVER, statement=STATEMENT)
    assert play.case.grant.until == dt.date(2032, 3, 9)


def test_who_applied_for_renewal_in_time_does_not_lose_by_the_authoritys_delay() -> None:
    play = Play().granted()
    play.pass_days(1080)
    play.act("open_renewal", DRAFTER)
    play.filed()
    play.pass_days(30)
    assert status(play.case, play.now, PROCEDURE) == "valid"
    play.act("accept", CLERK)
    play.act("propose_refusal", REVIEWER, statement=ADVERSE)
    play.act("waive", REPRESENTATIVE)
    play.act("refuse", APPROVER, statement=AFTER_HEARING)
    assert status(play.case, play.now, PROCEDURE) == "invalid"
    (lapse,) = due(play.case, play.now + dt.timedelta(days=9))
    assert lapse.at == play.now, "it ends with the refusal, not before"


def test_a_renewal_that_is_only_drafted_keeps_nothing_in_force() -> None:
    play = Play().granted()
    play.pass_days(1080)
    play.act("open_renewal", DRAFTER)
    play.pass_days(30)
    assert status(play.case, play.now, PROCEDURE) == "invalid"


def test_algorithm_filings_have_no_term() -> None:
    play = Play("algorithm_filing").granted()
    assert play.case.grant is not None
    assert play.case.grant.until is None
    assert "open_renewal" not in play.open_to(REPRESENTATIVE)


def test_an_act_after_a_lapse_records_the_lapse_first() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.pass_days(30)
    events = decide(
        play.case, Act("announce_end", {"date": "2026-05-01"}), REPRESENTATIVE, play.now, PROCEDURE
    )
    assert isinstance(events, tuple)
    assert [event.kind for event in events] == ["lapsed", "announce_end"]


def test_a_service_ends_in_order() -> None:
    play = Play("algorithm_filing").granted()
    play.act("announce_end", REPRESENTATIVE, date="2026-03-31")
    assert play.clock("cancel_after_end").started == dt.date(2026, 3, 31)
    play.act("cancel_filing", REPRESENTATIVE, text="Users were told and their data deleted.")
    assert status(play.case, play.now, PROCEDURE) == "invalid"
    assert play.clock("cancel_after_end").state == "met"


def test_whether_it_was_licensed_on_a_day_can_be_told_later() -> None:
    play = Play().granted()
    granted = play.now
    play.pass_days(10)
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.pass_days(40)
    for day, stage in ((0, "in_force"), (11, "suspended_interim"), (30, "in_force")):
        then = as_of(play.case, granted + dt.timedelta(days=day))
        assert then is not None
        assert then.licence == stage
    assert as_of(play.case, granted - dt.timedelta(days=1)) is None


def test_a_registration_is_flagged_while_its_upstream_filing_does_not_stand() -> None:
    model = Play().granted()
    number = "Beijing-Riverside-20260309"
    app = Play("app_registration", name="case-2").granted(upstream_number=number)
    other = Play("app_registration", name="case-3").granted(
        upstream_number="Beijing-Other-20260101"
    )
    assert depends_on(app.case, PROCEDURE) == number
    cases = (app.case, other.case)
    assert flagged(model.case, cases, model.now, PROCEDURE) == ()

    model.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    ((found, event),) = flagged(model.case, cases, model.now, PROCEDURE)
    assert found is app.case
    app.take(event)
    assert [(flag.upstream, flag.stage) for flag in app.case.flags] == [
        (number, "suspended_interim")
    ]
    assert app.case.licence == "in_force", "a flag takes nothing by itself"
    assert flagged(model.case, (app.case, other.case), model.now, PROCEDURE) == ()

    model.pass_days(20)  # it lapses
    ((_, event),) = flagged(model.case, (app.case,), model.now, PROCEDURE)
    app.take(event)
    assert app.case.flags == ()


def test_the_number_and_the_text_to_be_shown_come_from_the_pack() -> None:
    play = Play("algorithm_filing").reviewed()
    number = proposed_number(play.case, play.now.date(), 31, 823483, PROCEDURE)
    assert number == "网信算备110108823483901260031号"
    assert display_text(play.case, "zh", PROCEDURE) is None
    play.act("grant", APPROVER, number=number, statement=STATEMENT)
    shown = display_text(play.case, "zh", PROCEDURE)
    assert shown == f"Riverside 算法备案编号：{number}"


def test_a_number_that_cannot_be_filled_in_is_not_proposed() -> None:
    play = Play()
    assert proposed_number(play.case, play.now.date(), 1, 1, PROCEDURE) is None
    assert answers("model_filing")["region_latin"] == "Beijing"
