"""Holders are told: of what is asked, proposed, decided, of what lapses, of periods that end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.cases import ADVERSE, AFTER_HEARING, STATEMENT, answers
from kit.portal import portal
from kit.visitors import does, filed, granted, visitors


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


@pytest.fixture
def people(browser: Any) -> dict[str, Any]:
    """A browser for every role of the holder and of the authority."""
    return {one.role: one.browser for one in visitors() if one.group != "other"}


def page(browser: Any, path: str = "notices/", lang: str = "en") -> str:
    answer = browser.get(f"/{lang}/{path}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def now() -> datetime:
    from licet.base.clock import SystemClock

    return SystemClock().now()


def act(case_id: str, role: str, act_id: str, at: datetime | None = None, **data: Any) -> Any:
    """Do an act at a moment; fails the test where it is refused."""
    if at is None:
        return does(case_id, (role, act_id, data))
    from licet.cases import Refusal
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    group = "own" if service.procedure().parties[role].side == "provider" else "officer"
    person = Person.objects.get(email=f"{role}@{group}.example")
    outcome = service.act(case_id, act_id, data, person, at)
    assert not isinstance(outcome, Refusal), outcome
    return outcome


def test_what_is_asked_of_the_holder_stands_in_their_notices(people: Any) -> None:
    case = filed()
    act(case.id, "clerk", "send_back", requests=[{"text": "Say who the users are."}])
    holder = people["representative"]
    shown = page(holder)
    assert "Say who the users are." in shown
    assert f"/en/desk/{case.id}/" in shown
    assert "Say who the users are." not in page(people["clerk"])


def test_a_notice_is_new_until_its_reader_says_so(people: Any) -> None:
    from licet.portal.filings.models import Notice

    case = filed()
    act(case.id, "clerk", "accept")
    holder = people["representative"]
    assert 'class="count"' in page(holder, "desk/")
    assert holder.post("/en/notices/", {"upto": "no number"}).status_code == 302
    assert 'class="count"' in page(holder, "desk/")
    upto = Notice.objects.latest("pk").pk
    assert holder.post("/en/notices/", {"upto": str(upto)}).status_code == 302
    assert 'class="count"' not in page(holder, "desk/")
    assert 'class="count"' in page(people["drafter"], "desk/"), "each reads for themselves"
    act(case.id, "reviewer", "send_back", requests=[{"text": "Sign it."}])
    assert 'class="count"' in page(holder, "desk/")


def test_nobody_is_told_of_anothers_case(browser: Any) -> None:
    everybody = visitors()
    act(filed().id, "clerk", "accept")
    for who in everybody:
        if who.group == "other":
            assert "There are no notices." in page(who.browser)


def test_from_hearing_to_refusal_with_reasons_and_remedies_and_their_days(people: Any) -> None:
    case = filed()
    act(case.id, "clerk", "accept")
    act(case.id, "reviewer", "propose_refusal", statement=ADVERSE)
    holder = people["representative"]
    told = page(holder)
    assert "The file is in order." in told, "the intended reasons are told before the decision"
    until = act(case.id, "representative", "respond", text="We disagree.").hearing.until
    assert f'datetime="{until.isoformat()}"' in told
    assert "We disagree." in page(people["reviewer"])
    early = people["approver"].get(f"/en/desk/{case.id}/do/refuse/")
    assert early.status_code == 409
    assert until.isoformat() in early.content.decode()
    act(case.id, "representative", "ask_hearing")
    assert (
        "The holder asked for a hearing"
        in people["approver"].get(f"/en/desk/{case.id}/do/refuse/").content.decode()
    )
    act(case.id, "hearing_officer", "hold_hearing", text="Both sides were heard.")
    assert "Both sides were heard." in page(holder)
    done = people["approver"].post(
        f"/en/desk/{case.id}/do/refuse/",
        {"statement.provisions": "art17", "statement.facts": "The report is not true.",
         "statement.proportionality": "Nothing milder helps.",
         "statement.response": "It was read; it changes nothing."},
    )  # fmt: skip
    assert done.status_code == 302
    refused = act_of(case.id, "refuse")
    remedies = refused["statement"]["remedies"]
    assert remedies
    for path, lang in (("notices/", "zh"), ("notices/", "en"), (f"desk/{case.id}/", "zh")):
        shown = page(holder, path, lang)
        for one in remedies:
            assert one["due"] in shown
        assert "The report is not true." in shown
    assert "It was read; it changes nothing." in page(holder, f"desk/{case.id}/")
    assert refused["statement"]["heard"]["hearing_held"] is True


def offered(browser: Any, case_id: str) -> list[str]:
    """The acts that a case's page offers, the one that stands out first."""
    shown = page(browser, f"desk/{case_id}/")
    return re.findall(r'class="button(?: second)?" href="[^"]+/do/(\w+)/"', shown)


def test_a_hearing_speaks_to_whoever_reads_and_offers_the_answer_first(people: Any) -> None:
    case = filed()
    act(case.id, "clerk", "accept")
    assert offered(people["reviewer"], case.id)[0] == "assess", "a review, not what breaks it off"
    sheet = page(people["reviewer"], f"desk/{case.id}/do/propose_refusal/")
    title = re.search(r"<h1>([^<]+)</h1>", page(people["reviewer"], f"desk/{case.id}/"))
    assert title is not None
    assert f'/{case.id}/">{title[1]}</a>' in sheet, "a decision's page says what it is about"
    act(case.id, "reviewer", "propose_refusal", statement=ADVERSE)
    holder, official = people["representative"], people["reviewer"]
    assert "You may be heard" in page(holder, f"desk/{case.id}/")
    acts = offered(holder, case.id)
    assert (acts[0], acts[-1]) == ("respond", "withdraw"), "an answer stands out, not the end"
    for path in (f"desk/{case.id}/", "desk/"):
        shown = page(official, path)
        assert "hearing the applicant" in shown
        assert "our turn" not in shown
        assert "You may be heard" not in shown
    assert "The holder is being heard" in page(official, f"desk/{case.id}/")


def act_of(case_id: str, kind: str) -> Any:
    from licet.portal.filings.models import StoredEvent

    return StoredEvent.objects.get(case_id=case_id, kind=kind, refused=False).data


def test_a_hearing_that_nobody_answers_ends_and_the_decision_follows(people: Any) -> None:
    from licet.portal.filings import service

    case = filed()
    act(case.id, "clerk", "accept")
    act(case.id, "reviewer", "propose_refusal", statement=ADVERSE)
    until = service.load(case.id).hearing.until  # type: ignore[union-attr]
    days = (until - now().date()).days
    late = now() + timedelta(days=days + 1)
    act(case.id, "approver", "refuse", late, statement=AFTER_HEARING)
    assert service.load(case.id).filing == "refused"


def test_an_urgent_suspension_lapses_unless_it_is_confirmed_and_everybody_is_told(
    people: Any, browser: Any
) -> None:
    from licet.portal.filings import service

    case = granted()
    act(case.id, "approver", "suspend_interim", statement=ADVERSE, urgency="People are at risk.")
    number = case.grant.number
    assert "People are at risk." in page(people["representative"])
    assert status(browser, number) == "suspended"
    assert service.settle(now() + timedelta(days=10)) <= 1, "a reminder at most"
    assert status(browser, number) == "suspended"
    assert service.settle(now() + timedelta(days=40)) == 1
    assert service.settle(now() + timedelta(days=40)) == 0, "asking twice writes once"
    assert status(browser, number) == "valid"
    for role in ("representative", "approver"):
        assert "In force" in page(people[role]), role
    shown = browser.get(f"/en/register/{number}/").content.decode()
    assert re.search(r"The time was over \([^)]+\): In force", shown)


def status(browser: Any, number: str) -> str:
    answer = browser.get("/register", {"q": number}, headers={"accept": "application/json"})
    return str(answer.json()["listings"][0]["status"])


def test_a_suspension_that_was_confirmed_after_hearing_does_not_lapse(people: Any) -> None:
    from licet.portal.filings import service

    case = granted()
    act(case.id, "approver", "suspend_interim", statement=ADVERSE, urgency="People are at risk.")
    act(case.id, "reviewer", "propose_suspension", statement=ADVERSE)
    act(case.id, "representative", "waive")
    from kit.portal import person

    person("authority", "second@officer.example", ("approver",), "officer")
    from licet.portal.accounts.models import Person

    second = Person.objects.get(email="second@officer.example")
    done = service.act(case.id, "suspend", {"statement": AFTER_HEARING}, second, now())
    assert not hasattr(done, "code"), done
    service.settle(now() + timedelta(days=60))
    assert service.load(case.id).licence == "suspended"


def test_whoever_rests_on_a_filing_that_falls_is_told_and_flagged(
    people: Any, browser: Any
) -> None:
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    upstream = granted()
    number = upstream.grant.number
    other = Person.objects.get(email="representative@other.example")
    below = service.begin("app_registration", other, now())
    whole = answers("app_registration", upstream_number=number)
    for act_id, data in (("save_draft", {"answers": whole}), ("file", {})):
        service.act(below.id, act_id, data, other, now())  # type: ignore[union-attr]
    checks = {c.id: {"result": "conforms"} for c in service.procedure().checks_of(below.route)}  # type: ignore[union-attr]
    act(below.id, "clerk", "accept")  # type: ignore[union-attr]
    act(below.id, "reviewer", "assess", findings=checks)  # type: ignore[union-attr]
    act(below.id, "reviewer", "recommend", text="It conforms.")  # type: ignore[union-attr]
    act(below.id, "approver", "grant", number="Beijing-APP-202603090001", conditions=[],
        statement=STATEMENT)  # type: ignore[union-attr]  # fmt: skip
    act(upstream.id, "approver", "suspend_interim", statement=ADVERSE, urgency="At risk.")
    from kit.visitors import signed_in

    told = page(signed_in(other))
    assert number in told
    assert "Suspended for the time being" in told
    entry = browser.get("/en/register/Beijing-APP-202603090001/").content.decode()
    assert "The filing of the model that it calls is not in force" in entry
    act(upstream.id, "approver", "restore", statement=STATEMENT)
    entry = browser.get("/en/register/Beijing-APP-202603090001/").content.decode()
    assert "is not in force" not in entry


def test_a_period_that_is_near_its_end_is_told_once_to_whoever_is_bound(people: Any) -> None:
    from licet.portal.filings import service
    from licet.portal.filings.models import Notice, StoredCase

    case = filed()
    act(case.id, "clerk", "send_back", requests=[{"text": "Sign it."}])
    soon = StoredCase.objects.get(pk=case.id).warns
    assert soon > now()
    service.settle(soon - timedelta(seconds=1))
    assert not Notice.objects.filter(event=None).exists()
    service.settle(soon)
    service.settle(soon + timedelta(hours=1))
    (one,) = Notice.objects.filter(event=None)
    assert (one.body.code, one.clock) == ("own", "correct")
    assert f'datetime="{one.due.isoformat()}"' in page(people["representative"])
    assert "until" in page(people["representative"])
