"""The pages of proceedings: parse, call, render.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, get_args

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from licet.base.trouble import NotFound
from licet.cases import Event, Refusal
from licet.cases.forms import as_moment
from licet.cases.proceedings import (
    Proceeding,
    RunningClock,
    barred,
    clocks,
    most_urgent,
    possible,
    said,
    settled,
    told,
)
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.filings.arriving import now
from licet.portal.incidents import service
from licet.portal.incidents.asking import sent_of, sheet_of
from licet.portal.incidents.doing import act_page, attempt
from licet.portal.incidents.effect import Taking, takings
from licet.portal.incidents.models import FollowedLedger, StoredMeasure, StoredProceeding
from licet.portal.incidents.naming import family_beside, incidents_of, title_of
from licet.portal.incidents.persons import last_step, reason_in
from licet.portal.pack import pack
from licet.rulebook.proceeding import Desk, ProceedingAct, ProceedingKind, ProceedingRules

View = Callable[..., HttpResponse]
QUEUE_MAX = 200
OTHERS_MAX = 50
SHOWN: tuple[ProceedingKind, ...] = ("incident", "correction", "measure", "complaint")
"""Kinds that have pages here."""
HELD = frozenset({"excerpt_sha256", "prior_step"})
"""Fields of a measure that the record answers and nobody types."""


@dataclass(frozen=True, slots=True)
class Line:
    """A proceeding in a queue: its row, its title and the family of rules beside it, its kind, its
    stage, and the clock that is due first."""

    row: StoredProceeding
    title: Any
    family: str
    kind: Any
    stage: Any
    clock: RunningClock | None
    mine: bool


def on_proceeding(view: View) -> View:
    """Gives a view the proceeding that its person may see; 404 where there is none.

    A provider's staff see those of their body, officers those that reached them.
    """

    @login_required
    @wraps(view)
    def found(request: HttpRequest, proceeding_id: str, **more: Any) -> HttpResponse:
        row = _visible(request).filter(pk=proceeding_id).first()
        if row is None:
            raise Http404
        return view(request, settled(service.load(row.pk), now()), **more)

    return found


@require_safe
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """What follows after halts: what waits for whom, until when. `?kind=` shows one kind alone."""
    moment, side = now(), request.user.body.kind
    kinds = list(_kinds(request))
    chosen = next((kind for kind, _ in kinds if kind == request.GET.get("kind")), None)
    rows = _visible(request).select_related("holder")
    rows = rows.filter(kind=chosen) if chosen else rows
    mine = Q()
    for kind, _ in kinds:
        stages = service.rules(kind).stages.values()
        mine |= Q(kind=kind, stage__in=[one.id for one in stages if one.turn == side])
    waiting, others = rows.filter(mine), rows.exclude(mine)
    ledgers = FollowedLedger.objects.filter(holder=request.user.body)
    context = {
        "kinds": kinds,
        "chosen": chosen,
        "mine": _lines(waiting.order_by("changed")[:QUEUE_MAX], request, moment),
        "others": _lines(others.order_by("-changed")[:OTHERS_MAX], request, moment),
        "ledgers": ledgers if side == "provider" else (),
        "openings": list(_openings(request)),
        "on_desk": True,
    }
    return render(request, "incidents/queue.html", context)


@require_safe
@on_proceeding
def show(request: HttpRequest, of: Proceeding) -> HttpResponse:
    """A proceeding: where it stands, what can be done, what happened."""
    moment, known = now(), service.rules(of.kind)
    actor = service.actor_of(request.user)
    context = {
        "of": of,
        "kind": known.name,
        "stage": known.stages[of.stage],
        "title": _called(of, known, request),
        "facts": list(_facts(of, known, request)),
        "acts": possible(of, actor, moment, known),
        "barred": [
            (known.acts[no.act], said(no, current().code, known))
            for no in barred(of, actor, moment, known)
        ],
        "clocks": clocks(of, moment, known),
        "past": [_step(event, known) for event in reversed(of.events)],
        "about": of.parties.get("public", "") if of.kind == "measure" else "",
        "again": list(_again(of, actor, known)),
        "corrections": [
            (kind, act)
            for kind, act in (_openings(request) if of.kind == "incident" else ())
            if kind == "correction"
        ],
        "takings": _takings(of, known),
        "earlier": _earlier(of) if of.kind == "measure" else (),
        "on_desk": True,
    }
    return render(request, "incidents/show.html", context)


@on_proceeding
def do(request: HttpRequest, of: Proceeding, act_id: str) -> HttpResponse:
    """The page of an act: what it needs, and doing it."""
    known = service.rules(of.kind)

    def proposed(rule: ProceedingAct) -> dict[str, Any]:
        form = known.forms[rule.form] if rule.form else None
        before = {n: of.facts[n] for n in form.fields if n in of.facts} if form else {}
        return before if rule.continues else _moments(before)

    tried = attempt(
        request, of, act_id, lambda act, sent: service.act(of.id, act, sent, request.user, now()),
        proposed=proposed, hidden=HELD,
    )  # fmt: skip
    if tried.done:
        return redirect("proceeding", proceeding_id=of.id)
    about = _called(of, known, request)
    return act_page(request, tried.sheet, _trail(of, known), tried.status, about)


def _called(of: Proceeding, known: ProceedingRules, request: HttpRequest) -> Any:
    """What a matter is called, for who reads of it."""
    seen = _visible(request)
    return title_of(seen.get(pk=of.id), of, known, incidents_of([of], seen))


def _trail(of: Proceeding | None, known: ProceedingRules) -> list[tuple[str, Any]]:
    above: list[tuple[str, Any]] = [(reverse("proceedings"), word("matter.title"))]
    return above if of is None else [*above, (reverse("proceeding", args=(of.id,)), known.name)]


@login_required
def start(request: HttpRequest, kind: str, act_id: str) -> HttpResponse:
    """Begin a proceeding by hand; one about a person from another about the same (`?after=`)."""
    before = _before(request)
    found = _openings(request) if before is None else _again(before, *_eyes(request, before))
    opening = next((one for one in found if (one[0], one[1].id) == (kind, act_id)), None)
    if opening is None:
        raise Http404
    known = service.rules(opening[0])
    given = _carried(before, request) if before is not None else {}
    about = before.parties["public"] if before is not None else ""
    if request.method == "POST":
        data = {**sent_of(request, known, opening[1]), **given}
        outcome = service.begin(opening[0], act_id, data, request.user, now(), about)
        if isinstance(outcome, Proceeding):
            return redirect("proceeding", proceeding_id=outcome.id)
        return _sheet(request, known, opening[1], data, before, outcome, given)
    return _sheet(request, known, opening[1], _known_of(request), before, None, given)


def _known_of(request: HttpRequest) -> dict[str, Any]:
    """What is known of the incident that is corrected (`?incident=`): proposed, to be changed."""
    row = _visible(request).filter(pk=request.GET.get("incident", ""), kind="incident").first()
    if row is None:
        return {}
    facts = service.load(row.pk).facts
    return {"incident": row.pk, "family": facts.get("family", "")}


def _eyes(request: HttpRequest, of: Proceeding) -> tuple[Any, ProceedingRules]:
    return service.actor_of(request.user), service.rules(of.kind)


def _before(request: HttpRequest) -> Proceeding | None:
    """The matter after which another is begun; 404 where the reader may not see it."""
    number = request.GET.get("after")
    if number is None:
        return None
    row = _visible(request).filter(pk=number).first()
    if row is None:
        raise Http404
    return settled(service.load(row.pk), now())


def _again(
    of: Proceeding, actor: Any, known: ProceedingRules
) -> Iterator[tuple[ProceedingKind, ProceedingAct]]:
    """What this reader may begin against the same person: measures alone are about persons."""
    if of.kind == "measure":
        for act in known.acts.values():
            if act.opens and act.side == actor.side and actor.roles & set(act.by):
                yield of.kind, act


def _earlier(of: Proceeding) -> list[tuple[StoredMeasure, Any]]:
    """The other measures against the same person, newest first, each with its step."""
    ladder = service.rules(of.kind).ladder
    rows = StoredMeasure.objects.filter(
        holder__code=of.parties["provider"], subject=of.parties["public"]
    )
    others = rows.exclude(pk=of.id).order_by("-proceeding__opened")[:OTHERS_MAX]
    steps = ladder.steps if ladder else {}
    return [(row, steps[row.step].name) for row in others.select_related("proceeding")]


def _takings(of: Proceeding, known: ProceedingRules) -> list[Taking]:
    """The gateways that are to take up what was released, while they do."""
    if of.kind != "correction" or known.stages[of.stage].turn != "machine":
        return []
    return takings(of, StoredProceeding.objects.get(pk=of.id))


def _carried(before: Proceeding, request: HttpRequest) -> dict[str, Any]:
    """What a measure has from the one before it: digest of the excerpt, and the last step."""
    ladder = service.rules(before.kind).ladder
    given = {"excerpt_sha256": before.facts["excerpt_sha256"]}
    prior = (
        last_step(request.user.body, before.parties["public"], now(), ladder) if ladder else None
    )
    return {**given, **({"prior_step": prior} if prior else {})}


def _visible(request: HttpRequest) -> Any:
    rows = StoredProceeding.objects.filter(kind__in=SHOWN)
    if request.user.body.kind == "provider":
        return rows.filter(holder=request.user.body)
    return rows.filter(seen_by_authority=True)


def _openings(request: HttpRequest) -> Iterator[tuple[ProceedingKind, ProceedingAct]]:
    """What this person may begin."""
    actor = service.actor_of(request.user)
    for kind in get_args(ProceedingKind):
        try:
            known = service.rules(kind)
        except NotFound:
            continue
        for act in known.acts.values():
            able = act.side == actor.side and actor.roles & set(act.by)
            if act.opens and able and kind in SHOWN and kind != "measure":
                yield kind, act


def _kinds(request: HttpRequest) -> Iterator[tuple[ProceedingKind, Any]]:
    """The kinds that the pack has pages for, with their names."""
    for kind in SHOWN:
        if kind in pack().supervision.proceedings:
            yield kind, service.rules(kind).name


def _lines(rows: Any, request: HttpRequest, moment: datetime) -> list[Line]:
    found, side = list(rows), request.user.body.kind
    loaded = service.load_all(row.pk for row in found)
    about = incidents_of(loaded.values(), _visible(request))
    lines = (_line(row, loaded[row.pk], about, side, moment) for row in found)
    return sorted(lines, key=_urgency)


def _line(
    row: StoredProceeding, of: Proceeding, about: Mapping[str, Proceeding], side: Any,
    moment: datetime,
) -> Line:  # fmt: skip
    of = settled(of, moment)
    known = service.rules(of.kind)
    running = clocks(of, moment, known)
    other: Desk = "authority" if side == "provider" else "provider"
    clock = most_urgent(running, side) or most_urgent(running, other)
    title = title_of(row, of, known, about)
    return Line(
        row,
        title,
        family_beside(title, of),
        known.name,
        known.stages[of.stage],
        clock,
        known.stages[of.stage].turn == side,
    )


def _urgency(line: Line) -> tuple[Any, ...]:
    due = line.clock.due_at.timestamp() if line.clock and line.clock.due_at else float("inf")
    return (not line.mine, due, -line.row.changed.timestamp())


def _facts(
    of: Proceeding, known: ProceedingRules, request: HttpRequest
) -> Iterator[tuple[Any, Any, bool]]:
    """What is known: field, value, whether this reader may see it (law:cn-genai-2023/art19.2)."""
    seen: set[str] = set()
    provider = request.user.body.kind == "provider"
    for form in known.forms.values():
        for field in form.fields.values():
            if field.id in seen or field.id not in of.facts:
                continue
            seen.add(field.id)
            yield (
                field,
                _named(field.id, of.facts[field.id]) or _written(field, of.facts[field.id]),
                provider or field.visibility != "sealed",
            )


def _named(field: str, value: Any) -> Any:
    """What the pack calls what a gateway or a machine put down by its id; None: it has no name."""
    if field == "category" and value in pack().categories:
        return pack().categories[value].name
    incident = pack().supervision.incident
    if field == "proposed_grade" and incident and value in incident.grades:
        return incident.grades[value].name
    return None


def _written(field: Any, value: Any) -> Any:
    if field.kind == "choice":
        return field.choices[value].label if value in field.choices else value
    if field.kind == "long_text":
        return reason_in(str(value), current().code)
    return as_moment(value) if field.kind == "moment" else str(value)


def _step(event: Event, known: ProceedingRules) -> dict[str, Any]:
    role = known.roles.get(event.role)
    text = event.data.get("facts", {}).get("text")
    return {
        "at": event.at,
        "name": told(event, current().code, known),
        "role": role.name if role else None,
        "text": text,
    }


def _moments(facts: dict[str, Any]) -> dict[str, Any]:
    """Moments that are known already are proposed; nothing else is answered for anybody."""
    return {name: value for name, value in facts.items() if as_moment(value)}


def _sheet(
    request: HttpRequest, known: ProceedingRules, rule: ProceedingAct, answers: dict[str, Any],
    of: Proceeding | None, no: Refusal | None, given: Container[str] = HELD,
) -> HttpResponse:  # fmt: skip
    sheet = sheet_of(known, rule, answers, no, given)
    return act_page(request, sheet, _trail(of, known), 409 if no else 200)
