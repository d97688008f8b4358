"""Streams that say something in unusual places: none of it leaves unread, every end is lawful."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import PHRASE
from kit.playbook import Playbook, ended, sends

_DELTA = "content_block_delta"


def _event(value: dict[str, Any]) -> bytes:
    data = json.dumps(value, ensure_ascii=False).encode()
    return b"event: " + value["type"].encode() + b"\ndata: " + data + b"\n\n"


def _begins(block: dict[str, Any], index: int = 0) -> bytes:
    return _event({"type": "content_block_start", "index": index, "content_block": block})


def _newish(text: Any, index: int = 0) -> bytes:
    delta = {"type": "newish_delta", "newish": text}
    return _event({"type": _DELTA, "index": index, "delta": delta})


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
    play >> sends(_event({"type": "content_block_stop", "index": 0}))
    assert _said(play) == "a forbidden fortune for"
    play >> sends(_event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}))
    play >> sends(_event({"type": "message_stop"})) << ended("served")
    play.done()


def test_unknown_text_deeper_in_a_delta_is_read_as_said_in_pieces() -> None:
    play = Playbook("messages") >> sends(_begins({"type": "newish"}))
    for part in ("forbidden ", "phrase ", "alpha"):
        play >> sends(_newish([{"words": part}]))
    play << ended("halted")
    assert b"alpha" not in play.sent


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"type": "api_error", "message": f"so {PHRASE}"}},
        {"type": "error", "error": f"so {PHRASE}"},
        {"type": "error", "said": f"so {PHRASE}"},
    ],
)
def test_the_words_of_an_error_are_read(event: dict[str, Any]) -> None:
    play = Playbook("messages") >> sends(_event(event)) << ended("halted")
    assert PHRASE.encode() not in play.sent
    assert b"so " not in play.sent
    play.done()


def test_an_error_whose_words_are_lawful_leaves_as_it_came() -> None:
    event = _event({"type": "error", "error": {"type": "api_error", "message": "Overloaded for"}})
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
    play = Playbook("messages") >> sends(_event(event))
    assert play.sent.endswith(_event(event))


@pytest.mark.parametrize("value", [None, 1, True, "word"])
def test_a_sentence_as_the_name_of_a_member_does_not_leave(value: Any) -> None:
    play = Playbook("messages")
    play >> sends(_event({"type": "ping", PHRASE: value})) << ended("failed")
    assert PHRASE.encode() not in play.sent
    play.done()
