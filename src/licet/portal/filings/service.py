"""Use cases of the desks: load, decide, record, save. No branch that the law would care about.

It refuses to know pages, and what an act means: `licet.cases` decides, the pack says how.

Rules
1. One transaction an act: the events (or the refusal), the projection and the lines of the ledger
   are there together or not at all. The ledger is written after it, from those lines, in their
   order; what was interrupted is caught up by the next `publish`.
2. Writers take turns (`Head` is locked), so `seq` has no gaps and nobody decides on an old case.
3. The public sees an event, and tokens follow it, when it is in the ledger, never before.
4. Where the authority is another installation, drafting alone happens here: every other act is
   carried there, and events come back by `adopt`. Nothing happens by itself here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from licet.base.ids import new_id
from licet.base.trouble import Conflict, Corrupt, NotFound, Unavailable
from licet.cases import (
    Act,
    Actor,
    Case,
    Event,
    Fault,
    Refusal,
    apply,
    decide,
    depends_on,
    due,
    flagged,
    open_case,
    replay,
    settled,
)
from licet.cases.fold import OPENED
from licet.portal.accounts.models import Body, Person
from licet.portal.filings.models import Head, StoredCase, StoredEvent
from licet.portal.filings.notices import remind, tell
from licet.portal.filings.publishing import show_publicly
from licet.portal.filings.record import make_line, make_refusal_line, record
from licet.portal.filings.tokens import follow
from licet.portal.pack import pack as pack
from licet.portal.pack import procedure as procedure
from licet.portal.register.editions import turn

AT_ONCE = 500
"""How many events are published in one go."""


def actor_of(person: Person) -> Actor:
    """Who acts, as `cases` knows them."""
    return Actor(
        account=f"person-{person.pk}",
        side=person.body.kind,
        organisation=person.body.code,
        roles=frozenset(person.roles),
    )


def load(case_id: str) -> Case:
    """The case, replayed from its events. Raises NotFound."""
    found = load_all([case_id])
    if case_id not in found:
        raise NotFound(f"there is no case {case_id!r}.")
    return found[case_id]


def load_all(case_ids: Iterable[str]) -> dict[str, Case]:
    """Those of these cases that there are, replayed from their events."""
    rows = StoredEvent.objects.filter(case_id__in=list(case_ids), refused=False).order_by("seq")
    rows = rows.defer("entry")
    events: dict[str, list[Event]] = {}
    for row in rows:
        event = Event(row.kind, row.actor, row.role, row.at, row.data)
        events.setdefault(row.case_id, []).append(event)
    return {case_id: replay(happened) for case_id, happened in events.items()}


def begin(route: str, person: Person, now: datetime) -> Case | Refusal:
    """Open a case on a route."""
    case_id = new_id("case", now, secrets.token_bytes)
    with together(now) as head:
        return open_on(head, case_id, route, actor_of(person), person.body, now)


def act(
    case_id: str, act_id: str, data: Mapping[str, Any], person: Person, now: datetime
) -> Case | Refusal:
    """Do something in a case: the case afterwards, or why not. Refusals are recorded too."""
    rule = procedure().acts.get(act_id)
    if not decides_here() and (rule is None or "save" not in rule.effects):
        carry = import_string(settings.LICET_CARRIER)
        carried: Case | Refusal = carry(case_id, act_id, data, person, now)
        return carried
    with together(now) as head:
        return act_on(head, case_id, act_id, data, actor_of(person), now)


def decides_here() -> bool:
    """Whether this installation is the authority, or both (rule 4)."""
    return "authority" in settings.LICET_ROLES


@contextmanager
def together(now: datetime) -> Iterator[Head]:
    """What is done inside is stored together or not at all, and published after it (rule 1).

    Whoever undoes a part of it by a savepoint reads the head anew.
    """
    with transaction.atomic():
        yield _lock()
    publish(now)


def open_on(
    head: Head, case_id: str, route: str, actor: Actor, body: Body, now: datetime
) -> Case | Refusal:
    """Open a case under an id that is new, inside `together`."""
    outcome = open_case(case_id, route, actor, now, procedure())
    if isinstance(outcome, Refusal):
        return outcome
    case = replay(outcome)
    row = StoredCase(
        id=case.id, route=route, holder=body, opened=now, changed=now,
        filing=case.filing, licence=case.licence,
    )  # fmt: skip
    row.save(force_insert=True)
    _keep(head, row, None, outcome)
    return case


def act_on(
    head: Head, case_id: str, act_id: str, data: Mapping[str, Any], actor: Actor, now: datetime
) -> Case | Refusal:
    """Do something in a case, inside `together`."""
    case = load(case_id)
    row = StoredCase.objects.get(pk=case_id)
    outcome = decide(case, Act(act_id, dict(data)), actor, now, procedure())
    outcome = _number_taken(case, act_id, outcome) or outcome
    if isinstance(outcome, Refusal):
        _keep_refusal(head, row, case, actor, outcome, now)
        return outcome
    _keep(head, row, case, outcome)
    return load(case_id)


def adopt(head: Head, case_id: str, holder: Body, events: Sequence[Event]) -> None:
    """Keep events that happened at the authority, in their order, inside `together` (rule 4).

    Raises Corrupt where they do not begin a case of this holder, or go on with one."""
    row = StoredCase.objects.filter(pk=case_id, holder=holder).first()
    case = load(case_id) if row is not None else None
    if events and events[0].kind == OPENED:
        opened = events[0].data
        if (opened.get("case"), opened.get("holder")) != (case_id, holder.code):
            raise Corrupt(f"the authority's case {case_id} is not ours.")
        if row is None:
            first = replay(events[:1])
            row = StoredCase(
                id=case_id, route=first.route, holder=holder, opened=first.opened_at,
                changed=first.opened_at, filing=first.filing, licence=first.licence,
            )  # fmt: skip
            row.save(force_insert=True)
        else:  # drafted here: it was opened before
            events = events[1:]
    if row is None:
        raise Corrupt(f"the authority's case {case_id} has no beginning here.")
    _keep(head, row, case, events)


def settle(now: datetime) -> int:
    """Write down what has happened by itself up to `now`, and tell of periods that are near their
    end; asking twice writes once."""
    ripe = StoredCase.objects.filter(Q(moves__lte=now) | Q(warns__lte=now))
    waiting = list(ripe.values_list("pk", flat=True)[:AT_ONCE])
    for case_id in waiting:
        with transaction.atomic():
            head = _lock()
            case, row = load(case_id), StoredCase.objects.get(pk=case_id)
            _keep(head, row, case, due(case, now) if decides_here() else ())
            case = settled(case, now)
            remind(row, case, now, procedure())
            # What is over and did not happen waits for somebody's act, and not for the time.
            row.moves = min((one.at for one in case.timers.values() if one.at > now), default=None)
            row.save()
    if waiting:
        publish(now)
    return len(waiting)


def publish(now: datetime) -> None:
    """Bring the ledger, and then the public register, up to what is stored.

    Where another process writes the ledger, or it can't be written now, that is left to later.
    Raises Corrupt where the ledger holds more than is stored: then the store is an old copy, and
    going on would leave acts unrecorded.
    """
    try:
        ledger = record(settings.LICET_HOME)
        while _publish_some(ledger, now):
            pass
    except (Conflict, Unavailable):
        return


def _publish_some(ledger: Any, now: datetime) -> bool:
    held = ledger.size + ledger.owed
    if held > (Head.objects.values_list("next_seq", flat=True).first() or 0):
        raise Corrupt(
            "the ledger holds, or held, more entries than the database holds events.",
            hint="The database is an old copy: restore a newer one.",
        )
    first = min(ledger.size, Head.objects.values_list("published", flat=True).first() or 0)
    most = max(AT_ONCE, held - first if ledger.owed else 0)
    rows = list(StoredEvent.objects.filter(seq__gte=first).order_by("seq")[:most])
    if not rows:
        return False
    ledger.add(first, [bytes(row.entry) for row in rows], now)
    with transaction.atomic():
        head = _lock()
        shown = False
        for case_id in dict.fromkeys(
            row.case_id for row in rows if row.case_id and not row.refused
        ):
            case = settled(load(case_id), now)
            if decides_here():
                shown |= show_publicly(case, now, procedure())
                follow(case, now, pack())
        if shown:
            turn(secrets.token_hex(8))
        head.published = max(head.published, rows[-1].seq + 1)
        head.save()
    return len(rows) == most


def _number_taken(case: Case, act_id: str, outcome: tuple[Event, ...] | Refusal) -> Refusal | None:
    """Why what was decided cannot be: its number stands on another case. None where it can."""
    if isinstance(outcome, Refusal):
        return None
    number = outcome[-1].data.get("grant", {}).get("number")
    others = StoredCase.objects.exclude(pk=case.id).filter(number=number)
    if number is None or not others.exists():
        return None
    return Refusal("bad_data", act_id, {}, (Fault("number", "taken"),))


def _lock() -> Head:
    """Rule 2."""
    return Head.objects.select_for_update().get(pk=1)


def _keep(head: Head, row: StoredCase, case: Case | None, events: Iterable[Event]) -> None:
    """Store events that follow each other in a case, and what they bring about elsewhere."""
    licence_before = case.licence if case else None
    for event in events:
        case = apply(case, event)
        stored = _add(head, row, event, make_line(case, event))
        tell(row, stored, event, procedure())
    if case is None:
        return
    _project(row, case)
    if decides_here() and case.grant is not None and case.licence != licence_before:
        _tell_dependants(head, case)
    head.save()


def _keep_refusal(
    head: Head, row: StoredCase, case: Case, actor: Actor, refusal: Refusal, now: datetime
) -> None:
    role = min(actor.roles, default="none")
    event = Event(refusal.act, actor.account, role, now, {"code": refusal.code})
    line = make_refusal_line(case, refusal, role, now)
    _add(head, row, event, line, refused=True)
    head.save()


def _add(
    head: Head, row: StoredCase, event: Event, line: bytes, *, refused: bool = False
) -> StoredEvent:  # fmt: skip
    stored: StoredEvent = StoredEvent.objects.create(
        seq=head.next_seq, case=row, refused=refused, kind=event.kind, actor=event.actor,
        role=event.role, at=event.at, data=dict(event.data), entry=line,
    )  # fmt: skip
    head.next_seq += 1
    return stored


def _project(row: StoredCase, case: Case) -> None:
    form = procedure().form_of(case.route)
    answers = case.filed.answers if case.filed else case.draft
    row.title = str(answers.get(form.title) or case.draft.get(form.title) or "")[:200]
    row.filing, row.licence = case.filing, case.licence
    row.number = case.grant.number if case.grant else None
    row.upstream = depends_on(case, procedure()) or ""
    row.changed = case.events[-1].at
    row.moves = min((timer.at for timer in case.timers.values()), default=None)
    remind(row, case, case.events[-1].at, procedure())
    row.save()


def _tell_dependants(head: Head, upstream: Case) -> None:
    """Flag every case that rests on this filing (cases.upstream)."""
    assert upstream.grant is not None
    ids = StoredCase.objects.filter(upstream=upstream.grant.number).values_list("pk", flat=True)
    dependants = [load(one) for one in ids]
    moment = upstream.events[-1].at
    for case, event in flagged(upstream, dependants, moment, procedure()):
        _keep(head, StoredCase.objects.get(pk=case.id), case, (event,))
