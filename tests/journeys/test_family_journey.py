"""A guardian and a child, each on a phone: a link, limits, the chat closes, a tap, it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

PHONE = {"width": 390, "height": 844}
SAID = {
    "zh": {
        "name": "妈妈", "called": "小明", "words": "讲讲河边散步",
        "used_up": "今天的时间已用完", "left": "还可以使用", "free": "没有时间限制",
    },
    "en": {
        "name": "Mum", "called": "Ming", "words": "Tell me about a walk by the river",
        "used_up": "Today’s time is used up", "left": "minutes left", "free": "no limit on time",
    },
}  # fmt: skip
CHAT = "main form:has(#words) button"


def phone(browser: Any, demo: Demo, lang: str) -> Desk:
    """Somebody with a phone."""
    desk = Desk(browser, demo, lang)
    desk.page.set_viewport_size(PHONE)
    return desk


def be(desk: Desk, user: str) -> None:
    """One of the demonstration's users, before the chat."""
    desk.go("/try/")
    desk.press(f"form:has(input[value={user}]) button")


def say(desk: Desk, words: str) -> None:
    desk.page.fill("#words", words)
    desk.press(CHAT)


# One user for each language: what a guardian sets holds on.
@pytest.mark.parametrize(("lang", "user"), [("zh", "demo-xiaoyu"), ("en", "demo-xiaoming")])
def test_a_family_agrees_on_hours(browser: Any, demo: Demo, lang: str, user: str) -> None:
    said = SAID[lang]
    guardian, child = phone(browser, demo, lang), phone(browser, demo, lang)
    guardian.go("/family/")
    guardian.press('main a[href$="/join/"]')
    guardian.page.fill("[name=name]", said["name"])
    guardian.page.fill("[name=email]", f"{lang}@family.example")
    guardian.page.fill("[name=password]", "river lantern seven")
    guardian.page.check("[name=adult]")
    guardian.press("main form button")
    guardian.press('main a[href$="/invite/"]')
    guardian.page.fill("[name=called]", said["called"])
    guardian.page.check("[name=agree]")
    guardian.press("main form button")
    code = guardian.page.inner_text("#code")

    be(child, user)
    child.go("/family/mine/")
    child.page.fill("#code", code)
    child.press("form.code-form button")
    if child.page.query_selector("input[value=consent]"):  # sixteen: asked
        child.press("form:has(input[value=consent]) button")
    assert said["name"] in child.page.inner_text("main")

    guardian.go("/family/")
    guardian.press("main section h2 a")
    guardian.press('main a[href$="/limits/"]')
    for day in range(7):
        guardian.page.fill(f"#total-{day}", "0")
    guardian.page.check("#curfew_off")  # whatever the time is where this runs
    guardian.press("main form button")
    assert said["used_up"] in guardian.page.inner_text("main")

    child.go("/try/")
    say(child, said["words"])
    assert said["used_up"] in child.page.inner_text("#state")
    assert not child.page.query_selector(".talk .assistant")
    assert "12356" in child.page.inner_text("main"), "help is there whatever the time"
    child.press("#state form:nth-child(2) button")

    guardian.go("/family/")
    guardian.press("main .taps form:first-child button")
    assert said["left"] in guardian.page.inner_text("main")

    child.page.wait_for_function("document.querySelector('#state .good, #state .wait') !== null")
    assert said["left"] in child.page.inner_text("#state"), "the page says so by itself"
    say(child, said["words"])
    assert len(child.page.inner_text(".talk .assistant")) > 100
    guardian.go("/family/")
    guardian.press("main section h2 a")
    shown = guardian.page.inner_text("main")
    assert said["words"] not in shown, "no transcripts"


def test_an_adult_has_no_limits_and_a_page_without_scripts_says_the_same(
    browser: Any, demo: Demo
) -> None:
    adult = Desk(browser, demo, "en", scripts=False)
    adult.page.set_viewport_size(PHONE)
    be(adult, "demo-dalin")
    assert SAID["en"]["free"] in adult.page.inner_text("#state")
    say(adult, SAID["en"]["words"])
    assert len(adult.page.inner_text(".talk .assistant")) > 100
