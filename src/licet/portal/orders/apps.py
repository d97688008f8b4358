"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Orders(AppConfig):
    """Orders of access, and the shares that were passed for them."""

    name = "licet.portal.orders"
    label = "orders"
