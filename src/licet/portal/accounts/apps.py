"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Accounts(AppConfig):
    """People and bodies."""

    name = "licet.portal.accounts"
    label = "accounts"
