"""Training data as people meet it in a browser: a publisher, a user and an officer, in Chinese and
in English."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit.corpus import SOUND, annotation_rules, batch, card, folder
from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

CHEN, REVIEWER = "chen@morningstar.example", "reviewer@authority.example"
DRAFTER = "drafter@morningstar.example"


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
    officer.press(f'main .tasks li:has-text("clinic/{lang}") a')
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


def test_a_large_file_is_sent_in_pieces_and_goes_on_where_it_was_cut(
    browser: Any, demo: Demo, tmp_path: Path
) -> None:
    data = random.Random(9).randbytes(9 << 20)  # three pieces
    (tmp_path / "sound.bin").write_bytes(data)
    (tmp_path / "card.json").write_text(json.dumps(SOUND))
    publisher = Desk(browser, demo, "en")
    publisher.sign_in(CHEN)
    publisher.go("/data/publish/")
    page, sent = publisher.page, list[int]()

    def passing(route: Any) -> None:
        if route.request.method == "PUT":
            sent.append(int(route.request.url.rpartition("at=")[2]))
            if len(sent) == 2:
                route.abort()
                return
        route.continue_()

    page.route("**/desk/data/content/**", passing)
    page.fill("[name=name]", "large")
    page.set_input_files("[name=card]", tmp_path / "card.json")
    page.set_input_files("[name=files]", tmp_path / "sound.bin")
    publisher.press("main form button")
    assert hashlib.sha256(data).hexdigest() in page.inner_text("main")
    assert sent == [0, 4 << 20, 4 << 20, 8 << 20], "what came was not sent again"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_data_are_annotated_read_by_people_and_followed_to_a_model(
    browser: Any, demo: Demo, lang: str, tmp_path: Path
) -> None:
    mine, name = "/data/91110108ma0dem0001/classroom/", f"91110108ma0dem0001/rules-{lang}"
    said = {"rules": annotation_rules(id=name), "batch": batch(rules=name)}
    publisher, colleague, officer = (Desk(browser, demo, lang) for _ in range(3))
    publisher.sign_in(CHEN)
    for what, address in (("rules", "add"), ("batch", "record")):
        (tmp_path / f"{what}.json").write_bytes(msgspec.json.encode(said[what]))
        publisher.go(f"/annotation/{address}/")
        publisher.page.set_input_files("[name=file]", tmp_path / f"{what}.json")
        publisher.press("main form button")
    publisher.page.click("summary")
    assert "A01" in publisher.page.inner_text("main"), "who recorded it reads who worked"
    publisher.go(mine)
    publisher.press('main a[href*="/sample/"]')
    publisher.page.fill("[name=many]", "1")
    publisher.press("main form button")
    sample = publisher.page.url.partition(f"/{lang}/")[2]
    colleague.sign_in(DRAFTER)
    for desk in (publisher, colleague):
        desk.go(f"/{sample}label/")
        desk.page.check("[name=lawful][value=yes]")
        desk.press("main form button")
    publisher.go(f"/{sample}")
    publisher.press('form[action$="/close/"] button')
    publisher.go(mine)
    assert "1 / 1" in publisher.page.inner_text("main")
    publisher.press('main a[href*="/use/"]')
    publisher.page.select_option("[name=model]", index=1)
    publisher.page.fill("[name=job]", f"job-{lang}")
    publisher.press("main form button")
    officer.sign_in(REVIEWER)
    officer.go(mine)
    officer.press('main a[href*="/chain/"]')
    assert f"job-{lang}" in officer.page.inner_text("main")
    officer.press('main a[href*="/desk/dossiers/"]')
    officer.press('main a[href*="/desk/data/models/"]')
    assert "chenxing-sft-2026-10" in officer.page.inner_text("main")
