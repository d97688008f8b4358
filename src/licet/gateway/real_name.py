"""The real-name service beside a gateway: a thread of its own verifies persons and sends reports.

It refuses to decide, and to hold up serving: what must be on a disk before it counts is written
there, and whatever waits for the service waits there.

Rules
1. The thread has its own event loop; the gateway's asks it and awaits the answer.
2. Every second reports are sent, every minute what is pending is asked after; a signal that comes
   of it is registered at once.
3. A verification that an outage kept from an answer, where the operator chose `as_minor`, makes
   somebody of whom nothing is known a minor of the youngest band for a day.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from licet.base.trouble import Trouble, Unavailable
from licet.minors.realname.desk import RealNameDesk, Verification
from licet.minors.service import MinorsService
from licet.minors.signal import AgeSignal
from licet.minors.store import Subjects
from licet.minors.zone import DAY_MS

SEND_S = 1.0
FOLLOW_UP_S = 60.0
START_S = 10.0
ANSWER_S = 30.0
T = TypeVar("T")


class RealName:
    """Beside one gateway. `open_desk` is called in the thread, so that its file is the thread's;
    it gives the desk and what closes it."""

    def __init__(
        self,
        open_desk: Callable[[], tuple[RealNameDesk, Callable[[], None]]],
        service: MinorsService,
        subjects: Subjects,
    ) -> None:
        self._open_desk = open_desk
        self._service = service
        self._subjects = subjects
        self._desk: RealNameDesk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._settled: list[tuple[str, Verification]] = []
        self._failure: Trouble | None = None
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._work(started)), name="licet-real-name", daemon=True
        )
        self._thread.start()
        started.wait(START_S)
        if self._failure is not None:
            raise self._failure

    async def verify(self, user: str, name: str, id_number: str) -> str:
        """Ask who somebody is, and register what follows; the standing."""
        subject = self._subjects.of(user)
        became = await self._ask(lambda desk: desk.verify(subject, name, id_number))
        await self._register(subject, became)
        return became.standing

    async def visit(self, user: str, visit: str, *, online: bool) -> None:
        """Somebody verified came, or left. Raises NotFound for anybody else."""
        subject = self._subjects.of(user)

        async def report(desk: RealNameDesk) -> None:
            (desk.came if online else desk.left)(subject, visit)

        await self._ask(report)

    async def tend(self) -> None:
        """In the gateway's own loop: register what was settled meanwhile."""
        while self._settled:
            await self._register(*self._settled.pop())

    async def close(self) -> None:
        """Send what can be sent at once, and end the thread; the rest is on the disk."""
        if self._loop is not None and self._leave is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._leave.set)
        await asyncio.to_thread(self._thread.join, START_S)

    async def _ask(self, work: Callable[[RealNameDesk], Awaitable[T]]) -> T:
        async def there() -> T:
            assert self._desk is not None
            return await work(self._desk)

        if self._loop is None or not self._thread.is_alive():
            raise Unavailable("the real-name desk does not run.", hint="Restart the gateway.")
        asked = asyncio.run_coroutine_threadsafe(there(), self._loop)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(asked), ANSWER_S)
        except TimeoutError:
            raise Unavailable("the real-name desk does not answer.", hint="Try again.") from None

    async def _register(self, subject: str, became: Verification) -> None:
        if became.signal is not None:
            await self._service.register(subject, became.signal)
        elif became.standing == "as_minor":
            answer = await self._service.ask(subject)
            if answer.standing == "unknown":  # rule 3
                adult, now = self._service.rules.adult, answer.at_ms
                signal = AgeSignal("declared", "low", 0, adult, now, now + DAY_MS, "outage")
                await self._service.register(subject, signal)

    async def _work(self, started: threading.Event) -> None:
        try:
            self._desk, close = self._open_desk()
        except Trouble as trouble:
            self._failure = trouble
            started.set()
            return
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        started.set()
        followed_s = float("-inf")
        try:
            while True:
                with contextlib.suppress(Trouble):  # the file is away: the next second tries again
                    await self._desk.send()
                    if self._loop.time() - followed_s >= FOLLOW_UP_S:
                        followed_s = self._loop.time()
                        self._settled += (await self._desk.follow_up()).items()
                if self._leave.is_set():
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leave.wait(), SEND_S)
        finally:
            close()
