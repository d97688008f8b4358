"""The same pages under another regime: a registration by the provider itself, of Annex VIII."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kit.cases import answer
from kit.house import ROOT
from kit.portal import person, portal
from kit.visitors import signed_in
from licet.rulebook import load_pack

PACK = "eu-ai-act"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal("https://authority.example", PACK) as client:
        yield client


@pytest.fixture
def holder(browser: Any) -> Any:
    return signed_in(person("provider", "rep@body.example", ("representative", "drafter")))


def fill(holder: Any, case_id: str) -> None:
    """Every section of the form by its page, until it asks nothing more."""
    form = load_pack(PACK).procedure.form_of("high_risk_registration")
    for section in form.sections:
        for _ in range(3):  # what other answers call for comes after saving
            address = f"/en/desk/{case_id}/form/{section}/"
            page = holder.get(address).content.decode()
            sent: dict[str, Any] = {}
            for field in form.fields.values():
                if field.section != section or f'name="{field.id}"' not in page:
                    continue
                value = answer(field)
                if field.kind == "file":
                    value = SimpleUploadedFile(f"{field.id}.png", PNG)
                elif field.kind == "yes_no":
                    value = "yes"
                sent[field.id] = value
            done = holder.post(address, sent)
            assert done.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", done.content.decode())
            if done["location"] == f"/en/desk/{case_id}/":
                break


def does(holder: Any, case_id: str, act: str, **data: str) -> None:
    done = holder.post(f"/en/desk/{case_id}/do/{act}/", data)
    assert done.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", done.content.decode())[-1500:]


def registered(holder: Any) -> tuple[str, str]:
    """A system that its provider registered; case and number."""
    begun = holder.post("/en/desk/new/", {"route": "high_risk_registration"})
    case_id = str(re.search(r"/desk/([^/]+)/", begun["location"])[1])  # type: ignore[index]
    fill(holder, case_id)
    page = holder.get(f"/en/desk/{case_id}/do/register/").content.decode()
    number = re.search(r'name="number"[^>]*value="([^"]+)"', page)
    assert number is not None, page
    does(holder, case_id, "register", number=number[1])
    return case_id, number[1]


def test_a_provider_registers_updates_and_recalls_a_system(browser: Any, holder: Any) -> None:
    case_id, number = registered(holder)
    assert re.fullmatch(r"EU-\d{14}", number)
    page = browser.get(f"/en/register/{number}/").content.decode()
    for words in ("On the market or in service", "Austria, Belgium", "registration number"):
        assert words in page, words
    assert "在市场上或者使用中" in browser.get(f"/zh/register/{number}/").content.decode()
    does(holder, case_id, "open_update", date="2026-03-02")
    holder.post(
        f"/en/desk/{case_id}/form/system/",
        {"trade_name": "Riverside", "reference": "R-2", "intended_purpose": "Another.",
         "operating_logic": "As described.", "member_states": ["DE"]},
    )  # fmt: skip
    does(holder, case_id, "register_update")
    page = browser.get(f"/en/register/{number}/").content.decode()
    assert "<ins>Germany</ins>" in page
    assert "Version 2" in page
    does(holder, case_id, "recall", text="It did not do what it should.")
    page = browser.get(f"/en/register/{number}/").content.decode()
    assert "Recalled" in page


def test_a_number_that_is_taken_is_refused_with_words(browser: Any, holder: Any) -> None:
    _, number = registered(holder)
    begun = holder.post("/en/desk/new/", {"route": "high_risk_registration"})
    case_id = str(re.search(r"/desk/([^/]+)/", begun["location"])[1])  # type: ignore[index]
    fill(holder, case_id)
    again = holder.post(f"/en/desk/{case_id}/do/register/", {"number": number})
    assert again.status_code == 409
    assert "This number is taken." in again.content.decode()


def test_every_page_stands_in_both_languages_under_this_regime(browser: Any, holder: Any) -> None:
    case_id, number = registered(holder)
    open_to_all = (
        "", "register/", f"register/{number}/", "law/", "scope/", "scope/?high_risk=yes",
        "scope/?high_risk=no",
    )  # fmt: skip
    of_the_desk = (
        "desk/", "desk/new/", f"desk/{case_id}/", f"desk/{case_id}/do/open_update/",
        f"desk/{case_id}/do/recall/", f"desk/{case_id}/receipt/0/",
    )  # fmt: skip
    for code in ("zh", "en"):
        for path in open_to_all:
            assert browser.get(f"/{code}/{path}").status_code == 200, path
        for path in of_the_desk:
            assert holder.get(f"/{code}/{path}").status_code == 200, path


def test_what_the_regime_does_not_have_is_not_offered(browser: Any, holder: Any) -> None:
    """No token, no status list, nobody of an authority who reviews."""
    case_id, _ = registered(holder)
    assert "/check/" not in browser.get("/en/").content.decode()
    assert "/licence/" not in holder.get(f"/en/desk/{case_id}/").content.decode()
    assert browser.get("/status/1").status_code == 404


def test_days_are_days_where_the_authority_of_the_regime_sits(browser: Any) -> None:
    from datetime import UTC, datetime

    from licet.portal.design.templatetags.licet import moment

    assert "01:30" in moment(datetime(2026, 1, 5, 0, 30, tzinfo=UTC))


def test_no_code_of_the_portal_asks_which_regime_it_is() -> None:
    packs = {folder.name for folder in (ROOT / "src/licet/rulebook/packs").iterdir()}
    for file in (ROOT / "src/licet/portal").rglob("*.py"):
        said = strip_citations(file)
        named = [one for one in packs if one in said and file.name != "settings.py"]
        assert not named, f"{file} names {named}"


def strip_citations(file: Path) -> str:
    return re.sub(r"law:[\w.-]+/[\w.]+", "", file.read_text(encoding="utf-8"))
