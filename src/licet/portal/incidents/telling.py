"""Who is told of what happens in a proceeding: a notice with each event, as with those of cases.

It refuses to know letters and pages.

Rules
1. What one side does is told to the other; what somebody outside does, to both. What a machine
   does or time brings is seen on the desks.
2. Nobody is told of what they may not know when it happens: the authority of what did not reach
   it, a provider of an order before it was told.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from licet.cases.proceedings import Proceeding, authority_knows, provider_knows
from licet.portal.accounts.models import Body
from licet.portal.filings.models import Notice, StoredEvent
from licet.portal.incidents.models import StoredProceeding
from licet.rulebook.proceeding import ProceedingRules


def tell(
    row: StoredProceeding, stored: StoredEvent, of: Proceeding, known: ProceedingRules
) -> None:
    """Keep a notice of the last event of `of` for every body that it is told to."""
    event = of.events[-1]
    rule = known.acts.get(event.kind)
    side = rule.side if rule else "machine"
    letter_at = event.at if settings.LICET_MAIL else None
    Notice.objects.bulk_create(
        Notice(body=body, proceeding=row, event=stored, at=event.at, letter_at=letter_at)
        for body in _told(row, side, of, known)
    )


def _told(
    row: StoredProceeding, side: str, of: Proceeding, known: ProceedingRules
) -> Iterator[Body]:
    if side == "machine":
        return
    if side != "provider" and provider_knows(of, known):
        yield row.holder
    if side != "authority" and authority_knows(of, known):
        yield from Body.objects.filter(kind="authority")
