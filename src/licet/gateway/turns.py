"""Long judgements on the loop that serves everybody: each has a turn, and then the others.

It refuses to know what is judged.

Rules
1. What is done within TURN_S is done at once: short texts wait for nobody.
2. What is not gives way to all that is ready, and goes on. Of those that go on, one has its turn
   between two looks at the sockets, whoever has waited longest first: many long texts delay a
   stream by no more than one.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, TypeVar

from licet.base.piecemeal import Piecemeal

T = TypeVar("T")
TURN_S: Final = 0.001
"""A turn ends with the first piece that ends after this. A tenth of the time between two tokens
of a fast model: nobody who reads an answer sees it."""


class Turns:
    """Those who take turns on one loop."""

    def __init__(self) -> None:
        self._next = asyncio.Lock()

    def begin(self, work: Piecemeal[T]) -> T | None:
        """What comes of the work, if one turn is enough; else None. It saves most requests,
        whose texts are short, the cost of a coroutine."""
        try:
            _take_turn(work)
        except StopIteration as over:
            value: T = over.value
            return value
        return None

    async def finish(self, work: Piecemeal[T]) -> T:
        """What comes of the work. Whoever has begun it, and got nothing, goes on by this.
        Cancelled, it ends between two pieces."""
        try:
            if (done := self.begin(work)) is not None:
                return done
            while True:
                async with self._next:
                    await asyncio.sleep(0)
                    _take_turn(work)
        except StopIteration as over:
            value: T = over.value
            return value
        finally:
            work.close()


def _take_turn(work: Piecemeal[T]) -> None:
    """Raises StopIteration with what came of it, once it is done."""
    until = time.perf_counter() + TURN_S
    while True:
        next(work)
        if time.perf_counter() >= until:
            return
