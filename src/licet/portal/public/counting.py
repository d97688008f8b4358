"""The transparency report of this installation, from ledgers alone: its own, and those of the
gateways that it follows.

It refuses to know pages, and the database's tables but for which ledgers are followed.

Rules
1. What is counted is what anybody with a copy of the ledgers counts (`cases.transparency`); of a
   gateway's ledger nothing counts that its key did not sign.
2. Ledgers are read on from where the last reader stopped, so many entries at a time: a long one
   is counted over some readings, and the report says up to where.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings

from licet.base.trouble import Trouble
from licet.cases.days import local_day
from licet.cases.transparency import Reading, Report, Told
from licet.ledger.entry import parse_entry
from licet.ledger.follow import START, Position, follow
from licet.ledger.note import parse_vkey
from licet.ledger.source import open_source
from licet.portal.filings.record import record
from licet.portal.incidents.models import FollowedLedger
from licet.portal.pack import pack

AT_ONCE = 50_000
_COUNTED = (
    b'"type":"exchange.refused"',
    b'"type":"exchange.halted"',
    b'"type":"proceeding.event"',
)


@dataclass(slots=True)
class Book:
    """What was counted so far in one home."""

    reading: Reading
    own: int = 0
    others: dict[str, Position] = field(default_factory=dict)
    entries: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


@cache
def book_of(home: Path, pack_id: str) -> Book:
    """The book of a home, begun once in a process."""
    return Book(Reading(pack().supervision.proceedings.get("order")))


def count_on(now: datetime) -> tuple[Report, int]:
    """The report as far as the ledgers were read by now, and how many entries that were."""
    book = book_of(settings.LICET_HOME, settings.LICET_PACK)
    with book.turn:
        lines = record(settings.LICET_HOME).after(book.own, AT_ONCE)
        book.own += len(lines)
        _take(book, lines)
        left = AT_ONCE - len(lines)
        for row in FollowedLedger.objects.all():
            for lines_ in _new(book, row):
                _take(book, lines_)
                left -= len(lines_)
                if left <= 0:
                    break
        return book.reading.report(local_day(now, pack().time_zone)), book.entries


def _new(book: Book, row: FollowedLedger) -> Iterator[tuple[bytes, ...]]:
    """What is new in a gateway's ledger, batch by batch; nothing where it can't be read now."""
    try:
        source = open_source(row.where)
    except Trouble:
        return
    try:
        since = book.others.get(row.where, START)
        for batch in follow(source, parse_vkey(row.vkey), since):
            book.others[row.where] = batch.after
            yield batch.entries
    except Trouble:
        return
    finally:
        source.close()


def _take(book: Book, lines: list[bytes] | tuple[bytes, ...]) -> None:
    book.entries += len(lines)
    book.reading.read(_told(lines))


def _told(lines: list[bytes] | tuple[bytes, ...]) -> Iterator[Told]:
    for line in lines:
        if any(kind in line for kind in _COUNTED):
            entry = parse_entry(line)
            yield entry.kind, entry.t, entry.pub
