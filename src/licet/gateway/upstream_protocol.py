"""One HTTP/1.1 connection to an upstream, which serves one reply after another (RFC 9112).

It refuses to know pools, retries, keys and what a body means. llhttp parses; this holds what
llhttp leaves to us: limits, deadlines, the end of a message, and whether the connection may serve
again.

Rules
1. A connection serves one reply at a time, and serves again only after an answer that ended
   exactly where it said, was asked for in full, and left nothing behind it; else it is closed.
   (A line end in the same read as the answer is skipped by llhttp and forgiven.)
2. What arrived before a failure is given before the failure is raised.
3. `abort` closes the socket with the loop's next turn, always, and may be called at any time.
4. At any moment one timer is pending and due within the shortest wait of the settings. So none is
   ever late, and none is made or cancelled for a chunk, nor for a request that had not to wait.
5. Memory is bounded: a head by `head_bytes_max`, framing without content by the same, and unread
   content by `buffer_bytes_max` and one read of the socket.
6. Answers that are compressed, switch protocols or leave their length in doubt are refused: a
   guard must see the text, all of it, and the same text as the client.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from licet.gateway.upstream_arrivals import Arrivals
from licet.gateway.upstream_reply import Reply
from licet.gateway.upstream_settings import UpstreamSettings
from licet.gateway.upstream_trouble import (
    UpstreamClosed,
    UpstreamFirstByteTimeout,
    UpstreamIdleTimeout,
    UpstreamMalformed,
    UpstreamTooLarge,
    UpstreamTotalTimeout,
    UpstreamTrouble,
)

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"content-encoding"})
AT_ONCE_BYTES_MAX: Final = 8 << 10
"""A read of more is not handed over with the turn's others: it would keep them waiting."""
_CLOCK_GRAIN_S: Final = 0.002  # a loop's timers and its clock may differ by this much


class Connection:
    """The socket's side: what asyncio asks of a Protocol, without deriving from it (ADR-0011).
    `on_free` is told when it may serve again, `on_lost` once, at its end."""

    __slots__ = (
        "_arrivals", "_arrived", "_asked", "_bodiless", "_born", "_end_at", "_fault", "_head_room",
        "_heard", "_held_bytes", "_interim", "_loop", "_on_free", "_on_lost", "_parser", "_paused",
        "_quiet_bytes", "_reply", "_secure", "_settings", "_stray", "_tick_s", "_timer",
        "_total_until", "_transport", "_until_close", "on_body", "usable", "used",
    )  # fmt: skip

    def __init__(
        self,
        settings: UpstreamSettings,
        loop: asyncio.AbstractEventLoop,
        arrivals: Arrivals,
        on_free: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self.used = False  # whether it has served before
        self.usable = False
        self._settings = settings
        self._loop = loop
        self._arrivals = arrivals
        self._on_free = on_free
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._tick_s = min(
            *(settings.first_byte_s, settings.idle_s, settings.total_s),
            *(settings.pool_idle_s, settings.pool_age_s),
        )
        self._born = self._heard = self._asked = self._total_until = loop.time()
        self._secure = False
        self._paused = False
        self._held_bytes = 0  # unread by the reply, as on the wire
        self._reply: Reply | None = None
        self._arrived: list[bytes] = []  # content of the read in progress; the parser fills it
        self.on_body = self._arrived.append
        self._begin(bodiless=False)

    def _begin(self, *, bodiless: bool) -> None:
        """Forgets the last message."""
        self._head_room = self._settings.head_bytes_max  # 0 once the head is whole
        self._quiet_bytes = 0  # framing since the last content
        self._bodiless = bodiless
        self._interim = False
        self._until_close = True
        self._fault = ""
        self._end_at = -1  # number of parts of _arrived that belong to a message that has ended
        self._stray = False

    # The pool's side

    def ask(self, request: tuple[bytes, ...], *, bodiless: bool, since: float) -> Reply:
        """Sends a request. `since`, of the loop's clock, is when the caller's total wait began."""
        assert self._reply is None
        self._begin(bodiless=bodiless)
        now = self._asked = self._heard = self._loop.time()
        self._total_until = since + self._settings.total_s
        self._reply = reply = Reply(self, self._loop)
        transport = self._transport
        if transport is None or not self.usable:
            self._fail(self._cut_off())
            return reply
        if self._total_until < now + self._tick_s:  # its wait for us has used some of it up
            self._wait_until(self._total_until)
        self.usable = False
        for piece in request:
            transport.write(piece)
        return reply

    def abort(self) -> None:
        """Closes the socket with the loop's next turn. Whoever reads is told."""
        self.usable = False
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.abort()
        if self._transport is not None:
            self._transport.abort()

    @property
    def worn(self) -> bool:
        """Whether it is too old to serve again."""
        return self._loop.time() - self._born >= self._settings.pool_age_s

    def drained(self) -> None:
        """The reply has taken all it had: read on."""
        self._held_bytes = 0
        if self._paused:
            self._paused = False
            self._heard = self._loop.time()  # the silence was ours
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    # The socket's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has no such ancestor
        self._secure = transport.get_extra_info("sslcontext") is not None
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = HttpResponseParser(self)
        self._wait_until(self._loop.time() + self._tick_s)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        reply = self._reply
        if reply is None:
            self.abort()  # nobody asked
            return
        self._heard = self._loop.time()
        reply.heard = True
        try:
            if self._head_room:
                self._feed_head(data)
            else:
                self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._fault = self._fault or "bytes that are not HTTP/1.1"
        arrived = self._arrived
        if self._end_at >= 0 or self._fault:
            self._settle(reply)
        elif arrived:
            self._quiet_bytes = 0
            reply.parts += arrived
            arrived.clear()
            self._held_bytes += len(data)
            if reply.sink is not None and len(data) <= AT_ONCE_BYTES_MAX:
                self._arrivals.note(reply)
                return
            reply.sink = None
            if self._held_bytes > self._settings.buffer_bytes_max and not self._paused:
                self._pause()
            reply.wake()
        elif reply.status:
            self._quiet_bytes += len(data)
            if self._quiet_bytes > self._settings.head_bytes_max:
                self._fail(UpstreamTooLarge(self._said("sent framing without content, endlessly")))
            reply.wake()

    def pause_writing(self) -> None:
        """The upstream is slow to take a request; it is bounded (`body_bytes_max`) and waits."""

    def resume_writing(self) -> None:
        """It goes on."""

    def eof_received(self) -> None:
        reply = self._reply
        if reply is not None and reply.status and self._until_close and not self._fault:
            self._reply = None
            reply.end(None)
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._timer is not None:
            self._timer.cancel()
        self._fail(self._cut_off())
        self._parser = None  # it holds our methods, we hold it: let both go now
        self._transport = None
        self._on_lost(self)

    # The parser's side; `on_body` is the list's own append

    def on_message_begin(self) -> None:
        self._stray = self._end_at >= 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stray or not self._head_room or self._reply is None:
            return  # a trailer, or nobody's
        name, value = name.lower(), value.strip(b" \t")
        self._reply.headers.append((name, value))
        if name in _FRAMING:
            if name == b"content-length":
                self._until_close = False
            elif name == b"content-encoding":
                if value.lower() != b"identity":
                    self._fault = "a compressed body, though asked for a plain one"
            elif value.lower() == b"chunked" and self._until_close:
                self._until_close = False
            else:
                self._fault = "a transfer encoding other than chunked"

    def on_headers_complete(self) -> None:
        reply = self._reply
        if self._stray or reply is None:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._interim = True
            reply.headers.clear()
            self._until_close = True
            if status == 101:
                self._fault = "a switch of protocols that was not asked for"
            if status >= 100:
                return
        if not 200 <= status <= 599 or self._parser.get_http_version() not in {"1.1", "1.0"}:
            self._fault = self._fault or "a status or version that HTTP/1.1 does not have"
        if self._bodiless or status in (204, 304):
            self._bodiless = True
            self._until_close = False
            self._end_at = 0
        if self._until_close and self._secure:
            # asyncio does not tell a TLS farewell from a cut line (RFC 9112 §9.8).
            self._fault = self._fault or "a body over TLS that names no length"
        if not self._fault:
            reply.status = status
        self._head_room = 0

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        elif not self._stray:
            self._end_at = 0 if self._bodiless else len(self._arrived)
            self._stray = not self._parser.should_keep_alive()

    # Inside

    def _feed_head(self, data: bytes) -> None:
        """Parses no more than the head may hold, then, if the head is whole, the rest."""
        room = self._head_room
        self._parser.feed_data(data[:room])
        if self._head_room:
            self._head_room = room - len(data)
            if self._head_room <= 0:
                self._fail(UpstreamTooLarge(self._said("sent a head larger than the limit")))
        elif len(data) > room:
            self._parser.feed_data(data[room:])

    def _settle(self, reply: Reply) -> None:
        """The message has ended, well or badly."""
        arrived = self._arrived
        if self._end_at < 0 or (self._fault and not reply.status):
            if reply.status:
                reply.parts += arrived
            arrived.clear()
            self._fail(UpstreamMalformed(self._said(f"sent {self._fault}")))
            return
        left_over = self._stray or bool(self._fault) or len(arrived) > self._end_at
        reply.parts += arrived[: self._end_at]
        arrived.clear()
        self._reply = None
        reply.end(None)
        transport = self._transport
        if left_over or self._bodiless or transport is None or transport.is_closing():
            self.abort()
        elif transport.get_write_buffer_size() or self.worn:
            self.abort()  # answered before it was asked in full, or too old
        else:
            self.drained()
            self.used = self.usable = True
            self._on_free(self)

    def _fail(self, trouble: UpstreamTrouble) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.end(trouble)
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def _pause(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _watch(self) -> None:
        """The one timer: raises what is due, or waits on (rule 4)."""
        now = self._loop.time()
        until, trouble = self._due()
        if now < until - _CLOCK_GRAIN_S:
            self._wait_until(min(until, now + self._tick_s))
        elif trouble is None:
            self.abort()
        else:
            self._fail(trouble)

    def _wait_until(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(moment, self._watch)

    def _due(self) -> tuple[float, UpstreamTrouble | None]:
        """When the present wait is over, and what it is called then (None: unused too long)."""
        settings, reply = self._settings, self._reply
        if reply is None:
            until = min(self._heard + settings.pool_idle_s, self._born + settings.pool_age_s)
            return until, None
        waits: list[tuple[float, UpstreamTrouble]] = [
            (self._total_until, UpstreamTotalTimeout(self._late("answer in whole", "total_s")))
        ]
        if not reply.status:
            until = self._asked + settings.first_byte_s
            late = self._late("begin to answer", "first_byte_s")
            waits.append((until, UpstreamFirstByteTimeout(late)))
        elif not self._paused:
            until = self._heard + settings.idle_s
            waits.append((until, UpstreamIdleTimeout(self._late("go on answering", "idle_s"))))
        return min(waits, key=lambda wait: wait[0])

    def _cut_off(self) -> UpstreamClosed:
        return UpstreamClosed(
            self._said("hung up before its answer was whole"),
            hint="its own log says why; a proxy before it may have shorter time limits than ours",
        )

    def _said(self, deed: str) -> str:
        return f"upstream {self._settings.name} {deed}"

    def _late(self, deed: str, setting: str) -> str:
        wait_s = getattr(self._settings, setting)
        return f"upstream {self._settings.name} did not {deed} within {wait_s:g} s ({setting})"
