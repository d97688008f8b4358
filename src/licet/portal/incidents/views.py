"""The pages of proceedings: parse, call, render.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, get_args

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
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
from licet.portal.filings.arriving import now
from licet.portal.filings.forming import Question, element, questions, read, wording
from licet.portal.incidents import service
from licet.portal.incidents.models import FollowedLedger, StoredProceeding
from licet.portal.pack import pack
from licet.rulebook.place import place
from licet.rulebook.procedure import Form
from licet.rulebook.proceeding import Desk, ProceedingAct, ProceedingKind, ProceedingRules

View = Callable[..., HttpResponse]
QUEUE_MAX = 200
SHOWN: tuple[ProceedingKind, ...] = ("incident", "correction")
"""Kinds that have pages here."""


@dataclass(frozen=True, slots=True)
class Line:
    """A proceeding in a queue: its row, its kind, its stage, the clock that is due first."""

    row: StoredProceeding
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
    """What follows after halts: what waits for whom, until when."""
    moment, side = now(), request.user.body.kind
    rows = _visible(request).select_related("holder").order_by("-changed")[:QUEUE_MAX]
    lines = sorted((_line(row, side, moment) for row in rows), key=_urgency)
    ledgers = FollowedLedger.objects.filter(holder=request.user.body)
    context = {
        "mine": [line for line in lines if line.mine],
        "others": [line for line in lines if not line.mine],
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
        "facts": list(_facts(of, known, request)),
        "acts": possible(of, actor, moment, known),
        "barred": [
            (known.acts[no.act], said(no, current().code, known))
            for no in barred(of, actor, moment, known)
        ],
        "clocks": clocks(of, moment, known),
        "past": [_step(event, known) for event in reversed(of.events)],
        "on_desk": True,
    }
    return render(request, "incidents/show.html", context)


@on_proceeding
def do(request: HttpRequest, of: Proceeding, act_id: str) -> HttpResponse:
    """The page of an act: what it needs, and doing it."""
    known, actor = service.rules(of.kind), service.actor_of(request.user)
    rule = known.acts.get(act_id)
    if rule is None or rule.side != actor.side or rule.opens:
        raise Http404
    if request.method == "POST":
        data = _sent(request, known, rule)
        outcome = service.act(of.id, act_id, data, request.user, now())
        if isinstance(outcome, Proceeding):
            return redirect("proceeding", proceeding_id=of.id)
        return _sheet(request, known, rule, data, of, outcome)
    if rule not in possible(of, actor, now(), known):
        refusals = barred(of, actor, now(), known)
        no = next((one for one in refusals if one.act == act_id), None)
        if no is None:
            raise Http404
        return _sheet(request, known, rule, {}, of, no)
    form = known.forms[rule.form] if rule.form else None
    before = {n: of.facts[n] for n in form.fields if n in of.facts} if form else {}
    return _sheet(request, known, rule, before if rule.continues else _moments(before), of, None)


@login_required
def start(request: HttpRequest, kind: str, act_id: str) -> HttpResponse:
    """Begin a proceeding by hand."""
    opening = next(
        (one for one in _openings(request) if (one[0], one[1].id) == (kind, act_id)), None
    )
    if opening is None:
        raise Http404
    known = service.rules(opening[0])
    if request.method == "POST":
        data = _sent(request, known, opening[1])
        outcome = service.begin(opening[0], act_id, data, request.user, now())
        if isinstance(outcome, Proceeding):
            return redirect("proceeding", proceeding_id=outcome.id)
        return _sheet(request, known, opening[1], data, None, outcome)
    return _sheet(request, known, opening[1], {}, None, None)


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
            if act.opens and able and kind in SHOWN:
                yield kind, act


def _line(row: StoredProceeding, side: Any, moment: datetime) -> Line:
    of = settled(service.load(row.pk), moment)
    known = service.rules(of.kind)
    running = clocks(of, moment, known)
    other: Desk = "authority" if side == "provider" else "provider"
    clock = most_urgent(running, side) or most_urgent(running, other)
    return Line(
        row, known.name, known.stages[of.stage], clock, known.stages[of.stage].turn == side
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
                _written(field, of.facts[field.id]),
                provider or field.visibility != "sealed",
            )


def _written(field: Any, value: Any) -> Any:
    if field.kind == "choice":
        return field.choices[value].label if value in field.choices else value
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


def _sent(request: HttpRequest, known: ProceedingRules, rule: ProceedingAct) -> dict[str, Any]:
    fields = known.forms[rule.form].fields.values() if rule.form else ()
    given = {field.id: read(field, request.POST) for field in fields}
    return {name: value for name, value in given.items() if value is not None}


def _moments(facts: dict[str, Any]) -> dict[str, Any]:
    """Moments that are known already are proposed; nothing else is answered for anybody."""
    return {name: value for name, value in facts.items() if as_moment(value)}


def _sheet(
    request: HttpRequest, known: ProceedingRules, rule: ProceedingAct, answers: dict[str, Any],
    of: Proceeding | None, no: Refusal | None,
) -> HttpResponse:  # fmt: skip
    form = known.forms[rule.form] if rule.form else None
    faults = no.faults if no else ()
    context = {
        "of": of,
        "kind": known.name,
        "rule": rule,
        "questions": list(_questions(form, answers, faults)) if form else (),
        "no": said(no, current().code, known) if no and no.code != "bad_data" else "",
        "faults": [
            (element(one.field), form.fields[one.field].label if form and one.field in form.fields
             else "", wording(one))
            for one in faults
        ],
        "bases": [place(pack(), one, current().code) for one in rule.basis],
        "on_desk": True,
    }  # fmt: skip
    return render(request, "incidents/do.html", context, status=409 if no else 200)


def _questions(form: Form, answers: dict[str, Any], faults: Any) -> Iterator[Question]:
    for section in form.sections:
        yield from questions(form, section, answers, faults)
