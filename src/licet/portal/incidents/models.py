"""Proceedings as tables, and the ledgers of gateways that are followed.

It refuses to know what an event means. The events of proceedings lie with those of cases
(`filings.models.StoredEvent`): one installation has one ledger, and event n is entry n of it.

Rules
1. The columns of a proceeding are a projection of its events, for lists and searches.
2. How far a ledger was read, and which groups of halts may still grow, is stored together with
   what came of them: whoever is killed misses nothing and counts nothing twice.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Body


class StoredProceeding(models.Model):
    """One proceeding, as its last event left it."""

    class Meta:
        """What the desks ask for."""

        indexes: ClassVar = [
            models.Index(fields=["holder", "-changed"]),
            models.Index(fields=["kind", "stage", "-changed"]),
            models.Index(fields=["moves"]),
        ]

    id = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=32)
    holder = models.ForeignKey(Body, models.PROTECT, related_name="proceedings")
    title = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=64)
    seen_by_authority = models.BooleanField(default=False)
    """Whether a stage was reached in which the authority has something to do."""
    seen_by_provider = models.BooleanField(default=True)
    """Whether the provider may know of it: of an order of access once it was told."""
    opened = models.DateTimeField()
    changed = models.DateTimeField()
    moves = models.DateTimeField(null=True)
    """When something happens by itself."""


class StoredMeasure(models.Model):
    """What a measure against a person comes to: who must do what until when."""

    class Meta:
        """What gateways and the ladder ask for."""

        indexes: ClassVar = [
            models.Index(fields=["holder", "binds", "until"]),
            models.Index(fields=["holder", "subject"]),
        ]

    proceeding = models.OneToOneField(
        StoredProceeding, models.PROTECT, primary_key=True, related_name="measure"
    )
    holder = models.ForeignKey(Body, models.PROTECT, related_name="measures")
    subject = models.CharField(max_length=96)
    """The person's pseudonym."""
    step = models.CharField(max_length=64)
    rule = models.TextField()
    reason = models.TextField()
    until = models.DateTimeField()
    taken = models.DateTimeField(null=True)
    """When the step was taken; None where it was only proposed."""
    restored = models.BooleanField(default=False)
    """Whether it was undone: then it counts no more."""
    binds = models.BooleanField(default=False)
    """Whether gateways heed it, until `until`."""
    seq = models.PositiveBigIntegerField(db_index=True)
    """The place in the ledger at which it last changed: the greatest is the list's edition."""


class Strike(models.Model):
    """What somebody was stopped for so far, as `cases.strikes` counts it."""

    class Meta:
        """One row a person."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "subject"], name="one_tally_a_person")
        ]
        indexes: ClassVar = [models.Index(fields=["last"])]

    holder = models.ForeignKey(Body, models.PROTECT, related_name="strikes")
    subject = models.CharField(max_length=96)
    in_a_row = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True)
    that_day = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()
    """When they were last stopped: what is older than the ladder's memory is let go."""


class FollowedLedger(models.Model):
    """A gateway's ledger that is read for halts."""

    where = models.CharField(max_length=500, unique=True)
    """A folder, a database or a URL, as `licet ledger verify` takes it."""
    vkey = models.CharField(max_length=300)
    """The verifier key under which it signs."""
    holder = models.ForeignKey(Body, models.PROTECT, related_name="gateways")
    position = models.JSONField(default=dict)
    groups = models.JSONField(default=dict)
    bundle = models.CharField(max_length=64, blank=True, default="")
    """The digest of the bundle that the gateway judges by, as the ledger says (`effect`)."""
    read = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    """What kept the last reading from its end; empty where nothing did."""
