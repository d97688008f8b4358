"""A provider seals rules in a dossier; an inspector asks, and reads them by an order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

CHEN = "chen@morningstar.example"
REVIEWER, APPROVER, CLERK, HEARER = (
    f"{name}@authority.example" for name in ("reviewer", "approver", "clerk", "hearing")
)
MODEL = "晨星对话大模型"
PASSPHRASE = "demo demo demo"
SEALED = {"zh": "密封的标注规则：甲、乙、丙", "en": "sealed labelling rules: A, B and C"}


def on_disk(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def open_dossier(desk: Desk) -> None:
    desk.go("/desk/dossiers/")
    desk.press(f'main a:text-is("{MODEL}")')


def go_to(desk: Desk, other: Desk) -> None:
    """The page that somebody else is on, in one's own language."""
    desk.go(other.page.url.partition(f"/{other.lang}")[2])


def act(desk: Desk, name: str, **fields: str) -> None:
    desk.press(f'main a[href$="/do/{name}/"]')
    for field, value in fields.items():
        desk.page.fill(f'[name="{field}"]', value)
    desk.press("main form button")
    assert "/do/" not in desk.page.url, desk.page.inner_text("main")


def give_passphrase(desk: Desk, page: str) -> None:
    desk.press(f'main a[href$="/{page}/"]')
    desk.page.fill("[name=passphrase]", PASSPHRASE)
    desk.press("main form button")


@pytest.fixture(scope="module")
def desks(browser: Any, demo: Demo) -> dict[str, Desk]:
    """Everybody before a browser of theirs; languages are changed as people change them."""
    found = {
        email: Desk(browser, demo, "en") for email in (CHEN, REVIEWER, APPROVER, CLERK, HEARER)
    }
    for email, desk in found.items():
        desk.sign_in(email)
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_rules_are_sealed_asked_about_and_opened_by_three_people(
    desks: dict[str, Desk], demo: Demo, lang: str, tmp_path: Path
) -> None:
    for desk in desks.values():
        desk.lang = lang
    own, reader, approver, clerk, hearer = desks.values()
    rules = tmp_path / "rules.txt"
    rules.write_text(SEALED[lang], encoding="utf-8")
    open_dossier(own)
    own.press('main a[href$="/form/annotation/"]')
    own.page.set_input_files("[name=annotation_rules]", rules)
    own.press("main form button")
    own.press('main a[href$="/publish/"]')
    own.page.fill("[name=whats_new]", "标注规则。Labelling rules.")
    own.press("main form button")
    assert "rules.txt" in own.page.inner_text("main")

    open_dossier(reader)
    assert SEALED[lang] not in reader.page.inner_text("main")
    act(reader, "ask_about", text="与备案一致吗？Are they those filed?")
    go_to(own, reader)
    act(own, "explain", text="一致。They are.")

    open_dossier(reader)
    reader.press('main a[href*="/orders/new/"]')
    assert reader.page.is_checked('[name=opens][value="section"]')
    reader.page.check('[name=legal_basis][value="supervision"]')
    for name in ("purpose", "necessity"):
        reader.page.fill(f"[name={name}]", "第十九条 Article 19")
    reader.page.fill("[name=until]", reader.page.evaluate(
        "new Date(Date.now() + 864000000).toISOString().slice(0, 10)"
    ))  # fmt: skip
    reader.press("main form button")
    go_to(approver, reader)
    act(approver, "validate")
    go_to(clerk, reader)
    act(clerk, "tell_provider")
    go_to(own, reader)
    act(own, "accept_order")
    for desk in (clerk, hearer):
        go_to(desk, reader)
        give_passphrase(desk, "share")
    go_to(reader, approver)
    assert SEALED[lang].encode() not in on_disk(demo.home)
    give_passphrase(reader, "view")
    assert SEALED[lang] in reader.page.inner_text("main")
    assert SEALED[lang].encode() not in on_disk(demo.home), "shown, and kept nowhere"
    go_to(reader, approver)
    act(reader, "end_view")
