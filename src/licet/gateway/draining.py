"""The HTTP server of a gateway, and how it ends: what runs goes on a while, then is told why not.

It refuses to know what is served: whoever builds it says how what runs is ended.

Rules
1. Nothing new is taken. What runs may go on for `drain_s`.
2. Then it is ended by us, in its API's own words and on record as ours; a client that has not
   taken its last words LAST_WORDS_S later is hung up on. uvicorn alone would cut every answer off
   in the middle, write a traceback for each, and leave a record that says the client had left.
3. `hurry`: rule 2 at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import uvicorn

from licet.gateway.front import server_config

HEAD_ROOM = 4
"""Heads somewhat over the limit are read to their end, so that their sender is told why."""
LAST_WORDS_S = 1.0


class Server(uvicorn.Server):
    """uvicorn's server; signals are ours to handle, and headers that every answer bears."""

    def __init__(
        self, app: object, *, drain_s: float, head_bytes_max: int,
        end: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`end`: has all that runs end by itself (rule 2)."""
        super().__init__(
            server_config(
                app, framing_bytes_max=HEAD_ROOM * head_bytes_max,
                stop_s=drain_s + 2 * LAST_WORDS_S,  # behind rule 2, for what no hanging up ends
            )
        )  # fmt: skip
        self._drain_s = drain_s
        self._end = end
        self._pending: list[asyncio.TimerHandle] = []

    def bear(self, headers: list[tuple[str, str]]) -> None:
        """From now on every answer bears these headers. Costs a request nothing: uvicorn keeps
        them ready beside the date."""
        self.config.headers = headers
        borne = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        self.config.encoded_headers = borne
        date = [pair for pair in self.server_state.default_headers if pair[0] == b"date"]
        self.server_state.default_headers = date + borne

    def leave(self) -> None:
        """Begin to end; called again, `hurry`."""
        if self.should_exit:
            self.hurry()
        self.should_exit = True

    def hurry(self) -> None:
        """Rule 3."""
        self._end_after(0.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, with rule 2 in time."""
        if not self._pending:  # else there is haste
            self._end_after(self._drain_s)
        try:
            await super().shutdown(sockets)
        finally:
            for timer in self._pending:
                timer.cancel()

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield

    def _end_after(self, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._pending += [
            loop.call_later(wait_s, self._end),
            loop.call_later(wait_s + LAST_WORDS_S, self._hang_up),
        ]

    def _hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
