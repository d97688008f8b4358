"""What templates of other desks ask of dossiers.

It refuses to decide anything.
"""

from __future__ import annotations

from django import template

from licet.portal.dossiers import service

register = template.Library()


@register.simple_tag
def has_dossier(number: str) -> bool:
    """{% has_dossier listing.number as found %}: whether anybody can read one of this filing."""
    return service.public(number) is not None
