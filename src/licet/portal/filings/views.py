"""The pages of the desks: parse, call, render.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from licet.cases import (
    Case,
    Refusal,
    barred,
    clocks,
    differences,
    display_text,
    missing,
    possible,
    scope,
    settled,
)
from licet.portal.design.languages import current
from licet.portal.design.templatetags.licet import render_day
from licet.portal.design.words import word
from licet.portal.filings import acting, desk, service
from licet.portal.filings.arriving import now, on_case, why
from licet.portal.filings.draft_views import save_act
from licet.portal.filings.forming import element, wording
from licet.portal.filings.publishing import written
from licet.portal.filings.record import record
from licet.portal.pack import pack


@require_safe
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """The desk: what waits, and until when."""
    moment = now()
    words = request.GET.get("q", "").strip()[: desk.QUERY_CHARACTERS_MAX]
    lines = desk.queue(request.user, moment, service.procedure(), words)
    provider = request.user.body.kind == "provider"
    context = {
        "mine": [line for line in lines if line.mine],
        "others": [line for line in lines if not line.mine],
        "provider": provider,
        "minors": provider and settings.LICET_GATEWAY_BODY in ("", request.user.body.code),
        "computing": pack().computing is not None,
        "sharing": pack().sharing is not None,
        "words": words,
        "on_desk": True,
    }
    return render(request, "filings/queue.html", context)


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Choose a route and begin."""
    if request.user.body.kind != "provider":
        raise Http404
    procedure = service.procedure()
    if request.method == "POST":
        route = request.POST.get("route", "")
        outcome = service.begin(route, request.user, now())
        if isinstance(outcome, Refusal):
            shown = {
                "routes": list(procedure.routes.values()),
                "no": why(outcome) if route else word("desk.choose-route"),
                "nothing": not route,
                "on_desk": True,
            }
            return render(request, "filings/start.html", shown, status=409)
        return redirect("case", case_id=outcome.id)
    wanted = request.GET.get("route", "")
    context: dict[str, Any] = {
        "routes": procedure.routes.values(), "wanted": wanted, "on_desk": True,
    }  # fmt: skip
    return render(request, "filings/start.html", context)


@require_safe
def scope_page(request: HttpRequest) -> HttpResponse:
    """Is this service in scope? Anybody may ask, and nothing is kept."""
    procedure = service.procedure()
    answers = {k: v for k, v in request.GET.items() if k in procedure.questions}
    result = scope(answers, procedure)
    open_ids = {one.id for one in result.open}
    answered = [
        (procedure.questions[k], procedure.questions[k].choices[v].label)
        for k, v in answers.items()
        if v in procedure.questions[k].choices
    ]
    context = {
        "next": result.open[0] if result.open else None,
        "answered": answered,
        "answers": answers,
        "result": result,
        "left": open_ids,
        "routes": [procedure.routes[one] for one in result.routes],
        "bases": [(rule, [basis_text(one) for one in rule.basis]) for rule in result.rules],
    }
    return render(request, "filings/scope.html", context)


def basis_text(name: str) -> dict[str, Any]:
    """What a rule rests on: its id and its paraphrase."""
    basis = service.procedure().bases.get(name)
    text = basis.paraphrase if basis else service.pack().provision(name).paraphrase
    return {"id": name, "text": text}


@require_safe
@on_case
def show(request: HttpRequest, case: Case) -> HttpResponse:
    """A case: where it stands, what can be done, what was said."""
    moment, procedure = now(), service.procedure()
    actor, case = service.actor_of(request.user), settled(case, moment)
    drafting = save_act(case, request) is not None
    version = case.filed
    before = case.versions[-2] if len(case.versions) > 1 else None
    form = procedure.form_of(case.route)
    context = {
        "case": case,
        **desk.named(case, procedure),
        "filing": procedure.stages[case.filing],
        "licence": procedure.stages[case.licence],
        "clocks": clocks(case, moment, procedure),
        "acts": [one for one in possible(case, actor, moment, procedure) if not one.only_saves],
        "barred": [
            (procedure.acts[no.act], why(no))
            for no in barred(case, actor, moment, procedure)
            if not procedure.acts[no.act].only_saves
        ],
        "drafting": drafting,
        "tasks": _tasks(case) if drafting else (),
        "sections": list(
            desk.answer_sections(case, version, desk.party_of(actor), procedure)
        ) if version and not drafting else (),
        "version": version,
        "changes": _changes(form, before, version, desk.party_of(actor)) if before else (),
        "findings": [
            (check, case.findings[check.id])
            for check in procedure.checks_of(case.route)
            if check.id in case.findings
        ] if actor.side == "authority" else (),
        "past": desk.history(case, desk.party_of(actor), procedure),
        "display": display_text(case, current().code, procedure),
        "sealed_upto": record(settings.LICET_HOME).size,
        "hearing_until": render_day(case.hearing.until, current().code) if case.hearing else "",
        "flags": [(one, procedure.stages[one.stage]) for one in case.flags],
        "on_desk": True,
    }  # fmt: skip
    return render(request, "filings/case.html", context)


def _changes(form: Any, before: Any, after: Any, party: Any) -> list[Any]:
    """What the last filing changed, as far as this reader may see it."""
    from licet.cases import shown

    was, now_is = shown(form, before.answers, party), shown(form, after.answers, party)
    return [
        (
            form.fields[one.field],
            None if one.before is None else written(form.fields[one.field], one.before),
            None if one.after is None else written(form.fields[one.field], one.after),
        )
        for one in differences(form, was, now_is)
    ]


def _tasks(case: Case) -> list[dict[str, Any]]:
    """The sections of the form, each with how many answers it lacks."""
    form = service.procedure().form_of(case.route)
    lacking: dict[str, int] = {}
    for fault in missing(form, case.draft):
        section = form.fields[fault.field].section if fault.field in form.fields else ""
        lacking[section] = lacking.get(section, 0) + 1
    tasks = []
    for one in form.sections.values():
        begun = any(f.section == one.id and f.id in case.draft for f in form.fields.values())
        tasks.append({"section": one, "lacking": lacking.get(one.id, 0), "begun": begun})
    return tasks


@on_case
def do(request: HttpRequest, case: Case, act_id: str) -> HttpResponse:
    """The page of an act: what it needs, and doing it."""
    moment, procedure = now(), service.procedure()
    actor, rule = service.actor_of(request.user), procedure.acts.get(act_id)
    if rule is None or rule.side != actor.side or "save" in rule.effects:
        raise Http404
    case = settled(case, moment)
    no: Refusal | None = None
    sent: Any = {}
    if request.method == "POST":
        shown = acting.sheet(case, rule, actor, moment, procedure, request.POST)
        data = acting.read_sheet(shown, request.POST)
        outcome = service.act(case.id, act_id, data, request.user, moment)
        if isinstance(outcome, Case):
            return redirect("case", case_id=case.id)
        no, sent = outcome, request.POST
    elif rule not in possible(case, actor, moment, procedure):
        refusals = barred(case, actor, moment, procedure)
        no = next((one for one in refusals if one.act == act_id), None)
        if no is None:
            raise Http404
    number = desk.free_number(case, moment, procedure) or ""
    shown = acting.sheet(
        case, rule, actor, moment, procedure, sent, no.faults if no else (), number
    )
    form = procedure.form_of(case.route)
    context = {
        "case": case,
        **desk.named(case, procedure),
        "sheet": shown,
        "no": why(no) if no and no.code != "bad_data" else "",
        "faults": [
            (element(one.field), _label(one.field, form), wording(one))
            for one in (no.faults if no else ())
        ],
        "bases": [basis_text(one) for one in rule.basis],
        "missing": [
            (one.field, _label(one.field, form), wording(one)) for one in missing(form, case.draft)
        ] if "file" in rule.effects else (),
        "on_desk": True,
    }  # fmt: skip
    return render(request, "filings/act.html", context, status=409 if no else 200)


def _label(name: str, form: Any) -> Any:
    return form.fields[name].label if name in form.fields else ""
