"""The corpus: what may measure and must not teach."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kit.house import ROOT

TRAINING = ROOT / "training"
THEMES = ["news", "medicine", "history", "law", "criticism", "quoting", "fiction"]


@pytest.fixture(scope="module")
def corpus() -> Iterator[ModuleType]:
    sys.path.insert(0, str(TRAINING))
    yield importlib.import_module("corpus")
    sys.path.remove(str(TRAINING))


def folder(tmp_path: Path, ids: list[str]) -> Path:
    """A data folder whose train and dev parts hold one harmful comment of each id."""
    (tmp_path / "text").mkdir()
    row = {"set": "cold", "lang": "zh", "role": "comment", "harmful": 1, "category": "hate"}
    row |= {"train_ok": True, "source_label": "offensive|region"}
    lines = "".join(
        json.dumps(row | {"id": each, "text": f"text of {each}"}) + "\n" for each in ids
    )
    for part in ("train", "dev"):
        path = tmp_path / "text" / f"{part}.jsonl.gz"
        path.write_bytes(gzip.compress(lines.encode()))
    return tmp_path


def test_a_doubted_row_measures_and_never_teaches(corpus: ModuleType, tmp_path: Path) -> None:
    doubted = min(corpus.doubts())
    data = folder(tmp_path, [doubted, "cold:sure"])
    taught = [row.text for row in corpus.labelled(data, "train", only_licensed=True)]
    measured = [row.text for row in corpus.labelled(data, "dev", only_licensed=False)]
    assert taught == ["text of cold:sure"]
    assert measured == [f"text of {doubted}", "text of cold:sure"]


def test_only_one_set_is_doubted_and_by_id_alone(corpus: ModuleType) -> None:
    assert all(each.startswith("cold:") for each in corpus.doubts())


def test_hard_lawful_sentences_stand_once() -> None:
    lines = (TRAINING / "hard_negatives.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    "theme", ["news", "medicine", "history", "law", "criticism", "quoting", "fiction"]
)
def test_each_theme_has_chinese_sentences_that_measure(theme: str) -> None:
    lines = (TRAINING / "hard_negatives.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    wanted = {"part": "dev", "lang": "zh", "about": theme}
    assert sum(wanted.items() <= row.items() for row in rows) >= 30
