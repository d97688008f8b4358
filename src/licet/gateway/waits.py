"""Waits for somebody outside, and how they end when nobody may be served any more.

A stop, or a licence that is lost, cuts off what is read from a model. Who waits for a judge reads
nothing from one: without this it would wait on, until the server cancels it as a fault.

It refuses to know who is waited for, and for how long.

Rules
1. What waits is ended at once, each once, and learns why.
2. What begins to wait later is not ended from here: it asks the clearance first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from licet.gateway.clearance import NotServed

End = Callable[[NotServed], None]
"""Has a wait end, for this reason. It neither waits nor raises."""


class Waits:
    """Those of one gateway; used by its loop alone."""

    def __init__(self) -> None:
        self._ends: set[End] = set()

    @contextlib.contextmanager
    def heed(self, end: End) -> Iterator[None]:
        """For the time of the block `end` is what ends a wait."""
        self._ends.add(end)
        try:
            yield
        finally:
            self._ends.discard(end)

    def end(self, why: NotServed) -> None:
        """Rule 1."""
        ends, self._ends = self._ends, set()
        for each in ends:
            each(why)
