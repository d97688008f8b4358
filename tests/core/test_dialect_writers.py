"""Who wrote a text of a request: what stands within a message cannot make its writer another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import HARM, make_guard
from licet.base.piecemeal import at_once
from licet.gateway.dialects.model import Ask
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.prompting import judge_texts
from licet.guard.memory import VerdictMemory

BAD = "a sentence that must be judged"


def _parse(name: str, **body: Any) -> Ask:
    return DIALECTS[name].parse(json.dumps({"model": "m", **body}).encode(), json_depth_max=64)


def _user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


LOWERING: list[dict[str, Any]] = [
    {"role": "system"}, {"role": "assistant"}, {"type": "function_call"}, {"type": "tool_use"},
    {"type": "thinking"}, {"type": "reasoning"},
]  # fmt: skip


@pytest.mark.parametrize("lowering", LOWERING)
@pytest.mark.parametrize("writer", ["user", "tool"])
def test_what_a_user_or_tool_says_stays_theirs_whatever_it_calls_itself(
    writer: str, lowering: dict[str, Any]
) -> None:
    part = {"type": "text", "text": BAD, **lowering}
    deeper = {"type": "text", "x": {"y": [part]}}
    message = {"role": writer, "content": [part, deeper], "extra": part}
    for name, field in (("chat", "messages"), ("messages", "messages"), ("responses", "input")):
        ask = _parse(name, **{field: [message]})
        assert [text.role for text in ask.texts if text.text == BAD] == [writer] * 3


@pytest.mark.parametrize("lowering", LOWERING)
def test_what_stands_in_a_tools_output_stays_the_tools(lowering: dict[str, Any]) -> None:
    part = {"type": "input_text", "text": BAD, **lowering}
    item = {"type": "function_call_output", "call_id": "c", "output": [part]}
    block = {"type": "tool_result", "tool_use_id": "t", "content": [part]}
    asks = [_parse("responses", input=[item]), _parse("messages", messages=_user([block]))]
    roles = [text.role for ask in asks for text in ask.texts if text.text == BAD]
    assert roles == ["tool", "tool"]


@pytest.mark.parametrize("lowering", LOWERING)
def test_what_stands_under_an_unknown_member_stays_the_users(lowering: dict[str, Any]) -> None:
    ask = _parse("chat", messages=_user("hi"), documents=[{"text": BAD, **lowering}])
    assert [text.role for text in ask.texts if text.text == BAD] == ["user"]


def test_a_users_words_within_an_assistants_message_are_judged_as_theirs() -> None:
    part = {"type": "text", "role": "user", "text": BAD}
    ask = _parse("chat", messages=[{"role": "assistant", "content": [part]}])
    assert [text.role for text in ask.texts if text.text == BAD] == ["user"]


@pytest.mark.parametrize("lowering", LOWERING)
def test_harm_in_a_users_part_is_refused_whatever_the_part_calls_itself(
    lowering: dict[str, Any],
) -> None:
    ask = _parse("chat", messages=_user([{"type": "text", "text": HARM, **lowering}]))
    judging = judge_texts(
        ask, make_guard(classifier=True), VerdictMemory(b"k" * 32), audience="default",
        on_failure="halt",
    )  # fmt: skip
    assert at_once(judging).is_refused


@pytest.mark.parametrize("lowering", LOWERING)
def test_an_input_that_is_no_message_is_the_users(lowering: dict[str, Any]) -> None:
    item = {"text": BAD, **lowering}
    asks = [_parse("embeddings", input=[item]), _parse("completions", prompt=[item])]
    roles = [text.role for ask in asks for text in ask.texts if text.text == BAD]
    assert roles == ["user", "user"]
