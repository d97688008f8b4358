"""Answers written straight to a connection: whole ones, head and body in one piece, and the pieces
of a streamed body, one for each token.

It refuses to know servers, but for the few names of uvicorn's that say how a connection stands.

Rules
1. What is written is, byte for byte, what uvicorn would have written; its request and connection
   are left as it would have left them.
2. Where anything is unusual (a client that does not keep up, a header that uvicorn looks into, a
   HEAD, an access log) nothing is done, and it has to be sent the server's way.
3. A writer does not keep the server's request alive, which holds it: that would be garbage that
   only a collection finds.
4. Who heeds a client is told once, when it has left, within the turn in which that is known.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

_SIZES: Final[dict[int, bytes]] = {}
_LENGTHS: Final[dict[int, bytes]] = {}
_SIZES_MAX: Final = 4_096
_BEGINNINGS: Final[dict[bytes, bytes]] = {}
_BEGINNINGS_MAX: Final = 64
_NAME: Final = re.compile(rb"[a-z0-9-]+")
_LOOKED_INTO: Final = frozenset((b"connection", b"content-length", b"transfer-encoding"))
_CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])
"""What uvicorn refuses in a header's value: all but the tab."""


class JoinedHead:
    """A transport that sends the head of an answer together with what follows in the same turn.

    uvicorn writes head and body apart: two system calls, and two wake-ups of the client, for
    every small answer. Everything but what is written here is the transport's own.
    """

    __slots__ = ("_head", "_loop", "transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: Any) -> None:
        """Send; a head waits for the next write, or for the end of this turn of the loop."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self.transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Send a head with all that belongs to it, behind a head that waits."""
        if self._head:
            data, self._head = self._head + data, b""
        self.transport.write(data)

    def is_closing(self) -> bool:
        """As the transport says."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Close once all was sent, a head that waits included."""
        self._flush()
        self.transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self.transport.is_closing():
            self.transport.write(head)


class QuickWriter:
    """Writes one answer. False: nothing was done (rule 2)."""

    __slots__ = ("_cycle", "_flow", "_joined", "_write", "gone")

    def __init__(self, cycle: Any, flow: Any, joined: JoinedHead) -> None:
        self._cycle = weakref.ref(cycle)
        self._flow = flow
        self._joined = joined
        self._write: Callable[[bytes], None] | None = None
        self.gone: Callable[[], None] | None = None
        """Who is told that the client has left."""

    def heed(self, gone: Callable[[], None] | None) -> bool:
        """Tell this one that the client has left (None: nobody any more). False: it has left
        already, and nobody will be told."""
        self.gone = gone
        cycle: Any = self._cycle()
        if gone is None or cycle is None or cycle.disconnected:
            return False
        self._flow.resume_reading()  # a line that is not read is not seen to end
        return True

    def whole(self, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> bool:
        """A whole answer; its length is added to the headers."""
        cycle: Any = self._cycle()
        if cycle is None or self._flow.write_paused or cycle.disconnected:
            return False
        if cycle.response_started or cycle.access_log or cycle.scope["method"] == "HEAD":
            return False
        head = _head(status, cycle.default_headers, headers, len(body), bool(cycle.keep_alive))
        if head is None:
            return False
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        cycle.chunked_encoding = False
        self._joined.write_whole(head + body)
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self._joined.close()
        cycle.on_response()
        return True

    def piece(self, body: bytes) -> bool:
        """A piece of a streamed body, as a chunk (RFC 9112 §7.1)."""
        cycle: Any = self._cycle()
        if cycle is None or self._flow.write_paused:
            return False
        if cycle.disconnected or cycle.response_complete:
            return False
        if self._write is not None:
            self._write(_chunk(body))
            return True
        if not cycle.chunked_encoding or not cycle.response_started:
            return False
        self._joined.write(_chunk(body))  # behind a head that may wait
        self._write = self._joined.transport.write
        return True


class _Borne:
    """The headers that every answer bears as they were last asked for, and their bytes, None where
    they are unusual: others come once a second."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: tuple[Any, bytes | None] = (None, None)


_BORNE: Final = _Borne()


def _head(
    status: int, borne: Any, headers: tuple[tuple[bytes, bytes], ...], length: int,
    keep_alive: bool,
) -> bytes | None:  # fmt: skip
    """Status line and headers. None where anything is unusual."""
    first: bytes | None = STATUS_LINE.get(status)
    held = _BORNE.held
    if held[0] is not borne:
        held = _BORNE.held = (borne, _lines(borne))
    shared, own = held[1], _lines(headers)
    if first is None or shared is None or own is None:
        return None
    end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
    return b"".join((first, shared, own, _length(length), end))


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Headers as they stand in a head. None where uvicorn would look into one, or refuse it."""
    lines: list[bytes] = []
    size = 0
    for name, value in headers:
        beginning = _BEGINNINGS.get(name)
        if beginning is None:
            if name in _LOOKED_INTO or not _NAME.fullmatch(name):
                return None
            beginning = name + b": "
            if len(_BEGINNINGS) < _BEGINNINGS_MAX:
                _BEGINNINGS[name] = beginning
        lines.append(beginning)
        lines.append(value)
        lines.append(b"\r\n")
        size += 2
    data = b"".join(lines)
    return data if len(data.translate(None, _CONTROLS)) + size == len(data) else None


def _length(length: int) -> bytes:
    line = _LENGTHS.get(length)
    if line is None:
        line = b"content-length: %d\r\n" % length
        if length < _SIZES_MAX:
            _LENGTHS[length] = line
    return line


def _chunk(body: bytes) -> bytes:
    length = len(body)
    size = _SIZES.get(length)
    if size is None:
        size = b"%x\r\n" % length
        if length < _SIZES_MAX:
            _SIZES[length] = size
    return b"".join((size, body, b"\r\n"))
