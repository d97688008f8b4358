"""Relays a stream that is judged from outside as well: reading and asking go on side by side.

It refuses to decide: what an answer (or none) means is for the exchange.

Rules
1. Every question is put once at a time; one that the exchange puts again waits a little.
2. When the upstream is over and answers are still awaited, that has a deadline, however often a
   question is put again; past it the exchange has failed, and what was not judged stays here.
3. Where nobody may be served any more, no judge is waited for (`waits`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from licet.base.trouble import Unavailable
from licet.gateway.clearance import NotServed
from licet.gateway.exchange import Exchange
from licet.gateway.outcome import UNJUDGED, Question
from licet.gateway.parts import Judge, Parts
from licet.gateway.upstream import Reply
from licet.gateway.upstream_trouble import UpstreamTrouble
from licet.gateway.waits import Waits
from licet.guard.classifier import Scores
from licet.guard.guarding import AUDIENCE, Guard

ASK_AGAIN_S = 0.25
Write = Callable[[bytes], Awaitable[None]]


class JudgeUnavailable(Unavailable):
    """The judge outside did not answer in time."""

    code = UNJUDGED


@contextlib.asynccontextmanager
async def judged_within(parts: Parts, deadline_s: float | None) -> AsyncIterator[None]:
    """Bounds the time in which a judge is asked again and again; None: each has its own bound.
    Raises JudgeUnavailable, and NotServed at once where nobody may be served any more."""
    parts.clearance.check()
    ended: list[NotServed] = []

    def end(why: NotServed) -> None:
        if not bound.expired():
            ended.append(why)
            bound.reschedule(asyncio.get_running_loop().time())

    try:
        async with asyncio.timeout(deadline_s) as bound:
            with parts.waits.heed(end):
                yield
    except TimeoutError:
        late = JudgeUnavailable("No judge has answered in time.")
        raise (ended[0] if ended else late) from None


class AskingRelay:
    """One stream. `write` sends bytes to the client; the last bytes are returned by `run`.
    `fresh_guard` gives the guard of an urgent bundle, once after it has come. `context` is the
    prompt, for the judge."""

    def __init__(
        self, exchange: Exchange, reply: Reply, judge: Judge, write: Write,
        fresh_guard: Callable[[], Guard | None], *, waits: Waits, deadline_s: float,
        context: str = "", audience: str = AUDIENCE,
    ) -> None:  # fmt: skip
        self._exchange = exchange
        self._reply = reply
        self._judge = judge
        self._write = write
        self._fresh_guard = fresh_guard
        self._waits = waits
        self._deadline_s = deadline_s
        self._context = context
        self._audience = audience
        self._until_s = 0.0  # of the loop's clock, once the upstream is over
        self._asked: dict[asyncio.Task[Scores | None], Question] = {}
        self._put: set[int] = set()
        self._reading: asyncio.Task[bytes] | None = None
        self._over = False
        self._lost: asyncio.Future[NotServed] = asyncio.get_running_loop().create_future()

    async def run(self) -> bytes:
        """Until the exchange is over; returns its last bytes, unsent. Raises NotServed."""
        try:
            out = b""
            with self._waits.heed(self._lost.set_result):
                while self._exchange.outcome is None:
                    if out:
                        await self._write(out)
                    out = await self._step()
            return out
        finally:
            for task in (*self._asked, *((self._reading,) if self._reading else ())):
                task.cancel()

    async def _step(self) -> bytes:
        self._ask()
        if not self._over and self._reading is None:
            self._reading = asyncio.ensure_future(self._reply.read())
        awaited: set[asyncio.Future[Any]] = {*self._asked, self._lost}
        if self._reading is not None:
            awaited.add(self._reading)
        left_s = None
        if self._over:
            now_s = asyncio.get_running_loop().time()
            self._until_s = self._until_s or now_s + self._deadline_s
            left_s = max(0.0, self._until_s - now_s)
        done, _ = await asyncio.wait(awaited, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        if not done or left_s == 0.0:
            return self._exchange.failed(JudgeUnavailable())
        guard = self._fresh_guard()
        if self._lost.done():
            raise self._lost.result()
        out = b"" if guard is None else self._exchange.adopt(guard)
        for task in [task for task in self._asked if task in done]:
            out += self._exchange.judged(self._asked.pop(task), task.result())
        if self._reading is not None and self._reading in done:
            reading, self._reading = self._reading, None
            out += self._received(reading)
        return out

    def _received(self, reading: asyncio.Task[bytes]) -> bytes:
        try:
            data = reading.result()
        except UpstreamTrouble as trouble:
            self._over = True
            return self._exchange.failed(trouble)
        if data:
            return self._exchange.receive(data)
        self._over = True
        return self._exchange.ended()

    def _ask(self) -> None:
        questions = list(self._exchange.questions)
        self._exchange.questions.clear()
        for question in questions:
            again = question.number in self._put
            self._put.add(question.number)
            self._asked[asyncio.ensure_future(self._answer(question, again))] = question

    async def _answer(self, question: Question, again: bool) -> Scores | None:
        if again:
            await asyncio.sleep(ASK_AGAIN_S)
        context = question.context or self._context
        return await self._judge.ask(
            question.text, question.role, context, audience=self._audience, harm=question.harm
        )
