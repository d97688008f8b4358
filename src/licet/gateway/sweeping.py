"""What is past its time is destroyed, every hour; not at the word of a clock that has just jumped.

It refuses to know what is kept and for how long: the stores do, and are told the time.

Rules
1. Destroying cannot be taken back. A clock that jumped is believed once it has gone on from there
   for BELIEVED_S: before, nothing is destroyed by it. How time passes is told by the other clock.
2. A store that cannot be swept now is swept at the next hour, and keeps no other from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from licet.base.clock import Clock
from licet.base.trouble import Trouble

SWEEP_S = 3_600.0
BELIEVED_S = 3_600.0
JUMP = timedelta(minutes=5)
"""Keeping times are days: what moves a clock by less does no harm."""
Store = Callable[[datetime], int]
"""Destroys what is past its time at a moment; gives how many that were, of what is counted. Raises
Trouble, OSError or sqlite3.Error where that cannot be done now."""


class Sweeping:
    """The stores of one gateway, each with the name that a note calls it by."""

    def __init__(
        self, clock: Clock, stores: tuple[tuple[str, Store], ...], note: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._stores = stores
        self._note = note
        self._swept_s = float("-inf")
        self._doubted_s: float | None = None
        """Since when the clock is not believed."""
        self._wall, self._mono_s = clock.now(), clock.monotonic()

    def tend(self) -> int:
        """To be called every second; gives how many things were destroyed."""
        now, mono_s = self._clock.now(), self._clock.monotonic()
        passed = timedelta(seconds=mono_s - self._mono_s)
        jumped = now - self._wall - passed
        self._wall, self._mono_s = now, mono_s
        if abs(jumped) > JUMP:
            self._doubted_s = mono_s
            self._note(f"the clock jumped to {now:%Y-%m-%d %H:%M}: nothing is swept for an hour.")
        if self._doubted_s is not None:
            if mono_s - self._doubted_s < BELIEVED_S:
                return 0
            self._doubted_s = None
        if mono_s - self._swept_s <= SWEEP_S:
            return 0
        self._swept_s = mono_s
        return self._sweep(now)

    def _sweep(self, now: datetime) -> int:
        swept = 0
        for name, store in self._stores:
            try:
                swept += store(now)
            except (Trouble, OSError, sqlite3.Error) as trouble:  # rule 2
                self._note(f"{name}: {trouble}")
        return swept
