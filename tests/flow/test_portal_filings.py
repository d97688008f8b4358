"""A filing's whole way through the pages: applied, sent back, filed again, reviewed, granted by
another officer, suspended, restored; what is on record, what the public sees, and who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.cases import answers
from kit.portal import PASSWORD, person, portal, trail
from kit.visitors import signed_in as before_browser

ROLES = {
    "drafter": "provider", "representative": "provider",
    "clerk": "authority", "reviewer": "authority", "approver": "authority",
}  # fmt: skip


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def signed_in(role: str, body: str = "") -> Any:
    """A browser in which somebody with this role is signed in."""
    return before_browser(person(ROLES[role], f"{role}{body}@body.example", (role,), body))


def begun(client: Any, route: str = "model_filing") -> str:
    """A new case of this route, through the page; its id."""
    answer = client.post("/en/desk/new/", {"route": route})
    return str(re.search(r"/desk/([^/]+)/", answer["location"])[1])  # type: ignore[index]


def complete(case_id: str, **changes: Any) -> None:
    """Save a whole draft, as the sections would."""
    from licet.base.clock import SystemClock
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    drafter = Person.objects.get(email="representative@body.example")
    saved = service.act(
        case_id, "save_draft", {"answers": answers("model_filing", **changes)}, drafter,
        SystemClock().now(),
    )  # fmt: skip
    assert not hasattr(saved, "code"), saved


def does(client: Any, case_id: str, act: str, **data: str) -> None:
    """Do an act by its page, and see that it was taken."""
    page = client.post(f"/en/desk/{case_id}/do/{act}/", data)
    assert page.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", page.content.decode())[-1500:]


REASONS = {"statement.provisions": "art17", "statement.facts": "Complete and conforming."}
ALL_CONFORM = re.compile(r'name="result\.([a-z_]+)"')


def assesses(client: Any, case_id: str) -> None:
    page = client.get(f"/en/desk/{case_id}/do/assess/").content.decode()
    does(
        client, case_id, "assess", **{f"result.{n}": "conforms" for n in ALL_CONFORM.findall(page)}
    )


def granted(staff: dict[str, Any]) -> tuple[str, str]:
    """A granted model filing; its case and number."""
    case_id = begun(staff["representative"])
    complete(case_id)
    does(staff["representative"], case_id, "file")
    does(staff["clerk"], case_id, "accept")
    assesses(staff["reviewer"], case_id)
    does(staff["reviewer"], case_id, "recommend", text="It conforms.")
    page = staff["approver"].get(f"/en/desk/{case_id}/do/grant/").content.decode()
    number = re.search(r'name="number"[^>]*value="([^"]+)"', page)
    assert number is not None
    does(staff["approver"], case_id, "grant", number=number[1], **REASONS)
    return case_id, number[1]


@pytest.fixture
def staff(browser: Any) -> dict[str, Any]:
    return {role: signed_in(role) for role in ROLES if role != "drafter"}


def test_from_application_to_register_and_through_suspension(browser: Any, staff: Any) -> None:
    case_id = begun(staff["representative"])
    page = staff["representative"].get(f"/en/desk/{case_id}/do/file/").content.decode()
    assert "answers are missing" in page
    complete(case_id)
    does(staff["representative"], case_id, "file")
    shown = staff["clerk"].get(f"/en/desk/{case_id}/").content.decode()
    title = re.search(r"<h1>(.*?)</h1>", shown)
    assert title is not None
    assert title[1] in trail(shown)
    assert case_id not in trail(shown)
    assert f'<span class="code">{case_id}</span>' in shown
    does(staff["clerk"], case_id, "send_back", **{"requests.0.text": "Say who the users are."})
    assert (
        "Say who the users are."
        in staff["representative"].get(f"/en/desk/{case_id}/").content.decode()
    )
    does(staff["representative"], case_id, "refile")
    does(staff["clerk"], case_id, "accept")
    assesses(staff["reviewer"], case_id)
    does(staff["reviewer"], case_id, "recommend", text="It conforms.")
    page = staff["approver"].get(f"/en/desk/{case_id}/do/grant/").content.decode()
    number = re.search(r'name="number"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    does(staff["approver"], case_id, "grant", number=number, **REASONS)
    listed = browser.get("/register", {"q": number}, headers={"accept": "application/json"}).json()
    assert [one["status"] for one in listed["listings"]] == ["valid"]
    urgent = {"urgency": "People are at risk now.", "statement.proportionality": "Nothing milder."}
    does(staff["approver"], case_id, "suspend_interim", **urgent, **REASONS)
    assert (
        "Suspended for the time being" in browser.get(f"/en/register/{number}/").content.decode()
    )
    does(staff["approver"], case_id, "restore", **REASONS)
    page = browser.get(f"/zh/register/{number}/").content.decode()
    assert "有效" in page
    assert "因情况紧急先行暂停" in page
    assert "行政复议" in page


def test_whoever_reviewed_does_not_decide_and_is_told_why(browser: Any, staff: Any) -> None:
    from licet.portal.accounts.models import Person

    both = Person.objects.get(email="reviewer@body.example")
    both.roles = ["reviewer", "approver"]
    both.save()
    case_id = begun(staff["representative"])
    complete(case_id)
    does(staff["representative"], case_id, "file")
    does(staff["clerk"], case_id, "accept")
    assesses(staff["reviewer"], case_id)
    does(staff["reviewer"], case_id, "recommend", text="It conforms.")
    answer = staff["reviewer"].post(f"/en/desk/{case_id}/do/grant/", {"number": "X", **REASONS})
    assert answer.status_code == 409
    assert "Who reviews does not decide" in answer.content.decode()


def test_a_case_whose_holder_is_heard_waits_for_the_holder(browser: Any, staff: Any) -> None:
    case_id, _ = granted(staff)
    reasons = {**REASONS, "statement.proportionality": "Nothing milder."}
    does(staff["reviewer"], case_id, "propose_suspension", **reasons)
    for role, waits in (("reviewer", False), ("representative", True)):
        page = staff[role].get("/en/desk/").content.decode()
        mine, others = page.split('<div id="lines">')[1].split("</h2>")[1:]
        assert case_id in (mine if waits else others), role
        assert "(the other side)" not in mine, role


def test_every_act_has_a_receipt_that_verifies_offline_and_a_changed_byte_does_not(
    browser: Any, staff: Any
) -> None:
    from licet.base.trouble import Trouble
    from licet.ledger.entry import parse_entry
    from licet.ledger.note import parse_vkey
    from licet.ledger.proof import verify_receipt
    from licet.portal.filings.models import StoredEvent

    case_id, _ = granted(staff)
    key = parse_vkey(browser.get("/register/ledger.vkey").content.decode().strip())
    events = StoredEvent.objects.filter(case_id=case_id).order_by("seq")
    for event in events:
        data = staff["representative"].get(f"/en/desk/{case_id}/receipt/{event.seq}/").content
        _, entry = verify_receipt(data, key)
        assert entry == bytes(event.entry)
        assert parse_entry(entry).pub["act"] == event.kind
        for place in range(0, len(data), 97):
            forged = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            with pytest.raises(Trouble):
                verify_receipt(forged, key)


def test_a_refusal_is_on_record_and_no_part_of_the_case(browser: Any, staff: Any) -> None:
    from licet.portal.filings.models import StoredEvent

    case_id = begun(staff["representative"])
    complete(case_id)
    before = StoredEvent.objects.filter(case_id=case_id, refused=False).count()
    does(staff["representative"], case_id, "file")
    answer = staff["reviewer"].post(f"/en/desk/{case_id}/do/accept/")
    assert answer.status_code == 409
    assert "Intake officer" in answer.content.decode()
    refused = StoredEvent.objects.get(case_id=case_id, refused=True)
    assert (refused.kind, refused.data) == ("accept", {"code": "not_your_role"})
    assert StoredEvent.objects.filter(case_id=case_id, refused=False).count() == before + 1


def test_what_is_stored_is_what_the_ledger_holds_in_the_same_order(
    browser: Any, staff: Any
) -> None:
    from django.conf import settings

    from licet.portal.filings.models import Head, StoredEvent
    from licet.portal.filings.record import record

    granted(staff)
    stored = [bytes(row.entry) for row in StoredEvent.objects.order_by("seq")]
    ledger = record(settings.LICET_HOME)
    assert ledger.entries() == stored
    assert Head.objects.get().next_seq == Head.objects.get().published == len(stored)


def test_an_interrupted_recording_is_caught_up_once(browser: Any, staff: Any) -> None:
    """The process dies after the transaction and before the ledger: nothing is lost or doubled."""
    from django.conf import settings

    from licet.base.clock import SystemClock
    from licet.portal.filings import service
    from licet.portal.filings.models import Head, StoredEvent
    from licet.portal.filings.record import record

    _, number = granted(staff)
    ledger = record(settings.LICET_HOME)
    head = Head.objects.get()
    head.published = 3  # the ledger went ahead, the register did not
    head.save()
    service.publish(SystemClock().now())
    service.publish(SystemClock().now())
    assert len(ledger.entries()) == StoredEvent.objects.count()
    assert browser.get(f"/en/register/{number}/").status_code == 200


def test_a_ledger_that_was_lost_is_written_again_as_it_was_or_not_at_all(
    browser: Any, staff: Any
) -> None:
    from django.conf import settings

    from licet.base.clock import SystemClock
    from licet.base.trouble import Corrupt
    from licet.portal.filings import service
    from licet.portal.filings.models import StoredEvent
    from licet.portal.filings.record import record

    def lost() -> Any:
        record(settings.LICET_HOME).close()
        record.cache_clear()
        for path in settings.LICET_HOME.glob("authority-ledger/ledger.db*"):
            path.unlink()
        return record(settings.LICET_HOME)

    granted(staff)
    before = record(settings.LICET_HOME).checkpoint()
    ledger = lost()
    assert (ledger.size, ledger.owed) == (0, StoredEvent.objects.count())
    service.publish(SystemClock().now())
    assert ledger.checkpoint() == before
    newest = StoredEvent.objects.order_by("-seq")[0]
    kept, newest.entry = bytes(newest.entry), bytes(newest.entry) + b" "
    newest.save()
    assert lost().owed
    with pytest.raises(Corrupt, match="is an old copy"):
        service.publish(SystemClock().now())
    newest.entry = kept
    newest.save()
    service.publish(SystemClock().now())
    assert record(settings.LICET_HOME).checkpoint() == before


def test_a_suspended_model_flags_the_apps_that_rest_on_it(browser: Any, staff: Any) -> None:
    from licet.base.clock import SystemClock
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    case_id, number = granted(staff)
    app = begun(staff["representative"], "app_registration")
    holder = Person.objects.get(email="representative@body.example")
    whole = answers("app_registration", upstream_number=number)
    service.act(app, "save_draft", {"answers": whole}, holder, SystemClock().now())
    does(staff["representative"], app, "file")
    urgent = {"urgency": "People are at risk now.", "statement.proportionality": "Nothing milder."}
    does(staff["approver"], case_id, "suspend_interim", **urgent, **REASONS)
    assert (
        "Its model is not in force"
        in staff["representative"].get(f"/en/desk/{app}/").content.decode()
    )
    does(staff["approver"], case_id, "restore", **REASONS)
    assert (
        "Its model is not in force"
        not in staff["representative"].get(f"/en/desk/{app}/").content.decode()
    )


def test_a_draft_is_its_holders_alone_and_others_cases_do_not_exist(
    browser: Any, staff: Any
) -> None:
    case_id = begun(staff["representative"])
    stranger = signed_in("representative", "other")
    for path in ("", "form/provider/", "do/file/", "receipt/0/", "file/" + "0" * 64 + "/"):
        address = f"/en/desk/{case_id}/{path}"
        for role in ("clerk", "reviewer", "approver"):
            assert staff[role].get(address).status_code == 404, (role, path)
        assert stranger.get(address).status_code == 404, path
        assert stranger.post(address).status_code in (404, 405), path
        assert browser.get(address)["location"].startswith("/en/account/sign-in/")
    assert case_id not in stranger.get("/en/desk/").content.decode()


def test_officers_read_what_a_form_opens_to_them_and_are_told_what_it_does_not(
    browser: Any, staff: Any
) -> None:
    case_id = begun(staff["representative"])
    complete(case_id, test_channel="the secret channel")
    does(staff["representative"], case_id, "file")
    assert (
        "the secret channel"
        in staff["representative"].get(f"/en/desk/{case_id}/").content.decode()
    )
    page = staff["clerk"].get(f"/en/desk/{case_id}/").content.decode()
    assert "the secret channel" not in page
    assert "sealed: not opened without an order" in page


def test_a_section_saves_what_is_right_and_shows_again_what_is_wrong(
    browser: Any, staff: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from licet.portal.filings import service

    client, case_id = staff["representative"], ""
    case_id = begun(client)
    wrong = {"organisation": "A", "organisation_code": "short", "contact_email": "nobody"}
    page = client.post(f"/zh/desk/{case_id}/form/provider/", wrong)
    assert page.status_code == 422
    shown = page.content.decode()
    assert 'href="#f-organisation_code"' in shown
    assert 'value="short"' in shown
    right = {"organisation": "<b>A & Co</b>"}
    assert client.post(f"/zh/desk/{case_id}/form/provider/", right).status_code == 302
    assert "<b>A &" not in client.get(f"/zh/desk/{case_id}/form/provider/").content.decode()
    bad = SimpleUploadedFile("report.pdf", b"MZ this is a program")
    page = client.post(f"/en/desk/{case_id}/form/documents/", {"security_report": bad})
    assert page.status_code == 422
    assert "what is in the file is no pdf" in page.content.decode()
    assert 'f-security_report-unfit"' in page.content.decode().split('id="f-security_report"')[1]
    good = SimpleUploadedFile("report.txt", b"fine")
    assert (
        client.post(f"/en/desk/{case_id}/form/documents/", {"security_report": good}).status_code
        == 302
    )
    kept = service.load(case_id).draft["security_report"]
    got = client.get(f"/en/desk/{case_id}/file/{kept['sha256']}/")
    assert b"".join(got.streaming_content) == b"fine"
    assert got["content-disposition"].startswith("attachment")
    got.close()


def test_signing_in_leads_back_to_the_page_that_was_wanted(browser: Any) -> None:
    person("provider", "chen@body.example", ("representative",))
    wanted = browser.get("/en/desk/")["location"]
    assert wanted == "/en/account/sign-in/?next=/en/desk/"
    fields = {"login": "chen@body.example", "password": PASSWORD, "next": "/en/desk/"}
    assert browser.post(wanted, fields)["location"] == "/en/desk/"


def test_the_scope_questionnaire_reasons_for_anybody(browser: Any) -> None:
    said = {
        "generates": "yes",
        "offered": "interface",
        "model": "own",
        "opinion": "no",
        "sector": "no",
    }
    page = browser.get("/en/scope/", said).content.decode()
    assert "In scope" in page
    assert "Model filing" in page
    assert "art22" in page or "art2" in page
    assert "In scope" not in browser.get("/en/scope/", {"generates": "no"}).content.decode()


def test_the_queue_costs_the_same_queries_however_much_there_is(browser: Any, staff: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        for _ in range(3):
            begun(staff["representative"])
        with CaptureQueriesContext(connection) as queries:
            assert staff["representative"].get("/en/desk/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_case_is_found_on_the_desk_by_its_name_number_or_body(browser: Any, staff: Any) -> None:
    case_id, number = granted(staff)
    begun(staff["representative"])
    for words in ("riverside", number, "Body provider", "riverside  body"):
        page = staff["approver"].get("/en/desk/", {"q": words}).content.decode()
        assert f"/en/desk/{case_id}/" in page, words
    for words in ("nowhere", "riverside nowhere", "\x00", "%"):
        page = staff["approver"].get("/en/desk/", {"q": words}).content.decode()
        assert (f"/en/desk/{case_id}/" in page) == (words == "\x00"), words
