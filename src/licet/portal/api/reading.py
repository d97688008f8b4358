"""A case as its holder may read it over the door: where it stands, what happened, what is open.

It refuses to know HTTP, and to decide.

Rules
1. Events are given whole, so that each can be held against its entry in the ledger; what the desk
   keeps to itself (findings of the checklist) is left out and named in `withheld`.
2. Events are numbered from 0 in the order of the case; `next` is where to go on reading.
"""

from __future__ import annotations

from datetime import datetime

from licet.cases import Event, clocks, event_as_json, possible, settled
from licet.cases.proceedings import possible as open_in_proceeding
from licet.portal.accounts.models import Body
from licet.portal.api.shapes import (
    CaseClock,
    CaseEvent,
    CaseList,
    CasePage,
    CaseRow,
    OrderPart,
    ProceedingList,
    ProceedingPage,
    ProceedingRow,
)
from licet.portal.api.taking import actor_of_key
from licet.portal.filings import service
from licet.portal.filings.models import StoredCase, StoredEvent
from licet.portal.incidents import service as proceedings
from licet.portal.incidents.receiving import installation
from licet.portal.orders.models import StoredOrder
from licet.portal.pack import procedure

PAGE = 200
_WITHHELD = ("findings",)


def list_cases(body: Body, after: str) -> CaseList:
    """The provider's cases in the order of their ids, a page from behind `after` on."""
    rows = list(StoredCase.objects.filter(holder=body, pk__gt=after).order_by("pk")[: PAGE + 1])
    more = len(rows) > PAGE
    cases = [
        CaseRow(row.pk, row.route, row.title, row.filing, row.licence, row.number, row.changed)
        for row in rows[:PAGE]
    ]
    return CaseList(cases, cases[-1].case if more else None)


def show_case(body: Body, case_id: str, after: int, now: datetime) -> CasePage | None:
    """One case with its events from number `after` on; None where it is not this provider's."""
    row = StoredCase.objects.filter(pk=case_id, holder=body).first()
    if row is None:
        return None
    case = service.load(case_id)
    places = StoredEvent.objects.filter(case_id=case_id, refused=False).order_by("seq")
    entries = list(places.values_list("seq", flat=True)[after : after + PAGE])
    events = case.events[after : after + PAGE]
    present = settled(case, now)
    return CasePage(
        case=row.pk,
        route=row.route,
        title=row.title,
        filing=present.filing,
        licence=present.licence,
        number=row.number,
        changed=row.changed,
        pack=case.pack,
        events=[
            _event(after + place, entry, event)
            for place, (entry, event) in enumerate(zip(entries, events, strict=True))
        ],
        next=after + len(events),
        complete=after + len(events) >= len(case.events),
        clocks=[
            CaseClock(one.rule.id, one.bearer, one.state, one.due, one.left)
            for one in clocks(case, now, procedure())
        ],
        open_to_you=[one.id for one in possible(case, actor_of_key(body), now, procedure())],
    )


def list_proceedings(body: Body, after: str) -> ProceedingList:
    """The provider's proceedings in the order of their ids, a page from behind `after` on."""
    rows = proceedings.known_to(body).filter(pk__gt=after).order_by("pk")[: PAGE + 1]
    found = [ProceedingRow(row.pk, row.kind, row.stage, row.changed) for row in rows]
    more = len(found) > PAGE
    return ProceedingList(found[:PAGE], found[PAGE - 1].proceeding if more else None)


def show_proceeding(
    body: Body, proceeding_id: str, after: int, now: datetime
) -> ProceedingPage | None:
    """One proceeding with its events from number `after` on; None where it is another's."""
    row = proceedings.known_to(body).filter(pk=proceeding_id).first()
    if row is None:
        return None
    of = proceedings.load(proceeding_id)
    rules = proceedings.rules(of.kind)
    places = StoredEvent.objects.filter(proceeding=row, refused=False).order_by("seq")
    entries = list(places.values_list("seq", flat=True)[after : after + PAGE])
    events = of.events[after : after + PAGE]
    actor = installation(body, actor_of_key(body).account, rules)
    return ProceedingPage(
        proceeding=row.pk,
        kind=row.kind,
        stage=of.stage,
        changed=row.changed,
        pack=of.pack,
        events=[
            _event(after + place, entry, event)
            for place, (entry, event) in enumerate(zip(entries, events, strict=True))
        ],
        next=after + len(events),
        complete=after + len(events) >= len(of.events),
        open_to_you=[one.id for one in open_in_proceeding(of, actor, now, rules)],
        order=_order(proceeding_id),
    )


def _order(number: str) -> OrderPart | None:
    order = StoredOrder.objects.select_related("reader").filter(pk=number).first()
    if order is None:
        return None
    return OrderPart(order.reader.card, {one.name: one.sha256 for one in order.brought.all()})


def is_event_of(body: Body, case_id: str, entry: int) -> bool:
    """Whether this entry of the ledger is about a case of this provider."""
    rows = StoredEvent.objects.filter(seq=entry, case_id=case_id, case__holder=body)
    return bool(rows.exists())


def _event(number: int, entry: int, event: Event) -> CaseEvent:
    shown = event_as_json(event)
    withheld = [name for name in _WITHHELD if name in shown["data"]]
    shown["data"] = {k: v for k, v in shown["data"].items() if k not in withheld}
    return CaseEvent(number=number, entry=entry, withheld=withheld, **shown)
