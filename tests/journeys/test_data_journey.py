"""Training data as people meet it in a browser: a publisher, a user and an officer, in Chinese and
in English."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.corpus import SOUND, card, folder
from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

CHEN, REVIEWER = "chen@morningstar.example", "reviewer@authority.example"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_set_is_published_found_asked_for_granted_and_withdrawn(
    browser: Any, demo: Demo, lang: str, tmp_path: Path
) -> None:
    restricted = card(access="restricted", title={"zh": "门诊问答", "en": "Clinic"})
    at = folder(tmp_path / "in", {"a.jsonl": b'{"text": "seldom"}\n'}, restricted)
    assert demo.licet("corpus", "push", str(at), f"clinic/{lang}").returncode == 0
    (tmp_path / "card.json").write_text(json.dumps(SOUND | {"access": "nobody"}))
    (tmp_path / "train.jsonl").write_text('{"text": "第一行"}\n', encoding="utf-8")
    publisher, officer, reader = (Desk(browser, demo, lang) for _ in range(3))
    publisher.sign_in(CHEN)
    publisher.go("/data/publish/")
    page = publisher.page
    for said in ({"access": "nobody"}, {"access": "open"}):
        (tmp_path / "card.json").write_text(json.dumps(SOUND | said))
        page.fill("[name=name]", f"stories-{lang}")
        page.set_input_files("[name=card]", tmp_path / "card.json")
        page.set_input_files("[name=files]", tmp_path / "train.jsonl")
        publisher.press("main form button")
    assert "第一行" in page.inner_text("main"), "after what was missing was mended"
    reader.go("/data/?q=stories")
    reader.press(f'main a[href*="stories-{lang}"]')
    assert "hf download" in reader.page.inner_text("main")
    publisher.go(f"/data/clinic/{lang}/")
    assert "seldom" not in page.inner_text("main")
    publisher.press(f'main a[href$="/data/clinic/{lang}/ask/"]')
    page.fill("[name=purpose]", "医学研究 A study of medicine")
    publisher.press("main form button")
    officer.sign_in(REVIEWER)
    officer.go("/desk/data/")
    officer.press(f'main .tasks a:text-is("clinic/{lang}")')
    officer.page.check("#granted")
    officer.press("main form button")
    publisher.go(f"/data/clinic/{lang}/")
    assert "seldom" in page.inner_text("main")
    publisher.go("/data/tokens/")
    publisher.press("main form button")
    assert "hf_" in page.inner_text(".said")
    reader.go("/data/?q=stories")
    reader.press(f'main a[href*="stories-{lang}"]')
    publisher.page.goto(reader.page.url)
    publisher.press('main a[href*="/withdraw/"]')
    page.fill("[name=reason]", "来源撤回同意 Consent ended")
    publisher.press("main form button.harsh")
    reader.page.reload()
    reader.look()
    assert "Consent ended" in reader.page.inner_text(".said.bad")
