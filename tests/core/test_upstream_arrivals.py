"""What arrives in one turn is handed over together: in order, each reply once, none for others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from licet.gateway.upstream_arrivals import Arrivals
from licet.gateway.upstream_reply import Reply
from licet.gateway.upstream_trouble import UpstreamClosed


class Line:
    """A connection that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def abort(self) -> None:
        self.told.append("abort")

    def drained(self) -> None:
        self.told.append("drained")


class Scene:
    """Replies on one loop, each handed over to a sink that notes."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.arrivals = Arrivals(self.loop)
        self.heard: list[tuple[str, bytes]] = []
        self.bugs: list[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.bugs.append(context["exception"]))

    def reply(self, name: str, *, again: bool = True, bug: bool = False) -> Reply:
        def sink(data: bytes) -> bool:
            if bug:
                raise ZeroDivisionError
            self.heard.append((name, data))
            return again

        reply = Reply(Line(), self.loop)
        reply.sink = sink
        return reply

    def arrive(self, reply: Reply, data: bytes) -> None:
        reply.parts.append(data)
        self.arrivals.note(reply)


def test_replies_of_a_turn_are_handed_over_in_order_each_once() -> None:
    async def work() -> None:
        scene = Scene()
        one, two = scene.reply("one"), scene.reply("two")
        scene.arrive(one, b"a")
        scene.arrive(two, b"b")
        scene.arrive(one, b"c")
        assert scene.heard == []
        await asyncio.sleep(0)
        assert scene.heard == [("one", b"ac"), ("two", b"b")]
        scene.arrive(two, b"d")
        await asyncio.sleep(0)
        assert scene.heard[2:] == [("two", b"d")]

    asyncio.run(work())


def test_a_sink_that_breaks_ends_its_own_reply_alone() -> None:
    async def work() -> None:
        scene = Scene()
        broken, whole = scene.reply("broken", bug=True), scene.reply("whole")
        scene.arrive(broken, b"x")
        scene.arrive(whole, b"y")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert scene.heard == [("whole", b"y")]
        assert [type(bug) for bug in scene.bugs] == [ZeroDivisionError]
        with pytest.raises(UpstreamClosed):
            broken.take()

    asyncio.run(work())


@pytest.mark.parametrize("how", ["taken", "aborted", "unwanted"])
def test_what_its_reader_has_taken_or_will_take_is_left_to_it(how: str) -> None:
    async def work() -> None:
        scene = Scene()
        reply = scene.reply("one")
        scene.arrive(reply, b"a")
        if how == "taken":
            assert reply.take() == b"a"
        elif how == "aborted":
            reply.abort()
        else:
            reply.sink = None
        await asyncio.sleep(0)
        assert scene.heard == []
        assert reply.parts == ([b"a"] if how == "unwanted" else [])

    asyncio.run(work())


def test_a_sink_that_wants_no_more_is_given_no_more() -> None:
    async def work() -> None:
        scene = Scene()
        reply = scene.reply("one", again=False)
        scene.arrive(reply, b"a")
        await asyncio.sleep(0)
        scene.arrive(reply, b"b")
        await asyncio.sleep(0)
        assert scene.heard == [("one", b"a")]
        assert reply.take() == b"b"

    asyncio.run(work())
