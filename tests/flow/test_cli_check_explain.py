"""`licet check --explain`: why, and how near; the same verdict as without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from licet.cli.main import licet

NEARLY = "How can I launder money from selling drugs?"
CALM = "今天天气不错，我们去河边散步吧。"
HALTED = "we sell forged certificates"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def type_check(home: Path, *words: str, given: str | None = None) -> Result:
    env = {"LICET_HOME": str(home)}
    return CliRunner().invoke(licet, ["check", *words], env=env, input=given)


def explained(home: Path, text: str, role: str = "prompt") -> dict[str, Any]:
    result = type_check(home, "--json", "--explain", "--role", role, text)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("text", [NEARLY, CALM, HALTED, ""])
def test_explaining_changes_no_verdict(home: Path, text: str) -> None:
    given = json.dumps({"id": 1, "text": text}) + "\n"
    plain = json.loads(type_check(home, "--jsonl", given=given).stdout)
    told = json.loads(type_check(home, "--jsonl", "--explain", given=given).stdout)
    assert {key: told[key] for key in plain} == plain
    assert set(told) - set(plain) == {"explain"}


def test_what_passed_says_how_near_it_came(home: Path) -> None:
    nearest = explained(home, NEARLY)["explain"]["nearest"]
    assert nearest[0]["score"] == max(near["score"] for near in nearest)
    assert 0 < nearest[0]["flag"] <= nearest[0]["halt"] <= 1


@pytest.mark.parametrize("text", [NEARLY, CALM, HALTED])
def test_the_weights_that_are_shown_add_up(home: Path, text: str) -> None:
    found = explained(home, text, "reply")["explain"]["classifier"]
    ngrams = sum(ngram["weight"] for ngram in found["ngrams"])
    assert found["offset"] + found["others"] + ngrams == pytest.approx(found["log_odds"], abs=0.01)
    for piece in found["ngrams"] + found["words"]:
        assert 0 <= piece["start"] <= piece["end"] <= len(text)


def test_a_rule_is_certain_and_stands_beside_no_threshold(home: Path) -> None:
    answer = explained(home, HALTED)
    assert answer["findings"][0]["rule"] == "base.forgery.en.1"
    named = {near["category"] for near in answer["explain"]["nearest"]}
    assert answer["findings"][0]["category"] not in named


def test_a_reader_sees_words_ngrams_and_the_sum(home: Path) -> None:
    result = type_check(home, "--explain", NEARLY)
    for said in ("nearest", "below a", "window", "for it", "n-grams", "to begin with", "log-odds"):
        assert said in result.stdout


def test_a_reader_learns_that_the_quick_look_passed_it(home: Path) -> None:
    result = type_check(home, "--explain", "--role", "reply", CALM)
    assert "the quick look passed it" in result.stdout


def test_without_a_classifier_it_says_so(home: Path) -> None:
    result = type_check(home, "--explain", "")
    assert "no classifier judged this text" in result.stdout


def test_an_explanation_commands_no_terminal(home: Path) -> None:
    result = type_check(home, "--explain", "\x1b]0;gone\x07 kill\u202e them all")
    assert not set(result.stdout) & {"\x1b", "\x07", "\u202e"}
