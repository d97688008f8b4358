"""What happened at the authority is read and kept here, event by event.

It refuses to know what an event means, and to decide anything about a case: the authority did.

Rules
1. Events are kept in the authority's order and never twice: how far a case was read is stored in
   the same transaction as the events.
2. What is ours alone, drafting before the first filing, stays before what comes; replay does not
   mind that a draft was saved twice.
3. A case of another holder than ours is not kept, whoever sends it.
4. Keys to seal for are the authority's where its signature says so, and else nobody's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar, cast

import msgspec

from licet.base.trouble import BadInput, Corrupt, Unavailable
from licet.cases import Event, event_from_json
from licet.credentials.message import NotTaken, read_keepers
from licet.ledger.custody import Card
from licet.portal.accounts.models import Body
from licet.portal.api.shapes import (
    CaseList,
    CasePage,
    ProceedingList,
    ProceedingPage,
)
from licet.portal.dossiers import travelling as dossiers
from licet.portal.filings import service
from licet.portal.incidents import service as proceedings
from licet.portal.orders import service as orders
from licet.portal.outbox.line import Answer, Line
from licet.portal.outbox.linking import access, link, receipt_keys
from licet.portal.outbox.models import Followed, Link, Outgoing
from licet.portal.outbox.sending import asked_by
from licet.rulebook.proceeding import ProceedingKind

PAGES_MAX = 1_000
JSON, JOSE = "application/json", "application/jose"
BEGUN_THERE = ("order", "dossier")
"""Kinds that begin at the authority, even where we sent what began them."""
_T = TypeVar("_T", CaseList, CasePage, ProceedingList, ProceedingPage)


def follow(line: Line, now: datetime) -> int:
    """Read what changed at the authority; gives how many events came. Raises Unavailable, or
    Corrupt where what came contradicts itself."""
    to, after, came = link(), "", 0
    for _ in range(PAGES_MAX):
        listed = _read(line, to, f"/api/v1/cases?after={after}", CaseList, now)
        for row in listed.cases:
            known = Followed.objects.filter(pk=row.case, changed=row.changed.isoformat())
            if not known.exists():
                came += follow_case(line, row.case, now)
        if listed.next is None:
            break
        after = listed.next
    came += follow_proceedings(line, now)
    dossiers.take_keepers(_keepers(line, to, now), now)  # last: an older one has none
    return came


def follow_proceedings(line: Line, now: datetime) -> int:
    """Read what changed in what we reported, and the orders that we were told of; gives how many
    events came."""
    to, after, came = link(), "", 0
    for _ in range(PAGES_MAX):
        path = f"/api/v1/proceedings?after={after}"
        listed = _read(line, to, path, ProceedingList, now)
        for row in listed.proceedings:
            mark = Followed.objects.filter(pk=row.proceeding).first()
            begins_there = mark is None and row.kind in BEGUN_THERE
            if begins_there or (mark is not None and mark.changed != row.changed.isoformat()):
                came += _follow_proceeding(line, to, row.proceeding, now)
        if listed.next is None:
            break
        after = listed.next
    return came


def _follow_proceeding(line: Line, to: Link, proceeding: str, now: datetime) -> int:
    came = 0
    for _ in range(PAGES_MAX):
        start = _next(proceeding)
        path = f"/api/v1/proceedings/{proceeding}?after={start}"
        page = _read(line, to, path, ProceedingPage, now)
        holder = Body.objects.get(code=to.provider)
        kind, events = cast(ProceedingKind, page.kind), [_event(one) for one in page.events]
        with service.together(now) as head:
            mark, _ = Followed.objects.select_for_update().get_or_create(pk=proceeding)
            if mark.next != start:  # somebody else read it in the meantime
                return came
            proceedings.adopt(head, proceeding, kind, holder, events)
            if page.order is not None:
                orders.adopt(proceeding, holder, page.order.reader, page.order.brought, now)
            if kind == "dossier":
                _adopt_versions(proceeding, holder)
            mark.next = page.next
            if page.complete:
                mark.changed = page.changed.isoformat()
            mark.save()
        came += len(page.events)
        if page.complete:
            break
    return came


def _adopt_versions(dossier: str, holder: Body) -> None:
    """Versions that stand now, out of the messages that brought them."""
    sent = [asked_by(one) for one in Outgoing.objects.filter(subject=dossier, kind="dossier")]
    if not sent:
        raise Corrupt(f"the authority has a dossier {dossier} that was not sent from here.")
    told = [dossiers.Sent(one["document"].encode(), one["whats_new"]) for one in sent]
    dossiers.adopt(dossier, sent[0]["case"], holder, told)


def _next(case: str) -> int:
    begun = Followed.objects.filter(pk=case).first()
    return begun.next if begun else 0


def follow_case(line: Line, case_id: str, now: datetime) -> int:
    """Read one case from where we left it; gives how many events came."""
    to, came = link(), 0
    for _ in range(PAGES_MAX):
        start = _next(case_id)
        path = f"/api/v1/cases/{case_id}?after={start}"
        page = _read(line, to, path, CasePage, now)
        came += _keep(page, start, to, now)
        if page.complete:
            break
    return came


def _keep(page: CasePage, start: int, to: Link, now: datetime) -> int:
    """Rule 1."""
    if [one.number for one in page.events] != list(range(start, page.next)):
        raise Corrupt("the authority's events are not in their order.")
    events = [_event(one) for one in page.events]
    holder = Body.objects.get(code=to.provider)
    with service.together(now) as head:
        mark, _ = Followed.objects.get_or_create(pk=page.case)
        if mark.next != start:  # somebody else read it in the meantime
            return 0
        service.adopt(head, page.case, holder, events)
        mark.next = page.next
        if page.complete:
            mark.changed = page.changed.isoformat()
        mark.save()
    return len(events)


def _event(one: object) -> Event:
    shown = msgspec.to_builtins(one)
    return event_from_json({key: shown[key] for key in ("kind", "actor", "role", "at", "data")})


def _keepers(line: Line, to: Link, now: datetime) -> list[Card]:
    """Rule 4."""
    answer = _answered(line, to, "/api/v1/keepers", JOSE, now)
    try:
        token = answer.data.decode("ascii", "replace").strip()
        found = read_keepers(token, receipt_keys(to), to.authority, to.provider, now)
        return msgspec.convert(found, list[Card])
    except (NotTaken, msgspec.ValidationError) as no:
        raise Corrupt(
            f"the list of the authority's keepers is not taken: {no}",
            hint="Nothing is sealed for those whom it names. Ask the authority.",
        ) from None


def _answered(line: Line, to: Link, path: str, media_type: str, now: datetime) -> Answer:
    answer = line.ask("GET", path, bearer=access(to, "GET", path, now))
    if answer.status != 200 or answer.media_type != media_type:
        raise Unavailable(f"the authority answers {answer.status} to {path}.")
    return answer


def _read(line: Line, to: Link, path: str, shape: type[_T], now: datetime) -> _T:
    answer = _answered(line, to, path, JSON, now)
    try:
        return msgspec.json.decode(answer.data, type=shape)
    except msgspec.DecodeError as error:
        raise BadInput(f"the authority's answer to {path} is not understood: {error}") from None
