"""The public register as readers and programs see it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest

from kit.portal import NOW, listing, person, portal, trail
from kit.visitors import BACKEND


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


@pytest.fixture
def issuing() -> Iterator[Any]:
    """A portal that issues licences."""
    with portal("https://authority.example") as client:
        yield client


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_listing_is_found_by_any_part_of_its_name_holder_or_number(browser: Any) -> None:
    listing("BeiJing-YunQue-20260821", title="云雀大模型", holder="云雀科技")
    listing("ShiFan-ChenXing-20261120", title="晨星大模型", holder="晨星智能")
    for words in ("云雀", "yunque", "ＹｕｎＱｕｅ", "云雀科技 20260821"):
        page = text(browser.get("/zh/register/", {"q": words}))
        assert "云雀大模型" in page
        assert "晨星大模型" not in page


def test_filters_narrow_and_unknown_values_find_nothing(browser: Any) -> None:
    listing("A-1", status="valid", title="甲")
    listing("A-2", status="suspended", title="乙", stage_name={"zh": "暂停", "en": "Suspended"})
    assert "乙" not in text(browser.get("/zh/register/", {"status": "valid"}))
    page = browser.get("/en/register/", {"status": "nonsense", "page": "-4"})
    assert page.status_code == 200
    assert "Nothing was found" in text(page)


def test_a_page_of_results_costs_the_same_queries_however_much_there_is(browser: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for begin, upto in ((0, 25), (25, 65)):
        for number in range(begin, upto):
            listing(f"N-{number}")
        browser.get("/en/register/")  # what can be narrowed by is counted once an edition
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get("/en/register/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_every_result_is_reached_by_turning_pages(browser: Any) -> None:
    for number in range(45):
        listing(f"N-{number:03}")
    seen: set[str] = set()
    for page in (1, 2, 3):
        answer = browser.get("/register", {"page": page}, headers={"accept": "application/json"})
        seen |= {one["number"] for one in answer.json()["listings"]}
    assert len(seen) == answer.json()["total"] == 45


def test_an_entry_shows_what_changed_from_version_to_version(browser: Any) -> None:
    from licet.portal.register.models import Version

    made = listing("A-1")
    label = {"zh": "名称", "en": "Name"}
    Version.objects.create(
        listing=made, number=2, at=NOW, rows=[{"id": "name", "label": label, "value": "新名"}]
    )
    page = text(browser.get("/en/register/A-1/"))
    assert "模型 A-1" in trail(page)
    assert '<dd class="code">A-1</dd>' in page
    assert "<del>模型 A-1</del>" in page
    assert "<ins>新名</ins>" in page
    assert "Version 2" in page


def test_a_registration_whose_model_lost_its_filing_is_flagged(browser: Any) -> None:
    listing("UP-1", status="suspended")
    listing("APP-1", upstream="UP-1", upstream_status="suspended")
    page = text(browser.get("/en/register/APP-1/"))
    assert "The filing of the model that it calls is not in force" in page
    assert "/en/register/UP-1/" in page
    assert "/en/register/APP-1/" in text(browser.get("/en/register/UP-1/"))


def test_what_was_entered_is_shown_as_text_never_as_markup(browser: Any) -> None:
    wicked = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    listing(
        "X-1",
        title=wicked,
        holder=wicked,
        region=wicked,
        conditions=[{"zh": wicked, "en": wicked}],
    )
    for path in ("/en/register/", "/en/register/X-1/", f"/en/register/?q={wicked}"):
        page = text(browser.get(path))
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_download_matches_its_digest(browser: Any, kind: str) -> None:
    listing("A-1")
    answer = browser.get(f"/register/download.{kind}")
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer["x-content-sha256"] == digest
    stated = text(browser.get(f"/register/download.{kind}?digest"))
    assert stated == f"{digest}  licet-register.{kind}\n"


def test_a_spreadsheet_runs_no_formula_of_a_download(browser: Any) -> None:
    listing("A-1", title="=HYPERLINK(1)", holder="+1", region="@x")
    rows = list(
        csv.DictReader(
            io.StringIO(browser.get("/register/download.csv").content.decode("utf-8-sig"))
        )
    )
    assert rows[0]["title"] == "'=HYPERLINK(1)"
    assert rows[0]["holder"] == "'+1"
    assert rows[0]["region"] == "'@x"


def test_one_address_serves_readers_and_programs(browser: Any) -> None:
    listing("A-1")
    page = browser.get("/register", headers={"accept": "text/html", "accept-language": "en"})
    assert page["location"] == "/en/register/"
    data = browser.get("/register", headers={"accept": "application/json"})
    assert data.json()["listings"][0]["number"] == "A-1"


def test_what_is_not_registered_is_not_found_in_either_language(browser: Any) -> None:
    assert "没有这个页面" in text(browser.get("/zh/register/none/"))
    answer = browser.get("/en/register/none/")
    assert answer.status_code == 404
    assert "Page not found" in text(answer)


@pytest.mark.parametrize(
    "path", ["/en/register/", "/en/register/A-1/", "/register/download.csv", "/status/1",
             "/.well-known/jwks.json"],
)  # fmt: skip
def test_what_somebody_has_already_is_not_sent_again(issuing: Any, path: str) -> None:
    listing("A-1")
    first = issuing.get(path)
    assert first.status_code == 200
    again = issuing.get(path, headers={"if-none-match": first["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_changed_is_sent(browser: Any) -> None:
    listing("A-1")
    paths = ("/en/register/", "/register/download.json")
    had = [browser.get(path)["etag"] for path in paths]
    listing("A-2")
    for path, etag in zip(paths, had, strict=True):
        answer = browser.get(path, headers={"if-none-match": etag})
        assert answer.status_code == 200
        assert "A-2" in text(answer)


def test_a_page_of_somebody_who_signed_in_is_not_kept(browser: Any) -> None:
    browser.force_login(person("provider"), backend=BACKEND)
    answer = browser.get("/en/register/")
    assert answer["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_the_last_page_is_shown_where_fewer_are_left(browser: Any) -> None:
    for number in range(21):
        listing(f"N-{number:03}")
    for page, shown in (("2", 1), ("9", 1), ("1", 20)):
        answer = browser.get("/register", {"page": page}, headers={"accept": "application/json"})
        assert len(answer.json()["listings"]) == shown
        assert answer.json()["total"] == 21
