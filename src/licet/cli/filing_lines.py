"""Cases and messages as lines for a terminal.

It refuses to know how they came here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from licet.base.clock import rfc3339
from licet.base.trouble import NotFound
from licet.cases import clocks, possible, settled, told
from licet.portal.filings import service
from licet.portal.filings.models import StoredCase
from licet.portal.outbox.linking import actor, link
from licet.portal.outbox.models import Outgoing
from licet.portal.pack import procedure


def list_lines() -> Iterator[str]:
    """A line for each case, and what waits."""
    stages = procedure().stages
    for row in StoredCase.objects.filter(holder__code=link().provider).order_by("pk"):
        stands = f"{stages[row.filing].name['en']} / {stages[row.licence].name['en']}"
        yield f"{row.pk}  {row.route:18} {stands:28} {row.number or '-':28} {row.title}"
    yield from _waiting_lines(Outgoing.objects.filter(state="waiting"))


def case_lines(case_id: str, now: datetime) -> Iterator[str]:
    """One case: where it stands, what happened, what runs, what can be done."""
    rules, row = procedure(), StoredCase.objects.filter(pk=case_id).first()
    messages = Outgoing.objects.filter(subject=case_id)
    if row is None and not messages:
        raise NotFound(f"there is no case {case_id} here.", hint="See: licet filing status")
    if row is not None:
        case = settled(service.load(case_id), now)
        filing, licence = rules.stages[case.filing], rules.stages[case.licence]
        yield f"{case_id}  {row.route}  {row.number or ''}"
        yield f"filing    {filing.name['zh']} / {filing.name['en']}"
        yield f"licence   {licence.name['zh']} / {licence.name['en']}"
        for event in case.events:
            yield f"  {rfc3339(event.at)}  {event.role:16} {told(event, 'en', rules)}"
            for text in (event.data.get("text"), *_requests(event.data)):
                if text:
                    yield f"      {text}"
        for clock in clocks(case, now, rules):
            due = clock.due.isoformat() if clock.due else "rests"
            yield f"clock     {clock.rule.name['en']}: {clock.state}, {due} ({clock.bearer})"
        acts = [one.id for one in possible(case, actor(), now, rules) if "save" not in one.effects]
        yield f"open      {', '.join(acts) or 'nothing'}"
    for one in messages.order_by("made", "id"):
        yield f"message   {one.pk}  {one.kind:8} {one.state.replace('_', ' ')} {one.code}"


def _requests(data: object) -> list[str]:
    found = data.get("requests", ()) if isinstance(data, dict) else ()
    return [str(one.get("text", "")) for one in found]


def _waiting_lines(rows: object) -> Iterator[str]:
    for one in rows.order_by("made", "id"):  # type: ignore[attr-defined]
        why = f"{one.code}, " if one.code else ""
        yield f"waiting   {one.pk}  {one.subject}  {why}next try {rfc3339(one.next_try)}"
