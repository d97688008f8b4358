"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    """What the authority keeps of providers' installations."""

    name = "licet.portal.api"
    label = "api"
