"""Streams that say something in unusual places: none of it leaves unread, every end is lawful."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.guards import PHRASE, make_guard
from kit.odd_events import RESPONSE, event_bytes, send_numbered
from kit.playbook import Playbook, ended, heard, say, sends
from licet.gateway.asides import has_asides
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.sse import SseEvent, SseParser

_DELTA = "content_block_delta"


def _begins(block: dict[str, Any], index: int = 0) -> bytes:
    return event_bytes({"type": "content_block_start", "index": index, "content_block": block})


def _newish(text: Any, index: int = 0) -> bytes:
    delta = {"type": "newish_delta", "newish": text}
    return event_bytes({"type": _DELTA, "index": index, "delta": delta})


def _said(play: Playbook, name: str = "newish") -> str:
    """What the client got under that name in deltas."""
    lines = [line[6:] for line in play.sent.decode().splitlines() if line.startswith("data: ")]
    deltas = [json.loads(line).get("delta") for line in lines]
    return "".join(delta.get(name, "") for delta in deltas if isinstance(delta, dict))


# Messages


def test_a_delta_of_an_unknown_kind_is_read_as_said_in_pieces() -> None:
    play = Playbook("messages") >> sends(_begins({"type": "newish", "newish": ""}))
    for char in f"so {PHRASE}":
        if not play.exchange.is_over:
            play >> sends(_newish(char))
    play << ended("halted")
    assert _said(play) == "so "
    play.done()


def test_held_text_of_an_unknown_kind_leaves_in_a_delta_of_its_kind() -> None:
    play = Playbook("messages") >> sends(_begins({"type": "newish"}))
    play >> sends(_newish("a forb")) >> sends(_newish("idden")) >> sends(_newish(" fortune"))
    assert _said(play) == "a forbidden fortune"
    play >> sends(_newish(" for"))
    play >> sends(event_bytes({"type": "content_block_stop", "index": 0}))
    assert _said(play) == "a forbidden fortune for"
    play >> sends(event_bytes({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}))
    play >> sends(event_bytes({"type": "message_stop"})) << ended("served")
    play.done()


@pytest.mark.parametrize("kind", ["text", "newish"])
def test_what_a_block_begins_to_say_is_read_with_what_its_deltas_say(kind: str) -> None:
    block = {"type": kind, kind: "so forbidden phr"}
    delta = {"type": f"{kind}_delta", kind: "ase alpha"}
    play = Playbook("messages") >> sends(_begins(block))
    play >> sends(event_bytes({"type": _DELTA, "index": 0, "delta": delta})) << ended("halted")
    assert b'"so "' in play.sent
    assert b"phr" not in play.sent
    play.done()


@pytest.mark.parametrize("kind", ["text", "newish"])
def test_held_text_with_which_a_block_begins_leaves_in_a_delta(kind: str) -> None:
    play = Playbook("messages") >> sends(_begins({"type": kind, kind: "so forb"}))
    assert _said(play, kind) == ""
    play >> sends(event_bytes({"type": "content_block_stop", "index": 0}))
    assert (_said(play, kind), play.sent.count(b'"so "')) == ("forb", 1)


def test_unknown_text_deeper_in_a_delta_is_read_as_said_in_pieces() -> None:
    play = Playbook("messages") >> sends(_begins({"type": "newish"}))
    for part in ("forbidden ", "phrase ", "alpha"):
        play >> sends(_newish([{"words": part}]))
    play << ended("halted")
    assert b"alpha" not in play.sent


def test_a_whole_text_is_read_apart_from_the_one_before_it() -> None:
    play = Playbook("messages") >> say("tides ") << heard("tides ")
    for text in ("High water", "Low water"):
        play >> sends(b"".join(play.speaker.cite(text))) << heard(text, (0, "citation"))
    play >> say("and so") << heard("and so")
    play >> sends(b"".join(play.speaker.cite(PHRASE))) << heard("") << ended("halted")
    assert PHRASE.encode() not in play.sent
    play.done()


@pytest.mark.parametrize("name", ["type", "index"])
def test_a_mark_that_is_a_text_is_not_repeated_in_an_event_of_ours(name: str) -> None:
    play = Playbook("messages") >> sends(_begins({"type": "text", "text": ""}))
    delta = {"type": "text_delta", "text": "so"} | {name: PHRASE}
    play >> sends(event_bytes({"type": _DELTA, "index": 0, "delta": delta})) << ended("failed")
    assert PHRASE.encode() not in play.sent
    play = Playbook("responses")
    place = {"item_id": "i", "output_index": 0, "content_index": 0} | {"item_id": PHRASE}
    send_numbered(play, {"type": "response.output_text.delta", **place, "delta": "so"})
    play << ended("failed")
    assert PHRASE.encode() not in play.sent


def test_two_texts_of_one_path_in_an_event_are_read_apart() -> None:
    event = {"type": "ping", "said.so": "a word", "said": {"so": PHRASE}}
    play = Playbook("messages") >> sends(event_bytes(event)) << ended("halted")
    assert PHRASE.encode() not in play.sent


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"type": "api_error", "message": f"so {PHRASE}"}},
        {"type": "error", "error": f"so {PHRASE}"},
        {"type": "error", "said": f"so {PHRASE}"},
    ],
)
def test_the_words_of_an_error_are_read(event: dict[str, Any]) -> None:
    play = Playbook("messages") >> sends(event_bytes(event)) << ended("halted")
    assert PHRASE.encode() not in play.sent
    assert b"so " not in play.sent
    play.done()


def test_an_error_whose_words_are_lawful_leaves_as_it_came() -> None:
    event = event_bytes(
        {"type": "error", "error": {"type": "api_error", "message": "Overloaded for"}}
    )
    play = Playbook("messages") >> sends(event)
    assert play.sent.endswith(event)
    assert play.exchange.is_over


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_start", "index": 0, "content_block": {
            "type": "mcp_tool_result", "content": [{"type": "text", "text": "so forb"}]}},
        {"type": "message_delta", "delta": {"text": "so forb"}},
        {"type": "content_block_stop", "index": 0, "text": "so forb"},
    ],
)  # fmt: skip
def test_a_whole_text_that_ends_like_the_beginning_of_a_phrase_leaves(
    event: dict[str, Any],
) -> None:
    play = Playbook("messages") >> sends(event_bytes(event))
    assert play.sent.endswith(event_bytes(event))


@pytest.mark.parametrize("value", [None, 1, True, "word"])
def test_a_sentence_as_the_name_of_a_member_does_not_leave(value: Any) -> None:
    play = Playbook("messages")
    play >> sends(event_bytes({"type": "ping", PHRASE: value})) << ended("failed")
    assert PHRASE.encode() not in play.sent
    play.done()


# Responses


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "x", "message": f"so {PHRASE}", "param": None},
        {"type": "error", "code": "x", "message": "no", "param": f"so {PHRASE}"},
        {"type": "error", "error": {"message": f"so {PHRASE}"}},
        {"type": "response.failed", "response": RESPONSE | {
            "status": "failed", "error": {"code": "server_error", "message": f"so {PHRASE}"}}},
        {"type": "response.completed", "said": f"so {PHRASE}", "response": RESPONSE},
        {"type": "response.completed", "response": RESPONSE | {"text": f"so {PHRASE}"}},
        {"type": "response.completed", "response": RESPONSE | {"text": {"x": f"so {PHRASE}"}}},
        {"type": "response.completed", "response": RESPONSE | {"usage": {"x": f"so {PHRASE}"}}},
        {"type": "response.completed", "response": RESPONSE | {
            "reasoning": {"effort": "low", "summary": f"so {PHRASE}"}}},
        {"type": "response.incomplete", "response": RESPONSE | {
            "incomplete_details": {"reason": f"so {PHRASE}"}}},
        {"type": "response.created", "response": RESPONSE | {"id": f"so {PHRASE}"}},
    ],
)  # fmt: skip
def test_what_a_response_says_beside_its_output_is_read(event: dict[str, Any]) -> None:
    play = Playbook("responses")
    send_numbered(play, event)
    play << ended("halted")
    assert PHRASE.encode() not in play.sent
    play.done()


def test_what_a_whole_response_says_beside_its_output_is_read() -> None:
    for name, value in (
        ("error", {"code": "x", "message": PHRASE}),
        ("reasoning", {"effort": "low", "summary": PHRASE}),
        ("text", PHRASE),
        ("text", {"format": {"type": "text"}, "said": PHRASE}),
        ("incomplete_details", {"reason": PHRASE}),
    ):
        reply = DIALECTS["responses"].reply(json.dumps(RESPONSE | {name: value}).encode())
        assert PHRASE in [span.text for span in reply.spans]


def test_the_settings_of_a_response_and_the_echo_of_its_request_are_no_text() -> None:
    settings = {
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": PHRASE}},
                 "verbosity": "medium"},
        "billing": {"payer": "developer"},
        "incomplete_details": {"reason": "max_output_tokens"},
        "instructions": PHRASE,
        "usage": {"input_tokens": 1},
        "error": None,
    }  # fmt: skip
    reply = DIALECTS["responses"].reply(json.dumps(RESPONSE | settings).encode())
    assert reply.spans == ()


@pytest.mark.parametrize("value", [None, 1, True, "word"])
@pytest.mark.parametrize("kind", ["response.noted", "response.completed", "response.noted.done"])
def test_a_sentence_as_a_name_in_a_response_does_not_leave(kind: str, value: Any) -> None:
    play = Playbook("responses")
    send_numbered(play, {"type": kind, PHRASE: value})
    play << ended("failed")
    assert PHRASE.encode() not in play.sent
    play.done()


def test_a_sentence_as_the_type_of_an_event_does_not_leave() -> None:
    play = Playbook("responses")
    send_numbered(play, {"type": PHRASE})
    play << ended("failed")
    assert PHRASE.encode() not in play.sent


def test_a_part_that_names_no_place_ends_lawfully_when_it_is_stopped() -> None:
    part = {"type": "output_text", "text": ""}
    play = Playbook("responses")
    play.exchange.receive(event_bytes({"type": "response.content_part.added", "part": part}))
    delta = {"type": "response.output_text.delta", "delta": f"so {PHRASE}"}
    out = play.exchange.receive(event_bytes(delta)).decode()
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "halted"
    assert play.exchange.outcome.notice is not None
    assert '"type":"response.incomplete"' in out
    assert PHRASE not in out


def test_the_end_of_a_part_that_names_no_place_closes_no_other() -> None:
    play = Playbook("responses") >> say("so far ") << heard("so far ")
    part = {"type": "output_text", "text": ""}
    play.exchange.receive(event_bytes({"type": "response.content_part.done", "part": part}))
    out = play.exchange.receive(b"".join(play.speaker.say(play.first, PHRASE))).decode()
    assert '"text":"so far "' in out


# Beside the data

_CHUNK = {"id": "c", "object": "x", "choices": [{"index": 0, "delta": {"content": "hi "}}]}
_SAYS = b"data: " + json.dumps(_CHUNK).encode() + b"\n"


@pytest.mark.parametrize(
    "line", [":违禁词\n", "id: 违禁词\n", ":坏\n", "坏\n", "event: 违禁词\n", "event:坏\n",
             "event: a bad word\n", f"event: {'x' * 65}坏\n", "event: 坏\nevent: ok\n"],
)  # fmt: skip
def test_an_aside_is_read_however_short_it_is(line: str) -> None:
    play = Playbook("chat", make_guard("违禁词", "坏", "a bad word"))
    play >> sends(line.encode() + _SAYS + b"\n") << heard("hi ")
    play >> sends(_SAYS + line.encode() + b"\n") << heard("hi ")
    play >> sends((line.encode() + _SAYS + b"\n").replace(b"\n", b"\r\n")) << heard("hi ")
    for word in ("违", "坏", "bad"):
        assert word.encode() not in play.sent


@pytest.mark.parametrize("line", ["", ": ping\n", "id: 7\n", "event: a.b_c-D\n", "event: a b\n"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_lawful_aside_leaves_as_it_came(line: str, end: bytes) -> None:
    event = (line.encode() + _SAYS + b"\n").replace(b"\n", end)
    play = Playbook("chat") >> sends(event + b": \n\n")
    assert play.sent.endswith(event + b": \n\n")


@given(
    st.lists(
        st.sampled_from(
            [
                b"data: x",
                b"data:",
                b"data",
                b"data:y",
                b"event: n",
                b"event:n",
                b"event",
                b"event: \xe5",
                b":",
                b"x",
                b":x",
                b"id:1",
                b"id",
                b"retry",
            ]
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.data(),
)
def test_only_types_and_data_are_no_asides(lines: list[bytes], end: bytes, data: Any) -> None:
    ends = [data.draw(st.sampled_from([end, b"\n"])) for _ in lines]
    raw = b"".join(line + end for line, end in zip(lines, ends, strict=True)) + end
    events, _ = _parsed(raw)
    plain = (b"data: x", b"data:", b"data", b"data:y", b"event: n", b"event:n")
    for event in events:
        if event.data:
            more = any(line not in plain for line in event.raw.splitlines() if line)
            assert has_asides(event) == more


def _parsed(raw: bytes) -> tuple[list[SseEvent], bytes]:
    parser = SseParser()
    events = parser.feed(raw)
    more, rest = parser.end()
    return events + more, rest
