"""ASGI, as much of it as we use: answers as values, bodies within limits, who has left.

It refuses to know routes and what is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec

from licet.base.trouble import BadInput, TooMuch
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Piece = Callable[[bytes], bool]
Whole = Callable[[int, tuple[tuple[bytes, bytes], ...], bytes], bool]
Heed = Callable[[Callable[[], None] | None], bool]
Headers = list[tuple[bytes, bytes]]

JSON: Final[tuple[bytes, bytes]] = (b"content-type", b"application/json")
EVENT_STREAM: Final[tuple[bytes, bytes]] = (b"content-type", b"text/event-stream; charset=utf-8")
_NO_STORE: Final[tuple[bytes, bytes]] = (b"cache-control", b"no-store")
QUICK: Final = "licet.quick"
"""The extension (in a scope's `extensions`) that needs no coroutine: its `piece` is a Piece, its
`whole` a Whole, its `heed` a Heed."""
WATCH_AFTER_S: Final = 0.02


class Sender:
    """`send`, and where the server has them the quick ways. `piece` writes a piece of a streamed
    body at once, `whole` a whole answer (None where its head is not `send`'s to write as it is);
    or they do nothing and say False where it has to be sent."""

    __slots__ = ("_send", "piece", "whole")

    def __init__(self, send: Send, piece: Piece, whole: Whole | None = None) -> None:
        self._send = send
        self.piece = piece
        self.whole = whole

    def __call__(self, message: Message) -> Awaitable[None]:
        return self._send(message)


def quick(scope: Scope, send: Send) -> Send:
    """`send`, as quick as the server allows."""
    extension = scope.get("extensions", {}).get(QUICK)
    return send if extension is None else Sender(send, extension["piece"], extension["whole"])


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `body` is sent as it is, with its length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)

    async def send(self, send: Send) -> None:
        whole = send.whole if isinstance(send, Sender) else None
        if whole is not None and whole(self.status, self.headers, self.body):
            return
        length = (b"content-length", b"%d" % len(self.body))
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [*self.headers, length],
            }
        )
        await send({"type": "http.response.body", "body": self.body})


class TakenDown:
    """A `send` that takes a whole answer down instead of sending it."""

    __slots__ = ("_body", "_headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self._headers: Headers = []
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """As a server takes it."""
        if message["type"] == "http.response.start":
            self.status, self._headers = message["status"], message["headers"]
        else:
            self._body += message.get("body", b"")

    @property
    def answer(self) -> Answer:
        """What was said, once it was said."""
        headers = tuple(pair for pair in self._headers if pair[0] != b"content-length")
        return Answer(self.status, self._body, headers)


def json_answer(status: int, value: Any, *headers: tuple[bytes, bytes]) -> Answer:
    """A JSON answer that is not to be stored."""
    return Answer(status, msgspec.json.encode(value), (JSON, _NO_STORE, *headers))


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that name (lower case); None without one."""
    for pair in scope["headers"]:
        if pair[0] == name:
            value = pair[1]
            return value if isinstance(value, bytes) else bytes(value)
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

    __slots__ = ("_heed", "_receive", "_serving", "_watching", "closed", "left")

    def __init__(self, receive: Receive, heed: Heed | None = None) -> None:
        """`heed`: the server's way to be told; without one, `begin`."""
        self._receive = receive
        self._heed = heed
        self._serving = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self.closed = False
        self.left = False

    def be_told(self) -> bool:
        """Have the server tell that the client has left; False where it won't, and one must
        `begin`."""
        return self._heed is not None and self._heed(self._leave)

    def begin(self) -> None:
        """Listen for a client that leaves."""
        self._watching = asyncio.ensure_future(self._watch())

    def close(self) -> None:
        """Stop watching."""
        self.closed = True
        if self._heed is not None:
            self._heed(None)
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        self.left = True
        if self._serving is not None:
            self._serving.cancel()


class Departures:
    """Where the server does not tell, begins to listen for each client WATCH_AFTER_S to
    2 × WATCH_AFTER_S after it was admitted, with one timer for all: most small exchanges are over
    by then."""

    __slots__ = ("_older", "_timer", "_younger")

    def __init__(self) -> None:
        self._older: list[Departure] = []
        self._younger: list[Departure] = []
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, scope: Scope, receive: Receive) -> Departure:
        """In the task that serves a request: close what this gives when it is served."""
        extension = scope.get("extensions", {}).get(QUICK)
        departure = Departure(receive, None if extension is None else extension["heed"])
        if departure.be_told():
            return departure
        self._younger.append(departure)
        if self._timer is None:
            self._look_later()
        return departure

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._look)

    def _look(self) -> None:
        for departure in self._older:
            if not departure.closed:
                departure.begin()
        self._older, self._younger, self._timer = self._younger, [], None
        if self._older:
            self._look_later()
