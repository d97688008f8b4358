"""The answers that ship, and how an answer is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from licet.base.trouble import BadInput
from licet.gateway.replay import Answer, load_answers, parse_answer

ANSWERS = load_answers()
PLAIN = """
id = "en-plain"
lang = "en"
title = "Plain"
unlawful = false
text = '''
Hello.
'''
"""


def test_there_is_enough_to_watch_in_both_languages() -> None:
    count = Counter((answer.lang, answer.unlawful) for answer in ANSWERS)
    assert count["en", False] >= 36
    assert count["zh", False] >= 36
    assert count["en", True] >= 6
    assert count["zh", True] >= 6


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.id)
def test_an_answer_is_as_long_as_a_real_one(answer: Answer) -> None:
    longest = 8_000 if "long" in answer.id else 1_500
    assert 290 <= len(answer.text) <= longest


def test_the_answers_show_what_a_gateway_must_carry() -> None:
    whole = "\n".join(answer.text for answer in ANSWERS)
    for mark in (
        "```python",
        "```json",
        "|---|",
        "$$",
        "\\[",
        "👨‍👩‍👧‍👦",
        "🏽",
        "溫",
        "茶 (",
        "\\u",
    ):
        assert mark in whole, mark
    assert any(len(answer.text) > 5_500 for answer in ANSWERS)
    assert any(len(answer.tool_calls) > 1 for answer in ANSWERS)
    assert any(answer.reasoning for answer in ANSWERS)


def test_texts_are_distinct() -> None:
    assert len({answer.text for answer in ANSWERS}) == len(ANSWERS)


def test_an_answer_reads_as_written() -> None:
    answer = parse_answer(PLAIN, "en-plain.toml")
    assert (answer.id, answer.lang, answer.text) == ("en-plain", "en", "Hello.")


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ('title = "Plain"', "", "title"),
        ('title = "Plain"', "title = 7", "title"),
        ("Hello.", "", "text"),
        ("unlawful = false", "", "unlawful"),
        ("unlawful = false", 'unlawful = "no"', "unlawful"),
        ('lang = "en"', 'lang = "zh"', "lang"),
        ('"en-plain"', '"en_plain"', "id"),
        ('lang = "en"', 'lang = "en"\nkeyword = ["x"]', "'keyword'"),
        ('lang = "en"', 'lang = "en"\nkeywords = "x"', "keywords"),
        ("unlawful = false", "unlawful = = false", "en-plain.toml"),
    ],
)
def test_a_faulty_answer_is_refused_by_name(old: str, new: str, cause: str) -> None:
    source = PLAIN.replace(old, new)
    with pytest.raises(BadInput, match=cause) as caught:
        parse_answer(source, "en-plain.toml")
    assert "en-plain.toml" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "call",
    [
        'name = "f"',
        'name = "f"\narguments = "{"',
        'name = "f"\narguments = "[]"',
        'name = "a b"\narguments = "{}"',
    ],
)
def test_a_tool_call_needs_a_name_and_an_object(call: str) -> None:
    with pytest.raises(BadInput, match=r"tool_call|arguments"):
        parse_answer(f"{PLAIN}\n[[tool_call]]\n{call}\n", "en-plain.toml")


def test_a_file_is_named_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(PLAIN)
    with pytest.raises(BadInput, match=r"other\.toml holds en-plain"):
        load_answers(tmp_path)


def test_an_empty_shelf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no answers"):
        load_answers(tmp_path)
