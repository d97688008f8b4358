"""Streams of choices as upstreams really send them: where a choice ends, and what follows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import PHRASE
from kit.playbook import (
    Playbook,
    Step,
    as_it_came,
    ended,
    ends,
    finishes,
    heard,
    say,
    sends,
)
from kit.speech_heard import sse
from licet.gateway.dialects.marking import TextMark
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.sse import SseParser

NAMES = ("chat", "completions")


def chunk(dialect: str, text: str, reason: Any = None, **choice: Any) -> dict[str, Any]:
    """One event of a stream with one choice."""
    said: dict[str, Any] = {"delta": {"content": text}} if dialect == "chat" else {"text": text}
    one = {"index": 0, **said, "finish_reason": reason, **choice}
    kind = "chat.completion.chunk" if dialect == "chat" else "text_completion"
    return {"id": "cmpl-1", "object": kind, "created": 1, "model": "m", "choices": [one]}


def event(value: Any) -> Step:
    return sends(b"data: " + json.dumps(value).encode() + b"\n\n")


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("reason", ["", "null", 0, {}, False])
def test_what_is_no_reason_ends_no_choice(dialect: str, reason: Any) -> None:
    play = Playbook(dialect)
    for char in "fine for " + PHRASE:
        play >> event(chunk(dialect, char, reason))
    *said, last = [
        json.loads(data)["choices"][0] for _, data in sse(play.sent) if data != "[DONE]"
    ]
    texts = [one.get("text") or one.get("delta", {}).get("content") or "" for one in said]
    assert "".join(texts) == "fine for "
    assert last["finish_reason"] == "content_filter"
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "halted"


@pytest.mark.parametrize("dialect", NAMES)
def test_no_text_of_a_choice_leaves_behind_its_end(dialect: str) -> None:
    play = Playbook(dialect) >> event(chunk(dialect, "so forbidden ", "stop"))
    play << heard("so forbidden ") >> event(chunk(dialect, "phrase alpha"))
    play << heard("") << ended("failed")
    play.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_nor_does_it_where_events_of_its_form_are_known(dialect: str) -> None:
    play = Playbook(dialect) >> say("a") >> say(" b") >> say(" forbidden ") >> finishes()
    play << heard("a b forbidden ") >> say("phrase alpha") << heard("") << ended("failed")
    play.done()


def test_an_upstream_that_ends_a_choice_with_every_event_is_at_fault() -> None:
    play = Playbook("chat")
    for char in PHRASE:
        play >> event(chunk("chat", char, "stop"))
    play << heard("f") << ended("failed")
    play.done()


def test_a_choice_that_has_ended_may_be_told_more_that_is_no_text() -> None:
    play = Playbook("chat", choices=2) >> say("one") >> finishes() << heard("one")
    play >> event(chunk("chat", "")) << as_it_came()
    play >> event(chunk("chat", "", "stop") | {"choices": []}) << as_it_came()
    play >> say("two", (1, "content")) << heard("two", (1, "content")) >> ends()
    play << ended("served")
    play.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_a_mark_stands_once_and_at_the_end_where_reasons_are_empty(dialect: str) -> None:
    ask = DIALECTS[dialect].parse(
        json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}],
                    "prompt": "hi"}).encode(), json_depth_max=64,
    )  # fmt: skip
    reader = TextMark("[AI]", "end").reader(dialect, ask, DIALECTS[dialect].reader(ask))
    said = ""
    for text, reason in (("One ", ""), ("two", "null"), (".", ""), ("", "stop")):
        (one,) = SseParser().feed(f"data: {json.dumps(chunk(dialect, text, reason))}\n\n".encode())
        frame = reader.read(one)
        said += "".join(span.text for span in frame.spans)
    assert said == "One two.\n[AI]"
