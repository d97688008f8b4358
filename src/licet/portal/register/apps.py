"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Register(AppConfig):
    """The public register."""

    name = "licet.portal.register"
    label = "register"
