"""Signing in by passkey, as people do it in a browser; and the register as they type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

APPROVER = "approver@authority.example"


@pytest.fixture
def named(demo: Demo) -> Demo:
    """A passkey belongs to a name; an address of numbers can have none."""
    return replace(demo, url=demo.url.replace("127.0.0.1", "localhost"))


def with_authenticator(desk: Desk) -> None:
    """A device that keeps passkeys and always knows its holder."""
    session = desk.page.context.new_cdp_session(desk.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def confirm(desk: Desk) -> None:
    """Password or code once more, where it is asked for."""
    codes = desk.demo.fresh_codes(APPROVER)
    for _ in range(3):
        if "/again/" not in desk.page.url:
            break
        field = desk.page.query_selector("[name=password]")
        if field is not None:
            field.fill(desk.demo.password(APPROVER))
        else:
            desk.page.fill("[name=code]", next(codes))
        desk.press("main form button")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_official_makes_a_passkey_and_signs_in_with_it_alone(
    browser: Any, named: Demo, lang: str
) -> None:
    official = Desk(browser, named, lang)
    with_authenticator(official)
    official.sign_in(APPROVER, anew=True)
    official.go("/account/factor/keys/new/")
    confirm(official)
    official.press("#mfa_webauthn_add")
    assert "/factor/" in official.page.url, official.page.inner_text("main")
    official.go("/account/factor/keys/")
    assert official.page.query_selector_all("main tbody tr")
    official.go("/me/")
    official.press('main form[action*="sign-out"] button')
    official.go("/account/sign-in/")
    official.press("#passkey_login")
    official.go("/me/")
    assert APPROVER in official.page.inner_text("main")


def test_the_register_answers_while_somebody_types_and_the_address_follows(
    browser: Any, demo: Demo
) -> None:
    reader = Desk(browser, demo, "en")
    reader.go("/register/")
    every = len(reader.page.query_selector_all("#results h3"))
    reader.page.type("#q", "青禾")
    reader.page.wait_for_function(f"document.querySelectorAll('#results h3').length < {every}")
    assert "q=%E9%9D%92%E7%A6%BE" in reader.page.url
    reader.page.select_option("#status", "suspended")
    reader.page.wait_for_function("document.querySelector('#results ul.entries') === null")
    reader.look()
    reader.page.goto(reader.page.url)
    assert reader.page.input_value("#q") == "青禾", "the address shows what was found"


def test_the_same_search_without_scripts(browser: Any, demo: Demo) -> None:
    reader = Desk(browser, demo, "en", scripts=False)
    reader.go("/register/")
    reader.page.fill("#q", "青禾")
    reader.press("main form .seek button")
    assert "青禾" in reader.page.inner_text("#results")
