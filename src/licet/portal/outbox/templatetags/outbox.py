"""What became of the last message about a case, for the case's page.

It refuses to know pages. Costs nothing where the authority is in the same installation.
"""

from __future__ import annotations

from django import template

from licet.portal.filings.service import decides_here
from licet.portal.outbox.models import Outgoing

register = template.Library()


@register.simple_tag
def last_message(case_id: str) -> Outgoing | None:
    """The last message about a case, unless it was done: then the case itself tells."""
    if decides_here():
        return None
    last = Outgoing.objects.filter(subject=case_id).order_by("-made", "-id").first()
    return last if last is not None and last.state != "done" else None
