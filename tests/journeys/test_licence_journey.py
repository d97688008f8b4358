"""The licence's whole way, as people go it in a browser, in Chinese and in English."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from kit.journeys import Demo, Desk
from kit.report_page import report_page

pytestmark = pytest.mark.slow

TTL_S = 60
CLERK, REVIEWER, APPROVER = (
    f"{name}@authority.example" for name in ("clerk", "reviewer", "approver")
)
CHEN = "chen@morningstar.example"
REASONS = {"statement__facts": "核查属实。Found to be so."}


def fill_form(desk: Desk, title: str, papers: Path) -> None:
    """Every section of the form that is open, each question by its kind."""
    page = desk.page
    given = {
        "organisation_code": "91110108MA0DEM0001", "region_latin": "ShiFan", "model_name": title,
        "model_latin": f"Journey{desk.lang.upper()}", "contact_email": "c@body.example",
        "complaint_url": "https://service.example/complaints", "complaint_days": "15",
    }  # fmt: skip
    paper = papers / "paper.txt"
    paper.write_text("a document", encoding="utf-8")
    report = papers / "assessment.pdf"
    if not report.exists():
        print_report(desk.page.context, report)
    case = page.url
    sections = page.eval_on_selector_all(".tasks a", "all => all.map(a => a.getAttribute('href'))")
    for address in sections:
        for _ in range(3):  # questions that other answers call for come after saving
            page.goto(desk.demo.url + address)
            desk.look()
            for group in page.query_selector_all("fieldset.field"):
                if not group.query_selector("input:checked"):
                    inputs = group.query_selector_all("input")
                    inputs[-1 if inputs[0].get_attribute("value") == "yes" else 0].check()
            for field in page.query_selector_all("main input[type=file]"):
                name = field.get_attribute("name")
                field.set_input_files(report if name == "security_report" else paper)
            for field in page.query_selector_all(
                "main textarea, main input:not([type=radio],[type=checkbox],[type=file])"
                ":not([type=hidden])"
            ):
                name = field.get_attribute("name") or ""
                if name not in ("base_model_number", "concurrency"):
                    field.fill(given.get(name, "如实填写。As it is."))
            desk.press("main form button")
            if page.url == case:
                break
    page.goto(case)


def print_report(context: Any, file: Path) -> None:
    """The report of an assessment on paper, as a browser prints it."""
    page = context.new_page()
    page.set_content(report_page())
    page.pdf(path=file)
    page.close()


def reads_the_report(desk: Desk, report: Path) -> None:
    """An officer opens what was attached, and gets its very bytes."""
    with desk.page.expect_download() as waiting:
        desk.page.click(f'main a:text-is("{report.name}")')
    assert Path(waiting.value.path()).read_bytes() == report.read_bytes()


def own_public_key(folder: Path) -> str:
    from licet.credentials import SigningKey

    return json.dumps(SigningKey.from_seed(bytes(range(32))).public.as_jwk(use=None))


def say(desk: Desk, title: str, act: str, **fields: str) -> None:
    desk.open_case(title)
    desk.do(act, **fields)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_apply_send_back_refile_review_grant_check_suspend_restore(
    browser: Any, demo: Demo, lang: str, tmp_path: Path
) -> None:
    title = {"zh": "旅程模型", "en": "Journey model"}[lang]
    holder, clerk, reviewer, approver = (Desk(browser, demo, lang) for _ in range(4))
    for desk, email in (
        (holder, CHEN),
        (clerk, CLERK),
        (reviewer, REVIEWER),
        (approver, APPROVER),
    ):
        desk.sign_in(email)
    holder.go("/desk/new/")
    holder.page.check("#r-model_filing")
    holder.press("main form button")
    fill_form(holder, title, tmp_path)
    holder.do("file")
    say(
        clerk,
        title,
        "send_back",
        requests__0__text="请说明用户范围。Say who the users are.",
    )
    holder.go("/notices/")
    assert "Say who the users are." in holder.page.inner_text("main li:first-child")
    holder.open_case(title)
    holder.do("refile")
    say(clerk, title, "accept")
    reviewer.open_case(title)
    reads_the_report(reviewer, tmp_path / "assessment.pdf")
    reviewer.press('main a[href$="/do/assess/"]')
    for box in reviewer.page.query_selector_all("input[value=conforms]"):
        box.check()
    reviewer.press("main form button")
    reviewer.do("recommend", text="符合。It conforms.")
    say(approver, title, "grant", **REASONS)

    live_and_be_suspended(browser, demo, holder, approver, title, tmp_path)


def live_and_be_suspended(
    browser: Any, demo: Demo, holder: Desk, approver: Desk, title: str, folder: Path
) -> None:
    """From the grant on: the token verifies offline, follows the case, is checked on a page."""
    lang = holder.lang
    holder.open_case(title)
    number = holder.page.inner_text(".panel .code").strip()
    holder.press('main a[href$="/licence/"]')
    holder.page.fill("#key", own_public_key(folder))
    holder.press("main form button")
    token = holder.page.inner_text("#token").strip()
    assert stands(demo, token, "valid") == "valid"

    anybody = Desk(browser, demo, lang)
    anybody.go("/check/")
    anybody.page.fill("#token", token)
    anybody.press("main form button")
    assert number in anybody.page.inner_text("main")
    anybody.page.fill("#token", token[:-30] + token[-30:].swapcase())
    anybody.press("main form button")
    assert {"zh": "这不是本机关签发的", "en": "did not sign"}[lang] in anybody.page.inner_text(
        "main"
    )

    say(approver, title, "suspend_interim", urgency="不能等。It cannot wait.",
        statement__proportionality="没有更轻的措施。Nothing milder.", **REASONS)  # fmt: skip
    assert stands(demo, token, "suspended") == "suspended"
    anybody.go(f"/register/{number}/")
    assert {"zh": "临时暂停", "en": "Suspended for the time being"}[
        lang
    ] in anybody.page.inner_text("main")
    say(approver, title, "restore", **REASONS)
    assert stands(demo, token, "valid") == "valid"


def stands(demo: Demo, token: str, wanted: str) -> str:
    """What `licet licence verify` says offline, from the newest list that was fetched."""
    file = demo.home / "token.jwt"
    file.write_text(token, encoding="ascii")
    fetched = demo.licet("licence", "fetch", str(file))
    assert fetched.returncode == 0, fetched.stderr
    said = demo.licet("licence", "verify", str(file), "--json")
    assert (said.returncode == 0) is (wanted == "valid"), said.stdout + said.stderr
    return str(json.loads(said.stdout)["state"])


def asked(demo: Demo) -> tuple[int, str]:
    """What the gateway answers a client."""
    request = urllib.request.Request(
        f"{demo.url}/v1/chat/completions",
        json.dumps(
            {"model": "replay", "messages": [{"role": "user", "content": "hello"}]}
        ).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {demo.key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(demo: Demo, status: int) -> float:
    """Seconds until the gateway answers with this status."""
    begun = time.monotonic()
    while asked(demo)[0] != status:
        assert time.monotonic() - begun < TTL_S, asked(demo)
        time.sleep(0.5)
    return time.monotonic() - begun


def test_a_suspended_gateway_refuses_within_the_lists_ttl_and_serves_again(
    browser: Any, demo: Demo
) -> None:
    assert asked(demo)[0] == 200
    approver = Desk(browser, demo, "zh", scripts=False)
    approver.sign_in(APPROVER)
    urgent = {"urgency": "演示。", "statement__proportionality": "演示。"}
    say(approver, "Licet 演示模型", "suspend_interim", **urgent, **REASONS)
    assert wait_for(demo, 403) <= TTL_S
    assert "suspended" in asked(demo)[1]
    say(approver, "Licet 演示模型", "restore", **REASONS)
    assert wait_for(demo, 200) <= TTL_S


def test_the_register_is_searched_by_keyboard_alone(browser: Any, demo: Demo) -> None:
    reader = Desk(browser, demo, "en")
    reader.go("/register/")
    keys = reader.page.keyboard
    keys.press("Tab")
    assert reader.page.evaluate("document.activeElement.className") == "skip"
    keys.press("Enter")
    keys.press("Tab")
    assert reader.page.evaluate("document.activeElement.id") == "q"
    keys.type("晨星对话")
    reader.page.wait_for_function("document.querySelectorAll('#results h3').length == 1")
    assert reader.page.evaluate("document.activeElement.id") == "q", "typing goes on"
    reader.look()
    for _ in range(40):
        keys.press("Tab")
        if "/register/ShiFan" in (reader.page.evaluate("document.activeElement.href || ''")):
            break
    with reader.page.expect_navigation():
        keys.press("Enter")
    reader.look()
    assert "晨星对话大模型" in reader.page.inner_text("h1")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_public_page_has_no_violation(browser: Any, demo: Demo, lang: str) -> None:
    reader = Desk(browser, demo, lang)
    for path in ("/", "/register/", "/law/", "/check/",
                 "/scope/", "/scope/?generates=no", "/account/sign-in/", "/nowhere/"):  # fmt: skip
        reader.go(path)
    reader.go("/register/?q=晨星对话")
    reader.press('main a:text-is("晨星对话大模型")')


SMALL = """() => [...document.querySelectorAll('button, .button, select, summary, nav a')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_phone_no_page_is_wider_than_the_screen_and_links_fit_a_finger(
    browser: Any, demo: Demo, lang: str
) -> None:
    reader = Desk(browser, demo, lang)
    reader.page.set_viewport_size({"width": 390, "height": 844})
    paths = ["/", "/register/", "/law/", "/check/", "/label/", "/complaint/", "/transparency/",
             "/compute/", "/data/", "/minors/", "/account/sign-in/", "/nowhere/"]  # fmt: skip
    reader.go("/register/?q=晨星对话")
    found = reader.page.get_attribute('main a:text-is("晨星对话大模型")', "href") or ""
    for path in [*paths, found.removeprefix(f"/{lang}")]:
        reader.go(path)
        assert reader.page.evaluate(WIDER) <= 0, path
        assert not reader.page.evaluate(SMALL), path


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("email", [CHEN, APPROVER])
def test_every_page_of_a_desk_has_no_violation(
    browser: Any, demo: Demo, lang: str, email: str
) -> None:
    somebody = Desk(browser, demo, lang)
    somebody.sign_in(email, anew=True)  # some pages open to who has just signed in
    paths = ["/desk/", "/notices/", "/me/", "/account/factor/", "/account/password/"]
    paths += ["/desk/new/"] if email == CHEN else []
    for path in paths:
        somebody.go(path)
    somebody.go("/desk/")
    cases = somebody.page.eval_on_selector_all("#lines th a", "all => all.map(a => a.pathname)")
    for case in cases[:4]:
        somebody.go(case.removeprefix(f"/{lang}"))
        acts = somebody.page.eval_on_selector_all(
            'main a[href*="/do/"]', "all => all.map(a => a.pathname)"
        )
        for act in acts[:2]:
            somebody.go(act.removeprefix(f"/{lang}"))
