"""The thread that reads gateways' ledgers, and lets time do what it does, while a portal runs.

It refuses to know what it reads.

Rules
1. It works on as long as the process lives. What keeps one ledger from being read stands in its
   row; what keeps all from being read is said once, when it begins and when it ends.
2. It rests between rounds; a look where nothing is followed costs one query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from licet.base.clock import Clock
from licet.base.trouble import Trouble

REST_S = 2.0


class Reader:
    """One round after the other, until it is stopped."""

    def __init__(self, clock: Clock, note: Callable[[str], None]) -> None:
        self._clock = clock
        self._note = note
        self._ended = threading.Event()
        self._trouble = ""

    def begin(self) -> None:
        """Start working."""
        threading.Thread(target=self._work, name="licet-reader", daemon=True).start()

    def stop(self) -> None:
        """End after this round."""
        self._ended.set()

    def _work(self) -> None:
        from django.db import DatabaseError, close_old_connections

        from licet.portal.incidents.arrival import read_ledgers
        from licet.portal.incidents.service import settle

        while not self._ended.wait(REST_S):
            close_old_connections()
            try:
                settle(self._clock.now())
                read_ledgers(self._clock.now())
            except (Trouble, DatabaseError) as error:
                self._say(f"{type(error).__name__}: {error}")
            else:
                self._say("")

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._note(f"ledgers: {trouble}" if trouble else "ledgers: they are read again")
        self._trouble = trouble
