"""People label answers in a browser: a sample, two blind voices, how far they agree, the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

CHEN, SECOND = "chen@morningstar.example", "drafter@morningstar.example"
SETTLED = {"zh": "1/2 已确定", "en": "1 of 2 settled"}


def label(desk: Desk, sample: str, *refused: str) -> None:
    """Say of each item that waits whether it was refused, in the order of the sample."""
    desk.page.goto(sample)
    desk.press('main a[href$="/label/"]')
    for said in refused:
        desk.page.check(f'[name=refused][value="{said}"]')
        desk.page.check('[name=acceptable][value="yes"]')
        desk.press("main form button")
    assert desk.page.url == sample, "nothing waits any more"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_label_what_neither_sees_of_the_other(
    browser: Any, demo: Demo, lang: str, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.jsonl"
    sheet.write_text(
        "".join(
            json.dumps({"id": f"q{n}", "prompt": f"茶 {n}?", "reply": f"Warm water, {n}."}) + "\n"
            for n in range(2)
        ),
        encoding="utf-8",
    )
    chen, second = Desk(browser, demo, lang), Desk(browser, demo, lang)
    chen.sign_in(CHEN)
    second.sign_in(SECOND)
    chen.go("/desk/samples/")
    chen.page.fill("[name=name]", f"November {lang}")
    chen.page.fill("[name=many]", "2")
    chen.page.set_input_files("[name=file]", sheet)
    chen.press("main form button")
    sample = chen.page.url
    label(chen, sample, "no", "no")
    label(second, sample, "no", "yes")
    chen.page.goto(sample)
    chen.look()
    assert SETTLED[lang] in chen.page.inner_text("main")
    with chen.page.expect_download() as told:
        chen.page.click('main a[href$="labels.jsonl"]')
    lines = [json.loads(line) for line in Path(told.value.path()).read_text().splitlines()]
    assert len(lines) == 4
    assert {line["by"] for line in lines} == {"labeller-1", "labeller-2"}
