"""What holds for every page of the portal: languages, headers, signing in, the second factor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.portal import PASSWORD, listing, person, portal

PAGES = ("/", "/register/", "/law/", "/account/sign-in/")


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_in_both_languages_and_leads_to_the_other(browser: Any, path: str) -> None:
    for code, tag, other in (("zh", "zh-CN", "en"), ("en", "en", "zh")):
        page = browser.get(f"/{code}{path}")
        shown = page.content.decode()
        assert page.status_code == 200
        assert f'<html lang="{tag}">' in shown
        assert page["content-language"] == tag
        assert f'href="/{other}{path}"' in shown


@pytest.mark.parametrize(
    ("code", "said", "else_said"),
    [
        ("zh", "时刻均为北京时间（UTC+8）", "时刻均为Asia/Tokyo"),
        ("en", "shown in Beijing time (UTC+8)", "shown in Asia/Tokyo"),
    ],
)
def test_a_page_says_in_which_zone_its_times_are(
    browser: Any, code: str, said: str, else_said: str
) -> None:
    from django.test import override_settings

    assert said in browser.get(f"/{code}/").content.decode()
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert else_said in browser.get(f"/{code}/").content.decode(), "a pack of somebody else's"


def test_a_moment_is_shown_in_that_zone_and_marked_with_its_offset(browser: Any) -> None:
    listing("LI-1")  # granted at three in the morning, UTC
    shown = browser.get("/en/register/LI-1/").content.decode()
    assert '<time datetime="2026-11-20T11:00:00+08:00">20 November 2026, 11:00</time>' in shown


def test_a_page_says_where_it_came_from_on_paper(browser: Any) -> None:
    shown = browser.get("/en/register/?q=%3Cb%3E").content.decode()
    assert '<p class="printed">testserver/en/register/?q=%3Cb%3E</p>' in shown


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_or_loads_what_is_not_ours(browser: Any, path: str) -> None:
    page = browser.get(f"/en{path}")
    assert "default-src 'none'" in page["content-security-policy"]
    assert "frame-ancestors 'none'" in page["content-security-policy"]
    assert page["x-content-type-options"] == "nosniff"
    shown = page.content.decode()
    for tag in re.findall(r"<script\b[^>]*>", shown):
        ours = re.fullmatch(r'<script src="/assets/[0-9a-f]{16}/[\w.-]+"( defer)?>', tag)
        assert ours or 'type="application/json"' in tag, tag
    assert " style=" not in shown
    assert not re.search(r"\son\w+=", shown)


def test_an_address_without_a_language_asks_the_browser(browser: Any) -> None:
    for header, code in (("en-GB,en;q=0.9,zh;q=0.5", "en"), ("zh-TW", "zh"), ("fr", "zh")):
        assert browser.get("/", headers={"accept-language": header})["location"] == f"/{code}/"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/complaint/?case=LC-1%20b", "/complaint/?case=LC-1%20b"),
        ("/transparency", "/transparency/"),
        ("/desk/compute/", "/desk/compute/"),
    ],
)
def test_a_page_that_is_named_without_a_language_is_shown_in_the_readers(
    browser: Any, typed: str, shown: str
) -> None:
    answer = browser.get(typed, headers={"accept-language": "en"})
    assert (answer.status_code, answer["location"]) == (302, f"/en{shown}")
    assert "accept-language" in answer["vary"]
    assert browser.post(typed).status_code == 404


def test_what_is_no_page_in_any_language_is_not_there(browser: Any) -> None:
    for path in ("/nothing/", "/assets/x", "/register/download.xml"):
        assert browser.get(path).status_code == 404, path


def test_assets_are_served_by_their_content_and_nothing_else_is(browser: Any) -> None:
    from licet.portal.design.assets import assets

    sheet = assets()["portal.css"]
    answer = browser.get(sheet.address)
    assert answer.content == sheet.body
    assert "immutable" in answer["cache-control"]
    assert browser.get("/assets/0000000000000000/portal.css").status_code == 404
    assert browser.get("/assets/0000000000000000/..%2fwords.py").status_code == 404


def sign_in(browser: Any, email: str) -> Any:
    fields = {"login": email, "password": PASSWORD}
    return browser.post("/en/account/sign-in/", fields)


def test_a_providers_person_signs_in_with_a_password(browser: Any) -> None:
    person("provider", "chen@provider.example")
    assert sign_in(browser, "Chen@provider.example")["location"] == "/en/"
    page = browser.get("/en/me/")
    assert "chen@provider.example" in page.content.decode()
    assert page["cache-control"] == "no-store"


def test_a_wrong_password_is_told_in_the_readers_language(browser: Any) -> None:
    person("provider", "chen@provider.example")
    fields = {"login": "chen@provider.example", "password": "wrong"}
    page = browser.post("/zh/account/sign-in/", fields).content.decode()
    assert "请先更正以下问题" in page
    assert 'role="alert"' in page


def test_an_official_without_a_second_factor_can_only_get_one(browser: Any) -> None:
    person("authority", "li@authority.example")
    sign_in(browser, "li@authority.example")
    for path in ("/en/", "/en/me/", "/en/register/", "/en/account/password/"):
        assert browser.get(path)["location"] == "/en/account/factor/app/"
    again = browser.get("/en/account/factor/app/")["location"]
    assert again.startswith("/en/account/again/")
    page = browser.post(again, {"password": PASSWORD}, follow=True)
    assert "Officials must use a second factor" in page.content.decode()


def test_an_official_with_a_second_factor_is_asked_for_it_and_let_in(browser: Any) -> None:
    from allauth.mfa.totp.internal import auth

    official = person("authority", "li@authority.example")
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(official, secret)
    assert sign_in(browser, "li@authority.example")["location"] == "/en/account/factor/ask/"
    assert browser.get("/en/me/").status_code == 302
    wrong = browser.post("/en/account/factor/ask/", {"code": "000000x"})
    assert wrong.status_code == 200
    counter = next(auth.yield_hotp_counters_from_time())
    code = auth.format_hotp_value(auth.hotp_value(secret, counter))
    assert browser.post("/en/account/factor/ask/", {"code": code})["location"] == "/en/"
    assert browser.get("/en/me/").status_code == 200


def test_the_tables_are_those_of_the_models(browser: Any) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_nobody_makes_an_account_for_themselves(browser: Any) -> None:
    for path in ("/en/account/signup/", "/en/account/sign-up/", "/accounts/signup/"):
        assert browser.get(path).status_code == 404


def test_a_form_sent_from_elsewhere_is_refused_with_words(browser: Any) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/zh/account/sign-in/", {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "这个表单已经失效" in answer.content.decode()


def test_a_page_that_is_not_there_leads_to_the_other_language(browser: Any) -> None:
    page = browser.get("/zh/nowhere/")
    assert page.status_code == 404
    assert 'href="/en/nowhere/"' in page.content.decode()
    assert browser.get("/nowhere/").status_code == 404
