"""The Hub's API as an ASGI application.

It refuses to know what is asked and answered.

Rules
1. Bodies are bounded before they are read; those of whoever publishes, once the token is known.
2. Content is read in a thread, a piece at a time, and only as fast as the client takes it.
3. The store is asked in one thread of its own: whatever else this loop serves does not wait.
4. So many answers are given at once; what comes beyond is told to come again.
5. Every answer forbids a browser to show it, run it or guess what it is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

from licet.corpus.arriving import PIECE_BYTES_MAX
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Content, Reply
from licet.corpus.uploading import PREFIX, Uploads

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

T = TypeVar("T")
BODY_BYTES_MAX = 1 << 20
QUERY_FIELDS_MAX = 50
AT_ONCE = 256
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:]{2,45}\](:\d{1,5})?")
_INERT = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"referrer-policy", b"no-referrer"),
)
_BYTES = (b"content-type", b"application/octet-stream")


class HubApp:
    """A Hub on sockets."""

    def __init__(self, hub: Hub, *, https: bool = False) -> None:
        """`https`: clients come by HTTPS, whatever the server in front of us speaks."""
        self.hub = hub
        self._https = https
        self._store = ThreadPoolExecutor(1, "licet-corpus")
        self._now = 0
        self._uploads = Uploads(hub)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._now >= AT_ONCE:
            await self._send(Reply(503, (("retry-after", "5"),)), scope, send)
            return
        self._now += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._now -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, most = read_request(scope, b"", https=self._https), BODY_BYTES_MAX
        publishes = scope["path"].startswith(PREFIX)
        if asked is not None and publishes and await self._of_store(self.hub.reader, asked):
            most = PIECE_BYTES_MAX
        body = await _body(scope, receive, most)
        if asked is None or body is None:
            await self._send(Reply(400, (("connection", "close"),)), scope, send)
            return
        answer = self._uploads.answer if publishes else self.hub.answer
        reply = await self._of_store(answer, replace(asked, body=body))
        await self._send(reply, scope, send)

    async def _of_store(self, ask: Callable[[Request], T], asked: Request) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store, ask, asked)

    async def _send(self, reply: Reply, scope: Scope, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in reply.headers]
        if not any(name == b"content-type" for name, _ in headers):
            headers.append(_BYTES)
        if reply.status != 304:
            headers.append((b"content-length", b"%d" % reply.length))
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [*headers, *_INERT],
            }
        )
        if scope["method"] == "HEAD" or reply.status == 304:
            await send({"type": "http.response.body", "body": b""})
        elif isinstance(reply.body, Content):
            await self._send_content(reply.body, send)
        else:
            await send({"type": "http.response.body", "body": reply.body})

    async def _send_content(self, content: Content, send: Send) -> None:
        pieces = self.hub.shelf.blobs.read(content.sha256, content.start, content.end)
        while True:
            piece = await asyncio.to_thread(next, pieces, b"")
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})
            if not piece:
                return


def read_request(scope: Scope, body: bytes, *, https: bool = False) -> Request | None:
    """The request as a value; None where its address cannot be meant."""
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    try:
        path = tuple(
            unquote_to_bytes(part).decode("utf-8") for part in raw.strip(b"/").split(b"/")
        )
        query = dict(
            parse_qsl(
                scope["query_string"].decode("ascii"), keep_blank_values=True,
                max_num_fields=QUERY_FIELDS_MAX, errors="strict",
            )
        )  # fmt: skip
    except ValueError:
        return None
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    kind, _, token = headers.get(b"authorization", "").partition(" ")
    return Request(
        method=scope["method"],
        path=path,
        query=query,
        token=token.strip() if kind.lower() == "bearer" else "",
        range=headers.get(b"range", ""),
        if_none_match=headers.get(b"if-none-match", ""),
        body=body,
        base_url=_base_url(scope, headers.get(b"host", ""), https),
    )


def _base_url(scope: Scope, host: str, https: bool) -> str:
    scheme = "https" if https else scope.get("scheme", "http")
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""


async def _body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The body; None where it is too large or never comes whole."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
