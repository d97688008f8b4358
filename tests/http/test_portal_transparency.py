"""The transparency report as a page, a table and an object; the authority's overview."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.portal import person, portal
from kit.visitors import imposed, reported, signed_in, visitors
from licet.base.clock import SystemClock
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.log import Log
from licet.ledger.note import make_signer


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def followed(folder: Path, halts: int) -> Log:
    """A gateway's ledger that this portal follows."""
    from licet.portal.accounts.models import Body
    from licet.portal.incidents.arrival import follow_ledger

    signer, path = make_signer("gateway.example", secrets.token_bytes), folder / "gateway.db"
    log = Log(open_store(path), signer, "gateway.example")
    halt(log, halts)
    follow_ledger(str(path), signer.verifier.vkey, Body.objects.get(code="own"))
    return log


def halt(log: Log, count: int) -> None:
    told = {"exchange": "ex_1", "rule": "base.fraud.zh.1", "category": "illegal_activity"}
    now = SystemClock().now()
    log.append([make_entry("exchange.halted", now, told)] * count, now)


def rows(browser: Any) -> dict[tuple[str, ...], str]:
    answer = browser.get("/transparency.csv")
    found = list(csv.reader(io.StringIO(answer.content.decode())))
    assert found[0] == ["what", "which", "which_2", "which_3", "count"]
    return {tuple(row[:4]): row[4] for row in found[1:]}


def test_it_counts_what_the_ledgers_hold_and_goes_on_from_there(
    browser: Any, tmp_path: Path
) -> None:
    visitors()
    reported()
    log = followed(tmp_path, 3)
    assert rows(browser)["stop", "reply", "illegal_activity", "base"] == "3"
    assert rows(browser)["incident", "ordinary", "reported", ""] == "1"
    halt(log, 2)
    assert rows(browser)["stop", "reply", "illegal_activity", "base"] == "5"
    told = browser.get("/transparency.json").json()
    assert ["stop", "reply", "illegal_activity", "base", 5] in told["rows"]
    for code, words in (("en", "What was stopped"), ("zh", "拦截的内容")):
        page = browser.get(f"/{code}/transparency/").content.decode()
        assert words in page
        assert "<svg" in page
        assert {"en": "<td>Licet, base rules (base)", "zh": "<td>Licet 基础规则（base）"}[
            code
        ] in page
    assert browser.get("/transparency.xls").status_code == 404


def test_a_few_persons_can_not_be_told_from_it(browser: Any) -> None:
    visitors()
    for _ in range(4):
        imposed()
    assert rows(browser)["measure", "warn", "in_force", ""] == "<5"
    assert ["measure", "warn", "in_force", "", None] in browser.get("/transparency.json").json()[
        "rows"
    ]
    assert "&lt; 5" in browser.get("/en/transparency/").content.decode()
    imposed()
    assert rows(browser)["measure", "warn", "in_force", ""] == "5"


def test_a_ledger_that_can_not_be_read_keeps_the_others_from_nothing(
    browser: Any, tmp_path: Path
) -> None:
    visitors()
    followed(tmp_path, 1)
    (tmp_path / "gateway.db").unlink()
    reported()
    assert rows(browser)["incident", "ordinary", "reported", ""] == "1"


def test_the_authority_sees_volumes_paces_and_what_is_late(browser: Any) -> None:
    visitors()
    number = reported()
    official = signed_in(person("authority", "r@bureau.example", ("reviewer",), "bureau"))
    for code, words in (("en", "How long it took"), ("zh", "用时")):
        page = official.get(f"/{code}/desk/matters/overview/").content.decode()
        assert words in page
    assert number not in page, "nothing of it is late"
