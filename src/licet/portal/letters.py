"""Letters that wait at rows of a table: claimed, sent, tried again, given up.

It refuses to know what a letter says and who reads it: whoever keeps the rows writes them.

Rules
1. A row has its letter when it is kept, so none is forgotten and the queue is no longer than the
   rows. A letter that could not be sent is tried again later and later, and given up.
2. It is claimed before it is sent, for `CLAIM`: two who send at once send it once, and one who
   dies on the way sends it again.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import models, transaction

AT_ONCE = 50
ROUND_S = 30.0
CLAIM = timedelta(minutes=15)
TRIES_MAX = 8
_log = logging.getLogger("licet.portal.letters")


class Lettered(models.Model):
    """A row that a letter is sent about."""

    class Meta:
        """Fields for the tables of others."""

        abstract = True

    letter_at = models.DateTimeField(null=True)
    """When a letter about it is sent, or tried again; None where none is to be sent any more."""
    tries = models.PositiveSmallIntegerField(default=0)


def send_due(
    kind: type[Lettered], write: Callable[[Any], Iterable[EmailMessage]], now: datetime
) -> int:
    """Send what is to be sent at `now`, `AT_ONCE` rows at most, as `write` words each of them; how
    many rows were dealt with."""
    if not settings.LICET_MAIL:
        return 0
    rows = _claim(kind, now)
    for row in rows:
        try:
            _send(list(write(row)))
        except (smtplib.SMTPException, OSError) as error:
            row.tries += 1
            given_up = row.tries >= TRIES_MAX
            row.letter_at = None if given_up else now + timedelta(minutes=2**row.tries)
            _log.warning("a letter did not leave (try %d): %s", row.tries, type(error).__name__)
        else:
            row.letter_at = None
        row.save(update_fields=["letter_at", "tries"])
    return len(rows)


def _claim(kind: type[Lettered], now: datetime) -> list[Any]:
    """Rule 2."""
    with transaction.atomic():
        waiting = kind.objects.select_for_update().filter(letter_at__lte=now).order_by("letter_at")
        rows = list(waiting[:AT_ONCE])
        kind.objects.filter(pk__in=[row.pk for row in rows]).update(letter_at=now + CLAIM)
    return rows


def _send(letters: list[EmailMessage]) -> None:
    if letters:
        with get_connection() as connection:
            for letter in letters:
                connection.send_messages([letter])
