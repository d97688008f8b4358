"""What a provider keeps of its traffic with the authority.

It refuses to know what a message asks for.

Rules
1. A message is kept as it was signed, for ever, with its receipt: both sides hold the same bytes.
2. A message leaves `waiting` by the authority's word alone: a receipt, or a problem with a code.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Link(models.Model):
    """The authority that this installation answers to: one row."""

    url = models.CharField(max_length=500)
    """Where it is reached."""
    authority = models.CharField(max_length=500)
    """Its address as it wrote it down for itself: the audience of messages."""
    provider = models.CharField(max_length=64)
    kid = models.CharField(max_length=64)
    pack = models.CharField(max_length=64)
    receipts = models.JSONField()
    """The keys whose receipts count, as a JSON Web Key Set."""
    ledger = models.CharField(max_length=500)
    since = models.DateTimeField()


class Outgoing(models.Model):
    """A message of ours."""

    STATES: ClassVar = [(one, one) for one in ("waiting", "done", "refused", "not_taken")]

    class Meta:
        """What the courier and the desk ask for."""

        indexes: ClassVar = [
            models.Index(fields=["state", "next_try"]),
            models.Index(fields=["subject", "id"]),
        ]

    id = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    """The case that it is about: messages about one are sent in their order."""
    token = models.TextField()
    made = models.DateTimeField()
    ends = models.DateTimeField()
    state = models.CharField(max_length=16, choices=STATES, default="waiting")
    tries = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField()
    code = models.CharField(max_length=64, blank=True)
    """Why it was not taken, or not yet; a code of docs/protocol.md or `unreachable`."""
    detail = models.CharField(max_length=1000, blank=True)
    receipt = models.TextField(blank=True)


class OutgoingFile(models.Model):
    """A file that a message names. Its bytes lie in the store, by their digest."""

    message = models.ForeignKey(Outgoing, models.CASCADE, related_name="files")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    sent = models.BooleanField(default=False)


class Followed(models.Model):
    """How far a case was read at the authority."""

    case = models.CharField(max_length=64, primary_key=True)
    next = models.PositiveIntegerField(default=0)
    """Number of the first event that is not here yet."""
    changed = models.CharField(max_length=40, blank=True)
    """When the authority last changed it, as it said."""
