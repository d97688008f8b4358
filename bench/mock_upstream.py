"""An OpenAI-compatible upstream that is never the bottleneck (uvloop + llhttp, one process).

    python bench/mock_upstream.py --port 9001

POST …/chat/completions answers with one JSON reply of about 1 KB, or streams one token an event,
one write an event. What to do is said in the prompt, so that it passes through any gateway:

    @mock n=200 delay=5 mode=ts;      200 tokens " ~<8 hex>": the monotonic clock in µs at writing
    @mock n=200 delay=5 mode=prose;   200 words of prose that never repeats, every 8th a stamp;
                                      one stream English, the next Chinese
    @mock mode=text name=en_bad piece=char delay=5;   a text of texts.py, cut in pieces
    field=content|reasoning_content|tool|refusal      where the text goes in the delta
    choices=2                         interleaved choices; the text is in the last one
    unique=1                          not streamed: a reply that never repeats

`delay` is in ms between tokens; 0 means one turn of the event loop.

GET  …/models        one model
GET  /stats          requests, streams, completed, aborted, tokens; `last`: how a stream ended
POST /reset          zero the counters
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import httptools
import uvloop
from texts import PROSE_EN, PROSE_ZH, TEXTS, pieces

PROSE_STAMP_EVERY = 8
DIRECTIVE = re.compile(rb"@mock ([^;]*);")
STREAMED = re.compile(rb'"stream":\s*true')

REPLY = {
    "id": "chatcmpl-mock000000000000000000",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 120, "completion_tokens": 160, "total_tokens": 280},
}
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
EVENT_HEAD = (
    b'data: {"id":"chatcmpl-mock000000000000000000","object":"chat.completion.chunk",'
    b'"created":1700000000,"model":"gpt-4o-mini","choices":['
)


def answer(body: bytes) -> bytes:
    """A whole HTTP response with a JSON body."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def completion(text: str) -> bytes:
    """A chat completion that says `text`, not streamed."""
    choice = {"index": 0, "finish_reason": "stop"}
    choice["message"] = {"role": "assistant", "content": text}
    return answer(json.dumps(REPLY | {"choices": [choice]}).encode())


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(delta: bytes, finish: bytes = b"null", index: int = 0) -> bytes:
    """One server-sent event with one choice, as a chunk."""
    choice = b'{"index":%d,"delta":%s,"logprobs":null,"finish_reason":%s}]}\n\n'
    return chunk(EVENT_HEAD + choice % (index, delta, finish))


def word_event(text: str) -> bytes:
    """An event that says one word."""
    return event(b'{"content":%s}' % json.dumps(text, ensure_ascii=False).encode())


CONSTANT = completion(("The quick brown fox jumps over the lazy dog. " * 16).strip())
FIRST = event(b'{"role":"assistant","content":""}')
STOP = event(b"{}", b'"stop"')
USAGE = chunk(
    EVENT_HEAD + b'],"usage":{"prompt_tokens":120,"completion_tokens":200,"total_tokens":320}}\n\n'
)
DONE = chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
STAMP = event(b'{"content":" ~00000000"}')
STAMP_AT = STAMP.index(b"00000000", STAMP.index(b"~"))

PROSE = {
    "en": [[word_event(" " + word) for word in line.split()] for line in PROSE_EN],
    "zh": [[word_event(line[i : i + 2]) for i in range(0, len(line), 2)] for line in PROSE_ZH],
}


def stamp() -> bytes:
    """A token that says when it was written."""
    now_us = (time.monotonic_ns() // 1000) & 0xFFFFFFFF
    return STAMP[:STAMP_AT] + b"%08x" % now_us + STAMP[STAMP_AT + 8 :]


class Tally:
    """What happened since the last reset."""

    def __init__(self) -> None:
        self.counts: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        self.counts.update(requests=0, streams=0, completed=0, aborted=0, tokens=0, last=None)

    def ended(self, stream: Stream, how: str) -> None:
        self.counts["completed" if how == "completed" else "aborted"] += 1
        self.counts["last"] = stream.options | {"sent": stream.sent, "end": how}


class Stream:
    """What one streamed answer still has to say."""

    def __init__(self, options: dict[str, str], usage: bool, serial: int) -> None:
        self.options = options
        self.delay_s = float(options.get("delay", 0)) / 1000
        self.sent = 0
        self._tail = (USAGE if usage else b"") + DONE
        mode = options.get("mode", "ts")
        count = int(options.get("n", 200))
        if mode == "text":
            self.writes = self._text()
        elif mode == "prose":
            self.writes = self._prose(count, serial)
        else:
            self.writes = (stamp() for _ in range(count))

    def _prose(self, count: int, serial: int) -> Iterator[bytes]:
        draw = random.Random(serial)
        lines = PROSE["zh" if serial % 2 else "en"]
        line: list[bytes] = []
        for number in range(count):
            if number % PROSE_STAMP_EVERY == 0:
                yield stamp()
                continue
            line = line or list(reversed(draw.choice(lines)))
            yield line.pop()

    def _text(self) -> Iterator[bytes]:
        field = self.options.get("field", "content")
        others = int(self.options.get("choices", 1)) - 1
        lawful = pieces(TEXTS["en_ok"], "word")
        call = {"index": 0, "id": "call_1", "type": "function"}
        if field == "tool":
            call["function"] = {"name": "write_note", "arguments": '{"text": "'}
            yield event(json.dumps({"tool_calls": [call]}).encode())
        for i, piece in enumerate(pieces(TEXTS[self.options["name"]], self.options["piece"])):
            write = b"".join(
                event(json.dumps({"content": lawful[i % len(lawful)]}).encode(), index=index)
                for index in range(others)
            )
            delta: dict[str, Any] = {field: piece}
            if field == "tool":
                delta = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
            yield write + event(json.dumps(delta, ensure_ascii=False).encode(), index=others)
        if field == "tool":
            end = {"tool_calls": [{"index": 0, "function": {"arguments": '"}'}}]}
            yield event(json.dumps(end).encode())

    def last_write(self) -> bytes:
        """Finish reason, usage where it was asked for, end of stream."""
        if self.options.get("field") == "tool":
            return event(b"{}", b'"tool_calls"') + self._tail
        return STOP + self._tail


class Connection(asyncio.Protocol):
    """One client's connection: parses requests, answers, streams with backpressure."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tally: Tally) -> None:
        self.loop = loop
        self.tally = tally
        self.stream: Stream | None = None
        self.timer: asyncio.Handle | None = None
        self.paused = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self.stream is not None:
            self.tally.ended(self.stream, "aborted by peer")
            self.stream = None
        if self.timer is not None:
            self.timer.cancel()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.stream is not None and self.timer is None:
            self.timer = self.loop.call_soon(self.step)

    def on_message_begin(self) -> None:
        self.url = self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"expect":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.url.endswith(b"/chat/completions"):
            self.complete(self.body)
        elif self.url.endswith(b"/stats"):
            self.transport.write(answer(json.dumps(self.tally.counts).encode()))
        elif self.url.endswith(b"/models"):
            model = b'{"id":"mock","object":"model","created":1,"owned_by":"mock"}'
            self.transport.write(answer(b'{"object":"list","data":[%s]}' % model))
        else:
            if self.url.endswith(b"/reset"):
                self.tally.reset()
            self.transport.write(answer(b"{}"))

    def complete(self, body: bytes) -> None:
        self.tally.counts["requests"] += 1
        said = DIRECTIVE.search(body)
        words = said.group(1).decode().split() if said else []
        options = dict(word.split("=", 1) for word in words if "=" in word)
        if STREAMED.search(body):
            self.tally.counts["streams"] += 1
            serial = self.tally.counts["streams"]
            self.stream = Stream(options, b"include_usage" in body, serial)
            self.transport.write(STREAM_HEAD + FIRST)
            self.schedule(self.stream)
        elif options.get("mode") == "text":
            self.transport.write(completion(TEXTS[options["name"]]))
        elif "unique" in options:
            serial = self.tally.counts["requests"]
            lines = random.Random(serial).choices(PROSE_EN + PROSE_ZH, k=9)
            self.transport.write(completion(f"{serial}: " + " ".join(lines)))
        else:
            self.transport.write(CONSTANT)

    def schedule(self, stream: Stream) -> None:
        if self.paused:
            self.timer = None
        elif stream.delay_s:
            self.timer = self.loop.call_later(stream.delay_s, self.step)
        else:
            self.timer = self.loop.call_soon(self.step)

    def step(self) -> None:
        stream = self.stream
        if stream is None:
            return
        data = next(stream.writes, None)
        if data is None:  # no timer may outlive the stream: the next request comes on this line
            self.stream = self.timer = None
            self.transport.write(stream.last_write())
            self.tally.ended(stream, "completed")
            return
        stream.sent += 1
        self.tally.counts["tokens"] += 1
        self.transport.write(data)
        self.schedule(stream)


async def serve(host: str, port: int) -> None:
    """Serve until ended."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    server = await loop.create_server(lambda: Connection(loop, tally), host, port, backlog=4096)
    print(f"mock upstream on {host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="mock upstream for measurements")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=9001)
    chosen = options.parse_args()
    uvloop.run(serve(chosen.host, chosen.port))
