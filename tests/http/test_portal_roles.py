"""An installation of one side: what belongs to the other is not there, for anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider
from kit.portal import home, portal
from kit.visitors import filed, granted, visitors

EVERYWHERE = {
    "door", "home", "law", "transparency", "transparency-file", "scope", "asset", "me", "label",
    "data", "data-set", "data-set-any", "data-version-any",
    "compute", "compute-file", "annotation", "annotation-rules",
    "account_login", "account_logout",
    "account_change_password", "account_reauthenticate", "mfa_index", "mfa_authenticate",
    "mfa_reauthenticate", "mfa_activate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_deactivate_totp", "mfa_list_webauthn",
    "mfa_add_webauthn", "mfa_remove_webauthn", "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn", "account_inactive", "openid_connect_login",
    "openid_connect_callback", "socialaccount_login_cancelled",
}  # fmt: skip
"""What an installation of either side has."""


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal(AUTHORITY) as client:
        yield client


def names() -> set[str]:
    home()
    from django.urls import get_resolver

    def walk(patterns: Any) -> Iterator[str]:
        for one in patterns:
            if hasattr(one, "url_patterns"):
                yield from walk(one.url_patterns)
            else:
                yield one.name

    return set(walk(get_resolver().url_patterns))


def test_every_address_is_of_one_side_of_a_desk_or_of_both() -> None:
    there = names()
    from licet.portal.roles import (
        OF_FAMILIES,
        OF_THE_AUTHORITY,
        OF_THE_DEMONSTRATION,
        OF_THE_PROVIDER,
        ON_A_DESK,
    )  # fmt: skip

    doors = {name for name in there if name.startswith("api-")}
    shelves = [set(OF_THE_AUTHORITY), set(OF_THE_PROVIDER), set(ON_A_DESK), EVERYWHERE, doors,
               set(OF_FAMILIES), set(OF_THE_DEMONSTRATION)]  # fmt: skip
    assert set().union(*shelves) ^ there == set()
    assert sum(map(len, shelves)) == len(there)


def addresses(case: Any, standing: Any) -> dict[str, str]:
    """An address of each name that the sides divide."""
    desk, number = f"/en/desk/{case.id}/", standing.grant.number
    paper = standing.filed.answers["service_agreement"]["sha256"]
    return {
        "register": "/en/register/", "register-any": "/register", "check": "/en/check/",
        "register-download": "/register/download.csv", "entry": f"/en/register/{number}/",
        "public-file": f"/register/files/{number}/{paper}", "ledger-key": "/register/ledger.vkey",
        "ledger-receipt": "/register/ledger/0.tlog-proof",
        "ledger-part": "/register/ledger/checkpoint",
        "jwks": "/.well-known/jwks.json", "status-list": "/status/1",
        "desk": "/en/desk/", "start": "/en/desk/new/", "case": desk,
        "section": f"{desk}form/provider/", "do": f"{desk}do/withdraw/",
        "token": f"{desk}licence/", "attachment": f"{desk}file/{'0' * 64}/",
        "receipt": f"{desk}receipt/0/", "notices": "/en/notices/",
        "proceedings": "/en/desk/matters/", "proceeding": "/en/desk/matters/none/",
        "proceeding-start": "/en/desk/matters/new/incident/report/",
        "proceeding-do": "/en/desk/matters/none/do/close/",
        "minors-desk": "/en/desk/minors/", "minors-appeal": "/en/desk/minors/appeals/none/",
        "minors-alert": "/en/desk/minors/alerts/none/",
    }  # fmt: skip


def of_nothing(name: str) -> str:
    """The address of that name for a thing that is not there."""
    from django.urls import get_resolver, reverse
    from django.utils import translation

    def walk(patterns: Any) -> Iterator[Any]:
        for one in patterns:
            yield from walk(one.url_patterns) if hasattr(one, "url_patterns") else [one]

    found = next(one for one in walk(get_resolver().url_patterns) if one.name == name)
    kinds = found.pattern.converters
    places = {part: 0 if "Int" in type(kinds[part]).__name__ else "none" for part in kinds}
    with translation.override("en"):
        return str(reverse(name, kwargs=places))


@pytest.mark.parametrize("role", ["authority", "provider"])
def test_the_other_side_is_not_there_for_anybody(browser: Any, role: str) -> None:
    from django.test import override_settings

    from licet.portal.roles import OF_THE_AUTHORITY, OF_THE_PROVIDER, ON_A_DESK

    everybody, case, standing = visitors(), filed(), granted()
    divided = OF_THE_AUTHORITY | OF_THE_PROVIDER | ON_A_DESK
    there = addresses(case, standing)
    found = {name: of_nothing(name) for name in divided} | there
    with override_settings(LICET_ROLES=(role,)):
        for name, address in found.items():
            for who in everybody:
                side = {"own": "provider", "other": "provider", "officer": "authority"}
                hidden = name in OF_THE_AUTHORITY and role == "provider"
                hidden |= name in OF_THE_PROVIDER and role == "authority"
                hidden |= name in ON_A_DESK and side.get(who.group, role) != role
                for answer in (who.browser.get(address), who.browser.post(address, {})):
                    if answer.streaming:
                        b"".join(answer.streaming_content)
                    said = f"{name} × {who}: {answer.status_code}"
                    if hidden:
                        assert answer.status_code == 404, said
                    elif who.group == "anonymous" and name in OF_THE_AUTHORITY & there.keys():
                        assert answer.status_code in (200, 302, 405, 422), said


def test_families_are_a_providers_and_need_a_gateway(browser: Any) -> None:
    from django.test import override_settings

    from licet.portal.roles import OF_FAMILIES

    pages = ("family/", "family/join/", "family/mine/", "family/enter/", "minors/")
    assert len(OF_FAMILIES) > len(pages)
    assert [browser.get(f"/en/{page}").status_code for page in pages].count(404) == 0
    for without in ({"LICET_ROLES": ("authority",)}, {"LICET_GATEWAY_URL": ""}):
        with override_settings(**without):
            assert {browser.get(f"/en/{page}").status_code for page in pages} == {404}
            assert "/family/" not in browser.get("/en/").content.decode()


def test_where_there_is_no_authority_there_is_no_door(browser: Any) -> None:
    from django.test import override_settings

    acme = Provider(browser, "acme")
    body = acme.filing()
    with override_settings(LICET_ROLES=("provider",)):
        for answer in (
            browser.get("/api/v1/keys"),
            acme.send("filing", body), acme.get("/cases"), acme.put_file("a.txt", b"a"),
        ):  # fmt: skip
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert acme.send("filing", body).status_code == 201


@pytest.mark.parametrize("role", ["authority", "provider"])
def test_no_page_leads_where_nothing_is(browser: Any, role: str) -> None:
    from django.test import override_settings

    everybody = visitors()
    with override_settings(LICET_ROLES=(role,)):
        for who in everybody:
            for page in ("/en/", "/zh/", "/en/law/", "/en/desk/"):
                answer = who.browser.get(page, follow=True)
                shown = answer.content.decode() if answer.status_code == 200 else ""
                for link in set(re.findall(r'(?:href|action)="(/[^"#]*)"', shown)):
                    assert who.browser.get(link).status_code != 404, f"{page} × {who}: {link}"
