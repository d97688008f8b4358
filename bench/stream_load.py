"""Streams for so many seconds and says what arrived and when (uvloop + llhttp, little of its own).

    python bench/stream_load.py --url URL/v1/chat/completions --streams 16 --delay 5 --seconds 6

`--streams` streams are open at any time; one that ends is followed by a new one until time is up,
then all are closed. The latency of a token is the time it was read minus the time the mock wrote
it, from the stamp inside it (same clock). Prints one JSON object; times are in µs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop
from texts import PROMPT, PROSE_EN

STAMP = re.compile(rb"~([0-9a-f]{8})")
CONTENT = re.compile(rb'"content":\s*"((?:[^"\\]|\\.)*)"')
FINISH = re.compile(rb'"finish_reason":\s*"(\w+)"')
STAMP_EVERY = {"ts": 1, "prose": 8}


def now_us() -> int:
    """The clock of the stamps."""
    return time.monotonic_ns() // 1000


class Requests:
    """Makes the bytes of each request; with `unique`, no prompt comes twice."""

    def __init__(self, url: str, key: str, model: str, directive: str, unique: bool) -> None:
        where = urlsplit(url)
        self._head = (
            f"POST {where.path} HTTP/1.1\r\nhost: {where.netloc}\r\n"
            "content-type: application/json\r\naccept: text/event-stream\r\n"
            f"authorization: Bearer {key}\r\ncontent-length: "
        )
        self._model, self._directive, self._unique = model, directive, unique
        self._made = 0

    def make(self) -> bytes:
        self._made += 1
        prompt = PROMPT
        if self._unique:
            turn = [PROSE_EN[(self._made * k + k) % len(PROSE_EN)] for k in (1, 3, 5, 7, 11)]
            prompt = f"Question {self._made}. " + " ".join(turn) + " "
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": prompt + self._directive},
        ]
        body = json.dumps({"model": self._model, "stream": True, "messages": messages}).encode()
        return f"{self._head}{len(body)}\r\n\r\n".encode() + body


class Seen:
    """What all streams together saw."""

    def __init__(self) -> None:
        self.latency_us: list[int] = []
        self.ttft_us: list[int] = []
        self.statuses: Counter[int] = Counter()
        self.finishes: Counter[str] = Counter()
        self.errors: list[str] = []
        self.stamps = self.reads = self.ended = self.lost = 0


class Line(asyncio.Protocol):
    """One connection, which streams again and again."""

    def __init__(self, load: Load) -> None:
        self.load, self.seen = load, load.seen
        self.busy = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begin()

    def begin(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.rest = self.tail = self.error = b""
        self.first = True
        self.busy = True
        self.done = False
        self.began_us = now_us()
        self.transport.write(self.load.requests.make())

    def data_received(self, data: bytes) -> None:
        self.read_us = now_us()
        self.seen.reads += 1
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        if self.parser.get_status_code() != 200:
            self.error += body
            return
        self.rest += body
        cut = self.rest.rfind(b"\n") + 1
        whole, self.rest = self.rest[:cut], self.rest[cut:]
        # A gateway may cut the text anew, so a stamp can lie across events.
        text = self.tail + b"".join(CONTENT.findall(whole))
        end = 0
        for found in STAMP.finditer(text):
            self.seen.latency_us.append((self.read_us - int(found.group(1), 16)) & 0xFFFFFFFF)
            self.seen.stamps += 1
            end = found.end()
            if self.first:
                self.first = False
                self.seen.ttft_us.append(self.read_us - self.began_us)
        self.tail = text[end:][-9:]
        self.done = self.done or b"[DONE]" in whole
        if (finish := FINISH.search(whole)) is not None:
            self.seen.finishes[finish.group(1).decode()] += 1
        if b'"error"' in whole:
            self.error += whole[:500]

    def on_message_complete(self) -> None:
        status = self.parser.get_status_code()
        self.seen.statuses[status] += 1
        self.end(lost=status != 200 or not self.done)
        if self.load.over:
            return
        if status == 200 and self.parser.should_keep_alive() and not self.transport.is_closing():
            self.load.loop.call_soon(self.begin)
        else:
            self.transport.close()
            self.load.open_later()

    def end(self, lost: bool) -> None:
        self.busy = False
        self.seen.ended += 1
        self.seen.lost += lost
        if self.error and len(self.seen.errors) < 3:
            self.seen.errors.append(self.error[:300].decode("utf-8", "replace"))

    def connection_lost(self, error: Exception | None) -> None:
        if self.busy and not self.load.over:
            self.error = self.error or b"connection lost"
            self.end(lost=True)
            self.load.open_later()


class Load:
    """So many streams at a time, for so many seconds."""

    def __init__(self, url: str, requests: Requests) -> None:
        self.loop = asyncio.get_running_loop()
        self.where = urlsplit(url)
        self.requests = requests
        self.seen = Seen()
        self.over = False
        self.lines: list[Line] = []
        self._pending: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        try:
            _, line = await self.loop.create_connection(
                lambda: Line(self), self.where.hostname, self.where.port
            )
        except OSError as error:
            self.seen.lost += 1
            self.seen.errors = self.seen.errors or [repr(error)]
            return
        self.lines.append(line)

    def open_later(self) -> None:
        async def after_a_breath() -> None:
            await asyncio.sleep(0.05)
            if not self.over:
                await self.open()

        task = self.loop.create_task(after_a_breath())
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def run(self, streams: int, seconds: float, spread_s: float) -> None:
        began = self.loop.time()
        for _ in range(streams):  # spread the phases, as users do
            await self.open()
            await asyncio.sleep(spread_s / streams)
        await asyncio.sleep(max(0.0, began + seconds - self.loop.time()))
        self.over = True
        for line in self.lines:
            line.transport.close()


def percentile(values: list[int], share: float) -> int | None:
    """The value below which `share` of the sorted values lie."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else None


async def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run the load that the options describe."""
    directive = f"@mock n={chosen.tokens} delay={chosen.delay} mode={chosen.mode};"
    requests = Requests(chosen.url, chosen.key, chosen.model, directive, chosen.mode == "prose")
    load = Load(chosen.url, requests)
    began_us = now_us()
    await load.run(chosen.streams, chosen.seconds, min(1.0, chosen.delay / 1000 * chosen.streams))
    wall_s = (now_us() - began_us) / 1e6
    seen = load.seen
    latency, ttft = sorted(seen.latency_us), sorted(seen.ttft_us)
    tokens = seen.stamps * STAMP_EVERY[chosen.mode]
    pace = chosen.streams * 1000 / chosen.delay * wall_s if chosen.delay else None
    return {
        "streams": chosen.streams,
        "delay_ms": chosen.delay,
        "wall_s": round(wall_s, 3),
        "tokens": tokens,
        "kept_up": round(tokens / pace, 3) if pace else None,
        "reads": seen.reads,
        "ended": seen.ended,
        "lost": seen.lost,
        "statuses": seen.statuses,
        "finishes": seen.finishes,
        "ttft_us_p50": percentile(ttft, 0.5),
        "ttft_us_p99": percentile(ttft, 0.99),
        "token_us_p50": percentile(latency, 0.5),
        "token_us_p99": percentile(latency, 0.99),
        "errors": seen.errors,
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="streams for so many seconds")
    options.add_argument("--url", required=True)
    options.add_argument("--key", default="none")
    options.add_argument("--model", default="mock")
    options.add_argument("--streams", type=int, default=16)
    options.add_argument("--tokens", type=int, default=200, help="a stream")
    options.add_argument("--delay", type=float, default=5, help="ms between tokens at the mock")
    options.add_argument("--mode", choices=sorted(STAMP_EVERY), default="ts")
    options.add_argument("--seconds", type=float, default=6)
    print(json.dumps(uvloop.run(measure(options.parse_args()))))
