"""A tool's name that comes in pieces, or before a judge outside has answered."""

from __future__ import annotations

import json
from typing import Any

from kit.guards import PHRASE, make_guard
from kit.playbook import Playbook, answers, ended, ends, say, sends

HEAD = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def _call(name: str | None, arguments: str = "", **more: Any) -> bytes:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    call = {"index": 0, "function": function, **more}
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}
    event = HEAD | {"choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def _names(play: Playbook) -> list[str]:
    lines = [line[6:] for line in play.sent.decode().splitlines() if line.startswith("data: {")]
    calls = [
        call
        for line in lines
        for choice in json.loads(line).get("choices", [])
        for call in choice.get("delta", {}).get("tool_calls", [])
    ]
    return [call["function"]["name"] for call in calls if call["function"].get("name")]


def test_a_name_in_pieces_is_read_as_clients_join_it() -> None:
    head, tail = PHRASE[:9], PHRASE[9:]
    play = Playbook("chat") >> sends(_call(head.replace(" ", "_"), id="c", type="function"))
    play >> sends(_call(tail.replace(" ", "_"))) << ended("halted")
    assert tail.replace(" ", "_") not in play.sent.decode()
    play.done()


def test_a_name_that_is_said_again_passes() -> None:
    play = Playbook("chat") >> sends(_call("get_weather", id="c", type="function"))
    for piece in ('{"city":', '"Oslo"}'):
        play >> sends(_call("get_weather", piece))
    play >> ends() << ended("served")
    assert _names(play) == ["get_weather"] * 3
    play.done()


def test_a_tool_keeps_its_name_while_a_judge_is_asked() -> None:
    play = Playbook("chat", make_guard(remote=True, tier="token"))
    play >> say("A sentence before the call. ")
    play >> sends(_call("get_weather", "{", id="c", type="function")) >> sends(_call(None, "}"))
    play >> ends()
    while play.open:
        play >> answers("lawful")
    play << ended("served")
    assert _names(play) == ["get_weather"]
    play.done()
