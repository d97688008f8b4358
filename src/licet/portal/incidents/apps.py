"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Incidents(AppConfig):
    """What follows after a halt, and its desks."""

    name = "licet.portal.incidents"
    label = "incidents"
