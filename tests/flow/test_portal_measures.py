"""From stops in a gateway's ledger to a measure, its notice, the list of gateways, the appeal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.gateway_ledger import GatewayLedger
from kit.portal import person, portal
from kit.visitors import signed_in
from licet.base.clock import SystemClock
from licet.credentials.measures import read_measures

ANNA, BORIS = (f"184d-13~{digit * 32}" for digit in "ab")


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


@pytest.fixture
def gateway(tmp_path: Path) -> GatewayLedger:
    return GatewayLedger(tmp_path / "gateway.db")


def now() -> datetime:
    return SystemClock().now()


def staff(email: str = "officer@acme.example") -> Any:
    return person("provider", email, ("drafter", "representative"), "acme")


def read(gateway: GatewayLedger, officer: Any, at: datetime | None = None) -> None:
    from licet.portal.incidents.arrival import follow_ledger, read_ledgers

    follow_ledger(str(gateway.path), gateway.vkey, officer.body)
    read_ledgers(at or now())


def measures(subject: str) -> list[Any]:
    from licet.portal.incidents.models import StoredMeasure

    return list(StoredMeasure.objects.filter(subject=subject).order_by("seq"))


@pytest.mark.parametrize(
    ("kinds", "steps"),
    [
        ("xhx", ["warn"]),
        ("xx.x.x", []),
        ("x.x.x.x.x", ["warn"]),
        ("xxxxxx", ["warn", "restrict"]),
        ("xxxxxxxxx", ["warn", "restrict", "suspend"]),
        ("xxxxxxxxxxxxxxx", ["warn", "restrict", "suspend"]),
    ],
)
def test_stops_call_for_the_next_step_and_a_machine_goes_no_further_than_it_may(
    browser: Any, gateway: GatewayLedger, kinds: str, steps: list[str]
) -> None:
    officer = staff()
    gateway.sees(ANNA, kinds, now())
    gateway.sees(None, "xxxxx", now())
    read(gateway, officer)
    found = measures(ANNA)
    assert [one.step for one in found] == steps
    assert [one.binds for one in found] == [step != "suspend" for step in steps]
    assert [one.taken is None for one in found] == [step == "suspend" for step in steps]
    assert not measures(BORIS)


def test_cries_for_help_and_what_nobody_judged_are_held_against_nobody(
    browser: Any, gateway: GatewayLedger
) -> None:
    officer = staff()
    gateway.sees(ANNA, "xxxxxx", now(), "self_harm")
    gateway.sees(ANNA, "xxxxxx", now(), "unjudged")
    read(gateway, officer)
    assert measures(ANNA) == []


def test_a_ledger_that_is_read_late_punishes_nobody_afterwards(
    browser: Any, gateway: GatewayLedger
) -> None:
    officer = staff()
    gateway.sees(ANNA, "xxx", now() - timedelta(days=3))
    read(gateway, officer)
    assert measures(ANNA) == []


def test_reading_again_counts_nothing_twice(browser: Any, gateway: GatewayLedger) -> None:
    officer = staff()
    gateway.sees(ANNA, "xx", now())
    read(gateway, officer)
    read(gateway, officer)
    assert measures(ANNA) == []
    gateway.sees(ANNA, "x", now())
    read(gateway, officer)
    read(gateway, officer)
    assert [one.step for one in measures(ANNA)] == ["warn"]


def listed(browser: Any, etag: str = "") -> Any:
    from licet.portal.incidents.listing import token_of

    more = {"headers": {"authorization": f"Bearer {token_of('acme')}", "if-none-match": etag}}
    return browser.get("/measures/acme/list", **more)


def test_gateways_take_a_signed_list_with_an_etag_and_nobody_else_does(
    browser: Any, gateway: GatewayLedger
) -> None:
    from licet.portal.incidents.listing import desk_keys

    officer = staff()
    assert browser.get("/measures/acme/list").status_code == 401
    first = listed(browser)
    assert read_measures(first.content.decode(), desk_keys()).measures == ()
    assert listed(browser, first["etag"]).status_code == 304
    gateway.sees(ANNA, "xxx", now())
    read(gateway, officer)
    second = listed(browser, first["etag"])
    assert second.status_code == 200
    (one,) = read_measures(second.content.decode(), desk_keys()).measures
    (row,) = measures(ANNA)
    assert (one.subject, one.number, one.effect) == (ANNA, row.pk, "none")
    assert "3" in one.reason
    assert listed(browser, second["etag"]).status_code == 304
    from licet.portal.incidents.service import settle

    assert settle(now() + timedelta(hours=25)) == 1
    third = listed(browser, second["etag"])
    assert read_measures(third.content.decode(), desk_keys()).measures == ()


def test_the_person_reads_the_notice_appeals_and_is_restored_by_somebody_else(
    browser: Any, gateway: GatewayLedger
) -> None:
    from licet.portal.incidents import service

    officer, second = staff(), staff("second@acme.example")
    gateway.sees(ANNA, "xxxxxxxxx", now())
    read(gateway, officer)
    proposed = measures(ANNA)[-1]
    assert browser.get(f"/en/measure/{proposed.pk}/").status_code == 404, "it binds nobody yet"
    mine, theirs = signed_in(officer), signed_in(second)
    page = f"/en/desk/matters/{proposed.pk}/"
    assert "Proposed" in mine.get(page).content.decode()
    sheet = mine.get(f"{page}do/confirm/").content.decode()
    assert "base.hate.en.1" in sheet, "what was proposed stands in the form"
    assert "Digest" not in sheet
    until = (now() + timedelta(hours=48)).isoformat()
    answer = mine.post(
        f"{page}do/confirm/",
        {"step": "suspend", "rule": "base.hate.en.1", "reason": "Nine times.", "until": until},
    )
    assert answer.status_code == 302, answer.content.decode()
    assert measures(ANNA)[-1].binds
    for code, title in (("en", "suspended for you"), ("zh", "暂停向您提供服务")):
        notice = browser.get(f"/{code}/measure/{proposed.pk}/")
        assert notice["cache-control"] == "no-store"
        assert notice["referrer-policy"] == "same-origin"
        assert title in notice.content.decode()
        assert "Nine times." in notice.content.decode()
        assert ANNA not in notice.content.decode()
    empty = browser.post(f"/en/measure/{proposed.pk}/", {})
    assert empty.status_code == 409
    appeal = browser.post(f"/en/measure/{proposed.pk}/", {"appeal_text": "It was a novel."})
    assert appeal.status_code == 302
    assert (
        browser.post(f"/en/measure/{proposed.pk}/", {"appeal_text": "Again."}).status_code == 409
    )
    assert "It was a novel." in mine.get(page).content.decode()
    refused = mine.post(f"{page}do/overturn/", {"decision_reason": "I agree."})
    assert refused.status_code == 409, "who decided for it does not decide the appeal"
    done = theirs.post(f"{page}do/overturn/", {"decision_reason": "It was a novel."})
    assert done.status_code == 302
    row = measures(ANNA)[-1]
    assert (row.binds, row.restored) == (False, True)
    told = browser.get(f"/en/measure/{proposed.pk}/").content.decode()
    assert "Overturned" in told
    assert "It was a novel." in told
    gateway.sees(ANNA, "xxx", now())
    read(gateway, officer)
    again = measures(ANNA)[-1]
    assert (again.step, again.taken) == ("suspend", None), "what was undone counts no more"
    assert service.load(again.pk).facts["prior_step"] == "restrict"


def test_an_officer_takes_a_step_by_hand_against_the_person_of_another(
    browser: Any, gateway: GatewayLedger
) -> None:
    officer = staff()
    gateway.sees(ANNA, "xxx", now())
    read(gateway, officer)
    (warning,) = measures(ANNA)
    mine = signed_in(officer)
    address = f"/en/desk/matters/new/measure/impose/?after={warning.pk}"
    assert mine.get("/en/desk/matters/new/measure/impose/").status_code == 404, "against whom?"
    assert mine.get(address).status_code == 200
    until = f"{now() + timedelta(hours=10):%Y-%m-%dT%H:%M}"
    given = {"step": "suspend", "rule": "base.hate.en.1", "reason": "Threats.", "until": until}
    assert "milder step" in mine.post(address, given).content.decode()
    assert (
        mine.post(address, {**given, "skip_reason": "Somebody is in danger."}).status_code == 302
    )
    row = measures(ANNA)[-1]
    assert (row.step, row.binds, row.subject) == ("suspend", True, ANNA)
    rival = person("provider", "sly@rival.example", ("drafter",), "rival")
    assert signed_in(rival).get(address).status_code == 404


def test_the_link_without_a_language_leads_to_the_readers(browser: Any) -> None:
    number = "LM-20261128-000000000000"
    answer = browser.get(f"/measure/{number}", headers={"accept-language": "en"})
    assert (answer.status_code, answer["location"]) == (302, f"/en/measure/{number}/")


def test_tallies_are_let_go_when_the_ladder_forgets(browser: Any, gateway: GatewayLedger) -> None:
    from licet.portal.incidents.models import Strike
    from licet.portal.incidents.persons import forget

    gateway.sees(ANNA, "x", now())
    read(gateway, staff())
    assert forget(now() + timedelta(days=29)) == 0
    assert forget(now() + timedelta(days=31)) == 1
    assert not Strike.objects.exists()
