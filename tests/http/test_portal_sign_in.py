"""Signing in by passkey, and through somebody who vouches for people (OpenID Connect)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.issuer import CLIENT, SECRET, Issuer, issuer
from kit.portal import PASSWORD, person, portal
from licet.base.trouble import BadInput
from licet.portal.settings import read_oidc

ROUTES = "/oidc/oidc"


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def signed_in(browser: Any, email: str) -> None:
    """By password, and once more, as what changes the ways of signing in asks for."""
    browser.post("/en/account/sign-in/", {"login": email, "password": PASSWORD})
    browser.post("/en/account/again/", {"password": PASSWORD})


def data_of(page: str) -> Any:
    return json.loads(re.search(r'<script id="js_data"[^>]*>(.*?)</script>', page, re.S)[1])  # type: ignore[index]


# Passkeys


@pytest.mark.parametrize("code", ["zh", "en"])
def test_a_passkey_is_made_for_this_host_and_asks_who_holds_it(browser: Any, code: str) -> None:
    person("provider", "chen@body.example")
    signed_in(browser, "chen@body.example")
    page = browser.get(f"/{code}/account/factor/keys/new/").content.decode()
    options = data_of(page)["creation_options"]["publicKey"]
    assert options["rp"]["id"] == "testserver"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert "allauth.webauthn.forms.addForm" in page


def test_an_official_whose_factor_is_a_passkey_is_let_in_and_asked_for_it(browser: Any) -> None:
    from allauth.mfa.models import Authenticator

    official = person("authority", "li@body.example")
    Authenticator.objects.create(
        user=official, type="webauthn", data={"name": "Key", "credential": {}}
    )
    from licet.portal.accounts.gate import has_factor

    assert has_factor(official)
    Authenticator.objects.filter(user=official).update(type="recovery_codes")
    assert not has_factor(official), "codes on paper are no factor of their own"


def test_an_official_without_a_factor_may_make_a_passkey(browser: Any) -> None:
    person("authority", "li@body.example")
    signed_in(browser, "li@body.example")
    page = browser.get("/en/account/factor/keys/new/").content.decode()
    assert "Officials must use a second factor" in page
    assert "mfa_webauthn_add" in page


def test_a_forged_passkey_does_not_let_in(browser: Any) -> None:
    person("provider", "chen@body.example")
    ask = browser.get("/en/account/factor/keys/ask/", headers={"accept": "application/json"})
    assert ask.json()["request_options"]["publicKey"]["userVerification"] == "required"
    for credential in ("", "{}", "[]", "nonsense", '{"id": "AA", "response": {}}'):
        answer = browser.post("/en/account/factor/keys/ask/", {"credential": credential})
        assert answer["location"] == "/en/account/sign-in/"
    assert browser.get("/en/me/").status_code == 302


@pytest.mark.parametrize("sent", ["{}", "[]", "1", '{"rawId": "AA", "response": {}}'])
def test_what_is_no_passkey_is_not_kept(browser: Any, sent: str) -> None:
    from allauth.mfa.models import Authenticator

    person("provider", "chen@body.example")
    signed_in(browser, "chen@body.example")
    browser.get("/en/account/factor/keys/new/")
    page = browser.post("/en/account/factor/keys/new/", {"name": "Key", "credential": sent})
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert not Authenticator.objects.exists()


def test_signing_in_is_complete_without_scripts(browser: Any) -> None:
    page = browser.get("/en/account/sign-in/").content.decode()
    form = page[page.index('action="/en/account/sign-in/"') : page.index("</form>")]
    assert 'type="password"' in form
    assert re.search(r'<form class="scripted" id="mfa_login"', page)


# OpenID Connect


@pytest.fixture
def vouching(browser: Any) -> Iterator[Issuer]:
    from django.test import override_settings

    with issuer() as found:
        app = {
            "provider_id": "oidc", "name": "login.example", "client_id": CLIENT, "secret": SECRET,
            "settings": {"server_url": found.url, "oauth_pkce_enabled": True},
        }  # fmt: skip
        with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
            yield found


def comes_back(browser: Any, vouching: Issuer) -> Any:
    """Sent to the issuer, and back."""
    away = browser.post(ROUTES)
    assert away["location"].startswith(f"{vouching.url}/authorize?")
    assert "redirect_uri=http%3A%2F%2Ftestserver%2Foidc%2Foidc%2Fcallback" in away["location"]
    return browser.get(f"{ROUTES}/callback", vouching.authorize(away["location"]), follow=True)


def test_whoever_is_named_here_and_vouched_for_is_signed_in(
    browser: Any, vouching: Issuer
) -> None:
    person("provider", "chen@body.example")
    vouching.claims = {"sub": "17", "email": "Chen@body.example", "email_verified": True}
    comes_back(browser, vouching)
    assert "chen@body.example" in browser.get("/en/me/").content.decode()
    browser.post("/en/account/sign-out/")
    vouching.claims = {"sub": "17", "email": "new@body.example", "email_verified": True}
    comes_back(browser, vouching)
    assert "chen@body.example" in browser.get("/en/me/").content.decode(), "known by name now"
    browser.post("/en/account/sign-out/")
    signed_in(browser, "chen@body.example")
    assert browser.get("/en/me/").status_code == 200, "the password still works"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1", "email": "chen@body.example", "email_verified": False},
        {"sub": "1", "email": "chen@body.example"},
        {"sub": "1", "email": "nobody@body.example", "email_verified": True},
        {"sub": "1"},
    ],
)
def test_whoever_is_not_named_or_not_sure_does_not_come_in(
    browser: Any, vouching: Issuer, claims: dict[str, Any]
) -> None:
    from licet.portal.accounts.models import Person

    person("provider", "chen@body.example")
    vouching.claims = claims
    page = comes_back(browser, vouching)
    assert "账户" in page.content.decode() or "no account here" in page.content.decode()
    assert browser.get("/en/me/").status_code == 302
    assert Person.objects.count() == 1


def test_an_official_who_is_vouched_for_still_needs_the_second_factor(
    browser: Any, vouching: Issuer
) -> None:
    from allauth.mfa.totp.internal import auth

    official = person("authority", "li@body.example")
    vouching.claims = {"sub": "5", "email": "li@body.example", "email_verified": True}
    comes_back(browser, vouching)
    assert browser.get("/en/desk/")["location"] == "/en/account/factor/app/"
    browser.post("/en/account/sign-out/")
    auth.TOTP.activate(official, auth.generate_totp_secret())
    page = comes_back(browser, vouching)
    assert page.redirect_chain[-1][0].endswith("/account/factor/ask/")
    assert browser.get("/en/me/").status_code == 302


def test_an_answer_that_nobody_asked_for_is_refused(browser: Any, vouching: Issuer) -> None:
    person("provider", "chen@body.example")
    vouching.claims = {"sub": "17", "email": "chen@body.example", "email_verified": True}
    page = browser.get(f"{ROUTES}/callback", {"code": "the-code", "state": "made up"})
    assert page.status_code in (200, 401)
    assert browser.get("/en/me/").status_code == 302


def test_the_address_of_the_issuer_is_read_whole_or_refused() -> None:
    said = read_oidc("https://the%20desk:p%2Fw@login.example:8443/realms/staff/")
    (app,) = said["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["settings"]["server_url"] == "https://login.example:8443/realms/staff"
    assert (app["client_id"], app["secret"]) == ("the desk", "p/w")
    for wrong in ("https://login.example", "http://a:b@login.example", "https://a@login.example"):
        with pytest.raises(BadInput, match="vouches"):
            read_oidc(wrong)


def test_where_people_come_by_https_every_request_is_one_of_it() -> None:
    """A form's origin is `https://…` there; it was compared with what stands before us."""
    from licet.portal.serving import Bounded

    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["scheme"])

    scope = {"type": "http", "scheme": "http", "headers": []}
    for https in (True, False):
        asyncio.run(Bounded(app, https=https)(scope, None, None))  # type: ignore[arg-type]
    assert seen == ["https", "http"]
