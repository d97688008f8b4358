"""Dossiers as tables: a draft, versions that never change, their files, and people's keys.

It refuses to know what a version means (`cases.dossier`) and who does what with a dossier: that is
a proceeding of its own, under the dossier's number.

Rules
1. Nothing here holds what is sealed: its envelope lies in the store (`sealing.py`), by its digest.
2. A private key stands here under its owner's passphrase, or not at all.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.ledger.custody import Card, Locked
from licet.portal.accounts.models import Body, Person
from licet.portal.filings.models import StoredCase


class StoredDossier(models.Model):
    """The dossier of one filing: what is being written, and how many versions there are."""

    class Meta:
        """What the desks ask for."""

        indexes: ClassVar = [models.Index(fields=["holder", "-changed"])]

    id = models.CharField(max_length=64, primary_key=True)
    """The number of its proceeding, which begins with the first version."""
    case = models.OneToOneField(StoredCase, models.PROTECT, related_name="dossier")
    holder = models.ForeignKey(Body, models.PROTECT, related_name="dossiers")
    answers = models.JSONField(default=dict)
    sealed = models.JSONField(default=dict)
    published = models.PositiveIntegerField(default=0)
    changed = models.DateTimeField()


class StoredVersion(models.Model):
    """A version as it was published: canonical JSON, and its digest."""

    class Meta:
        """Each number once."""

        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dossier", "number"], name="dossier_version_once")
        ]

    dossier = models.ForeignKey(StoredDossier, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    document = models.BinaryField()
    whats_new = models.TextField()
    at = models.DateTimeField()


class Exhibit(models.Model):
    """An open file of a dossier. Its bytes lie in the store of attachments, by their digest."""

    dossier = models.ForeignKey(StoredDossier, models.PROTECT, related_name="exhibits")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField()


class Keeper(models.Model):
    """Somebody's key: what others seal to. One key in use for a person; older ones still open."""

    class Meta:
        """Whose, on which side."""

        indexes: ClassVar = [models.Index(fields=["side", "retired"])]

    mark = models.CharField(max_length=16, primary_key=True)
    name = models.CharField(max_length=100)
    side = models.CharField(max_length=16)
    public = models.CharField(max_length=64)
    person = models.ForeignKey(Person, models.PROTECT, related_name="keys", null=True)
    """None: an outsider's, of an independent body, whose private key never comes here."""
    locked = models.JSONField(null=True)
    made = models.DateTimeField()
    retired = models.DateTimeField(null=True)

    @property
    def card(self) -> Card:
        """The key as whoever seals takes it."""
        return Card(self.name, self.side, self.public)

    @property
    def lock(self) -> Locked | None:
        """The private key under its passphrase."""
        return Locked(**self.locked) if self.locked else None
