"""What the model says: tokens, limits, stops, tools; and the events of each dialect."""

from __future__ import annotations

import contextlib
import json
import math
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.gateway.replay import (
    Answer,
    ToolCall,
    chat,
    completions,
    embeddings,
    load_answers,
    messages,
    responses,
)
from licet.gateway.replay.tokens import alternatives, split_tokens
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, perform

ANSWER = Answer(
    id="en-test",
    lang="en",
    title="Test",
    keywords=(),
    text="One two three. 四五六七。",
    reasoning="Think first.",
    preface="I'll look.",
    tool_calls=(ToolCall("look", '{"a": "b c"}'), ToolCall("see", '{"d": 1}')),
)


def ask(**changes: Any) -> Ask:
    return Ask(**({"model": "m", "message": "hi", "prompt_tokens": 3} | changes))


def stamp() -> Stamp:
    number = count()
    return Stamp(1_800_000_000, lambda prefix: f"{prefix}{next(number)}")


def payloads(steps: list[Step]) -> list[Any]:
    """The JSON of each event, `[DONE]` left out."""
    lines = b"".join(step.data for step in steps).split(b"\n")
    data = [line[6:] for line in lines if line.startswith(b"data: ")]
    return [json.loads(part) for part in data if part != b"[DONE]"]


@given(st.text(max_size=300))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


def test_tokens_joined_are_the_text_of_every_answer() -> None:
    for answer in load_answers():
        tokens = split_tokens(answer.text)
        assert "".join(tokens) == answer.text
        assert max(map(len, tokens)) <= 25


def test_a_token_is_a_word_or_two_han_characters() -> None:
    assert split_tokens("The river, 江边散步吧。") == (
        "The",
        " river",
        ",",
        " 江边",
        "散步",
        "吧",
        "。",
    )


@given(st.text(min_size=1, max_size=5), st.integers(0, 1000), st.integers(1, 5))
def test_the_token_said_is_its_likeliest(token: str, position: int, number: int) -> None:
    ranked = alternatives(token, position, number)
    assert ranked[0][0] == token
    assert len({text for text, _ in ranked}) == len(ranked) == number
    assert [value for _, value in ranked] == sorted((v for _, v in ranked), reverse=True)
    assert all(value < 0 for _, value in ranked)


def test_reasoning_comes_only_when_asked() -> None:
    assert perform(ANSWER, ask()).reasoning == ()
    assert "".join(perform(ANSWER, ask(reasoning=True)).reasoning) == ANSWER.reasoning


def test_only_offered_tools_are_called() -> None:
    assert perform(ANSWER, ask()).calls == ()
    said = perform(ANSWER, ask(tools=frozenset({"see", "other"})))
    assert [call.name for call, _ in said.calls] == ["see"]
    assert "".join(said.text) == ANSWER.preface
    assert said.finish == "tool_calls"
    both = ask(tools=frozenset({"see", "look"}))
    assert len(perform(ANSWER, both).calls) == 2
    assert len(perform(ANSWER, ask(tools=both.tools, calls_max=1)).calls) == 1


@given(st.integers(1, 60), st.booleans(), st.booleans())
def test_the_limit_covers_all_that_is_said(limit: int, reasoning: bool, tools: bool) -> None:
    offered = frozenset({"look", "see"}) if tools else frozenset()
    free = perform(ANSWER, ask(reasoning=reasoning, tools=offered))
    said = perform(ANSWER, ask(reasoning=reasoning, tools=offered, tokens_max=limit))
    assert said.tokens == min(limit, free.tokens)
    assert (said.finish == "length") == (limit < free.tokens)
    if limit >= free.tokens:
        assert said == free


@given(st.text(alphabet="One two three. 四五六七", min_size=1, max_size=4))
def test_a_stop_is_never_said(stop: str) -> None:
    said = perform(ANSWER, ask(stops=(stop,)))
    text = "".join(said.text)
    assert stop not in text
    assert ANSWER.text.startswith(text)
    assert said.finish == ("stop_sequence" if stop in ANSWER.text else "stop")


@pytest.mark.parametrize("limit", [None, 1, 4, 7, 12])
@pytest.mark.parametrize("tools", [frozenset(), frozenset({"look", "see"})])
def test_streams_say_what_whole_replies_say(limit: int | None, tools: frozenset[str]) -> None:
    request = ask(reasoning=True, tools=tools, tokens_max=limit, logprobs=1, choices=2)
    turns = (perform(ANSWER, request), Said(text=("x",)))
    whole = chat.render(request, turns, stamp())
    events = payloads(list(chat.stream(request, turns, stamp())))
    for index, choice in enumerate(whole["choices"]):
        parts = [c for e in events for c in e["choices"] if c["index"] == index]
        said = "".join(part["delta"].get("content") or "" for part in parts)
        thought = "".join(part["delta"].get("reasoning_content", "") for part in parts)
        assert said == (choice["message"]["content"] or "")
        assert thought == choice["message"].get("reasoning_content", "")
        assert [p["finish_reason"] for p in parts if p["finish_reason"]] == [
            choice["finish_reason"]
        ]


def test_every_token_of_a_stream_is_counted_once() -> None:
    request = ask(reasoning=True, tools=frozenset({"look"}))
    said = perform(ANSWER, request)
    whole = responses.ResponsesAsk(request, {})
    for steps in (
        chat.stream(request, (said,), stamp()),
        responses.stream(whole, said, stamp()),
        messages.stream(request, said, stamp()),
    ):
        assert sum(step.tokens for step in steps) == said.tokens
    plain = perform(ANSWER, ask())
    steps = completions.stream(ask(), (plain,), stamp())
    assert sum(step.tokens for step in steps) == plain.tokens


@pytest.mark.parametrize("limit", [None, 3, 9, 14])
def test_responses_end_as_they_went(limit: int | None) -> None:
    request = responses.ResponsesAsk(
        ask(reasoning=True, tools=frozenset({"look", "see"}), tokens_max=limit, logprobs=0), {}
    )
    said = perform(ANSWER, request.ask)
    events = payloads(list(responses.stream(request, said, stamp())))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    last = events[-1]
    assert last["type"] == ("response.completed" if limit is None else "response.incomplete")
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert last["response"]["output"] == done
    assert {e["item_id"] for e in events if "item_id" in e} <= {item["id"] for item in done}


def test_anthropic_events_come_in_their_order() -> None:
    request = ask(reasoning=True, tools=frozenset({"look"}))
    events = payloads(list(messages.stream(request, perform(ANSWER, request), stamp())))
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    blocks = [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"]
    assert blocks == ["thinking", "text", "tool_use"]
    open_block = None
    for event in events:
        if event["type"] == "content_block_start":
            assert open_block is None
            open_block = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            assert event["index"] == open_block
            open_block = None


@pytest.mark.parametrize(
    ("parse", "body", "cause"),
    [
        (chat.parse, {"model": "m"}, "messages"),
        (chat.parse, {"model": "m", "messages": "hi"}, "messages"),
        (chat.parse, {"messages": [{"role": "user", "content": "hi"}]}, "model"),
        (chat.parse, {"model": "m", "messages": [{"content": 7}]}, "content"),
        (chat.parse, {"model": "m", "messages": [{}], "n": 99}, "n is 99"),
        (chat.parse, {"model": "m", "messages": [{}], "n": True}, "n must"),
        (chat.parse, {"model": "m", "messages": [{}], "stream": "yes"}, "stream"),
        (chat.parse, {"model": "m", "messages": [{}], "stop": 7}, "stop"),
        (chat.parse, {"model": "m", "messages": [{}], "max_tokens": 0}, "max_tokens"),
        (completions.parse, {"model": "m"}, "prompt"),
        (completions.parse, {"model": "m", "prompt": ["a", 1]}, "prompt"),
        (responses.parse, {"model": "m"}, "input"),
        (messages.parse, {"model": "m", "messages": [{}]}, "max_tokens"),
        (messages.parse, {"model": "m", "max_tokens": 5}, "messages"),
        (embeddings.parse, {"model": "m"}, "input"),
        (embeddings.parse, {"model": "m", "input": [""]}, "input"),
        (embeddings.parse, {"model": "m", "input": "a", "dimensions": 10**6}, "dimensions"),
        (embeddings.parse, {"model": "m", "input": "a", "encoding_format": "x"}, "encoding"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(parse: Any, body: Any, cause: str) -> None:
    with pytest.raises(BadInput, match=cause):
        parse(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = (
    "model",
    "messages",
    "prompt",
    "input",
    "stream",
    "n",
    "tools",
    "tool_choice",
    "stop",
    "stop_sequences",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "stream_options",
    "logprobs",
    "top_logprobs",
    "thinking",
    "reasoning",
    "reasoning_effort",
    "include",
    "system",
    "instructions",
    "metadata",
    "dimensions",
    "encoding_format",
)


messages_like = st.lists(
    st.fixed_dictionaries(
        {}, optional={"role": json_values, "type": json_values, "content": json_values}
    ),
    max_size=3,
)


@given(st.dictionaries(st.sampled_from(FIELDS), json_values), messages_like)
def test_any_json_is_understood_or_refused(body: Any, turns: Any) -> None:
    heard = {"model": "m", "messages": turns, "input": turns, "max_tokens": 1}
    for dialect in (chat, completions, responses, messages, embeddings):
        for whole in (heard | body, body | heard):
            with contextlib.suppress(BadInput):  # refused; anything else is a fault
                dialect.parse(whole)


@given(st.text(max_size=60), st.integers(1, 64))
def test_a_vector_has_length_one_and_comes_again(text: str, dimensions: int) -> None:
    vector = embeddings.embed(text, dimensions)
    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*vector), 1)
    assert vector == embeddings.embed(text, dimensions)
