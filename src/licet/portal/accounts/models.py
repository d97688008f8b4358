"""People who sign in, and the bodies that they act for.

It refuses to know sessions, passwords (Django) and second factors (allauth).

Rules
1. A person acts for one body; what they may do there follows from their roles, nothing else. A
   guardian acts for nobody: what they may do follows from their links.
2. A person is never deleted: their acts stand in the ledger under their number. They are closed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Body(models.Model):
    """An authority or a provider, as the register names it; or `family`, which all guardians are
    of: it has no desk and no part in any case."""

    KINDS: ClassVar = [(one, one) for one in ("authority", "provider", "family")]

    code = models.CharField(max_length=64, unique=True)
    """Its number in the state's register of bodies, or another name that is its alone."""
    kind = models.CharField(max_length=16, choices=KINDS)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    region = models.CharField(max_length=100, blank=True)
    """Where it is registered, as the register's readers call it."""

    @property
    def name(self) -> dict[str, str]:
        """Its name by language."""
        return {"zh": self.name_zh, "en": self.name_en}


class People(BaseUserManager):
    """Makes people, and gets each with their body: what they may do rests on it."""

    def get_queryset(self) -> models.QuerySet[Person]:
        """Everybody, in one query with their bodies."""
        return super().get_queryset().select_related("body")

    def create_user(self, email: str, password: str | None = None, **more: Any) -> Person:
        """A person who may sign in once they have a password."""
        person: Person = self.model(email=self.normalize_email(email).lower(), **more)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser):
    """Somebody who may sign in."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    body = models.ForeignKey(Body, models.PROTECT, related_name="people")
    roles = models.JSONField(default=list)
    """Names of roles, as the pack's procedures use them."""
    is_active = models.BooleanField(default=True)
    read_upto = models.PositiveBigIntegerField(default=0)
    """The number of the last notice that they marked as read."""

    objects = People()

    @property
    def official(self) -> bool:
        """Whether they act for an authority."""
        return bool(self.body.kind == "authority")

    def has(self, role: str) -> bool:
        """Whether they hold the role."""
        return role in self.roles
