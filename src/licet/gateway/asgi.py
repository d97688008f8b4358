"""ASGI, as much of it as we use: answers as values, bodies within limits, who has left.

It refuses to know routes and what is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from licet.base.trouble import BadInput, TooMuch

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
EVENT_STREAM: tuple[bytes, bytes] = (b"content-type", b"text/event-stream; charset=utf-8")
_NO_STORE: tuple[bytes, bytes] = (b"cache-control", b"no-store")
WATCH_AFTER_S = 0.02
"""When we begin to listen for a client that leaves: most small exchanges are over by then."""


class BodyTooLarge(TooMuch):
    """The request's body is larger than this gateway accepts."""

    code = "body_too_large"


class ClientLeft(Exception):
    """The client closed the connection before its request was whole."""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `body` is sent as it is, with its length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)

    async def send(self, send: Send) -> None:
        length = (b"content-length", b"%d" % len(self.body))
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [*self.headers, length],
            }
        )
        await send({"type": "http.response.body", "body": self.body})


def json_answer(status: int, value: Any, *headers: tuple[bytes, bytes]) -> Answer:
    """A JSON answer that is not to be stored."""
    return Answer(status, msgspec.json.encode(value), (JSON, _NO_STORE, *headers))


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that name (lower case); None without one."""
    for known, value in scope["headers"]:
        if known == name:
            return bytes(value)
    return None


def check_head(scope: Scope, *, bytes_max: int, headers_max: int) -> None:
    """Raises TooMuch for a head with more or longer headers than the configuration allows."""
    headers = scope["headers"]
    if len(headers) > headers_max:
        raise TooMuch(f"the request has more than {headers_max} headers.")
    if sum(len(name) + len(value) for name, value in headers) > bytes_max:
        raise TooMuch(f"the request's headers have more than {bytes_max} bytes.")


async def read_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The request's body. Raises BodyTooLarge, or ClientLeft where it never came whole."""
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > bytes_max:
        raise _too_large(bytes_max)
    if header(scope, b"content-encoding") not in (None, b"identity"):
        raise BadInput(
            "the body is compressed.", hint="Send it without content-encoding: it must be read."
        )
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientLeft
        body = message.get("body", b"")
        size += len(body)
        if size > bytes_max:
            raise _too_large(bytes_max)
        parts.append(body)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(bytes_max: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body has more than {bytes_max} bytes.",
        hint="Send less, or have the operator raise server.body_bytes_max.",
    )


class Departure:
    """Notices that the client has left, and then cancels the task that serves it."""

    __slots__ = ("_receive", "_serving", "_timer", "_watching", "left")

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._serving = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self._timer = loop.call_later(WATCH_AFTER_S, self._begin)
        self.left = False

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._serving is not None:
            self._serving.cancel()
