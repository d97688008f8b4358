"""What the gateway itself costs, without sockets: CPU µs a request and a streamed chunk.

    python bench/hot_path.py [--rules 10000] [--profile chunk|request]

A built gateway (rules, classifier, keys, metrics, ledger) stands between two transports that are
lists. The batches are short and the fastest counts, so it says the same on a busy machine as on an
idle one: to compare two states of the code, not to claim. What a socket costs comes on top;
`run.py` measures that.

It refuses to know other gateways.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mock_upstream as mock
import uvicorn
import uvloop
from rules import literals, rule_file
from texts import PROSE_EN, PROSE_ZH

from licet.base.clock import SystemClock
from licet.base.compiled import why_plain
from licet.gateway.app import Gateway, build_gateway
from licet.gateway.config import load_config
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.gateway.front import bounded_http
from licet.gateway.keys import Grant

CONNECTIONS = 16
STREAMS = 50
TOKENS = 48
LINES = PROSE_EN + PROSE_ZH


class Line(asyncio.Transport):
    """A transport that keeps nothing: it calls `heard` with each write."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        super().__init__()
        self.write = heard  # type: ignore[method-assign]
        self.closed = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else default

    def setsockopt(self, *_: Any) -> None:
        """As a socket would."""

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 1

    getpeername = getsockname

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""


class Loop(uvloop.Loop):
    """An event loop whose connections lead to `answer(protocol, request)`."""

    answer: Callable[[Any, bytes], None]

    async def create_connection(self, factory: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        protocol = factory()
        line = Line(lambda data: self.answer(protocol, data))
        protocol.connection_made(line)
        return line, protocol


class Rig:
    """A gateway with its clients' connections."""

    def __init__(self, gateway: Gateway, key: str, loop: Loop) -> None:
        self.loop, self.key = loop, key
        self.config = uvicorn.Config(
            gateway, http=bounded_http(1 << 20), ws="none", lifespan="off",  # type: ignore[arg-type]
            interface="asgi3", access_log=False, log_config=None, proxy_headers=False,
            server_header=False,
        )  # fmt: skip
        self.config.load()
        self.state = uvicorn.server.ServerState()
        self.upstreams: list[Any] = []
        self.written = 0

    def client(self) -> Any:
        """A connection of a client."""
        protocol = self.config.http_protocol_class(  # type: ignore[union-attr]
            config=self.config, server_state=self.state, app_state={}, _loop=self.loop
        )
        protocol.connection_made(Line(self._heard))
        return protocol

    def _heard(self, data: bytes) -> None:
        self.written += 1

    def request(self, said: str, stream: bool) -> bytes:
        """The bytes of a small request."""
        body = (
            b'{"model":"mock","messages":[{"role":"system","content":"You are a helpful '
            b'assistant."},{"role":"user","content":"%s"}]%s}'
            % (said.encode(), b',"stream":true' * stream)
        )
        return (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\nauthorization: Bearer %s\r\n"
            b"content-length: %d\r\n\r\n%s" % (self.key.encode(), len(body), body)
        )

    async def until(self, count: int) -> None:
        """Turn the loop until so many writes have come."""
        while self.written < count:
            await asyncio.sleep(0)

    async def requests(self, unique: bool, batches: int) -> float:
        """µs a request, not streamed."""
        number = 0

        def answer(protocol: Any, _request: bytes) -> None:
            nonlocal number
            said = mock.CONSTANT
            if unique:
                number += 1
                said = mock.completion(f"{number}: " + " ".join(LINES[number % 7 :: 7][:9]))
            self.loop.call_soon(protocol.data_received, said)

        self.loop.answer = answer
        clients = [self.client() for _ in range(CONNECTIONS)]
        pad = "Please write a short note about rivers, bread and the weather. " * 8
        best = 1e9
        for batch in range(batches):
            asked = [
                self.request(f"{pad}{batch}.{n}" if unique else pad, False)
                for n in range(CONNECTIONS)
            ]
            self.written = 0
            began = time.thread_time()
            for client, data in zip(clients, asked, strict=True):
                client.data_received(data)
            await self.until(CONNECTIONS)
            best = min(best, time.thread_time() - began)
        return best / CONNECTIONS * 1e6

    async def chunks(self, unique: bool, batches: int) -> float:
        """µs a streamed chunk, one token each."""
        words = [mock.word_event(" " + word) for line in PROSE_EN for word in line.split()]
        words += [
            mock.word_event(line[i : i + 2])
            for line in PROSE_ZH
            for i in range(0, len(line) - 1, 2)
        ]
        if not unique:
            words = [mock.stamp() for _ in range(40)]
        upstreams: list[Any] = []

        def answer(protocol: Any, _request: bytes) -> None:
            upstreams.append(protocol)
            self.loop.call_soon(protocol.data_received, mock.STREAM_HEAD + mock.FIRST)

        self.loop.answer = answer
        best, at = 1e9, 0
        clients = [self.client() for _ in range(STREAMS)]
        for _ in range(batches):
            del upstreams[:]
            self.written = 0
            for client in clients:
                client.data_received(self.request("Say something.", True))
            await self.until(STREAMS)
            for _token in range(TOKENS):
                at += STREAMS
                data = [words[(at + n) % len(words)] for n in range(STREAMS)]
                began = time.thread_time()
                for upstream, piece in zip(upstreams, data, strict=True):
                    upstream.data_received(piece)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                best = min(best, time.thread_time() - began)
            before = self.written
            for upstream in upstreams:
                upstream.data_received(mock.STOP + mock.DONE)
            await self.until(before + STREAMS)
        return best / STREAMS * 1e6


async def measure(rig: Rig, profile: str) -> None:
    """Print the four figures, or the profile of one."""
    loads: dict[str, tuple[str, Callable[[], Awaitable[float]]]] = {
        "request": ("request, constant", lambda: rig.requests(False, 300)),
        "unique": ("request, unique", lambda: rig.requests(True, 300)),
        "chunk": ("chunk, constant", lambda: rig.chunks(False, 12)),
        "prose": ("chunk, prose", lambda: rig.chunks(True, 12)),
    }
    print(f"form: {'plain' if why_plain() else 'compiled'}")
    for name, (title, load) in loads.items():
        if profile not in ("", name):
            continue
        await load()
        gc.collect()
        gc.freeze()
        recorder = cProfile.Profile() if profile else None
        if recorder:
            recorder.enable()
        figure = await load()
        if recorder:
            recorder.disable()
            pstats.Stats(recorder).sort_stats("tottime").print_stats(45)
        print(f"{title:20} {figure:7.1f} µs")


def main() -> None:
    options = argparse.ArgumentParser(description="what the gateway itself costs")
    options.add_argument("--rules", type=int, default=10_000)
    options.add_argument("--profile", default="", help="request, unique, chunk or prose")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as folder:
        home = Path(folder)
        rules = home / "rules.toml"
        rules.write_text("".join(rule_file(literals(chosen.rules))), encoding="utf-8")
        choice = DemoChoice(upstream_url="http://127.0.0.1:9/v1", rules=(rules,))
        demo_config(home, choice)
        gateway = build_gateway(load_config(home / "config.toml"), home, lab=True)
        wide = Grant(rate_per_minute=10**9, concurrency_max=10**9)
        _, key = gateway.keystore.create("bench", wide, SystemClock().now())
        gateway.parts.keyring.refresh(SystemClock().monotonic())
        loop = Loop()
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(measure(Rig(gateway, key, loop), chosen.profile))
        finally:
            gateway.writer.close(10)
            gateway.log.close()


if __name__ == "__main__":
    main()
