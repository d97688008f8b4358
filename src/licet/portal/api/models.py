"""What an authority keeps of providers' installations: their keys, what was received of them.

It refuses to know what messages mean.

Rules
1. A key is never deleted, for messages under it stand in cases: it is ended.
2. A message that was taken is a row with its receipt, in the transaction that did what it asks.
3. Codes of enrolment are kept as digests, and open once.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Body


class ProviderKey(models.Model):
    """A key that signs for a provider."""

    kid = models.CharField(max_length=64, unique=True)
    """Its thumbprint (RFC 7638)."""
    body = models.ForeignKey(Body, models.PROTECT, related_name="keys")
    x = models.BinaryField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    """When it was ended."""


class EnrolmentCode(models.Model):
    """A code that was given out for a provider's key."""

    sha256 = models.CharField(max_length=64, unique=True)
    body = models.ForeignKey(Body, models.PROTECT, related_name="enrolment_codes")
    ends = models.DateTimeField()
    key = models.ForeignKey(ProviderKey, models.PROTECT, null=True)
    """What it was used for."""


class Received(models.Model):
    """A message that was taken."""

    class Meta:
        """Rule 2 of `credentials.message`: an id is taken once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["body", "message"], name="one_message_an_id")
        ]

    body = models.ForeignKey(Body, models.PROTECT, related_name="messages")
    message = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    token = models.TextField()
    """What was signed, as it came: the provider cannot deny it."""
    receipt = models.TextField()


class Upload(models.Model):
    """A file that came before the message that it belongs to."""

    class Meta:
        """A file is kept once under each of its names."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["body", "sha256", "name"], name="one_upload_a_name")
        ]

    body = models.ForeignKey(Body, models.PROTECT, related_name="uploads")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField()
