"""The server's side of a connection: uvicorn's, with the bounds that it leaves to whoever uses it.

llhttp reads heads and trailers of any length, and uvicorn waits for ever for the rest of a request
and for a client that takes no answer; each would let one stranger without a key hold our memory
and our sockets.

It refuses to know routes and what is answered.

Rules
1. Bytes that are no content (heads, trailers, framing of chunks) are bounded between two pieces of
   content; past the bound the connection is closed, with 431 where an answer can still be given.
2. A request that does not arrive whole within REQUEST_S to 2 × REQUEST_S is cut off; so is a
   connection that never asks, or asks no more. Time that we take to answer does not count.
3. One timer a connection, never made or cancelled for a request.
4. Trailers are dropped: nothing here has a use for them.
5. The head of an answer and what follows at once go out in one piece.
6. Whoever is being answered learns that the client has left, whatever it asked for meanwhile.
7. A whole answer, or a piece of a streamed body, may be written without a coroutine (`asgi.QUICK`,
   `quick_writer`).
8. A client that takes nothing of what we have for it, for REQUEST_S to 2 × REQUEST_S, is cut off,
   also while its answer runs or its connection is being closed: it would keep its place for ever.
9. No other protocol is spoken: who asks for one is answered as if they had not (RFC 9110 §7.8),
   their content read as content. The parser would leave it, to be read as the next request.
10. What cannot be read as one request, and in one way, is refused with 400; never in the middle of
    another answer. It is no news: strangers could fill the log.
11. A client of HTTP/1.0 knows no chunks: its answer ends with its connection (RFC 9112 §6.1).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from licet.gateway.asgi import QUICK
from licet.gateway.quick_writer import JoinedHead, QuickWriter

REQUEST_S = 60.0
"""A body of 8 MiB takes that long on a line of 1 Mbit/s."""
AHEAD_MAX = 8
"""So many requests are read while one before them is answered."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
_UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
_LOG = logging.getLogger("uvicorn.error.front")
_LOG.setLevel(logging.ERROR)  # rule 10


class _UntilClose(int):
    """A length that nobody has named, for the end of the connection is the end.

    uvicorn counts down from it, and never finds that too much or too little was sent."""

    def __lt__(self, sent: int) -> bool:
        return False

    def __sub__(self, sent: int) -> _UntilClose:
        return self

    def __ne__(self, left: object) -> bool:
        return False


class _Unreadable(Exception):
    """A head that may be read in two ways."""


class BoundedHttp(HttpToolsProtocol):
    """One connection of a client. Subclasses set the bounds."""

    framing_bytes_max = 1 << 20
    request_s = REQUEST_S
    _framing_bytes = 0
    _in_head = True
    _arriving = True
    """Whether a request, or the first one, is not whole yet."""
    _number = 0
    _watched = (-1, False)
    """The request that was here at the last look, and whether it was still arriving."""
    _taken = 0
    """How often the client, once too slow, had taken enough for us to write on."""
    _untaken = (-1, 0, 0)
    """At the last look, if nothing could be added to what waited for the client: the request, how
    often it had taken enough, and how many bytes waited."""
    _timer: asyncio.TimerHandle | None = None
    _answered: Any = None
    """The request that is being answered; uvicorn knows the newest one, which may wait for it."""
    _again = False
    """Whether the parser is shown a head once more, so that it reads the content (rule 9)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.logger = _LOG
        joined = JoinedHead(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", joined))
        self._timer = self.loop.call_later(self.request_s, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        answered, self._answered = self._answered, None
        if answered is not None and not answered.response_complete:  # rule 6
            answered.disconnected = True
            answered.message_event.set()
            quick: QuickWriter | None = getattr(answered, "quick", None)
            if quick is not None and quick.gone is not None:
                quick.gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._framing_bytes += len(data)  # until a callback says that it was content
        while data:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserError:
                self._cut(_UNREADABLE)
                return
            except httptools.HttpParserUpgrade as upgrade:  # rule 9
                data = data[upgrade.args[0] :]
                if self.scope["method"] == "CONNECT":  # who says how what follows is to be read?
                    self.cycle.keep_alive = False
                    return
                if framing := self._framing():
                    data = self._shown_again(framing) + data
        if self._framing_bytes > self.framing_bytes_max:
            self._cut(_TOO_LARGE)

    def resume_writing(self) -> None:
        self._taken += 1
        super().resume_writing()

    def _framing(self) -> list[tuple[bytes, bytes]]:
        """The headers that say how long the content is, if there is any."""
        return [pair for pair in self.headers if pair[0] in _FRAMING and pair[1].strip() != b"0"]

    def _shown_again(self, framing: list[tuple[bytes, bytes]]) -> bytes:
        """A head with this content, which `on_headers_complete` does not take for a request."""
        self._again = True
        lines = [b"%b: %b\r\n" % pair for pair in framing]
        return b"".join((b"POST / HTTP/1.1\r\n", *lines, b"\r\n"))

    def on_message_begin(self) -> None:
        if self._again:
            return
        self._in_head = self._arriving = True
        self._number += 1
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = self.parser.get_http_version() != "1.0"
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._again:
            self._again = False
            return
        self._in_head = False
        self._framing_bytes = 0
        self._refuse_ambiguous()
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            writer = QuickWriter(cycle, self.flow, cast("JoinedHead", self.transport))
            cycle.quick = writer  # type: ignore[attr-defined]
            quick: Any = {"piece": writer.piece, "whole": writer.whole, "heed": writer.heed}
            self.scope["extensions"] = {QUICK: quick}
            if self.scope["http_version"] == "1.0":  # rule 11
                cycle.chunked_encoding, cycle.expected_content_length = False, _UntilClose()
        if 0 < len(self.pipeline) <= AHEAD_MAX:  # uvicorn reads no more: then nobody would leave
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        self._framing_bytes = 0
        super().on_body(body)

    def _refuse_ambiguous(self) -> None:
        """What llhttp lets pass: RFC 9112 §3.2 (one host) and §6.1 (no coding but chunked)."""
        names = [name for name, _ in self.headers]
        hosts = names.count(b"host")
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise _Unreadable
        if b"transfer-encoding" in names:
            for name, value in self.headers:
                if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                    raise _Unreadable

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade() and self.scope["method"] != "CONNECT" and self._framing():
            return  # its content is yet to come
        self._arriving = False
        self._framing_bytes = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each answer (rule 3)."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def _watch(self) -> None:
        """Rule 2: was the same unfinished request here a whole period ago, or the same answered
        one? Rule 8: or the same bytes?"""
        answered = self.cycle is None or self.cycle.response_complete
        if self._takes_nothing(answered):
            self.transport.abort()
            return
        seen = (self._number, self._arriving)
        if seen == self._watched and self._arriving:
            self._cut(_TOO_LATE)
        elif seen == self._watched and answered and not self.transport.is_closing():
            self.transport.close()
        self._watched = seen if self._arriving or answered else (-1, False)
        self._timer = self.loop.call_later(self.request_s, self._watch)

    def _takes_nothing(self, answered: bool) -> bool:
        """Rule 8. While more may be written, the number of bytes says nothing."""
        size = self.transport.get_write_buffer_size()
        still = answered or self.flow.write_paused or self.transport.is_closing()
        untaken = (self._number, self._taken, size) if size and still else (-1, 0, 0)
        before, self._untaken = self._untaken, untaken
        return size > 0 and untaken == before

    def _cut(self, farewell: bytes) -> None:
        transport = self.transport
        if transport.is_closing():
            return
        answered = self._answered
        if answered is None or answered.response_complete or not answered.response_started:
            transport.write(farewell)
        transport.close()


def bounded_http(framing_bytes_max: int, request_s: float = REQUEST_S) -> type[Any]:
    """The protocol class that uvicorn is to use, with these bounds."""
    bounds = {"framing_bytes_max": framing_bytes_max, "request_s": request_s}
    return type("BoundedHttp", (BoundedHttp,), bounds)


def server_config(app: Any, *, framing_bytes_max: int, stop_s: float) -> uvicorn.Config:
    """How uvicorn serves whatever we do. `stop_s`: how long what runs may go on at a stop."""
    return uvicorn.Config(
        app,
        http=bounded_http(framing_bytes_max),
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=round(stop_s),
    )
