"""Pages that show figures show those that were recorded, and nothing else."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from kit.house import ROOT, our_files

RECORD = ROOT / "docs/figures/guard.json"
MARK = "<!-- figures: "


@pytest.fixture(scope="module")
def report() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "training"))
    yield importlib.import_module("guard_report")
    sys.path.remove(str(ROOT / "training"))


def test_every_table_of_figures_is_the_recorded_one(report: ModuleType) -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    pages = [path for path in our_files() if path.suffix == ".md"]
    shown = [page for page in pages if MARK in page.read_text(encoding="utf-8")]
    assert shown, "docs/what-the-guard-misses.md shows figures"
    for page in shown:
        text = page.read_text(encoding="utf-8")
        stale = f"{page.name}: run `make eval-guard ARGS=--record`"
        assert report.filled(text, record) == text, stale


def test_every_plot_is_of_the_recorded_figures(report: ModuleType) -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for way, name in report.PLOTS.items():
        plot = RECORD.parent / f"{name}.svg"
        assert plot.is_file() == (way in record["ways"])
        if way in record["ways"]:
            drawn = report.plot(record["ways"][way]["reliability"])
            assert plot.read_text(encoding="utf-8") == drawn
