"""A scripted upstream beside a gateway: its own thread and loop, and the answers that it gives.

    with upstream(saying(stream(["hello ", "you"]))) as behind, \\
         running_gateway(tmp_path, behind.url, rules=RULES) as served: ...

It refuses to know the gateway. What scripts are is told in `kit.upstream`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from kit.upstream import STREAM, Script, Server, chunk, serving

START_S = 10.0


@contextlib.contextmanager
def upstream(*scripts: Script) -> Iterator[Server]:
    """A server for the time of the block; connection n runs script n, the last all later ones."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    servers: list[Server] = []
    leave = asyncio.Event()

    async def serve() -> None:
        async with serving(*scripts) as server:
            servers.append(server)
            ready.set()
            await leave.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="upstream", daemon=True)
    thread.start()
    try:
        assert ready.wait(START_S), "the scripted upstream did not start"
        yield servers[0]
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(START_S)


def event(value: Any, name: str = "") -> bytes:
    """One event of a stream."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def chat_events(texts: Sequence[str], *, finish: str | None = "stop") -> list[bytes]:
    """A chat completion's events: one for each text, then its end."""

    def piece(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                      "choices": [choice]})  # fmt: skip

    events = [piece({"role": "assistant", "content": ""})]
    events += [piece({"content": text}) for text in texts]
    return [*events, piece({}, finish), b"data: [DONE]\n\n"] if finish else events


def stream(texts: Sequence[str], *, finish: str | None = "stop") -> bytes:
    """A whole HTTP answer that streams a chat completion; without `finish` it never ends."""
    body = b"".join(chunk(one) for one in chat_events(texts, finish=finish))
    return STREAM + body + (b"0\r\n\r\n" if finish else b"")


def reply(text: str, **members: Any) -> bytes:
    """A whole HTTP answer with a chat completion."""
    message = {"role": "assistant", "content": text}
    value = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m",
             "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}  # fmt: skip
    return answer(json.dumps(value | members).encode())


def answer(
    body: bytes, status: str = "200 OK", kind: str = "application/json", *headers: bytes
) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}".encode(), b"content-type: " + kind.encode(),
            b"content-length: %d" % len(body), *headers]  # fmt: skip
    return b"\r\n".join(head) + b"\r\n\r\n" + body
