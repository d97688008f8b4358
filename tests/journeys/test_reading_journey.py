"""How pages are read: by the keyboard alone, in the dark, with colours of the reader's own, and on
paper. Every main page, on a desk or on a phone."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest

from kit.journeys import Demo, Desk, faults_of

pytestmark = pytest.mark.slow

CHEN, APPROVER = "chen@morningstar.example", "approver@authority.example"
PUBLIC = (
    "/", "/account/sign-in/", "/register/", "/law/", "/check/", "/label/", "/data/", "/compute/",
    "/annotation/", "/scope/", "/transparency/", "/complaint/", "/complaint/look/", "/minors/",
    "/family/", "/family/join/", "/try/",
)  # fmt: skip
DESKS = ("/desk/", "/desk/matters/", "/notices/", "/me/", "/desk/dossiers/", "/desk/orders/")
AT = {
    CHEN: ("/compute/needs/", "/data/publish/", "/desk/minors/"),
    APPROVER: ("/desk/matters/overview/", "/desk/compute/", "/desk/data/"),
}
FOLLOWED = {"/register/": "#results h3 a", "/data/": ".entries h3 a", "/desk/": "main th a",
            "/desk/matters/": "main th a"}  # fmt: skip
SIZES = ({"width": 1200, "height": 844}, {"width": 390, "height": 844})
FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const box = it.getBoundingClientRect(), style = getComputedStyle(it);
  return {
    place: [...document.querySelectorAll("*")].indexOf(it),
    said: it.outerHTML.slice(0, 120),
    several: ["date", "time", "datetime-local", "file"].includes(it.type),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.height > 1 && box.right > 0 && box.left < innerWidth
      && box.bottom > 0 && box.top < innerHeight,
  };
}"""
STOPS_MAX = 200


def walk(page: Any) -> None:
    """Tab from the top of a page until it is left: in order, always seen, never caught.

    After the last stop the focus is nowhere, or at the first one again.
    """
    stops: list[dict[str, Any]] = []
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if stops and (here is None or here["place"] == stops[0]["place"]):
            assert len(stops) > 5, f"{page.url}: more than {len(stops)} places take the focus"
            return
        assert here is not None, f"{page.url}: nothing takes the focus"
        where = f"{page.url}: {here['said']}"
        if not stops:
            assert "skip" in here["said"], f"{where}: the way past the navigation comes first"
        elif here["place"] != stops[-1]["place"] or not here["several"]:
            assert here["place"] > stops[-1]["place"], f"{where}: after {stops[-1]['said']}"
        assert here["ring"], f"{where}: its focus is not shown"
        assert here["seen"], f"{where}: its focus is out of sight"
        stops.append(here)
    pytest.fail(f"{page.url}: no way out")


def every_page(desk: Desk, paths: tuple[str, ...]) -> list[str]:
    """Addresses of the pages named, and of the first one that each of their lists leads to."""
    found = []
    for path in paths:
        desk.go(path)
        found.append(desk.page.url)
        led = desk.page.query_selector(FOLLOWED.get(path, "#none"))
        if led is not None:
            found.append(desk.demo.url + led.get_attribute("href"))
    return found


def case_page(demo: Demo) -> str:
    """The page of an answer that was just halted."""
    asks = {"role": "user", "content": "answer:en-bank-call"}
    body = json.dumps({"model": "replay", "messages": [asks]}).encode()
    asked = urllib.request.Request(
        f"{demo.url}/v1/chat/completions", body,
        {"authorization": f"Bearer {demo.key}", "content-type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=60) as answer:
        found = re.search(rb"LC-\d{8}-\w+", answer.read())
    assert found is not None
    return f"{demo.url}/appeal/{found[0].decode()}?lang=en"


@pytest.fixture(params=["", CHEN, APPROVER], ids=["anybody", "provider", "official"])
def reader(browser: Any, demo: Demo, request: pytest.FixtureRequest) -> tuple[Desk, list[str]]:
    """Somebody, and the pages for them."""
    desk = Desk(browser, demo, "en")
    if not request.param:
        return desk, every_page(desk, PUBLIC)
    desk.sign_in(request.param)
    return desk, every_page(desk, (*DESKS, *AT[request.param]))


def test_tab_alone_walks_every_page_and_the_dark_is_legible(
    reader: tuple[Desk, list[str]],
) -> None:
    desk, pages = reader
    desk.page.emulate_media(color_scheme="dark")
    for number, address in enumerate(pages):  # each page on one of both: frame and order are one
        size = SIZES[number % len(SIZES)]
        desk.page.set_viewport_size(size)
        desk.page.goto(address)
        walk(desk.page)
        wide = desk.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{address} is wider than its window"
        assert not faults_of(desk.page), address


def test_on_paper_a_page_is_its_content_and_where_it_came_from(
    reader: tuple[Desk, list[str]],
) -> None:
    desk, pages = reader
    page = desk.page
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 within its margins
    page.emulate_media(media="print", color_scheme="dark")
    for address in pages:
        page.goto(address)
        assert page.inner_text(".printed").startswith(address.split("//")[1]), address
        for pressed in page.query_selector_all("nav, button, .button, .skip"):
            assert not pressed.is_visible(), f"{address}: {pressed.evaluate('e => e.outerHTML')}"
        cut = "e => e.filter(one => one.scrollWidth > one.clientWidth + 1).length"
        assert not page.eval_on_selector_all(".scroll:has(table)", cut), (
            f"{address}: a table is cut"
        )
        assert [one for one in faults_of(page) if one.startswith("color-contrast")] == [], address
    if any("/register/" in one for one in pages):
        page.goto(next(one for one in pages if one.endswith("/register/")))
        assert page.query_selector("#results h3").is_visible(), (
            "a register is more than its search"
        )


def test_the_page_of_a_case_is_read_in_each_way(browser: Any, demo: Demo) -> None:
    desk = Desk(browser, demo, "en")
    page, address = desk.page, case_page(demo)
    for size in SIZES:
        page.set_viewport_size(size)
        page.goto(address)
        stops = page.eval_on_selector_all(
            "a, button, textarea", "e => e.map(one => one.outerHTML)"
        )
        for _ in stops:
            page.keyboard.press("Tab")
            here = page.evaluate(FOCUSED)
            assert here["ring"], here
            assert here["seen"], here
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) is None, "it is left as it was entered"
    for media in ("screen", "print"):
        page.emulate_media(media=media, color_scheme="dark")
        assert not [one for one in faults_of(page) if one.startswith("color-contrast")], media
    assert address.split("//")[1].partition("?")[0] in page.inner_text(".printed")


@pytest.mark.parametrize("scripts", [True, False])
def test_after_an_error_the_page_leads_to_the_field(
    browser: Any, demo: Demo, scripts: bool
) -> None:
    desk = Desk(browser, demo, "en", scripts=scripts)
    page = desk.page
    for path in ("/complaint/", "/complaint/look/", "/family/join/", "/check/", "/label/"):
        desk.go(path)
        page.eval_on_selector_all("main form", "e => e.forEach(one => { one.noValidate = true })")
        desk.press("main form button >> nth=-1")
        assert page.title().startswith("Error: "), path
        assert page.evaluate("document.activeElement.className") == "faults", path
        page.keyboard.press("Tab")
        led = page.evaluate("document.activeElement.getAttribute('href')")
        page.keyboard.press("Enter")
        assert f"#{page.evaluate('document.activeElement.id')}" == led, path
        label = page.query_selector(f'label[for="{led[1:]}"]')
        assert label.bounding_box()["y"] >= 0, f"{path}: the field is there without its name"


def test_what_unfolds_and_what_skips_are_worked_by_keys(browser: Any, demo: Demo) -> None:
    desk = Desk(browser, demo, "en")
    desk.go("/complaint/")
    page = desk.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.focus("summary")
    for key, folded in (("Enter", False), ("Space", True)):
        page.keyboard.press(key)
        assert (page.query_selector("details[open]") is None) is folded, key


def test_with_colours_of_the_readers_own_lines_tell_what_backgrounds_told(
    browser: Any, demo: Demo
) -> None:
    desk = Desk(browser, demo, "en")
    desk.page.emulate_media(forced_colors="active")
    desk.go("/register/")
    width = "e => getComputedStyle(e).borderBottomWidth"
    assert desk.page.eval_on_selector("[aria-current]", width) == "2px"
    assert desk.page.eval_on_selector("main form button", width) == "1px"
    desk.go("/transparency/")
    fill = "e => [getComputedStyle(e).fill, getComputedStyle(document.body).color]"
    bar, text = desk.page.eval_on_selector(".bar rect", fill)
    assert bar == text, "a bar in its own colour may be none on the reader's"
