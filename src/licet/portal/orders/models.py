"""Orders of access as tables: who reads, what was brought for them, which shares were passed.

It refuses to know what an order is and how far it has come: its proceeding does.

Rules
1. A passed share is sealed to the order's reader. It is gone when the order has ended.
2. An envelope that was brought says nothing without shares; its bytes lie in the store of what is
   sealed.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Body
from licet.portal.dossiers.models import Keeper
from licet.portal.incidents.models import StoredProceeding


class StoredOrder(models.Model):
    """An order beside its proceeding."""

    proceeding = models.OneToOneField(
        StoredProceeding, models.PROTECT, primary_key=True, related_name="order"
    )
    holder = models.ForeignKey(Body, models.PROTECT, related_name="orders")
    reader = models.ForeignKey(Keeper, models.PROTECT, related_name="orders")
    opened = models.DateTimeField()


class Brought(models.Model):
    """An envelope that a provider brought for a name of the order, and what it is about."""

    class Meta:
        """Each once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "name"], name="brought_once")
        ]

    order = models.ForeignKey(StoredOrder, models.PROTECT, related_name="brought")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()


class PassedShare(models.Model):
    """A keeper's share of one envelope, sealed to the reader."""

    class Meta:
        """Each once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "keeper", "sha256"], name="passed_once")
        ]

    order = models.ForeignKey(StoredOrder, models.PROTECT, related_name="shares")
    keeper = models.ForeignKey(Keeper, models.PROTECT, related_name="passed")
    sha256 = models.CharField(max_length=64)
    """Digest of the envelope."""
    passed = models.TextField()
