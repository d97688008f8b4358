"""Pieces of a streamed body, written straight to a connection, one for each token of a stream.

It refuses to know servers, but for the few names of uvicorn's that say how a connection stands.

Rules
1. A piece is written in order, and while the client keeps up; else nothing is done.
2. A writer does not keep the server's request alive, which holds it: that would be garbage that
   only a collection finds.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Final

_SIZES: Final[dict[int, bytes]] = {}
_SIZES_MAX: Final = 4_096


class PieceWriter:
    """Writes the chunks (RFC 9112 §7.1) of one answer. Call it with a piece; False: it has to be
    sent the server's way."""

    __slots__ = ("_cycle", "_first", "_flow", "_has_begun", "_write")

    def __init__(
        self, cycle: Any, flow: Any, first: Callable[[bytes], None], write: Callable[[bytes], None]
    ) -> None:
        """`first` writes the first piece, behind a head that may wait; `write` all others."""
        self._cycle = weakref.ref(cycle)
        self._flow = flow
        self._first = first
        self._write = write
        self._has_begun = False

    def __call__(self, body: bytes) -> bool:
        cycle: Any = self._cycle()
        if cycle is None or self._flow.write_paused:
            return False
        if cycle.disconnected or cycle.response_complete:
            return False
        if self._has_begun:
            self._write(_chunk(body))
            return True
        if not cycle.chunked_encoding or not cycle.response_started:
            return False
        self._has_begun = True
        self._first(_chunk(body))
        return True


def _chunk(body: bytes) -> bytes:
    length = len(body)
    size = _SIZES.get(length)
    if size is None:
        size = b"%x\r\n" % length
        if length < _SIZES_MAX:
            _SIZES[length] = size
    return b"".join((size, body, b"\r\n"))
