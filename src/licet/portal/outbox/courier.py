"""What empties the outbox and follows the cases while a provider's portal runs.

It refuses to know threads and what it carries. A look at an empty outbox costs one query.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from licet.base.ids import Chance
from licet.portal.outbox.delivering import deliver
from licet.portal.outbox.following import follow
from licet.portal.outbox.line import HttpLine
from licet.portal.outbox.models import Link

DELIVER_S = 2.0
FOLLOW_EVERY = timedelta(seconds=30)


class Courier:
    """Goes a round when it is told to."""

    def __init__(self) -> None:
        self._followed: datetime | None = None

    def round(self, now: datetime) -> None:
        """Send what is due; from time to time, and after an answer, read what happened."""
        link = Link.objects.first()
        if link is None:
            return
        line = HttpLine(link.url)
        answered = deliver(line, now, secrets.token_bytes)
        followed = self._followed
        if answered or followed is None or abs(now - followed) >= FOLLOW_EVERY:
            self._followed = now
            follow(line, now)


def carry_once(now: datetime, chance: Chance) -> tuple[int, int]:
    """One round at once: messages that were answered, events that came. Raises Unavailable."""
    link = Link.objects.first()
    if link is None:
        return 0, 0
    line = HttpLine(link.url)
    return deliver(line, now, chance), follow(line, now)
