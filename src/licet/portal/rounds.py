"""Work that goes round in a thread of its own for as long as the portal serves.

It refuses to know what the work is; a test does it alone, without a thread.

Rules
1. What fails is tried again at the next round and said once, when it begins and when it ends; the
   thread does not end by it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, close_old_connections

from licet.base.clock import Clock
from licet.base.trouble import Trouble


class Rounds:
    """`work` at the clock's moment, every `rest_s`. `note` is told what does not work."""

    def __init__(
        self, name: str, work: Callable[[datetime], object], rest_s: float, clock: Clock,
        note: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._name, self._work, self._rest_s = name, work, rest_s
        self._clock, self._note = clock, note
        self._ended = threading.Event()
        self._trouble = ""

    def begin(self) -> None:
        """Start going round."""
        threading.Thread(target=self._go, name=f"licet-{self._name}", daemon=True).start()

    def stop(self) -> None:
        """End after this round."""
        self._ended.set()

    def once(self) -> None:
        """One round (rule 1)."""
        close_old_connections()
        trouble = ""
        try:
            self._work(self._clock.now())
        except (Trouble, DatabaseError, OSError) as error:
            trouble = str(error)
        if trouble != self._trouble:
            self._note(f"{self._name}: {trouble or 'it works again'}")
        self._trouble = trouble

    def _go(self) -> None:
        while not self._ended.wait(self._rest_s):
            self.once()
