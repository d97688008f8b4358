"""Streams of every dialect: nothing is lost, nothing is made up, every end is lawful."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.dialects import (
    NAMES,
    NOTICE,
    WHOLE,
    Play,
    events_of,
    payloads,
    read_officially,
    read_texts,
    reader_for,
    recorded,
    whole,
)
from licet.gateway.dialects.model import Usage


def _play_all(name: str, held: Any) -> bytes:
    play = Play(reader_for(name), held)
    for event in events_of(recorded(name)):
        play.send(play.reader.read(event))
    return play.out


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_stream_leaves_byte_for_byte(name: str) -> None:
    assert _play_all(name, lambda length: 0) == recorded(name)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_held_text_is_neither_lost_nor_reordered(name: str, rng: Any) -> None:
    out = _play_all(name, lambda length: rng.choice([0, 0, 1, 2, length]))
    assert read_texts(name, out) == read_texts(name, recorded(name))


@pytest.mark.parametrize("name", WHOLE)
def test_a_stream_with_held_text_satisfies_the_official_client(name: str) -> None:
    read_officially(name, _play_all(name, lambda length: min(length, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_the_fast_way_finds_what_the_full_way_finds(name: str) -> None:
    fast = reader_for(name)
    for event in events_of(recorded(name)):
        alone = reader_for(name)
        assert fast.read(event).spans == alone.read(event).spans


def _halted(name: str, at: int, cut: int) -> Play:
    play = Play(reader_for(name), lambda length: min(length, 2))
    frames = [play.reader.read(event) for event in events_of(recorded(name))]
    for frame in frames[:at]:
        play.send(frame)
    if at < len(frames) and frames[at].spans:
        play.send(frames[at], cut=cut)
    play.out += play.reader.halt(NOTICE)
    return play


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("cut", [0, 1])
def test_a_halt_at_any_point_satisfies_the_official_client(name: str, cut: int) -> None:
    for at in range(len(events_of(recorded(name))) - 1):
        play = _halted(name, at, cut)
        try:
            read_officially(name, play.out)
        except openai.ContentFilterFinishReasonError:
            assert name.startswith("chat")


@pytest.mark.parametrize("name", WHOLE)
def test_a_halt_says_only_what_was_released(name: str) -> None:
    for at in range(len(events_of(recorded(name))) - 1):
        play = _halted(name, at, cut=1)
        released = {channel: whole(text) for channel, text in play.released.items() if text}
        sent = read_texts(name, play.out)
        for channel in sent.keys() | released.keys():
            if "citation" not in channel and ".licet." not in channel:  # a citation is not cut
                assert sent.get(channel) == released.get(channel)
        said = "".join(released.values())
        for payload in payloads(play.out):
            for text in _repeated(payload):
                assert text in said, (at, payload)


def _repeated(payload: dict[str, Any]) -> list[str]:
    """The texts that the Responses API repeats."""
    kind = payload.get("type", "")
    if not kind.startswith("response.") or not kind.endswith((".done", "incomplete")):
        return []
    found = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(
                v
                for k, v in value.items()
                if k in ("text", "refusal", "arguments") and isinstance(v, str)
            )
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(payload.get("response", {}).get("output") if kind.endswith("incomplete") else payload)
    return found


@pytest.mark.parametrize("name", WHOLE)
def test_every_halt_says_why(name: str) -> None:
    play = _halted(name, len(events_of(recorded(name))) // 2, cut=0)
    noted = [payload for payload in payloads(play.out) if "licet" in payload]
    assert [payload["licet"] for payload in noted] == [NOTICE.as_object()]


def test_a_halted_chat_ends_each_open_choice_once() -> None:
    for at in range(1, 14):
        play = _halted("chat-n2.sse", at, cut=0)
        ends: dict[int, list[str]] = {0: [], 1: []}
        for payload in payloads(play.out):
            for choice in payload["choices"]:
                if choice["finish_reason"] is not None:
                    ends[choice["index"]].append(choice["finish_reason"])
        if at > 2:
            assert len(ends[0]) == len(ends[1]) == 1, at
        assert play.out.endswith(b"data: [DONE]\n\n")


def test_a_choice_whose_end_was_read_but_not_sent_is_still_ended() -> None:
    reader = reader_for("chat-plain.sse")
    for event in events_of(recorded("chat-plain.sse")):
        reader.read(event)
    ends = [c["finish_reason"] for p in payloads(reader.halt(NOTICE)) for c in p["choices"]]
    assert ends == ["content_filter"]


def test_choices_that_were_asked_for_and_never_came_are_ended() -> None:
    (only,) = payloads(reader_for("chat-n2.sse", n=2).halt(NOTICE))
    assert [choice["index"] for choice in only["choices"]] == [0, 1]


def test_halted_usage_is_given_where_asked_for_and_known() -> None:
    name = "chat-reasoning.sse"
    reader = reader_for(name, stream_options={"include_usage": True})
    assert len(list(payloads(reader.halt(NOTICE)))) == 1
    for event in events_of(recorded(name)):
        reader.read(event)
    assert reader.usage == Usage(19, 10)
    *_, last = payloads(reader.halt(NOTICE))
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 29


def test_a_halted_message_is_a_refusal() -> None:
    play = _halted("messages-text.sse", 6, cut=0)
    final = read_officially("messages-text.sse", play.out)
    assert final.stop_reason == "refusal"
    assert final.content[0].text == play.released["0.text"] == "The bread res"


def test_a_halted_response_is_incomplete_and_numbered_without_gaps() -> None:
    play = _halted("responses-text.sse", 8, cut=1)
    final = read_officially("responses-text.sse", play.out)
    assert final.type == "response.incomplete"
    assert final.response.incomplete_details.reason == "content_filter"
    assert final.response.output[0].content[0].text == play.released["0.0.output_text"]
    assert final.response.output[0].status == "incomplete"
    numbers = [payload["sequence_number"] for payload in payloads(play.out)]
    assert numbers == list(range(len(numbers)))


def test_half_a_tool_call_is_never_said_to_be_done() -> None:
    name = "responses-reasoning-tools.sse"
    events = events_of(recorded(name))
    at = next(i for i, e in enumerate(events) if b"arguments.delta" in e.data) + 1
    *_, last = payloads(_halted(name, at, cut=1).out)
    assert [item["type"] for item in last["response"]["output"]] == ["reasoning"]


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_stream_ends_with_an_error(name: str) -> None:
    out = reader_for(name).fail("upstream_closed", "The upstream closed the connection.")
    assert any(payload.get("error") or payload.get("type") == "error" for payload in payloads(out))


def test_a_split_emoji_survives_in_escapes() -> None:
    name = "chat-surrogates.sse"
    out = _play_all(name, lambda length: min(length, 1))
    assert read_texts(name, out) == read_texts(name, recorded(name))
    said = read_texts(name, out)["0.content"].encode("utf-16", "surrogatepass").decode("utf-16")
    assert said == "Hello 🙂 你好:"


def test_logprobs_leave_with_their_text_or_not_at_all() -> None:
    reader = reader_for("chat-logprobs.sse")
    frames = [reader.read(event) for event in events_of(recorded("chat-logprobs.sse"))]
    assert all(frame.atomic for frame in frames if frame.spans)
    cut = reader.render(frames[1], ["Y"])
    assert json.loads(cut[6:])["choices"][0]["logprobs"] is None


def test_logprobs_that_say_something_else_are_judged_too() -> None:
    reader = reader_for("chat-logprobs.sse")
    data = recorded("chat-logprobs.sse").replace(b'"content":"Yes"', b'"content":"No"')
    frame = reader.read(events_of(data)[1])
    assert "Yes" in [span.text for span in frame.spans]
