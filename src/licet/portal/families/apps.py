"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Families(AppConfig):
    """Guardians and children."""

    name = "licet.portal.families"
    label = "families"
