"""The Python of docs/guides/provider-engineer.md, run as it stands before a real gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.gateway import Served, running_gateway
from kit.house import ROOT
from licet.gateway.config import parse_config

PAGE = (ROOT / "docs/guides/provider-engineer.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
METRICS = re.findall(r"`(licet_[a-z_]+)(?:\{([a-z,]+)\})?`", PAGE)
CASE = re.compile(r"LC-[0-9]{8}-[0-9A-Z]{8,20}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_gateway(tmp_path_factory.mktemp("page") / "home") as gateway:
        yield gateway


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_of_the_page_tells_a_person_their_case(
    number: int,
    served: Served,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LICET_KEY", served.key)
    code = SNIPPETS[number].replace("http://127.0.0.1:8080", served.root)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(code, f"provider-engineer.md[{number}]", "exec"), names)
    names["client"].close()  # a program's end would do it
    said = capsys.readouterr().out
    assert len(set(CASE.findall(said))) == (2 if "we sell forged" in code else 1)
    assert "victim" not in said
    assert "稳住受害人" not in said


def test_the_page_names_metrics_that_there_are(served: Served) -> None:
    shown = served.call(served.gateway.parts.metrics.render).decode()
    assert len(METRICS) > 5
    for name, labels in METRICS:
        family = name.removesuffix("_total")
        assert f"# TYPE {family}" in shown, name
        found = re.search(rf"^{family}[a-z_]*\{{([^}}]*)\}}", shown, re.MULTILINE)
        if labels and found:
            assert set(labels.split(",")) <= set(re.findall(r'([a-z]+)="', found[1])), name


def test_the_page_counts_its_snippets() -> None:
    assert len(SNIPPETS) == 3, "one for each way a client may speak; a test runs them all"


def test_what_the_page_calls_settings_can_be_read(tmp_path: Path) -> None:
    example = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    rest = """
[guard.on_judge_failure]
token = "halt"
clause = "hold"
whole = "hold"
[ledger]
url = "sqlite:ledger.db"
origin = "gateway.example.cn/licet"
key_file = "ledger.skey"
[keys]
url = "sqlite:keys.db"
[appeal]
url = "https://example.cn/appeal/{case}"
"""
    assert [set(parse_config(text + rest, "page", tmp_path).models) for text in example] == [
        {"assistant", "claude-sonnet-4-5"}
    ]
