"""CPU of the upstream client per request and per streamed chunk, beside aiohttp's, in one run.

    python bench/upstream.py [--streams 200] [--chunks 100] [--gap-ms 20] [--requests 3000]

A mock in a process of its own answers; what is measured is the CPU time of this process alone, so
it is the client's with its share of the event loop (uvloop) and of the kernel. The rounds take
turns, since other work on the machine moves all figures; the least of each is the one to compare.
"`floor`" is a bare protocol that parses nothing: what the loop and the socket cost by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

import aiohttp
import uvloop

from licet.gateway.upstream import Secret, Upstream, UpstreamSettings

EVENT = (
    b'data: {"id":"chatcmpl-000000000000000000","object":"chat.completion.chunk","created":17,'
    b'"model":"mock","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}\n\n'
)
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
LAST = b"0\r\n\r\n"
STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
SMALL = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r-1\r\n"
    b"date: Tue, 24 Nov 2026 02:00:00 GMT\r\nserver: mock\r\ncontent-length: 1000\r\n\r\n"
) + b"x" * 1000
BODY = b'{"model":"mock","messages":[{"role":"user","content":"' + b"hello " * 60 + b'"}]}'
HEADERS = [(b"content-type", b"application/json"), (b"accept", b"text/event-stream")]


@dataclass(frozen=True, slots=True)
class Load:
    """What one round asks for."""

    requests: int
    at_once: int
    streams: int
    chunks: int
    gap_ms: float


class Mock(asyncio.Protocol):
    """Answers `/small` at once and `/stream` in chunks; counts on requests of one segment."""

    load: Load

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.asked = b""

    def data_received(self, data: bytes) -> None:
        self.asked += data
        if not self.asked.endswith(b"]}") and not self.asked.endswith(b"\r\n\r\n"):
            return
        streamed, self.asked = b"/stream" in self.asked[:100], b""
        if not streamed:
            self.transport.write(SMALL)
            return
        self.left = self.load.chunks
        self.transport.write(STREAM)
        self.step()

    def step(self) -> None:
        if self.transport.is_closing():
            return
        self.left -= 1
        self.transport.write(CHUNK if self.left else CHUNK + LAST)
        if self.left:
            asyncio.get_running_loop().call_later(self.load.gap_ms / 1000, self.step)


def serve(pipe: Pipe, load: Load) -> None:
    """The mock's process: tells its port, then serves until it is ended."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(Mock, "127.0.0.1", 0, backlog=2048)
        pipe.send(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    Mock.load = load
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())


# The clients: each gives a function that asks for a path and returns chunks read and bytes read

Ask = Callable[[str], Awaitable[tuple[int, int]]]


@contextlib.asynccontextmanager
async def ours(port: int) -> AsyncIterator[Ask]:
    """The client under test, with all that it does."""
    base_url = f"http://127.0.0.1:{port}"
    upstream = Upstream(UpstreamSettings(name="mock", base_url=base_url, key=Secret("sk-1")))

    async def ask(path: str) -> tuple[int, int]:
        reply = await upstream.send("POST", path, HEADERS, BODY)
        reads = size = 0
        while data := await reply.read():
            reads += 1
            size += len(data)
        return reads, size

    yield ask
    await upstream.close()


@contextlib.asynccontextmanager
async def peers(port: int) -> AsyncIterator[Ask]:
    """aiohttp as its documentation says to use it for streams."""
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def ask(path: str) -> tuple[int, int]:
            url = f"http://127.0.0.1:{port}{path}"
            reads = size = 0
            async with session.post(
                url, data=BODY, headers=headers | {"authorization": "Bearer sk-1"}
            ) as answer:
                async for data in answer.content.iter_any():
                    reads += 1
                    size += len(data)
            return reads, size

        yield ask


class Bare(asyncio.Protocol):
    """Writes a request, counts reads until the known end, and parses nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.done: asyncio.Future[tuple[int, int]] | None = None
        self.reads = self.size = 0

    def data_received(self, data: bytes) -> None:
        self.reads += 1
        self.size += len(data)
        if data.endswith(self.end) and self.done is not None and not self.done.done():
            self.done.set_result((self.reads, self.size))

    def ask(self, path: str) -> asyncio.Future[tuple[int, int]]:
        """Sends a request; the future has reads and bytes."""
        self.reads = self.size = 0
        self.end = LAST if "stream" in path else b"x"
        self.done = asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\nhost: mock\r\ncontent-length: {len(BODY)}\r\n\r\n"
        self.transport.write(head.encode() + BODY)
        return self.done


@contextlib.asynccontextmanager
async def floor(port: int) -> AsyncIterator[Ask]:
    """What remains when there is no client."""
    loop = asyncio.get_running_loop()
    unused: list[Bare] = []

    async def ask(path: str) -> tuple[int, int]:
        if unused:
            bare = unused.pop()
        else:
            _, bare = await loop.create_connection(Bare, "127.0.0.1", port)
            sock: socket.socket = bare.transport.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        counted = await bare.ask(path)
        unused.append(bare)
        return counted

    yield ask
    for bare in unused:
        bare.transport.abort()


CLIENTS = {"floor": floor, "licet": ours, "aiohttp": peers}


async def measure(client: Callable[..., contextlib.AbstractAsyncContextManager[Ask]], port: int,
                  load: Load) -> tuple[float, float, float]:  # fmt: skip
    """CPU µs per request, CPU µs per chunk, and reads per chunk (1: none were merged)."""
    async with client(port) as ask:

        async def several(times: int) -> None:
            for _ in range(times):
                await ask("/small")

        await asyncio.gather(*(several(20) for _ in range(load.at_once)))
        began = time.process_time()
        await asyncio.gather(
            *(several(load.requests // load.at_once) for _ in range(load.at_once))
        )
        request_us = (time.process_time() - began) / load.requests * 1e6

        async def late(number: int) -> tuple[int, int]:
            await asyncio.sleep(load.gap_ms / 1000 * number / load.streams)
            return await ask("/stream")

        began = time.process_time()
        counted = await asyncio.gather(*(late(number) for number in range(load.streams)))
        chunks = load.streams * load.chunks
        chunk_us = (time.process_time() - began) / chunks * 1e6
        return request_us, chunk_us, sum(reads for reads, _ in counted) / chunks


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--gap-ms", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = vars(parser.parse_args())
    rounds = asked.pop("rounds")
    load = Load(**asked)
    near, far = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(far, load))
    server.start()
    try:
        port = near.recv()
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in CLIENTS}
        for _ in range(rounds):
            for name, client in CLIENTS.items():
                found[name].append(uvloop.run(measure(client, port, load)))
    finally:
        server.terminate()
        server.join()
    least = {name: [min(column) for column in zip(*rows, strict=True)]
             for name, rows in found.items()}  # fmt: skip
    print(f"{load}, least of {rounds} rounds, CPU time of the client's process")
    print(
        f"{'client':10}{'us/request':>12}{'ratio':>8}{'us/chunk':>12}{'ratio':>8}{'reads/chunk':>13}"
    )
    for name, (request_us, chunk_us, reads) in least.items():
        ratios = request_us / least["licet"][0], chunk_us / least["licet"][1]
        print(
            f"{name:10}{request_us:12.1f}{ratios[0]:8.2f}{chunk_us:12.2f}{ratios[1]:8.2f}{reads:13.2f}"
        )


if __name__ == "__main__":
    main()
