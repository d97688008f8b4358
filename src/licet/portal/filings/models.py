"""Cases as tables: events are the truth, everything else is made of them.

It refuses to know what an event means.

Rules
1. An event is written once and never changed; `seq` has no gaps over the whole installation, and
   the event with `seq` n is entry n of the installation's ledger.
2. A refusal is kept as an event of its own kind beside the others: it is no part of the case.
3. The columns of a case are a projection of its events, for lists and searches.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Body
from licet.portal.letters import Lettered


class StoredCase(models.Model):
    """One case, as its last event left it."""

    class Meta:
        """What the desks ask for."""

        indexes: ClassVar = [
            models.Index(fields=["holder", "-changed"]),
            models.Index(fields=["filing", "-changed"]),
            models.Index(fields=["moves"]),
            models.Index(fields=["warns"]),
            models.Index(fields=["upstream"]),
        ]

    id = models.CharField(max_length=64, primary_key=True)
    route = models.CharField(max_length=64)
    holder = models.ForeignKey(Body, models.PROTECT, related_name="cases")
    title = models.CharField(max_length=200, blank=True)
    filing = models.CharField(max_length=64)
    licence = models.CharField(max_length=64)
    number = models.CharField(max_length=96, null=True, unique=True)
    upstream = models.CharField(max_length=96, blank=True)
    opened = models.DateTimeField()
    changed = models.DateTimeField()
    moves = models.DateTimeField(null=True)
    """When something happens by itself."""
    warns = models.DateTimeField(null=True)
    """When somebody is told that a period ends."""


class StoredEvent(models.Model):
    """Something that happened in a case or in a proceeding, or was refused there."""

    class Meta:
        """In the order of the ledger."""

        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [
            models.Index(fields=["case", "seq"]),
            models.Index(fields=["proceeding", "seq"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(case=None) ^ models.Q(proceeding=None),
                name="of_a_case_or_a_proceeding",
            )
        ]

    seq = models.PositiveBigIntegerField(primary_key=True)
    case = models.ForeignKey(StoredCase, models.PROTECT, related_name="events", null=True)
    proceeding = models.ForeignKey(
        "incidents.StoredProceeding", models.PROTECT, related_name="events", null=True
    )
    refused = models.BooleanField(default=False)
    kind = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    role = models.CharField(max_length=64)
    at = models.DateTimeField()
    data = models.JSONField()
    entry = models.BinaryField()
    """The line of the ledger, as it is or will be."""


class Head(models.Model):
    """Where this installation stands: one row, locked by whoever writes."""

    next_seq = models.PositiveBigIntegerField(default=0)
    published = models.PositiveBigIntegerField(default=0)
    """Events before this one are in the ledger and shown to the public."""


class Attachment(models.Model):
    """A file that belongs to a case. Its bytes lie in the store, by their digest."""

    case = models.ForeignKey(StoredCase, models.PROTECT, related_name="attachments")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField()


class Notice(Lettered):
    """What a body is told of a case: an event, or a period that ends (`clock`, `due`); or of a
    proceeding: an event.

    It names what there is to read and says nothing itself: words are made when it is shown.
    """

    class Meta:
        """Nothing is told twice."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["body", "event"], name="event_told_once"),
            models.UniqueConstraint(
                fields=["body", "case", "clock", "due"], name="period_told_once",
                condition=models.Q(event=None),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["body", "-id"]),
            models.Index(fields=["letter_at"]),
        ]

    body = models.ForeignKey(Body, models.PROTECT, related_name="notices")
    case = models.ForeignKey(StoredCase, models.PROTECT, related_name="notices", null=True)
    proceeding = models.ForeignKey(
        "incidents.StoredProceeding", models.PROTECT, related_name="notices", null=True
    )
    event = models.ForeignKey(StoredEvent, models.PROTECT, null=True)
    clock = models.CharField(max_length=64, blank=True)
    due = models.DateField(null=True)
    at = models.DateTimeField()
