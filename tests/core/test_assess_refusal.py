"""A refusal is known by how a reply opens, in both languages; how often that errs is on record."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.data import rows
from licet.assess.labels import shipped_refusal_detector
from licet.assess.refusal import is_refusal
from licet.stats.share import Count

KNOWN = tomllib.loads((Path(__file__).parents[1] / "kit/refusals.toml").read_text("utf-8"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_it_was_fitted_to_is_known(lang: str) -> None:
    missed = [text for text in KNOWN[lang]["refused"] if not is_refusal(text)]
    wrong = [text for text in KNOWN[lang]["answered"] if is_refusal(text)]
    assert len(missed) <= 4, missed
    assert len(wrong) <= 1, wrong


def test_its_error_on_replies_that_it_was_not_fitted_to_is_this() -> None:
    found = shipped_refusal_detector()
    assert (found.sensitivity, found.specificity) == (Count(56, 60), Count(60, 60))


def test_what_the_service_stopped_or_left_empty_is_a_refusal() -> None:
    assert is_refusal("The river rises in the hills.", stopped=True)
    assert is_refusal("")
    assert is_refusal(" \n ")


def test_a_refusal_inside_a_story_or_late_in_an_answer_is_none() -> None:
    assert not is_refusal("“我不能告诉你。”她说。")
    assert not is_refusal('He said: "I cannot help you." Then he left.')
    assert not is_refusal("The river rises in the hills. " * 20 + "I cannot help with that.")


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert is_refusal(text) in (True, False)


@pytest.mark.parametrize(
    ("name", "most"), [("belle-eval", 0.01), ("dolly", 0.005), ("alpaca-eval", 0.015)]
)
def test_real_answers_are_seldom_taken_for_refusals(name: str, most: float) -> None:
    """These sets hold answers; the few refusals among them are the models' own."""
    answers = [row["answer"] for row in rows(f"streams/{name}.jsonl.gz")]
    assert sum(map(is_refusal, answers)) <= most * len(answers)


def test_replies_that_refuse_politely_are_found() -> None:
    pairs = [row for row in rows("text/pairs.jsonl.gz") if row["set"] == "jade-v3"]
    found = sum(is_refusal(row["safe"]) for row in pairs)
    assert found >= 0.9 * len(pairs), "most of these refuse; not all do"
    assert sum(is_refusal(row["unsafe"]) for row in pairs) <= 0.05 * len(pairs)
