"""From a halt to the closed incident, as people go it in a browser, in Chinese and in English."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from kit.journeys import Demo, Desk, chromium, demonstration

pytestmark = pytest.mark.slow

WAIT_S = 60.0
CHEN = "chen@morningstar.example"
REVIEWER, APPROVER = (f"{name}@authority.example" for name in ("reviewer", "approver"))
HALTED = {"zh": "answer:zh-fraud-call", "en": "answer:en-bank-call"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module", params=["zh", "en"])
def demo(
    browser: Any, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Demo, str]]:
    """A demonstration for each language: an incident takes one way once."""
    with demonstration(tmp_path_factory.mktemp("demo") / "home") as running:
        yield running, request.param


def halt(demo: Demo, asks: str) -> None:
    """Ask the gateway for something that it halts."""
    body = {"model": "replay", "messages": [{"role": "user", "content": asks}]}
    asked = urllib.request.Request(
        f"{demo.url}/v1/chat/completions", json.dumps(body).encode(),
        {"authorization": f"Bearer {demo.key}", "content-type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert json.load(answer)["choices"][0]["finish_reason"] == "content_filter"


def open_incident(desk: Desk) -> None:
    """From the desk to the one incident there is; it comes by itself."""
    until = time.monotonic() + WAIT_S
    while True:
        desk.go("/desk/matters/")
        if desk.page.query_selector("main th a"):
            break
        assert time.monotonic() < until, "no incident came"
        time.sleep(1)
    desk.press("main th a")


def fill(desk: Desk, act: str, chosen: dict[str, str], **fields: str) -> None:
    """The page of an act: choose, fill, do it."""
    desk.press(f'main a[href$="/do/{act}/"]')
    for name, value in chosen.items():
        desk.page.check(f'[name="{name}"][value="{value}"]')
    for name, value in fields.items():
        desk.page.fill(f'[name="{name}"]', value)
    desk.press("main form button")
    assert "/do/" not in desk.page.url, desk.page.inner_text("main")


def test_a_halt_is_graded_reported_asked_about_and_closed(
    browser: Any, demo: tuple[Demo, str]
) -> None:
    running, lang = demo
    halt(running, HALTED[lang])
    officer, reviewer, approver = (Desk(browser, running, lang) for _ in range(3))
    officer.sign_in(CHEN)
    open_incident(officer)
    officer.press('main a[href$="/do/set_grade/"]')
    officer.page.check('[name="kind"][value="content"]')
    officer.press("main form button")
    assert officer.page.query_selector(".faults"), "what is missing is said on the page"
    officer.go(officer.page.url.partition(f"/{lang}")[2].partition("do/")[0])
    fill(officer, "set_grade", {"kind": "content", "grade": "ordinary"}, grade_reason="Once.")
    fill(officer, "report_first", {}, system="晨星 Morningstar", happened="一次。Once.",
         measures_taken="已停止。Stopped.")  # fmt: skip
    reviewer.sign_in(REVIEWER)
    open_incident(reviewer)
    fill(reviewer, "ask", {}, text="哪条规则？Which rule?")
    officer.go(officer.page.url.partition(f"/{lang}")[2])
    assert "Which rule?" in officer.page.inner_text("main")
    fill(officer, "answer", {}, text="base.fraud")
    fill(officer, "report_final", {}, trend="Over.", cause="规则。A rule.",
         planned_measures="None.", preservation="Ledger.", lessons="None.")  # fmt: skip
    approver.sign_in(APPROVER)
    open_incident(approver)
    fill(approver, "close", {}, text="已整改。Corrected.")
    officer.go(officer.page.url.partition(f"/{lang}")[2])
    assert {"zh": "已办结", "en": "Closed"}[lang] in officer.page.inner_text("h1")
