"""What templates of other desks ask of dossiers.

It refuses to decide anything.
"""

from __future__ import annotations

from django import template

from licet.portal.design.words import word
from licet.portal.dossiers import service

register = template.Library()


@register.simple_tag
def has_dossier(number: str) -> bool:
    """{% has_dossier listing.number as found %}: whether anybody can read one of this filing."""
    return service.public(number) is not None


@register.simple_tag
def chain_word(name: str) -> str:
    """{% chain_word "chip" %}: a kind of part, a role of an origin or an outcome, in words."""
    return word(f"chain-word.{name}")
