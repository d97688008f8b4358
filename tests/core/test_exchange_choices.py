"""Streams of choices as upstreams really send them: where a choice ends, and what follows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import PHRASE, make_guard
from kit.playbook import (
    Playbook,
    Step,
    answers,
    as_it_came,
    ask_of,
    ended,
    ends,
    finished,
    finishes,
    heard,
    open_case,
    say,
    sends,
)
from kit.speech_heard import hear, sse
from licet.base.trouble import BadInput
from licet.gateway.dialects.marking import TextMark
from licet.gateway.dialects.model import Reply, Usage
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.sse import SseParser
from licet.gateway.whole_answer import judge_answer

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


# What stands beside the choices


def faulty(error: Any) -> dict[str, Any]:
    """An event by which a server says that it failed."""
    return {"id": "cmpl-1", "error": error, "choices": []}


ERRORS = [
    {"message": f"so {PHRASE} so", "type": "server_error", "param": None, "code": 500},
    {"message": "Failed.", "metadata": {"raw": [PHRASE]}},
    {"message": "Failed.", PHRASE: 1},
    PHRASE,
]
USAGES = [{"prompt_tokens": 1, "note": PHRASE}, {"details": {"x": [PHRASE]}}, {PHRASE: 1}, PHRASE]


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_judged_before_it_leaves(dialect: str, error: Any) -> None:
    play = Playbook(dialect) >> say("one for") << heard("one ") >> event(faulty(error))
    assert PHRASE.encode() not in play.sent
    play << heard("for") << finished("content_filter") << ended("halted")
    play.done()


@pytest.mark.parametrize("guard", [{}, {"classifier": True, "tier": "whole"}, {"remote": True}])
def test_a_lawful_error_leaves_as_it_came(guard: dict[str, Any]) -> None:
    error = {"message": "It is forbidden", "type": "server_error", "code": "busy"}
    play = Playbook("chat", make_guard(**guard)) >> say("One.") >> event(faulty(error))
    while play.open:
        play >> answers("lawful")
    assert play.sent.endswith(f"data: {json.dumps(faulty(error))}\n\n".encode())
    assert hear("chat", play.sent + b"data: [DONE]\n\n").ended == "failed"


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("usage", USAGES)
def test_words_in_a_usage_are_judged_before_they_leave(dialect: str, usage: Any) -> None:
    value = chunk(dialect, "") | {"choices": [], "usage": usage}
    play = Playbook(dialect) >> say("one") << heard("one") >> event(value)
    assert PHRASE.encode() not in play.sent
    play << heard("") << finished("content_filter") << ended("halted")
    play.done()


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("member", [*({"error": one} for one in ERRORS),
                                    *({"usage": one} for one in USAGES)])  # fmt: skip
def test_words_beside_the_choices_of_a_whole_answer_are_judged(
    dialect: str, member: dict[str, Any]
) -> None:
    said = {"message": {"role": "assistant", "content": "one"}} if dialect == "chat" else {
        "text": "one"}  # fmt: skip
    choice = {"index": 0, **said, "finish_reason": "stop"}
    body = json.dumps({"id": "c", "model": "m", "created": 1, "choices": [choice], **member})
    out, kind = judge_whole(DIALECTS[dialect].reply(body.encode()))
    assert (PHRASE in out, kind) == (False, "halted")


def test_a_usage_of_numbers_is_no_text() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5,
             "details": {"cached_tokens": 0, "audio_tokens": None}}  # fmt: skip
    value = chunk("chat", "") | {"choices": [], "usage": usage}
    reader = DIALECTS["chat"].reader(ask_of("chat"))
    (one,) = SseParser().feed(f"data: {json.dumps(value)}\n\n".encode())
    frame = reader.read(one)
    assert (frame.spans, frame.repeats, reader.usage) == ((), (), Usage(1, 2))


NAMED = [
    {"choices": [{"index": 0, "delta": {"content": "hi", PHRASE: None}}]},
    {"choices": [{"index": 0, "delta": {"content": "hi", PHRASE: 1}}]},
    {"choices": [{"index": 0, "delta": {"content": "hi"}, PHRASE: None}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, PHRASE: None}]}}]},
    {"choices": [], PHRASE: None},
    {"choices": [], PHRASE: False},
]


@pytest.mark.parametrize("value", NAMED)
def test_a_sentence_as_the_name_of_nothing_does_not_leave(value: dict[str, Any]) -> None:
    play = Playbook("chat") >> say("one") << heard("one") >> event({"id": "cmpl-1", **value})
    play << heard("") << ended("failed")
    play.done()
    with pytest.raises(BadInput):
        DIALECTS["chat"].reply(json.dumps(value).encode())


def judge_whole(reply: Reply) -> tuple[str, str]:
    """The bytes that leave of a whole answer, and its outcome."""
    judging = judge_answer(reply, make_guard(), audience="default", on_failure="halt")
    try:
        while True:
            next(judging)
    except StopIteration as stop:
        out, outcome = stop.value.finish(b"as it came", open_case)
        return out.decode(), outcome.kind
