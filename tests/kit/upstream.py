"""A hostile server on a real loopback socket: it does what its script says, byte by byte.

A script is an `async def script(peer)`; connection n runs script n, and the last serves all later
ones. What the client does to a connection can be read from its Peer afterwards.

    async with serving(answering(OK)) as server:
        reply = await client(server).send("GET", "/", [])
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

from licet.gateway.upstream import Upstream, UpstreamSettings

T = TypeVar("T")
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def run(loop: str, work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` on the named loop, for at most 20 s."""
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(asyncio.wait_for(work, 20))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: the start line, headers in lower case, the body."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(slots=True)
class Peer:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[Request] = field(default_factory=list)
    closed_at: float | None = None

    async def request(self) -> Request:
        """Reads one request. Raises IncompleteReadError when the client has gone."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *rest = head[:-4].split(b"\r\n")
        headers = [(n.lower(), v) for n, v in (line.split(b": ", 1) for line in rest)]
        body = await self.reader.readexactly(int(dict(headers)[b"content-length"]))
        self.requests.append(Request(first, headers, body))
        return self.requests[-1]

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, gap_s: float = 0.0, size: int = 1) -> None:
        """Sends in pieces, each in a segment of its own."""
        for at in range(0, len(data), size):
            await self.send(data[at : at + size])
            await asyncio.sleep(gap_s)

    async def gone(self) -> None:
        """Waits until the client closes, and notes when."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.closed_at = asyncio.get_running_loop().time()

    def reset(self) -> None:
        """Closes with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Wire:
    """A transport without a socket, for a Connection that is fed by hand."""

    def __init__(self) -> None:
        self.closed = False

    def get_extra_info(self, name: str) -> Any:
        return self if name == "socket" else None

    def setsockopt(self, *_: int) -> None:
        """As a socket's; does nothing."""

    def write(self, data: bytes) -> None:
        """Takes what is sent, and forgets it."""

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0


Script = Callable[[Peer], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """The listening side: its URL and every connection it has had."""

    url: str = ""
    peers: list[Peer] = field(default_factory=list)
    open_now: int = 0
    open_most: int = 0

    @property
    def requests(self) -> list[Request]:
        return [request for peer in self.peers for request in peer.requests]


def answering(*answers: bytes, then_close: bool = False) -> Script:
    """For each answer, reads a request and gives it; the last is given again and again."""

    async def script(peer: Peer) -> None:
        at = 0
        while True:
            await peer.request()
            await peer.send(answers[min(at, len(answers) - 1)])
            at += 1
            if then_close and at == len(answers):
                return

    return script


def saying(data: bytes, size: int = 1 << 20, gap_s: float = 0.0) -> Script:
    """Reads a request, sends `data` in pieces and then says nothing more until the client goes."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.drip(data, gap_s, size)
        await peer.gone()

    return script


@contextlib.asynccontextmanager
async def serving(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server for the time of the block; its scripts are cancelled at the end."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer = Peer(reader, writer)
        script = scripts[min(len(server.peers), len(scripts) - 1)]
        server.peers.append(peer)
        server.open_now += 1
        server.open_most = max(server.open_most, server.open_now)
        with contextlib.suppress(
            asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError
        ):
            await script(peer)
        server.open_now -= 1
        writer.transport.abort() if tls else writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{port}"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def client(server: Server, **settings: Any) -> AsyncIterator[Upstream]:
    """An Upstream of this server with short waits; closed at the end of the block."""
    short: dict[str, Any] = {
        "connect_s": 1.0,
        "first_byte_s": 1.0,
        "idle_s": 1.0,
        "total_s": 5.0,
    }
    values = {"name": "test", "base_url": server.url} | short | settings
    upstream = Upstream(UpstreamSettings(**values))
    try:
        yield upstream
    finally:
        await upstream.close()
