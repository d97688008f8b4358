"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Labelling(AppConfig):
    """Samples that people label."""

    name = "licet.portal.labelling"
    label = "labelling"
