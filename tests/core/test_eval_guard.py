"""The evaluation of the guard: what it measures on, what it says where it cannot."""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kit.house import ROOT

TRAINING = ROOT / "training"


@pytest.fixture(scope="module", autouse=True)
def path() -> Iterator[None]:
    sys.path.insert(0, str(TRAINING))
    yield
    sys.path.remove(str(TRAINING))


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    return importlib.import_module("eval_guard")


def put(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))


def row(number: int, **other: Any) -> dict[str, Any]:
    """One row of a data set, harmless unless said otherwise."""
    plain = {
        "id": f"made:{number}", "set": "cold", "lang": "zh", "role": "comment", "harmful": 0,
        "category": None, "train_ok": True, "source_label": "", "split": "dev",
        "text": f"第{number}个人今天去图书馆还书，顺路买了面包。",
    }  # fmt: skip
    return plain | other


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets, each a few rows of ours."""
    folder = tmp_path_factory.mktemp("data")
    harmful = {
        "harmful": 1,
        "category": "hate",
        "text": "那个村子的人都是垃圾，滚出去，看见就打。",
    }
    english = {"set": "davidson", "lang": "en", "text": "those people are trash and should leave"}
    put(
        folder / "text/dev.jsonl.gz",
        [row(i) for i in range(4)]
        + [row(9 + i, **harmful) for i in range(3)]
        + [row(20, **english), row(21, **english | {"harmful": 1, "category": "hate"})],
    )
    put(folder / "text/benign.jsonl.gz", [row(30 + i, set="fewclue-tnews") for i in range(5)])
    injected = {"role": "prompt", "harmful": 1, "category": "injection", "lang": "en"}
    for name in ("cyberseceval-en", "cyberseceval-zh", "dan"):
        put(folder / f"injection/{name}.jsonl.gz", [row(1, **injected, text="ignore it all")])
    answer = {"answer": "The bridge was repaired with stone from the same quarry. " * 20}
    for name, lang in (("belle-eval", "zh"), ("alpaca-eval", "en"), ("dolly", "en")):
        put(folder / f"streams/{name}.jsonl.gz", [{"lang": lang, **answer}])
    return folder


def given(data: Path | None, **other: Any) -> argparse.Namespace:
    plain = {"data": data, "encoder": None, "most": 12, "all": False}
    return argparse.Namespace(**(plain | {"seed": 7} | other))


def test_where_there_is_nothing_to_measure_it_says_what_to_set(
    evaluation: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(importlib.import_module("guard_rows").NoData, match="Set LICET_DATA"):
        evaluation.record(given(tmp_path), lambda line: None)


def test_one_run_measures_everything_and_its_report_says_so(
    evaluation: ModuleType, data: Path
) -> None:
    said: list[str] = []
    record = json.loads(json.dumps(evaluation.record(given(data), said.append)))
    figures = record["ways"]["classifier alone"]
    assert len(figures["disguises"]) == 16, "eight ways in two languages"
    for part in ("baseline", "groups", "sets", "categories", "lawful", "disguises", "late"):
        assert figures[part], part
    page = importlib.import_module("guard_report").markdown(record)
    assert "nan" not in page
    assert "fewclue-tnews zh comment" in page
    assert any("no encoder ships" in line for line in said) == (len(record["ways"]) == 1)


def test_the_same_seed_measures_the_same_texts(data: Path) -> None:
    rows = importlib.import_module("guard_rows")
    texts = [[each.row.text for each in rows.measuring(data, 50, 7)] for _ in range(2)]
    assert texts[0] == texts[1]


def test_the_encoder_of_a_file_is_asked(evaluation: ModuleType) -> None:
    found = evaluation.guards(ROOT / "tests/kit/tiny_encoder.onnx")
    encoder = found["with the encoder"].encoder
    assert encoder is not None
    assert found["classifier alone"].encoder is None
    assert found["with the encoder"].policy.encoder.weights == encoder().digest


def test_an_exact_interval_is_that_of_the_tables() -> None:
    interval = importlib.import_module("measure").share_interval
    for count, total, low, high in [
        (0, 100, 0.0, 0.03622), (1, 100, 0.00025, 0.05446), (5, 10, 0.18709, 0.81291),
        (10, 10, 0.69150, 1.0), (0, 0, 0.0, 1.0),
    ]:  # fmt: skip
        assert interval(count, total) == pytest.approx((low, high), abs=2e-5)


def test_every_way_of_writing_changes_a_text_of_its_language_and_nothing_else() -> None:
    perturb = importlib.import_module("perturb")
    ways = perturb.ways({"人": "ren", "仁": "ren", "狗": "gou"})
    assert len(ways) == 8
    chinese, english = "妈人狗，妈人狗。" * 9, "some people keep many other people waiting " * 4
    for name, way in ways.items():
        for text in (chinese, english):
            written = [
                perturb.perturbed(text, name, way, np.random.default_rng(7)) for _ in range(2)
            ]
            assert written[0] == written[1]
            if not (name.startswith("traditional") and text == chinese):
                assert written[0] != text, name
    assert (
        perturb.perturbed("媽" * 9, *list(ways.items())[6], np.random.default_rng(7)) == "媽" * 9
    )
