"""The register as tables: listings, their versions and their steps.

It refuses to know cases: whoever projects them here gives everything that is shown, with the words
of the pack as they were, so that an old listing reads as it was granted.

Rules
1. Nothing here is the truth; the events of the cases are. A listing is replaced whole.
2. What is searched (`search`) is folded as queries are.
3. Whoever changes a listing turns the edition in the same transaction: what is made of the whole
   register is kept for as long as its edition stands.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

STATUSES = ("valid", "suspended", "invalid")


class Listing(models.Model):
    """One item of the register: a filing, registration or licence that was granted."""

    class Meta:
        """Queries that pages make."""

        indexes: ClassVar = [
            models.Index(fields=["-granted", "-id"]),
            models.Index(fields=["status", "-granted", "-id"]),
            models.Index(fields=["route", "-granted", "-id"]),
        ]

    number = models.CharField(max_length=96, unique=True)
    case = models.CharField(max_length=64, unique=True)
    route = models.CharField(max_length=64)
    route_name = models.JSONField()
    title = models.CharField(max_length=200)
    holder = models.CharField(max_length=200)
    region = models.CharField(max_length=100, blank=True, db_index=True)
    status = models.CharField(max_length=16)
    stage_name = models.JSONField()
    granted = models.DateTimeField()
    changed = models.DateTimeField()
    until = models.DateField(null=True)
    upstream = models.CharField(max_length=96, blank=True, db_index=True)
    """The number of the filing that it depends on."""
    upstream_status = models.CharField(max_length=16, blank=True)
    conditions = models.JSONField(default=list)
    display = models.JSONField(default=dict)
    """What the service must show, by language."""
    search = models.TextField()


class Edition(models.Model):
    """Which state of the register this is: one row. Its mark is drawn anew at every change, not
    counted, so that a register that was restored from a copy is another edition too."""

    mark = models.CharField(max_length=32)


class Version(models.Model):
    """What a listing said from one moment to the next."""

    class Meta:
        """Numbered from 1 in each listing."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["listing", "number"], name="version_once")
        ]
        ordering: ClassVar = ["-number"]

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    rows = models.JSONField()
    """`[{id, label: {zh, en}, value: text or {zh, en}}]`, public fields only."""


class Step(models.Model):
    """Something that the authority or the holder did, as far as it is public."""

    class Meta:
        """In their order."""

        ordering: ClassVar = ["-seq"]

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="steps")
    seq = models.PositiveBigIntegerField()
    """Its place in the ledger of this installation."""
    at = models.DateTimeField()
    name = models.JSONField()
    status = models.CharField(max_length=16)
    reasons = models.JSONField(default=list)
    """`[{label: {zh, en}, value}]`: the statement of reasons."""
    remedies = models.JSONField(default=list)
    """`[{name, body, until}]`: what can be done against it, and until when."""
