"""Names the app to Django."""

from __future__ import annotations

from django.apps import AppConfig


class Dossiers(AppConfig):
    """Dossiers of models, and the keys of those who keep what is sealed."""

    name = "licet.portal.dossiers"
    label = "dossiers"
