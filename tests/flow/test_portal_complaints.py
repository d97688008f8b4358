"""Complaints of the public, by page and by API: followed by number and code, to the authority."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from kit.portal import person, portal
from kit.visitors import signed_in
from licet.base.clock import SystemClock

GIVEN = {"about": "stopped", "complaint_text": "A recipe was stopped as dangerous."}


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        person("provider", "officer@acme.example", ("drafter", "representative"), "acme")
        yield client


def complained(browser: Any, **more: str) -> tuple[str, str]:
    """Number and code of a complaint that was handed in by the page."""
    page = browser.get("/en/complaint/").content.decode()
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found
    answer = browser.post("/en/complaint/", {"once": found[1], **GIVEN, **more})
    assert answer.status_code == 201, answer.content.decode()
    return shown(answer)


def shown(answer: Any) -> tuple[str, str]:
    said = answer.content.decode()
    found = [re.search(rf'id="{name}">([^<]+)<', said) for name in ("number", "code")]
    assert all(found), said
    return tuple(one[1] for one in found if one)  # type: ignore[return-value]


def looked(browser: Any, number: str, code: str, act: str = "", **given: str) -> Any:
    sent = {"number": number, "code": code, **({"act": act} if act else {}), **given}
    return browser.post("/en/complaint/look/", sent)


def test_the_process_and_its_limits_are_published_before_anybody_writes(browser: Any) -> None:
    for code, limit in (("en", "2 working days"), ("zh", "2 个工作日")):
        page = browser.get(f"/{code}/complaint/").content.decode()
        assert limit in page
        assert "licet_session" not in browser.cookies
    assert (
        "Please give this" in browser.post("/en/complaint/", {"once": "x" * 24}).content.decode()
    )


def test_the_page_of_a_case_leads_to_a_form_that_knows_it(browser: Any) -> None:
    case = "LC-20261124-7F3K9Q2A"
    got = browser.get(f"/en/complaint/?about=stopped&case={case}&provider=acme")
    page = got.content.decode()
    assert f'value="{case}"' in page
    assert re.search(r'value="stopped"[^>]* (checked|selected)', page)
    assert got.headers["cache-control"] == "no-store"
    odd = browser.get("/en/complaint/?about=%22x&case=%3Cb%3E").content.decode()
    assert "<b>" not in odd


def test_what_is_sent_twice_is_one_complaint_and_its_code_is_kept_nowhere(browser: Any) -> None:
    from licet.portal.filings.models import StoredEvent
    from licet.portal.incidents.models import StoredProceeding

    once = "a-word-of-the-form-0123456789"
    first, second = (browser.post("/en/complaint/", {"once": once, **GIVEN}) for _ in range(2))
    assert shown(first) == shown(second)
    _, code = shown(first)
    assert StoredProceeding.objects.count() == 1
    kept = json.dumps([row.data for row in StoredEvent.objects.all()])
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert first["cache-control"] == "no-store"


def test_number_and_code_open_it_as_people_type_them_and_nothing_else_does(browser: Any) -> None:
    number, code = complained(browser)
    assert "Received" in looked(browser, number, code).content.decode()
    assert looked(browser, number.lower(), code.replace("-", " ").lower()).status_code == 200
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for attempt in (("", ""), (number, ""), (number, wrong), ("LT-000000000000", code)):
        assert looked(browser, *attempt).status_code == 422


def test_from_the_complaint_to_the_authoritys_answer(browser: Any) -> None:
    officer = person("provider", "second@acme.example", ("drafter", "representative"), "acme")
    official = person("authority", "r@bureau.example", ("reviewer",), "bureau")
    number, code = complained(browser, contact="me@example.org")
    mine, theirs = signed_in(officer), signed_in(official)
    page = f"/en/desk/matters/{number}/"
    queue = mine.get("/en/desk/matters/?kind=complaint").content.decode()
    assert "Something lawful was stopped" in queue
    assert theirs.get(page).status_code == 404, "nobody asked the authority"
    assert mine.post(f"{page}do/take_up/").status_code == 302
    assert mine.post(f"{page}do/ask_more/", {"text": "Which recipe?"}).status_code == 302
    said = looked(browser, number, code).content.decode()
    assert "Which recipe?" in said
    assert looked(browser, number, code, "say_more").status_code == 409
    assert looked(browser, number, code, "take_up").status_code == 409, "not theirs to do"
    told = looked(browser, number, code, "say_more", text="Mapo tofu.")
    assert told.status_code == 200
    assert "Mapo tofu." in mine.get(page).content.decode()
    assert looked(browser, number, code, "escalate", text="Hurry.").status_code == 409, "in time"
    given = {"result": "unfounded", "reply_text": "The rule is right."}
    assert mine.post(f"{page}do/give_feedback/", given).status_code == 302
    assert "The rule is right." in looked(browser, number, code).content.decode()
    assert looked(browser, number, code, "escalate", text="It is not.").status_code == 200
    shown_there = theirs.get(page).content.decode()
    assert "A recipe was stopped" in shown_there
    assert "me@example.org" not in shown_there, "the contact is the provider's alone"
    decided = {"result": "founded", "reply_text": "It was lawful. The rule is to be mended."}
    assert theirs.post(f"{page}do/decide_complaint/", decided).status_code == 302
    assert "to be mended" in looked(browser, number, code).content.decode()


def test_another_provider_sees_nothing_of_it(browser: Any) -> None:
    from licet.portal.accounts.models import Body

    number, _ = complained(browser)
    rival = person("provider", "sly@rival.example", ("drafter", "representative"), "rival")
    assert signed_in(rival).get(f"/en/desk/matters/{number}/").status_code == 404
    assert Body.objects.filter(kind="provider").count() == 2
    unknown = browser.post("/en/complaint/", {"once": "y" * 24, **GIVEN})
    assert unknown.status_code == 409
    assert "choose the provider" in unknown.content.decode()
    nothing = browser.post("/en/complaint/", {"once": "y" * 24}).content.decode()
    assert nothing.count('<li><a href="#') == 3, "all that is missing is told at once"
    about = browser.post("/en/complaint/", {"once": "y" * 24, "provider": "rival", **GIVEN})
    assert about.status_code == 201


def test_a_flood_is_told_to_come_again_and_nothing_written_is_lost(browser: Any) -> None:
    from licet.portal.accounts.models import Body
    from licet.portal.incidents.complaints import AN_HOUR_MAX
    from licet.portal.incidents.models import StoredProceeding

    now, acme = SystemClock().now(), Body.objects.get(code="acme")
    more: Any = {"kind": "complaint", "holder": acme, "opened": now, "changed": now}
    flood = [StoredProceeding(id=f"LT-{n:012}", **more) for n in range(AN_HOUR_MAX)]
    StoredProceeding.objects.bulk_create(flood)
    answer = browser.post("/en/complaint/", {"once": "z" * 24, **GIVEN})
    assert answer.status_code == 429
    assert GIVEN["complaint_text"] in answer.content.decode()


def api(browser: Any, path: str, **body: Any) -> Any:
    return browser.post(f"/api/v1/complaints/{path}", body, content_type="application/json")


def test_programs_complain_and_follow(browser: Any) -> None:
    process = browser.get("/api/v1/complaints").json()
    assert {"id": "accept", "length": 2, "unit": "working", "bearer": "provider"}.items() <= next(
        one for one in process["limits"] if one["id"] == "accept"
    ).items()
    taken = api(browser, "new", once="p" * 24, answers=GIVEN)
    assert taken.status_code == 201
    assert taken.json() == api(browser, "new", once="p" * 24, answers=GIVEN).json()
    number, code = taken.json()["number"], taken.json()["code"]
    page = api(browser, number, code=code)
    assert (page.status_code, page.json()["stage"]) == (200, "received")
    assert page.json()["acts"] == ["take_back"]
    done = api(browser, number, code=code, act="take_back")
    assert done.json()["stage"] == "withdrawn_by_person"
    for answer, problem in (
        (api(browser, number, code="0000-0000"), "no-such-case"),
        (api(browser, number, code=code, act="take_back"), "not-now"),
        (api(browser, "new", once="q" * 24, answers={"about": "everything"}), "bad-body"),
        (api(browser, "new", once="q" * 24, answers={"text": "x"}), "bad-body"),
        (api(browser, "new", once="short", answers=GIVEN), "bad-body"),
        (api(browser, "new", once="q" * 24, answers=GIVEN, provider="nobody"), "bad-body"),
        (api(browser, "new", answers=GIVEN), "bad-body"),
        (api(browser, "new", once="q" * 24, answers={"about": "x" * 70_000}), "too-large"),
    ):
        assert answer.json()["code"] == problem, answer.content


def test_what_nobody_answers_may_go_to_the_authority_once_it_is_late(browser: Any) -> None:
    from licet.portal.incidents import complaints

    number, code = complained(browser)
    later = SystemClock().now() + timedelta(days=8)
    matter = complaints.find(number, code, later)
    assert matter is not None
    assert "escalate" in {act.id for act in matter.acts}
