"""Use cases of proceedings: load, decide, record, save. No branch that the law would care about.

It refuses to know pages, and what an act means: `licet.cases.proceedings` decides, the pack says
how. Storing, the ledger and turns at writing are those of `filings.service`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from licet.base.ids import new_id, secret_number
from licet.base.trouble import Corrupt, NotFound
from licet.cases import Act, Event, Fault, Refusal
from licet.cases import proceedings as rules_of
from licet.cases.forms import as_moment
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding
from licet.ledger.entry import make_entry
from licet.portal.accounts.models import Body, Person
from licet.portal.filings.models import Head, StoredEvent
from licet.portal.filings.service import decides_here, together
from licet.portal.incidents.models import StoredMeasure, StoredProceeding
from licet.portal.incidents.telling import tell
from licet.portal.pack import pack
from licet.rulebook.proceeding import Desk, ProceedingKind, ProceedingRules

AT_ONCE = 500
NUMBERED: Mapping[ProceedingKind, str] = {"measure": "LM", "complaint": "LT"}
"""Matters of people without an account, by what their numbers begin with."""
SENT: tuple[ProceedingKind, ...] = ("incident", "complaint")
"""Kinds that an authority elsewhere is told of."""
DECIDED_THERE: tuple[ProceedingKind, ...] = (*SENT, "order", "dossier")
"""Kinds in which an authority elsewhere decides, once it has seen them."""


def actor_of(person: Person) -> Actor:
    """Who acts, as proceedings know them."""
    account = f"person-{person.pk}"
    return Actor(account, person.body.kind, person.body.code, frozenset(person.roles))


def rules(kind: ProceedingKind) -> ProceedingRules:
    """What the installation's pack says of a kind. Raises NotFound."""
    return pack().proceeding(kind)


def load(proceeding_id: str) -> Proceeding:
    """The proceeding, replayed from its events. Raises NotFound."""
    rows = StoredEvent.objects.filter(proceeding_id=proceeding_id, refused=False).order_by("seq")
    events = [Event(row.kind, row.actor, row.role, row.at, row.data) for row in rows]
    if not events:
        raise NotFound(f"there is no proceeding {proceeding_id!r}.")
    return rules_of.replay(events)


def begin(
    kind: ProceedingKind, act_id: str, data: Mapping[str, Any], person: Person, now: datetime,
    about: str = "",
) -> Proceeding | Refusal:  # fmt: skip
    """Begin a proceeding of the person's own body, `about` somebody where it is about persons."""
    with together(now) as head:
        actor, number = actor_of(person), number_of(kind, now)
        return begin_on(head, number, kind, act_id, data, actor, person.body, now, about)


def number_of(kind: ProceedingKind, now: datetime) -> str:
    """A number that is new. That of a matter of somebody outside opens its page: a secret."""
    prefix = NUMBERED.get(kind)
    if prefix is None:
        return new_id(kind, now, secrets.token_bytes)
    return secret_number(prefix, now, secrets.token_bytes)


def act(
    proceeding_id: str, act_id: str, data: Mapping[str, Any], person: Person, now: datetime
) -> Proceeding | Refusal:
    """Do something: the proceeding afterwards, or why not. Refusals are recorded too."""
    return act_as(proceeding_id, act_id, data, actor_of(person), now)


def act_as(
    proceeding_id: str, act_id: str, data: Mapping[str, Any], actor: Actor, now: datetime
) -> Proceeding | Refusal:
    """The same for somebody who has no account: a person concerned, a complainant."""
    if not decides_here():
        carry: Callable[..., Refusal | None] = import_string(settings.LICET_REPORTER)
        no = carry(proceeding_id, act_id, data, actor, now)
        return no or load(proceeding_id)
    with together(now) as head:
        return act_on(head, proceeding_id, act_id, data, actor, now)


def begin_on(
    head: Head, proceeding_id: str, kind: ProceedingKind, act_id: str, data: Mapping[str, Any],
    actor: Actor, holder: Body, now: datetime, about: str = "",
) -> Proceeding | Refusal:  # fmt: skip
    """Begin a proceeding about a provider, and about somebody outside where `about` names them,
    under an id that is new, inside `together`."""
    of = rules(kind)
    parties: dict[Desk, str] = {"provider": holder.code, **({"public": about} if about else {})}
    outcome = rules_of.begin(proceeding_id, Act(act_id, dict(data)), actor, now, of, parties)
    unknown = _unknown(kind, data, holder)
    if isinstance(outcome, Refusal):
        more = unknown if outcome.code == "bad_data" else ()
        return replace(outcome, faults=(*outcome.faults, *more))
    if unknown:
        return Refusal("bad_data", act_id, faults=unknown)
    row = StoredProceeding(id=proceeding_id, kind=kind, holder=holder, opened=now, changed=now)
    row.save(force_insert=True)
    return keep(head, row, None, outcome)


def _unknown(kind: ProceedingKind, data: Mapping[str, Any], holder: Body) -> tuple[Fault, ...]:
    """Faults of an answer that names a matter that there isn't: a correction is of an incident of
    its own body; those of others do not exist for it."""
    number = str(data.get("incident") or "")
    if kind != "correction" or not number:
        return ()
    if StoredProceeding.objects.filter(pk=number, kind="incident", holder=holder).exists():
        return ()
    return (Fault("incident", "no_such_incident", {"number": number}),)


def act_on(
    head: Head, proceeding_id: str, act_id: str, data: Mapping[str, Any], actor: Actor,
    now: datetime,
) -> Proceeding | Refusal:  # fmt: skip
    """Do something in a proceeding, inside `together`."""
    row = StoredProceeding.objects.get(pk=proceeding_id)
    return _act(head, row, load(proceeding_id), Act(act_id, dict(data)), actor, now)


def _act(
    head: Head, row: StoredProceeding, of: Proceeding, act: Act, actor: Actor, now: datetime
) -> Proceeding | Refusal:
    outcome = rules_of.decide(of, act, actor, now, rules(of.kind))
    if isinstance(outcome, Refusal):
        _keep_refusal(head, row, of, actor, outcome, now)
        return outcome
    return keep(head, row, of, outcome)


def grow(
    head: Head, row: StoredProceeding, of: Proceeding, act_id: str, data: Mapping[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    """Let the machine count on in `of`, which `row` is of, inside `together`; where the authority
    decides, it is told."""
    if decides_here() or not row.seen_by_authority:
        _act(head, row, of, Act(act_id, dict(data)), rules_of.MACHINE, now)
        return
    carry: Callable[..., Refusal | None] = import_string(settings.LICET_REPORTER)
    carry(of.id, act_id, data, rules_of.MACHINE, now)


def adopt(
    head: Head, proceeding_id: str, kind: ProceedingKind, holder: Body, events: Sequence[Event]
) -> None:
    """Keep events that happened at the authority, in their order, inside `together`; those of a
    proceeding that began there begin it here. Raises Corrupt where it is another's."""
    row = StoredProceeding.objects.filter(pk=proceeding_id).first()
    if row is not None:
        keep(head, row, load(proceeding_id), events)
        return
    of = rules_of.replay(events)
    if (of.id, of.kind, of.parties["provider"]) != (proceeding_id, kind, holder.code):
        raise Corrupt(f"the authority's {proceeding_id} is not ours.", hint="Ask the authority.")
    opened = of.opened_at
    row = StoredProceeding(
        id=proceeding_id, kind=kind, holder=holder, opened=opened, changed=opened
    )
    row.save(force_insert=True)
    keep(head, row, None, events)


def settle(now: datetime) -> int:
    """Write down what has happened by itself up to `now`; asking twice writes once."""
    ripe = list(
        StoredProceeding.objects.filter(moves__lte=now).values_list("pk", flat=True)[:AT_ONCE]
    )
    for proceeding_id in ripe:
        with together(now) as head:
            found, row = load(proceeding_id), StoredProceeding.objects.get(pk=proceeding_id)
            keep(head, row, found, rules_of.due(found, now), now)
    return len(ripe)


def keep(
    head: Head, row: StoredProceeding, of: Proceeding | None, events: Iterable[Event],
    now: datetime | None = None,
) -> Proceeding:  # fmt: skip
    """Store events that follow each other, each with its line of the ledger."""
    kept = []
    for event in events:
        of = rules_of.apply(of, event)
        line = make_entry(*_line(rules_of.entry_of(of, event), event.at))
        kept.append((of, _add(head, row, event, line)))
    assert of is not None
    _project(row, of, now or of.events[-1].at)
    for then, stored in kept:
        tell(row, stored, then, rules(then.kind))
    head.save()
    return of


def known_to(holder: Body) -> Any:
    """The rows of what a provider may know of: an order of access once it was told of it, all else
    of its own."""
    return StoredProceeding.objects.filter(holder=holder, seen_by_provider=True)


def load_all(proceeding_ids: Iterable[str]) -> dict[str, Proceeding]:
    """Those of these proceedings that there are, replayed from their events, by one query."""
    wanted = list(proceeding_ids)
    rows = StoredEvent.objects.filter(proceeding_id__in=wanted, refused=False).order_by("seq")
    events: dict[str, list[Event]] = {}
    for row in rows.defer("entry"):
        event = Event(row.kind, row.actor, row.role, row.at, row.data)
        events.setdefault(row.proceeding_id, []).append(event)
    return {one: rules_of.replay(events[one]) for one in wanted if one in events}


def _line(entry: tuple[str, dict[str, Any]], at: datetime) -> tuple[str, datetime, dict[str, Any]]:
    kind, pub = entry
    return kind, at, pub


def _keep_refusal(
    head: Head, row: StoredProceeding, of: Proceeding, actor: Actor, no: Refusal, now: datetime
) -> None:
    role = min(actor.roles, default="none")
    event = Event(no.act, actor.account, role, now, {"code": no.code})
    line = make_entry(*_line(rules_of.refusal_entry(of, no, actor), now))
    _add(head, row, event, line, refused=True)
    head.save()


def _add(
    head: Head, row: StoredProceeding, event: Event, line: bytes, *, refused: bool = False
) -> StoredEvent:
    stored: StoredEvent = StoredEvent.objects.create(
        seq=head.next_seq, proceeding=row, refused=refused, kind=event.kind, actor=event.actor,
        role=event.role, at=event.at, data=dict(event.data), entry=line,
    )  # fmt: skip
    head.next_seq += 1
    return stored


def _project(row: StoredProceeding, of: Proceeding, now: datetime) -> None:
    known = rules(of.kind)
    row.title = str(of.facts.get("system") or of.facts.get("family") or "")[:200]
    row.stage = of.stage
    row.seen_by_authority = rules_of.authority_knows(of, known)
    row.seen_by_provider = rules_of.provider_knows(of, known)
    row.changed = of.events[-1].at
    ahead = [timer.at for timer in of.timers.values() if of.stage in timer.to and timer.at > now]
    row.moves = min(ahead, default=None)
    row.save()
    if of.kind == "measure":
        _project_measure(row, of, known)


def _project_measure(row: StoredProceeding, of: Proceeding, known: ProceedingRules) -> None:
    """What gateways and the ladder ask of a measure. It binds in the stages that its term ends."""
    binding = {at for clock in known.clocks.values() if clock.until for at in clock.expires}
    taken = of.did(*(act.id for act in known.acts.values() if "impose" in act.effects))
    restoring = (act.id for act in known.acts.values() if "restore" in act.effects)
    until = as_moment(of.facts["until"])
    assert until is not None
    told = {name: str(of.facts[name]) for name in ("step", "rule", "reason")}
    StoredMeasure.objects.update_or_create(
        proceeding=row,
        defaults={
            **told, "until": until, "holder": row.holder, "subject": of.parties["public"],
            "taken": taken[0].at if taken else None, "restored": bool(of.did(*restoring)),
            "binds": of.stage in binding,
            "seq": StoredEvent.objects.filter(proceeding=row).latest("seq").seq,
        },
    )  # fmt: skip
