"""An answer that is being read from an upstream: the end that its reader holds.

It refuses to know sockets, parsers and pools: a Line fills it, and it may let the line go.

Rules
1. What arrived before a failure is given before the failure is raised.
2. An aborted reply gives nothing any more: no byte that arrived in the meantime leaves by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from licet.gateway.upstream_trouble import UpstreamClosed, UpstreamTooLarge, UpstreamTrouble

Headers = list[tuple[bytes, bytes]]
Sink = Callable[[bytes], bool]
"""Takes what has arrived; False: not again before the reader has looked."""


class Line(Protocol):
    """What a reply needs of its connection."""

    def abort(self) -> None:
        """Close at once."""

    def drained(self) -> None:
        """All that had arrived has been taken: read on."""


class Reply:
    """An answer. `status` and `headers` (names in lower case) are there from the start.

    One task reads it. A reader that is cancelled aborts it, so that no connection is left behind;
    one that just forgets it holds its connection until `total_s`.
    `finished`: the whole answer has arrived, read or not. `heard`: any byte of it has. `aborted`:
    it was ended on our side.
    `parts`, `give`, `wake`, `end` and `opened` are for the connection and the pool.
    """

    __slots__ = (
        "_connection",
        "_loop",
        "_trouble",
        "_waiter",
        "aborted",
        "finished",
        "headers",
        "heard",
        "parts",
        "sink",
        "status",
    )

    def __init__(self, connection: Line, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        self.headers: Headers = []
        self.aborted = False
        self.finished = False
        self.heard = False
        self.parts: list[bytes] = []
        self._trouble: UpstreamTrouble | None = None
        self._connection: Line | None = connection
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self.sink: Sink | None = None
        """Who is given what arrives, within the turn; None: it waits in `parts` for a reader."""

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, None without one. `name` in lower case."""
        return next((value for known, value in self.headers if known == name), None)

    def take(self, most: int = 0) -> bytes | None:
        """What has arrived, without waiting: b"" at the end, None if there is nothing yet.
        `most`: only so many bytes of it; the rest waits in `parts`.

        Raises an UpstreamTrouble once what came before it has been taken.
        """
        parts = self.parts
        if parts:
            data = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            if 0 < most < len(data):
                parts.append(data[most:])
                return data[:most]
            if self._connection is not None:
                self._connection.drained()
            return data
        if self._trouble is not None:
            raise self._trouble
        return b"" if self.finished else None

    async def read(self) -> bytes:
        """What has arrived, at least one byte; b"" at the end. Raises as `take` does."""
        data = self.take()
        while data is None:
            await self._news()
            data = self.take()
        return data

    async def hand_over(self, sink: Sink) -> None:
        """Gives what arrives to `sink` at once, until it answers False, or until there is an end
        or a failure to `take`. Aborts if cancelled."""
        if self.parts or self.finished or self._trouble is not None:
            return
        self.sink = sink
        try:
            await self._news()
        finally:
            self.sink = None

    def give(self) -> None:
        """To the sink, if there is one still: what has arrived."""
        if self.sink is None or not self.parts:
            return
        data = self.take()
        assert data
        if not self.sink(data):
            self.sink = None
            self.wake()

    async def read_all(self, limit: int) -> bytes:
        """The whole body. Raises UpstreamTooLarge, and aborts, past `limit` bytes."""
        declared = self.header(b"content-length")
        parts: list[bytes] = []
        room = limit - (int(declared) if declared and not self.finished else 0)
        while room >= 0 and (part := await self.read()):
            parts.append(part)
            room = limit - sum(map(len, parts))
        if room < 0:
            self.abort()
            raise UpstreamTooLarge(
                f"the upstream's answer has more than {limit} bytes",
                hint="raise the limit of answers if the model is known to give such",
            )
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def abort(self) -> None:
        """Closes the connection at once and drops what was not read. May be called again.

        A read that waits, and every later one, raises UpstreamClosed.
        """
        self.aborted = True
        self.parts.clear()
        if self._trouble is None:
            self._trouble = UpstreamClosed("the answer was aborted on our side")
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        self.wake()

    async def opened(self) -> None:
        """Waits for status and headers. Raises as `take` does; aborts if cancelled."""
        while not self.status:
            if self._trouble is not None:
                raise self._trouble
            await self._news()

    async def _news(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("two tasks read one reply")
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None

    def wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def end(self, trouble: UpstreamTrouble | None) -> None:
        """The connection lets go of this reply: whole, or broken by `trouble`."""
        self._connection = None
        self._trouble = trouble
        self.finished = trouble is None
        self.wake()
