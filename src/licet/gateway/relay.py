"""Relays a stream that no judge outside is asked about: judge, write, without a task's turn.

It refuses to decide what may leave: `Exchange` does.

Rules
1. What arrives is judged, and what may leave is written, before the loop waits for sockets again:
   no task is woken for a token. A read of many tokens waits for the task's turn, and after each
   AT_ONCE_BYTES_MAX of it gives way to whatever else is ready.
2. Where the client is too slow to take a write, the task waits for it. Meanwhile nothing is
   judged, and what arrives stays in the upstream's buffer, which is bounded.
3. Where judging broke, nothing more leaves.
4. When the exchange is over and the upstream is not, the upstream is cut off in the same turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from licet.gateway.asgi import Message, Send, Sender
from licet.gateway.exchange import Exchange
from licet.gateway.parts import Parts
from licet.gateway.trace import Trace
from licet.gateway.upstream import Reply
from licet.gateway.upstream_protocol import AT_ONCE_BYTES_MAX
from licet.gateway.upstream_trouble import UpstreamTrouble


class Begun:
    """The rest of a coroutine that was begun outside its task, and had to wait."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, None, None]:
        awaited = self._awaited
        try:
            while True:
                yield awaited
                awaited = self._coroutine.send(None)
        except StopIteration:
            return
        finally:
            self._coroutine.close()


class Relay:
    """One stream. `run` it in the task that serves it. `urgent` is `parts.urgent` as of the guard
    of the exchange."""

    __slots__ = (
        "_exchange", "_is_judging", "_last", "_message", "_parts", "_piece", "_reply", "_send",
        "_trace", "_unsent", "_urgent",
    )  # fmt: skip

    def __init__(
        self, parts: Parts, exchange: Exchange, reply: Reply, trace: Trace, send: Send,
        urgent: int,
    ) -> None:  # fmt: skip
        self._parts = parts
        self._exchange = exchange
        self._reply = reply
        self._trace = trace
        self._send = send
        self._piece = send.piece if isinstance(send, Sender) else None
        self._message: Message = {"type": "http.response.body", "body": b"", "more_body": True}
        self._urgent = urgent
        self._last = b""
        self._unsent: Begun | None = None
        self._is_judging = False

    async def run(self) -> bytes:
        """Relay until the exchange is over; the answer is the last bytes, not sent yet."""
        exchange, reply = self._exchange, self._reply
        while not exchange.is_over:
            try:
                data = reply.take(AT_ONCE_BYTES_MAX)
                if data is not None:
                    self._take(data)
                    if reply.parts:
                        await asyncio.sleep(0)
                else:
                    await reply.hand_over(self._take)
            except UpstreamTrouble as trouble:
                if self._is_judging:
                    raise RuntimeError("a stream could not be judged") from trouble
                lost = self._parts.clearance.lost() or self._trace.over  # then it was we who cut
                self._last = (
                    exchange.failed(lost, lost.message) if lost else exchange.failed(trouble)
                )
            if self._unsent is not None:
                unsent, self._unsent = self._unsent, None
                await unsent
        return self._last

    def _take(self, data: bytes) -> bool:
        """Judge what arrived (b"": the upstream is over) and write what may leave. False: do not
        go on before the task has looked."""
        exchange = self._exchange
        self._is_judging = True
        out = b"" if self._urgent == self._parts.urgent else self._adopt()
        out += exchange.receive(data) if data else exchange.ended()
        self._is_judging = False
        if exchange.is_over:
            self._last = out
            if exchange.cancels:
                self._reply.abort()
            return False
        return not out or self._write(out)

    def _adopt(self) -> bytes:
        """An urgent bundle, or a licence that was lost: before what has just come, for that is
        new text."""
        parts = self._parts
        lost = parts.clearance.lost()
        self._urgent, self._trace.bundle = parts.urgent, parts.guard.name
        if lost:
            return self._exchange.failed(lost, lost.message)
        return self._exchange.adopt(parts.guard)

    def _write(self, out: bytes) -> bool:
        if not self._trace.first_out:
            self._trace.first_out = self._parts.clock.monotonic()
        if self._piece is not None and self._piece(out):
            return True
        self._message["body"] = out
        sending = self._send(self._message)
        assert isinstance(sending, Coroutine)
        try:
            awaited = sending.send(None)
        except StopIteration:
            return True
        self._unsent = Begun(sending, awaited)
        return False
