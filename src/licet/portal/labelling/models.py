"""Samples, their items, and what people said of them.

It refuses to know what follows from labels.

Rules
1. A person labels an item once; the database holds that.
2. When a sample is closed its texts are removed; who drew what from which file stays, and so do
   the labels.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Body, Person


class Sample(models.Model):
    """Texts that a body has labelled. `seed` and `sha256` of the file say which they are."""

    name = models.CharField(max_length=120)
    body = models.ForeignKey(Body, models.PROTECT, related_name="samples")
    kind = models.CharField(max_length=16)
    of = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    opened = models.DateTimeField()
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    closed = models.DateTimeField(null=True)
    about = models.CharField(max_length=40, blank=True, default="")
    """The version of a data set that it was drawn from, where it was drawn from one."""


class SampledText(models.Model):
    """One item, in the order drawn."""

    class Meta:
        """One place, one text."""

        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "place"], name="one_text_a_place")
        ]

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="texts")
    place = models.PositiveIntegerField()
    key = models.CharField(max_length=200)
    prompt = models.TextField(blank=True)
    reply = models.TextField(blank=True)


class Voice(models.Model):
    """What one person said of one item."""

    class Meta:
        """Rule 1."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "place", "by"], name="one_voice_a_person")
        ]

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="voices")
    place = models.PositiveIntegerField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    answers = models.JSONField()
    final = models.BooleanField(default=False)
    at = models.DateTimeField()
