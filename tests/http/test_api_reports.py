"""What a provider reports over the door: believed as far as the rules here decide the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider, now
from kit.portal import person, portal
from kit.proceedings import PARTIES, Play, brought
from kit.proceedings import person as actor
from licet.cases import event_as_json
from licet.cases.proceedings import replay

PARTIES_OF_ACME = {"provider": "acme"}
OFFICER = actor("person-7", "provider", "acme", "drafter", "representative")
NUMBER = "LI-20261128-0123456789ab"
COMPLAINT = "LT-7F3K9Q2A1MZB"
Events = list[dict[str, Any]]


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as browser:
        yield Provider(browser, "acme")


def history() -> Events:
    """An incident of ACME up to its first report, as its installation decided it."""
    from licet.cases import Act
    from licet.cases.proceedings import MACHINE, begin

    play = Play("incident", start=now() - timedelta(minutes=10))
    opened = begin(
        NUMBER, Act("find", brought(play, "find")), MACHINE, play.now, play.rules,
        {"provider": "acme"},
    )  # fmt: skip
    assert isinstance(opened, tuple)
    play.of = replay(opened)
    play.does("set_grade", OFFICER).does("report_first", OFFICER)
    return [event_as_json(event) for event in play.of.events]


def report(events: Events, number: str = NUMBER) -> dict[str, Any]:
    return {"proceeding": number, "kind": "incident", "events": events}


def stage() -> str:
    from licet.portal.incidents import service

    return service.load(NUMBER).stage


def test_a_report_is_kept_as_it_was_decided_and_read_back(acme: Provider) -> None:
    events = history()
    receipt = acme.receipt_of(acme.send("report", report(events)))
    assert (receipt.outcome, receipt.subject) == ("done", NUMBER)
    page = acme.get(f"/proceedings/{NUMBER}").json()
    kept = [{key: one[key] for key in events[0]} for one in page["events"]]
    assert kept == events
    assert (page["stage"], page["complete"]) == ("reported", True)
    listed = acme.get("/proceedings").json()["proceedings"]
    assert [row["proceeding"] for row in listed] == [NUMBER]
    assert acme.get(f"/proceedings/{NUMBER}?after=2").json()["events"][0]["number"] == 2


def test_the_authority_answers_and_the_provider_goes_on_by_steps(acme: Provider) -> None:
    from licet.portal.incidents import service

    reviewer = person("authority", "r@gov.example", ("reviewer", "approver"), "GOV")
    acme.send("report", report(history()))
    assert service.act(NUMBER, "ask", {"text": "Which rule?"}, reviewer, now()).stage == "asked"
    step = {"proceeding": NUMBER, "act": "answer", "data": {"text": "base.fraud.zh.1"}}
    assert acme.receipt_of(acme.send("step", step)).outcome == "done"
    assert stage() == "reported"
    told = acme.get(f"/proceedings/{NUMBER}").json()["events"]
    assert [one["kind"] for one in told][-2:] == ["ask", "answer"]
    again = acme.receipt_of(acme.send("step", step))
    assert again.outcome == "refused"
    assert again.refusal
    assert again.refusal["code"] == "not_now"


def test_a_machine_of_the_provider_counts_on(acme: Provider) -> None:
    from licet.portal.incidents import service

    acme.send("report", report(history()))
    step = {"proceeding": NUMBER, "act": "add_halts", "data": {"halts": 9}}
    assert acme.receipt_of(acme.send("step", step)).outcome == "done"
    assert service.load(NUMBER).facts["halts"] == 9


def test_nobody_of_a_provider_acts_for_the_authority(acme: Provider) -> None:
    acme.send("report", report(history()))
    step = {"proceeding": NUMBER, "act": "ask", "data": {"text": "x"}}
    receipt = acme.receipt_of(acme.send("step", step))
    assert receipt.refusal
    assert receipt.refusal["code"] == "other_side"


def complaint(by: str = "c" * 32) -> Events:
    """A complaint that ACME answered, taken to the authority by whoever complained."""
    from licet.cases import Act
    from licet.cases.proceedings import begin

    play = Play("complaint", start=now() - timedelta(minutes=10))
    person_ = actor(by, "public", by, "complainant")
    parties: Any = {"provider": "acme", "public": by}
    opened = begin(
        COMPLAINT, Act("hand_in", brought(play, "hand_in")), person_, play.now, play.rules, parties
    )
    assert isinstance(opened, tuple)
    play.of = replay(opened)
    play.does("take_up", OFFICER).does("give_feedback", OFFICER).does("escalate", person_)
    return [event_as_json(event) for event in play.of.events]


def test_a_complaint_reaches_the_authority_with_what_the_person_did(acme: Provider) -> None:
    from licet.portal.incidents import service

    events = complaint()
    sent = {"proceeding": COMPLAINT, "kind": "complaint", "events": events}
    assert acme.receipt_of(acme.send("report", sent)).outcome == "done"
    found = service.load(COMPLAINT)
    assert (found.stage, found.parties["public"]) == ("escalated", "c" * 32)
    official = person("authority", "r@gov.example", ("reviewer",), "GOV")
    given = {"result": "founded", "reply_text": "It was lawful."}
    assert service.act(COMPLAINT, "decide_complaint", given, official, now()).stage == "decided"
    told = acme.get(f"/proceedings/{COMPLAINT}").json()["events"]
    assert told[-1]["kind"] == "decide_complaint"


def test_a_provider_does_not_speak_for_whoever_complained(acme: Provider) -> None:
    events = complaint()
    forged = [{**one, "actor": OFFICER.account} if n == 3 else one for n, one in enumerate(events)]
    for told in (forged, complaint("d" * 65)):
        sent = {"proceeding": COMPLAINT, "kind": "complaint", "events": told}
        assert acme.send("report", sent).json()["code"] == "bad-body"


def change(place: int, **changes: Any) -> Callable[[Events], Events]:
    def changed(events: Events) -> Events:
        return [{**one, **(changes if n == place else {})} for n, one in enumerate(events)]

    return changed


def deep(place: int, key: str, value: Any) -> Callable[[Events], Events]:
    def changed(events: Events) -> Events:
        events = json.loads(json.dumps(events))
        events[place]["data"]["facts"][key] = value
        return events

    return changed


@pytest.mark.parametrize(
    "unlike",
    [
        lambda events: [],
        lambda events: events[1:],
        lambda events: [events[0], events[2]],
        lambda events: [*events, events[2]],
        change(1, kind="close"),
        change(1, role="approver"),
        change(2, at="2199-01-01T00:00:00+00:00"),
        change(1, at="2001-01-01T00:00:00+00:00"),
        change(2, data={"stage": "closed"}),
        change(0, data={"proceeding": {}}),
        deep(1, "grade", "mild"),
        deep(2, "smuggled", "x"),
        lambda events: ["poem"],
    ],
)
def test_what_the_rules_here_do_not_decide_is_not_taken(
    acme: Provider, unlike: Callable[[Events], Events]
) -> None:
    from licet.portal.incidents.models import StoredProceeding

    answer = acme.send("report", report(unlike(history())))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-body")
    assert not StoredProceeding.objects.exists()


def test_a_history_that_goes_on_is_kept_once_and_another_is_refused(acme: Provider) -> None:
    from licet.portal.filings.models import StoredEvent

    events = history()
    acme.send("report", report(events[:2]))
    assert stage() == "graded"
    acme.send("report", report(events))
    assert stage() == "reported"
    assert StoredEvent.objects.filter(proceeding_id=NUMBER).count() == 3
    other = acme.send("report", report(history()))
    assert other.status_code == 409


def test_another_provider_reads_and_moves_nothing(acme: Provider) -> None:
    acme.send("report", report(history()))
    rival = Provider(acme.client, "rival")
    assert rival.get(f"/proceedings/{NUMBER}").status_code == 404
    assert rival.get("/proceedings").json()["proceedings"] == []
    step = {"proceeding": NUMBER, "act": "supplement", "data": {"trend": "x"}}
    assert rival.send("step", step).status_code == 404
    assert rival.send("report", report(history())).status_code in (409, 422)
    assert PARTIES["provider"] == "acme"


def test_a_step_that_is_refused_says_why_in_both_languages(acme: Provider) -> None:
    acme.send("report", report(history()))
    step = {"proceeding": NUMBER, "act": "supplement", "data": {"trend": 5, "mood": "x"}}
    refusal = acme.receipt_of(acme.send("step", step)).refusal
    assert refusal
    assert refusal["code"] == "bad_data"
    assert {fault["field"] for fault in refusal["faults"]} == {"trend", "mood"}
    early = {"proceeding": NUMBER, "act": "answer", "data": {"text": "x"}}
    refusal = acme.receipt_of(acme.send("step", early)).refusal
    assert refusal
    assert "Reported" in refusal["said"]["en"]
    assert "已报告" in refusal["said"]["zh"]


def test_an_order_does_not_exist_for_a_provider_that_was_not_told_of_it() -> None:
    from kit.orders import Scene
    from licet.portal.filings.models import StoredEvent

    with portal(AUTHORITY) as browser:
        scene = Scene()
        own = Provider(browser, "own")
        row = scene.does(scene.ask(), "validate", scene.approver)
        listed = [one["proceeding"] for one in own.get("/proceedings").json()["proceedings"]]
        assert listed == [scene.dossier.pk]
        assert own.get(f"/proceedings/{row.pk}").status_code == 404
        step = {"proceeding": row.pk, "act": "object", "data": {"text": "Too much."}}
        before = StoredEvent.objects.count()
        assert own.send("step", step).json()["code"] == "no-such-case"
        assert StoredEvent.objects.count() == before
        scene.does(row, "tell_provider", scene.clerk)
        page = own.get(f"/proceedings/{row.pk}").json()
        assert page["stage"] == "notified"
        assert page["order"]["reader"]["name"] == scene.reader.name
        share = {"proceeding": row.pk, "act": "give_provider_share", "data": {}}
        assert own.send("step", share).json()["code"] == "bad-body", "a share is more than words"
        assert own.receipt_of(own.send("step", step)).outcome == "done"
        assert own.get(f"/proceedings/{row.pk}").json()["stage"] == "objected"
