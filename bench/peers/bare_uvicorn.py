"""What uvicorn and httptools cost by themselves: a proxy that looks at nothing and checks nothing.

    python bench/peers/bare_uvicorn.py --port 9000 --mock 9001

Each request goes to the mock as it came, by a pool of kept connections; each piece of the answer's
body goes back as it comes. There are no keys, limits, timeouts and errors: whatever a gateway in
Python does for its users comes on top of this.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import httptools
import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]
_END = b""


class Line(asyncio.Protocol):
    """A kept connection to the mock: one request at a time."""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.came = asyncio.Event()
        self.headers: list[tuple[bytes, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self, request: bytes) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers = []
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)
        self.came.set()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.pieces.append(_END)

    async def piece(self) -> bytes:
        """The next piece of the body; empty at the end."""
        while not self.pieces:
            self.came.clear()
            await self.came.wait()
        return self.pieces.popleft()


class Proxy:
    """An ASGI application."""

    def __init__(self, mock_port: int) -> None:
        self._port = mock_port
        self._idle: list[Line] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        line = self._idle.pop() if self._idle else await self._connect()
        line.ask(
            b"POST %s HTTP/1.1\r\nhost: mock\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (scope["raw_path"], len(body), body)
        )
        piece = await line.piece()
        headers = [one for one in line.headers if one[0] != b"transfer-encoding"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while piece:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await line.piece()
        await send({"type": "http.response.body"})
        self._idle.append(line)

    async def _connect(self) -> Line:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Line, "127.0.0.1", self._port))[1]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="uvicorn alone, as a proxy")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--mock", type=int, required=True, help="the port of the mock")
    given = options.parse_args()
    uvicorn.run(
        Proxy(given.mock), port=given.port, loop="uvloop", http="httptools", ws="none",
        lifespan="off", interface="asgi3", access_log=False, proxy_headers=False,
        log_level="error", backlog=2048,
    )  # fmt: skip
