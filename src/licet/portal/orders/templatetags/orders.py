"""What the desk says of orders that wait for whoever reads it.

It refuses to decide anything.
"""

from __future__ import annotations

from django import template

from licet.base.clock import SystemClock
from licet.portal.accounts.models import Person
from licet.portal.orders import service

register = template.Library()


@register.simple_tag
def orders_waiting(person: Person) -> int:
    """{% orders_waiting user as waiting %}: orders in which they can do something now."""
    return service.waiting_for(person, SystemClock().now())
