"""What is kept of families: links, requests, appeals; what they and a gateway are told.

It refuses to know names, ages and birth dates of children, and what they talk about: a child is
the reference that the provider's program uses, with the word that its guardian calls it by.

Rules
1. What a gateway is to hear is an errand, stored together with what calls for it: whoever is
   killed loses none, and it is told until it was heard.
2. A gateway's word is what holds; what is kept here of settings is what it last took.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from licet.portal.accounts.models import Person
from licet.portal.letters import Lettered


class Child(models.Model):
    """Somebody who uses the service and came here from it, a minor or taken for one."""

    reference = models.CharField(max_length=512, unique=True)
    """What the provider's program sends as `safety_identifier` or `user`."""
    looked = models.DateTimeField(null=True, db_index=True)
    """When the gateway was last asked whether help was given to them."""


class StoredLink(models.Model):
    """A guardian and a child, from the invitation on (`minors.linking`)."""

    id = models.CharField(max_length=64, primary_key=True)
    guardian = models.ForeignKey(Person, models.PROTECT, related_name="links")
    child = models.ForeignKey(Child, models.PROTECT, related_name="links", null=True)
    called = models.CharField(max_length=40)
    """What the guardian calls the child."""
    code = models.CharField(max_length=64, db_index=True)
    """A digest of the invitation's code."""
    invited_ms = models.BigIntegerField()
    stage = models.CharField(max_length=16)
    since_ms = models.BigIntegerField()
    reported = models.DateField(null=True)
    """The first day of the week in which the guardian was last told of the week before."""


class StoredRequest(models.Model):
    """A child asks for more time (`minors.asking`)."""

    id = models.CharField(max_length=64, primary_key=True)
    child = models.ForeignKey(Child, models.PROTECT, related_name="requests")
    asked_ms = models.BigIntegerField()
    minutes = models.PositiveIntegerField()
    given = models.PositiveIntegerField(null=True)
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True)


class StoredAppeal(models.Model):
    """Somebody says that they are an adult; the provider's officer answers."""

    id = models.CharField(max_length=64, primary_key=True)
    child = models.ForeignKey(Child, models.PROTECT, related_name="appeals")
    words = models.TextField()
    filed_ms = models.BigIntegerField()
    due_ms = models.BigIntegerField()
    outcome = models.CharField(max_length=16, default="open", db_index=True)
    officer = models.ForeignKey(Person, models.PROTECT, null=True)
    reason = models.TextField(blank=True)
    decided_ms = models.BigIntegerField(default=0)


class StoredAlert(models.Model):
    """The gateway gave help in a crisis. A person decides whether the guardians are told."""

    class Meta:
        """One alert is taken once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["child", "at_ms", "category"], name="one_alert_once")
        ]

    id = models.CharField(max_length=64, primary_key=True)
    child = models.ForeignKey(Child, models.PROTECT, related_name="alerts")
    at_ms = models.BigIntegerField()
    category = models.CharField(max_length=40)
    outcome = models.CharField(max_length=16, default="open", db_index=True)
    """`open`, `told` or `held`."""
    officer = models.ForeignKey(Person, models.PROTECT, null=True)
    reason = models.TextField(blank=True)
    decided_ms = models.BigIntegerField(default=0)


class Notice(Lettered):
    """What a guardian or a child was told; one of both is set. Guardians have a letter besides."""

    class Meta:
        """Those first that are due."""

        indexes: ClassVar = [models.Index(fields=["letter_at"])]

    guardian = models.ForeignKey(Person, models.CASCADE, related_name="told", null=True)
    child = models.ForeignKey(Child, models.CASCADE, related_name="told", null=True)
    kind = models.CharField(max_length=32)
    about = models.CharField(max_length=100, blank=True)
    """Whom or what it is about: fills the sentence."""
    text = models.TextField(blank=True)
    at = models.DateTimeField()


class Errand(models.Model):
    """One thing that the gateway is to hear of a child (rule 1)."""

    class Meta:
        """In their order, those that wait first."""

        indexes: ClassVar = [models.Index(fields=["state", "id"])]

    child = models.ForeignKey(Child, models.PROTECT, related_name="errands")
    deed = models.CharField(max_length=32)
    body = models.JSONField()
    state = models.CharField(max_length=16, default="waiting")
    """`waiting`, `done` or `refused`."""
    said = models.JSONField(default=dict)
    """What the gateway answered to it."""
    at = models.DateTimeField()


class Counted(models.Model):
    """The gateway's figures of one day, small cells left out by it already."""

    day = models.DateField(unique=True)
    persons = models.PositiveIntegerField(null=True)
    cells = models.JSONField()


class UsedTicket(models.Model):
    """A ticket that was used, until it would have ended anyhow."""

    digest = models.CharField(max_length=64, unique=True)
    ends = models.DateTimeField(db_index=True)
