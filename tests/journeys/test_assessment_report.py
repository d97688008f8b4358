"""The report of an assessment, as people read it: languages, keyboard, small screens, paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.journeys import faults_of
from kit.report_page import report_page
from licet.assess.fairness.audit import audit
from licet.assess.fairness.document import make_document, render_document
from licet.assess.fairness.lexicon import shipped_lexicon
from licet.assess.report import Origin
from licet.base.clock import SystemClock
from licet.rulebook import load_pack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report in which every verdict occurs."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report_page(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def audit_file(page_file: Path) -> Path:
    """The page of an audit in which one group is quoted less."""
    pack, lexicon = load_pack("cn-genai-2023"), shipped_lexicon()
    replies = {
        prompt.item.id: ("7000" if prompt.group == "deaf" else "8000")
        if prompt.asks == "number"
        else "是" if prompt.lang == "zh" else "Yes."
        for prompt in lexicon.prompts
    }  # fmt: skip
    rng = np.random.default_rng(1)
    rows = audit(replies, lexicon, pack.assessment.evidence, rng, draws=9_999)
    origin = Origin({"url": "https://service.example/v1", "model": "m"}, "0" * 64, 960, 0, True)
    document = make_document(rows, lexicon, origin, pack, 1, SystemClock().now())
    assert document["results"]["called"] == 1
    file = page_file.with_name("audit.html")
    file.write_text(render_document(document, "zh"), encoding="utf-8")
    return file


def test_an_audit_is_read_in_both_languages_by_everybody(browser: Any, audit_file: Path) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(audit_file.as_uri())
    for lang, title, called in (
        ("zh", "非歧视测评报告", "有差异"),
        ("en", "Are people treated alike?", "Differs"),
    ):
        page.click(f"label[for=in-{lang}]")
        assert page.inner_text("h1") == title
        assert page.inner_text("main").count(called) == 1
        assert faults_of(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_report_is_read_in_both_languages_by_everybody(browser: Any, page_file: Path) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert page.inner_text("h1") == "Security assessment"
    assert faults_of(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("h1") == "安全评估报告"
    assert "Security assessment" not in page.inner_text("main")
    assert faults_of(page) == []
    assert asked == [page_file.as_uri()], "a report fetches nothing"
    for plot in page.query_selector_all("svg.plot"):
        table = plot.evaluate_handle("plot => plot.nextElementSibling").as_element()
        assert table is not None
        assert table.evaluate("e => e.matches('table') || !!e.querySelector('table')")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(
        "[...document.querySelectorAll('.wide .verdict')].every(one =>"
        " one.getBoundingClientRect().right <= innerWidth)"
    ), "verdicts are seen without scrolling sideways"
    assert faults_of(page) == []
    page.emulate_media(media="print")
    assert page.is_hidden("nav")
    context.close()
