"""A client that leaves ends what is made for it, told by the server or by listening."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import uvicorn

from licet.gateway.asgi import Departures
from licet.gateway.front import bounded_http

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


class Line(asyncio.Transport):
    """A transport that nobody hears."""

    def write(self, data: Any) -> None:
        """Nothing."""

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        """Nothing."""

    def resume_reading(self) -> None:
        """Nothing."""


class Seen:
    """What became of those who were served."""

    def __init__(self, *, told: bool, leaves_first: bool = False) -> None:
        self.told, self.leaves_first = told, leaves_first
        self.left: list[bool] = []
        self.tasks = 0
        self.departures = Departures()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if self.leaves_first:
            send.__self__.disconnected = True
            send.__self__.message_event.set()
        if not self.told:
            del scope["extensions"]
        before = len(asyncio.all_tasks())
        departure = self.departures.expect(scope, receive)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)
                self.tasks = max(self.tasks, len(asyncio.all_tasks()) - before)
            self.left.append(departure.left)
        finally:
            departure.close()


async def connect(seen: Seen) -> Any:
    config = uvicorn.Config(seen, http=bounded_http(1 << 20), ws="none", lifespan="off",
                            interface="asgi3", access_log=False, log_config=None)  # fmt: skip
    config.load()
    protocol: Any = config.http_protocol_class(  # type: ignore[call-arg, operator]
        config=config, server_state=uvicorn.server.ServerState(), app_state={},
        _loop=asyncio.get_running_loop(),
    )  # fmt: skip
    protocol.connection_made(Line())
    return protocol


@pytest.mark.parametrize("told", [True, False])
def test_who_is_served_learns_that_the_client_has_left(told: bool) -> None:
    async def scene() -> Seen:
        seen = Seen(told=told)
        protocol = await connect(seen)
        protocol.data_received(GET)
        await asyncio.sleep(0.08)
        protocol.connection_lost(None)
        await asyncio.sleep(0.05)
        return seen

    assert asyncio.run(scene()).left == [True]


def test_of_requests_in_a_row_the_one_that_is_served_learns_it() -> None:
    async def scene() -> Seen:
        seen = Seen(told=True)
        protocol = await connect(seen)
        protocol.data_received(GET * 2)
        await asyncio.sleep(0.02)
        protocol.connection_lost(None)
        await asyncio.sleep(0.05)
        return seen

    assert asyncio.run(scene()).left == [True]


@pytest.mark.parametrize("told", [True, False])
def test_a_client_that_had_left_before_is_noticed(told: bool) -> None:
    async def scene() -> Seen:
        seen = Seen(told=told, leaves_first=True)
        (await connect(seen)).data_received(GET)
        await asyncio.sleep(0.15)
        return seen

    assert asyncio.run(scene()).left == [True]


def test_where_the_server_tells_no_task_listens() -> None:
    async def scene() -> Seen:
        seen = Seen(told=True)
        protocol = await connect(seen)
        protocol.data_received(GET)
        await asyncio.sleep(0.25)
        protocol.connection_lost(None)  # when all was said
        await asyncio.sleep(0)
        return seen

    seen = asyncio.run(scene())
    assert (seen.left, seen.tasks) == ([False], 0)
