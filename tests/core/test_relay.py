"""A read of many tokens gives way to others, and what waits of it is judged as text that has just
come: not at all where the answer was cut off meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from kit.guards import PHRASE, make_guard
from kit.playbook import ask_of, open_case
from kit.speech import hear, speaker
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.exchange import Exchange
from licet.gateway.relay import Relay
from licet.gateway.trace import Trace
from licet.gateway.upstream_protocol import AT_ONCE_BYTES_MAX
from licet.gateway.upstream_reply import Reply

WORD = "a quiet river "
EVENTS = 600


class Line:
    def abort(self) -> None: ...

    def drained(self) -> None: ...


def read(word: str = WORD) -> bytes:
    """A whole answer of many events, as one read gives it."""
    model = speaker("chat")
    said = [model.say((0, "content"), word) for _ in range(EVENTS)]
    return b"".join(event for part in (model.begin(), *said, model.end()) for event in part)


class Scene:
    """One stream whose upstream has said everything at once."""

    def __init__(self, data: bytes) -> None:
        self.reply = Reply(Line(), asyncio.get_running_loop())
        self.reply.parts.append(data)
        self.reply.finished = True
        self.parts: Any = SimpleNamespace(
            urgent=0, guard=make_guard(), clock=SimpleNamespace(monotonic=lambda: 1.0),
            clearance=SimpleNamespace(lost=lambda: None),
        )  # fmt: skip
        trace = Trace("1", "chat", "chat", 0.0, datetime(2026, 1, 1, tzinfo=UTC))
        reader = DIALECTS["chat"].reader(ask_of("chat"))
        self.exchange = Exchange(reader, make_guard("another phrase"), open_case)
        self.sent = b""
        self.relay = Relay(self.parts, self.exchange, self.reply, trace, self.send, urgent=0)

    async def send(self, message: Any) -> None:
        self.sent += message["body"]

    async def until_sent(self) -> None:
        while not self.sent:
            await asyncio.sleep(0)


def test_a_read_of_many_tokens_leaves_whole_and_gives_way_between() -> None:
    async def play() -> None:
        data, turns = read(), 0
        scene = Scene(data)
        running = asyncio.create_task(scene.relay.run())
        while not running.done():
            turns += 1
            await asyncio.sleep(0)
        assert scene.sent + running.result() == data
        assert turns > len(data) // AT_ONCE_BYTES_MAX > 9, "it gave way too seldom"

    asyncio.run(play())


def test_an_urgent_bundle_judges_what_waits_of_a_read() -> None:
    async def play() -> None:
        scene = Scene(read(PHRASE + " "))
        running = asyncio.create_task(scene.relay.run())
        await scene.until_sent()
        scene.parts.urgent += 1
        heard = hear("chat", scene.sent + await running).all()[0, "content"]
        assert scene.exchange.outcome is not None
        assert scene.exchange.outcome.kind == "halted"
        assert 0 < heard.count(PHRASE) < EVENTS / 9

    asyncio.run(play())


def test_of_an_answer_that_is_cut_off_nothing_that_waits_leaves() -> None:
    async def play() -> None:
        scene = Scene(read())
        running = asyncio.create_task(scene.relay.run())
        await scene.until_sent()
        scene.reply.abort()
        heard = hear("chat", scene.sent + await running)
        assert scene.exchange.outcome is not None
        assert scene.exchange.outcome.kind == "failed"
        assert 0 < heard.all()[0, "content"].count(WORD) < EVENTS / 9

    asyncio.run(play())
