"""Who may open what: every address of the portal × everybody who may come, by GET and by POST.

Generated from the addresses and the pack, so that a new address, act or role without its expected
answer fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.access import CODES, table
from kit.commons import compute_places
from kit.data_sets import data_places
from kit.dossiers import keep_proof, keepers, ordered, published
from kit.portal import home, portal
from kit.visitors import (
    draft,
    drawn,
    family,
    filed,
    granted,
    imposed,
    reported,
    signed_in,
    visitors,
)


@pytest.fixture
def browser() -> Iterator[Any]:
    from django.test import override_settings

    with (
        portal(public_url="https://authority.example") as client,
        override_settings(LICET_GATEWAY_BODY="own"),
    ):
        yield client


def addresses() -> dict[str, Any]:
    """Every address of the portal by its name, with what leads to it."""
    home()
    from django.urls import get_resolver

    found: dict[str, Any] = {}

    def walk(patterns: Any) -> None:
        for one in patterns:
            if hasattr(one, "url_patterns"):
                walk(one.url_patterns)
            else:
                assert one.name, f"{one.pattern} has no name"
                assert one.name not in found, f"two addresses are called {one.name}"
                found[one.name] = one

    walk(get_resolver().url_patterns)
    return found


def test_every_address_has_its_row() -> None:
    assert set(addresses()) == set(table())


def outside() -> dict[str, dict[str, Any]]:
    """What fills the addresses of people without an account, and of gateways."""
    measure = imposed()
    return {
        "measure": {"number": measure},
        "measure-any": {"number": measure},
        "measure-list": {"code": "own"},
        "transparency-file": {"kind": "csv"},
        "api-complaint-page": {"number": "LT-000000000000"},
    }


def places() -> dict[str, dict[str, Any]]:
    """What the places of an address are filled with: cases of `own`, and what belongs to them."""
    from licet.portal.accounts.models import Person
    from licet.portal.design.assets import assets
    from licet.portal.filings.models import StoredEvent

    drafted, waiting, standing = draft(), filed(draft(b"another")), granted()
    keepers()
    dossier = published(standing.id, Person.objects.get(email="representative@own.example"))
    proof, order = keep_proof(dossier), ordered(dossier)
    matter = reported()
    paper = waiting.filed.answers["security_report"]["sha256"]
    seq = StoredEvent.objects.filter(case_id=waiting.id).latest("seq").seq
    _, _, digest, name = assets()["portal.css"].address.split("/")
    return {
        **outside(),
        "entry": {"number": standing.grant.number},
        "register-download": {"kind": "csv"},
        "public-file": {
            "number": standing.grant.number,
            "sha256": standing.filed.answers["service_agreement"]["sha256"],
        },
        "dossier": {"dossier_id": dossier.pk},
        "dossier-section": {"dossier_id": dossier.pk, "name": "supply_chain"},
        "dossier-chain": {"dossier_id": dossier.pk},
        "dossier-publish": {"dossier_id": dossier.pk},
        "dossier-do": {"dossier_id": dossier.pk, "act_id": "ask_about"},
        "exhibit": {"dossier_id": dossier.pk, "sha256": proof},
        "order": {"order_id": order},
        "order-do": {"order_id": order, "act_id": "call_back"},
        "order-share": {"order_id": order},
        "order-view": {"order_id": order},
        "public-dossier": {"number": standing.grant.number},
        "ledger-part": {"path": "checkpoint"},
        "ledger-receipt": {"seq": seq},
        "mfa_remove_webauthn": {"pk": 1},
        "openid_connect_login": {"provider_id": "none"},
        "openid_connect_callback": {"provider_id": "none"},
        "asset": {"digest": digest, "name": name},
        "section": {"case_id": drafted.id, "name": "provider"},
        "case": {"case_id": waiting.id},
        "do": {"case_id": waiting.id, "act_id": "send_back"},
        "attachment": {"case_id": waiting.id, "sha256": paper},
        "receipt": {"case_id": waiting.id, "seq": seq},
        "token": {"case_id": standing.id},
        "api-listing": {"number": standing.grant.number},
        "api-case": {"case": waiting.id},
        "api-proof": {"case": waiting.id, "entry": seq},
        "api-proceeding": {"proceeding": matter},
        "api-message": {"message": "msg_none"},
        "api-attach": {"sha256": paper},
        "api-licence": {"case": standing.id, "kid": "k" * 43},
        "api-nothing": {"rest": "none"},
        "proceeding-start": {"kind": "incident", "act_id": "find_by_hand"},
        "proceeding": {"proceeding_id": matter},
        "proceeding-do": {"proceeding_id": matter, "act_id": "ask"},
        **{name: {"sample_id": drawn()} for name in addresses() if name.startswith("sample-")},
        "sample": {"sample_id": drawn()},
        **data_places(),
        **compute_places(),
    }


def address_of(name: str, places: dict[str, dict[str, Any]]) -> str:
    from django.urls import reverse
    from django.utils import translation

    with translation.override("en"):
        return str(reverse(name, kwargs=places.get(name, {})))


def asked(browser: Any, method: str, address: str) -> Any:
    """The answer to an empty form, or to a plain asking; read to its end."""
    answer = browser.get(address) if method == "GET" else browser.post(address, {})
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


def test_everybody_opens_what_is_theirs_and_nothing_else(browser: Any) -> None:
    from django.core.cache import cache

    at_home, theirs = family()
    everybody = [*visitors(), *at_home]
    known = places() | theirs
    wrong = []
    for name, row in table().items():
        if name == "account_logout":
            continue
        address = address_of(name, known)
        for who in everybody:
            cache.clear()  # what limits attempts: here come more than anywhere
            for method, wanted in zip(("GET", "POST"), row[who.group], strict=True):
                answer = asked(who.browser, method, address)
                to_sign_in = "/account/sign-in/" in answer.headers.get("location", "")
                if answer.status_code not in CODES[wanted] or to_sign_in != (wanted == "in"):
                    location = answer.headers.get("location", "")
                    wrong.append(f"{method} {name} × {who}: {answer.status_code} {location}")
    assert not wrong, "\n".join(wrong)


def test_signing_out_is_asked_for_and_then_done(browser: Any) -> None:
    for who in visitors():
        wanted = table()["account_logout"][who.group]
        for method, one in zip(("GET", "POST"), wanted, strict=True):
            assert asked(who.browser, method, "/en/account/sign-out/").status_code in CODES[one]
        assert asked(who.browser, "GET", "/en/me/").status_code == 302


def test_an_act_is_open_to_whom_the_pack_names_and_exists_for_no_other_side(browser: Any) -> None:
    """Every act × everybody × a draft, a filed and a granted case."""
    from licet.base.clock import SystemClock
    from licet.cases import barred, possible
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    everybody, procedure = visitors(), service.procedure()
    for case in (draft(), filed(), granted(number="Beijing-Riverside-20260310")):
        for who in everybody:
            fits: dict[str, int] = {}
            if who.group in ("own", "officer") and (who.group == "own" or case.versions):
                email, now = f"{who.role}@{who.group}.example", SystemClock().now()
                actor = service.actor_of(Person.objects.get(email=email))
                fits = {no.act: 409 for no in barred(case, actor, now, procedure)}
                fits |= {rule.id: 200 for rule in possible(case, actor, now, procedure)}
            for act, rule in procedure.acts.items():
                wanted = 404 if "save" in rule.effects else fits.get(act, 404)
                if who.group == "anonymous":
                    wanted = 302
                address = f"/en/desk/{case.id}/do/{act}/"
                got = asked(who.browser, "GET", address).status_code
                assert got == wanted, f"{act} × {who} × {case.filing}: {got}, not {wanted}"


def test_nobody_outside_a_case_writes_in_it(browser: Any) -> None:
    from licet.portal.filings import service
    from licet.portal.filings.models import StoredEvent

    everybody, case = visitors(), filed()
    before = StoredEvent.objects.count()
    for act in (*service.procedure().acts, "no_such_act"):
        for who in everybody:
            if who.group in ("anonymous", "other"):
                answer = asked(who.browser, "POST", f"/en/desk/{case.id}/do/{act}/")
                assert answer.status_code == (302 if who.group == "anonymous" else 404)
    assert StoredEvent.objects.count() == before


def test_what_belongs_to_another_case_is_not_found_through_ones_own(browser: Any) -> None:
    from licet.portal.filings.models import StoredEvent

    everybody, mine, theirs = visitors(), filed(draft(b"mine")), filed(draft(b"theirs"))
    paper = theirs.filed.answers["security_report"]["sha256"]
    seq = StoredEvent.objects.filter(case_id=theirs.id).latest("seq").seq
    for who in everybody:
        for path in (
            f"{mine.id}/file/{paper}", f"{mine.id}/receipt/{seq}", f"{mine.id}/receipt/{10**18}",
            "case-none", "case-none/licence", "case-none/form/provider", f"{mine.id}/do/nothing",
        ):  # fmt: skip
            answer = asked(who.browser, "GET", f"/en/desk/{path}/")
            assert answer.status_code == (302 if who.group == "anonymous" else 404), path


def test_the_public_fetches_what_a_form_calls_public_once_it_is_in_force(browser: Any) -> None:
    visitors()
    case = filed()
    paper, report = (case.filed.answers[n] for n in ("service_agreement", "security_report"))
    address = "/register/files/Beijing-Riverside-20260309/"
    assert browser.get(address + paper["sha256"]).status_code == 404, "nothing is granted yet"
    granted(case)
    answer = browser.get(address + paper["sha256"])
    assert b"".join(answer.streaming_content).startswith(b"for everybody")
    assert answer["content-disposition"] == 'attachment; filename="service_agreement.txt"'
    assert answer["content-type"] == "application/octet-stream"
    assert (
        address + paper["sha256"]
        in browser.get("/en/register/Beijing-Riverside-20260309/").content.decode()
    )
    for sha256 in (report["sha256"], "0" * 64, "..", "none"):
        assert browser.get(address + sha256).status_code == 404, sha256


def test_officers_see_no_draft(browser: Any) -> None:
    everybody, case = visitors(), draft()
    for who in everybody:
        if who.group == "officer":
            for path in ("", "form/provider/", "licence/", "receipt/0/"):
                assert asked(who.browser, "GET", f"/en/desk/{case.id}/{path}").status_code == 404


def test_an_official_without_a_second_factor_opens_nothing_but_the_way_to_one(
    browser: Any,
) -> None:
    from licet.portal.accounts.gate import WITHOUT_SECOND_FACTOR
    from licet.portal.accounts.models import Person

    visitors()
    known = places() | family()[1]
    official = Person.objects.get(email="approver@officer.example")
    official.authenticator_set.all().delete()
    client = signed_in(official, second_factor=False)
    for name in set(table()) - WITHOUT_SECOND_FACTOR:
        for method in ("GET", "POST"):
            answer = asked(client, method, address_of(name, known))
            assert answer.headers.get("location", "").endswith("/account/factor/app/"), name


def test_no_form_is_taken_that_was_made_elsewhere(browser: Any) -> None:
    from django.test import Client

    visitors()
    known = places() | family()[1]
    strict = Client(enforce_csrf_checks=True)
    for name in table():
        # Machines come with signatures and not with cookies: a form opens nothing there.
        wanted = (401, 404, 405, 415) if name.startswith("api-") else (403,)
        assert strict.post(address_of(name, known), {}).status_code in wanted, name
