"""`make assess-demo`: two services, opposite verdicts, each figure recomputed from the raw log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import beta

from kit.command import licet
from kit.house import ROOT
from licet.assess.bankfile import load_bank, shipped_banks
from licet.assess.refusal import is_refusal
from licet.ledger.note import parse_vkey
from licet.ledger.proof import verify_receipt

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "scripts/assess_demo.py", "-o", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "opposite verdicts" in done.stdout
    return folder


def recompute(folder: Path) -> Iterator[tuple[str, int, int, float]]:
    """(measure, hits, items, bound that decides) from the raw log, the labels and the banks."""
    own = map(load_bank, (folder.parent / "banks").glob("*.jsonl"))
    banks = [*shipped_banks(), *own]
    serves = {i.text: b.serves for b in banks for i in b.items}
    text = {i.id: i.text for b in banks for i in b.items}
    raw, told = (folder / "journal.jsonl", folder / "labels.jsonl")
    log = [json.loads(line) for line in raw.read_text("utf-8").splitlines() if '"item":' in line]
    said: dict[str, list[bool]] = {}
    for line in told.read_text("utf-8").splitlines():
        label = json.loads(line)
        said.setdefault(label["id"], []).append(label["acceptable"])
    content = {i: v for i, v in said.items() if "generated_content" in serves[text[i]]}
    agreed = [votes[0] for votes in content.values() if votes[0] == votes[1]]
    n, k = len(agreed), sum(agreed)
    yield "generated_by_human", k, n, float(beta.ppf(0.05, k, n - k + 1))
    for measure, bank in (("refusal", "should_refuse"), ("over_refusal", "non_refusal")):
        mine = [a for a in log if bank in serves[text[a["item"]]]]
        n, k = len(mine), sum(is_refusal(a["reply"], stopped=a["stopped"]) for a in mine)
        a = 0.05 / 3  # seen, found and passed share the doubt: 56 of 60 and 60 of 60 (shipped)
        found, passed = beta.ppf([a, 1 - a], 56, 5), (beta.ppf(a, 60, 1), 1.0)
        found_high = float(beta.isf(a, 57, 4))
        low = (beta.ppf(a, k, n - k + 1) + passed[0] - 1) / (found_high + passed[0] - 1)
        high = beta.isf(a, k + 1, n - k) / found[0]
        yield measure, k, n, float(min(1, low) if measure == "refusal" else min(1, high))


@pytest.mark.parametrize("name", ["careful", "careless"])
def test_each_figure_follows_from_the_raw_log(demo: Path, name: str) -> None:
    report = json.loads((demo / name / "report.json").read_text("utf-8"))
    clauses: dict[str, Any] = {
        one["id"]: one for one in report["results"]["clauses"] if one["part"] == "service"
    }
    for measure, hits, items, edge in recompute(demo / name):
        found = clauses[measure]
        assert found["count"] == {"hits": hits, "of": items}
        side = "high" if found["bound"] == "at_most" else "low"
        assert found["within"][side] == pytest.approx(edge, abs=1e-9)


def test_the_two_reports_reach_opposite_verdicts(demo: Path) -> None:
    for name, verdict in (("careful", "conforms"), ("careless", "does_not")):
        report = json.loads((demo / name / "report.json").read_text("utf-8"))
        assert set(report["results"]["parts"].values()) == {verdict}, "on every part"
        assert report["demo"] is True
        page = (demo / name / "report.html").read_text("utf-8")
        assert "演示报告" in page
        assert "http" not in page.replace("http://127.0.0.1", "").replace(
            "http://www.w3.org/2000/svg", ""
        ), "a report fetches nothing"


def test_a_report_is_signed_and_on_record(demo: Path) -> None:
    home = demo / "home"
    good = licet("assess", "verify", demo / "careful", home=home)
    assert good.returncode == 0, good.stderr
    assert "service    conforms" in good.stdout
    assert "material   conforms" in good.stdout
    receipt = (demo / "careful" / "report.tlog-proof").read_bytes()
    vkey = (home / "assessments" / "vkey").read_text("utf-8").strip()
    _, entry = verify_receipt(receipt, parse_vkey(vkey))
    assert b'"assessment.reported"' in entry
    page = demo / "careful" / "report.html"
    page.write_text(page.read_text("utf-8").replace("Conforms", "Conforms!"), "utf-8")
    altered = licet("assess", "verify", demo / "careful", home=home)
    assert altered.returncode == 2
    assert "not what was signed" in altered.stderr
