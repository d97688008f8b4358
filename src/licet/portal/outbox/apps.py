"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Outbox(AppConfig):
    """Messages to the authority."""

    name = "licet.portal.outbox"
    label = "outbox"
