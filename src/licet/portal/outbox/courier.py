"""The thread that empties the outbox and follows the cases while a provider's portal runs.

It refuses to know what it carries.

Rules
1. It works on as long as the process lives: trouble is said once, when it begins and when it ends.
2. It rests between rounds; a look at an empty outbox costs one query.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, close_old_connections

from licet.base.clock import Clock
from licet.base.ids import Chance
from licet.base.trouble import Trouble
from licet.portal.outbox.delivering import deliver
from licet.portal.outbox.following import follow
from licet.portal.outbox.line import HttpLine
from licet.portal.outbox.models import Link

DELIVER_S = 2.0
FOLLOW_S = 30.0


class Courier:
    """One round after the other, until it is stopped."""

    def __init__(self, clock: Clock, note: Callable[[str], None]) -> None:
        self._clock = clock
        self._note = note
        self._ended = threading.Event()
        self._trouble = ""
        self._follow_at = 0.0

    def begin(self) -> None:
        """Start working."""
        threading.Thread(target=self._work, name="licet-courier", daemon=True).start()

    def stop(self) -> None:
        """End after this round."""
        self._ended.set()

    def _work(self) -> None:
        while not self._ended.wait(DELIVER_S):
            close_old_connections()
            try:
                self.round()
            except (Trouble, DatabaseError, OSError) as trouble:
                self._say(str(trouble))
            else:
                self._say("")

    def round(self) -> None:
        """Send what is due; from time to time, and after an answer, read what happened."""
        link = Link.objects.first()
        if link is None:
            return
        line, now = HttpLine(link.url), self._clock.now()
        answered = deliver(line, now, secrets.token_bytes)
        if answered or self._clock.monotonic() >= self._follow_at:
            self._follow_at = self._clock.monotonic() + FOLLOW_S
            follow(line, now)

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._note(f"authority: {trouble}" if trouble else "authority: it answers again")
        self._trouble = trouble


def carry_once(now: datetime, chance: Chance) -> tuple[int, int]:
    """One round at once: messages that were answered, events that came. Raises Unavailable."""
    link = Link.objects.first()
    if link is None:
        return 0, 0
    line = HttpLine(link.url)
    return deliver(line, now, chance), follow(line, now)
