"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Filings(AppConfig):
    """Cases of licensing and their desks."""

    name = "licet.portal.filings"
    label = "filings"
