"""A judge on a real loopback socket, with OpenAI's moderation endpoint and whatever faults it is
told to have.

    async with judging(verdict(violence=0.99)) as server:
        scores = await remote(server.url).ask("text", "reply")
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

from kit.upstream import Peer, Script, Server, serving


def verdict(flags: dict[str, bool] | None = None, **scores: float) -> bytes:
    """A body as the endpoint gives it. What scores 0.5 or more is flagged, unless `flags` says;
    `__` in a name stands for `/`, `_` for `-`."""
    named = {name.replace("__", "/").replace("_", "-"): at for name, at in scores.items()}
    flags = {name: at >= 0.5 for name, at in named.items()} if flags is None else flags
    result = {"flagged": any(flags.values()), "categories": flags, "category_scores": named}
    return json.dumps({"id": "modr-1", "model": "fake", "results": [result]}).encode()


def http(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer as it stands on the wire."""
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        status.encode(),
        len(body),
        body,
    )


def judging(*answers: bytes, wait_s: float = 0.0) -> AbstractAsyncContextManager[Server]:
    """A judge that gives these bodies in turn, the last again and again, each after `wait_s`.

    A body that begins with `HTTP/` goes out as it is.
    """
    asked = 0

    async def script(peer: Peer) -> None:
        nonlocal asked
        while True:
            await peer.request()
            answer = answers[min(asked, len(answers) - 1)]
            asked += 1
            await asyncio.sleep(wait_s)
            await peer.send(answer if answer.startswith(b"HTTP/") else http(answer))

    judge: Script = script
    return serving(judge)


def asked_of(server: Server) -> list[dict[str, Any]]:
    """The JSON bodies that the judge was sent, in order."""
    return [json.loads(request.body) for request in server.requests]
