"""After a halt, as people go it in a browser, in Chinese and in English: an incident to its close,
a measure against a person to its end, a complaint to the authority."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kit.journeys import Demo, Desk, demonstration
from licet.portal.demo import PROVIDER

pytestmark = pytest.mark.slow

WAIT_S = 60.0
CHEN = "chen@morningstar.example"
SECOND = "drafter@morningstar.example"
REVIEWER, APPROVER = (f"{name}@authority.example" for name in ("reviewer", "approver"))
HALTED = {"zh": "answer:zh-fraud-call", "en": "answer:en-bank-call"}


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
    assert {"zh": "已办结", "en": "Closed"}[lang] in officer.page.inner_text(".said h2")


# --- persons


def asked_by(demo: Demo, user: str, asks: str = "answer:en-river-walk") -> dict[str, Any]:
    """What a user's client is answered: the body, whatever the status."""
    body = {
        "model": "replay", "messages": [{"role": "user", "content": asks}],
        "safety_identifier": user,
    }  # fmt: skip
    sent = urllib.request.Request(
        f"{demo.url}/v1/chat/completions", json.dumps(body).encode(),
        {"authorization": f"Bearer {demo.key}", "content-type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as no:
        return dict(json.load(no))


def eventually(holds: Callable[[], Any], wait_s: float = WAIT_S) -> Any:
    until = time.monotonic() + wait_s
    while not (found := holds()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.5)
    return found


def test_a_person_is_suspended_by_a_person_appeals_and_is_restored_by_another(
    browser: Any, demo: tuple[Demo, str]
) -> None:
    running, lang = demo
    user = f"user-{lang}"
    with ThreadPoolExecutor(9) as many:
        list(many.map(lambda _: asked_by(running, user, HALTED[lang]), range(9)))
    officer, second, person = (Desk(browser, running, lang) for _ in range(3))
    officer.sign_in(CHEN)
    title = {"zh": "暂停服务", "en": "Suspend"}[lang]

    def proposed() -> bool:
        officer.page.goto(f"{running.url}/{lang}/desk/matters/?kind=measure")
        return officer.page.query_selector(f'main a:text-is("{title}")') is not None

    eventually(proposed)
    officer.press(f'main a:text-is("{title}")')
    number = officer.page.url.rstrip("/").rpartition("/")[2]
    officer.press('main a[href$="/do/confirm/"]')
    officer.press("main form button")
    no = eventually(
        lambda: (
            (e := asked_by(running, user).get("error", {})).get("code") == "measure_in_force" and e
        )
    )
    assert no["licet"]["appeal"] == f"{running.url}/measure/{number}"
    person.go(f"/measure/{number}/")
    person.page.fill("[name=appeal_text]", "这是小说。It was a novel.")
    person.press("main form button")
    second.sign_in(SECOND)
    second.go(f"/desk/matters/{number}/")
    assert "It was a novel." in second.page.inner_text("main")
    second.do("overturn", decision_reason="是小说。It was one.")
    person.go(f"/measure/{number}/")
    assert "It was one." in person.page.inner_text("main")
    eventually(
        lambda: asked_by(running, user).get("error", {}).get("code") != "measure_in_force", 10
    )


def test_a_complaint_goes_to_the_provider_and_then_to_the_authority(
    browser: Any, demo: tuple[Demo, str]
) -> None:
    running, lang = demo
    somebody, officer, official = (Desk(browser, running, lang) for _ in range(3))
    somebody.go("/complaint/")
    somebody.page.select_option("[name=provider]", PROVIDER)
    somebody.page.select_option("[name=about]", "stopped")
    somebody.page.fill("[name=complaint_text]", "菜谱被拦截。A recipe was stopped.")
    somebody.press("main form button")
    number, code = (somebody.page.inner_text(f"#{one}") for one in ("number", "code"))
    officer.sign_in(CHEN)
    officer.go(f"/desk/matters/{number}/")
    officer.press('main a[href$="/do/take_up/"]')
    officer.press("main form button")
    officer.press('main a[href$="/do/give_feedback/"]')
    officer.page.check('[name=result][value="unfounded"]')
    officer.page.fill("[name=reply_text]", "规则正确。The rule is right.")
    officer.press("main form button")
    somebody.go("/complaint/look/")
    somebody.page.fill("#number", number)
    somebody.page.fill("#code", code.lower())
    somebody.press("main form button")
    assert "The rule is right." in somebody.page.inner_text("main")
    somebody.page.click("details.doing summary")
    somebody.page.fill("#f-escalate-text", "不同意。I disagree.")
    somebody.press("details.doing form button")
    official.sign_in({"zh": REVIEWER, "en": APPROVER}[lang])
    official.go("/desk/matters/overview/")
    official.go("/desk/matters/?kind=complaint")
    official.press(f'main th a[href$="{number}/"]')
    official.press('main a[href$="/do/decide_complaint/"]')
    official.page.check('[name=result][value="founded"]')
    official.page.fill("[name=reply_text]", "应予更正。It was lawful.")
    official.press("main form button")
    somebody.go("/transparency/")
    assert somebody.page.query_selector("#complaint")
