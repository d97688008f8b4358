"""Complaints in a browser: the published process, the form, and one's complaint by its code.

It refuses to know who complains.

Rules
1. Nothing is set in the browser and the code stands in no address: it is typed and sent in a form.
2. Everybody reads the process and its time limits before they write anything; both are the pack's.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from licet.base.trouble import TooMuch
from licet.cases import Refusal
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.filings.arriving import now
from licet.portal.filings.forming import read
from licet.portal.incidents import complaints, service
from licet.portal.incidents.asking import lacking, sent_of, sheet_of
from licet.portal.incidents.measure_views import PRIVATE
from licet.portal.incidents.outsiders import Matter
from licet.portal.pack import pack
from licet.rulebook.place import place
from licet.rulebook.proceeding import ProceedingAct, ProceedingRules

_CASE = re.compile(r"LC-[0-9]{8}-[0-9A-Z]{8,20}")


@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """The process, and the form; POST hands a complaint in and shows number and code."""
    act = complaints.opening()
    if act is None:
        raise Http404
    known, holders = service.rules(complaints.KIND), complaints.providers()
    answers = _proposed(request, known, act)
    no: Refusal | None = None
    busy = unknown = False
    once = request.POST.get("once", "")
    if request.method == "POST":
        answers = sent_of(request, known, act)
        holder = _holder(request, holders)
        unknown = holder is None
        if not complaints.ONCE.fullmatch(once):
            once = complaints.draw()
        if holder is None:
            no = lacking(known, act, answers)
        else:
            try:
                outcome = complaints.hand_in(once, holder, answers, now())
            except TooMuch:
                busy = True
            else:
                if not isinstance(outcome, Refusal):
                    return _private(_received(request, outcome))
                no = outcome
    context = {
        **sheet_of(known, act, answers, no),
        "once": once or complaints.draw(),
        "holders": holders,
        "chosen": request.POST.get("provider") or request.GET.get("provider", ""),
        "unknown": unknown,
        "busy": busy,
        "clocks": list(known.clocks.values()),
        "stages": list(known.stages.values()),
        "bases": [place(pack(), one, current().code) for one in act.basis],
        "unmarked": True,
    }
    if unknown:
        missing = ("provider", word("complaint.about"), word("complaint.about-missing"))
        context["faults"] = [missing, *context["faults"]]
    status = 429 if busy else 409 if no or unknown else 200
    page = render(request, "persons/complain.html", context, status=status)
    return _private(page) if "case" in answers else page


@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest) -> HttpResponse:
    """One's complaint: number and code are asked for; with them it is shown, and acted in."""
    if complaints.opening() is None:
        raise Http404
    number, code = (request.POST.get(name, "") for name in ("number", "code"))
    context: dict[str, Any] = {"number": number, "code": code}
    if request.method != "POST":
        return _private(render(request, "persons/look.html", context))
    moment = now()
    matter = complaints.find(number, code, moment)
    if matter is None:
        return _private(
            render(request, "persons/look.html", {**context, "none": True}, status=422)
        )
    act_id, no, data = request.POST.get("act", ""), None, {}
    if act_id:
        rule = matter.known.acts.get(act_id)
        data = _given(request, matter, act_id)
        outcome = complaints.do(matter, act_id, data, moment)
        no = outcome if isinstance(outcome, Refusal) else None
        matter = complaints.find(number, code, moment)
        assert matter is not None
        context["done"] = rule.done if no is None and rule is not None else None
    shown = _shown(matter, no, data)
    status = 409 if no else 200
    return _private(render(request, "persons/complaint.html", {**context, **shown}, status=status))


def _proposed(request: HttpRequest, known: ProceedingRules, act: ProceedingAct) -> dict[str, Any]:
    """What the page of a case knows already and asks for in its link: proposed, to be changed."""
    fields = known.forms[act.form].fields if act.form else {}
    about, case = (request.GET.get(name, "") for name in ("about", "case"))
    answers: dict[str, Any] = {}
    if "about" in fields and about in fields["about"].choices:
        answers["about"] = about
    if "case" in fields and _CASE.fullmatch(case):
        answers["case"] = case
    return answers


def _received(request: HttpRequest, number: str) -> HttpResponse:
    shown = {"number": number, "code": complaints.code_of(number)}
    return render(request, "persons/received.html", shown, status=201)


def _shown(matter: Matter, no: Refusal | None, data: dict[str, Any]) -> dict[str, Any]:
    """The complaint, and a form for each thing that its complainant may do now."""
    sheets = []
    for act in matter.acts:
        mine = no if no is not None and no.act == act.id else None
        sheets.append(sheet_of(matter.known, act, data if mine else {}, mine, place=act.id))
    return {
        **next((sheet for sheet in sheets if sheet["no"] or sheet["faults"]), {}),
        "matter": matter,
        "past": list(matter.past()),
        "sheets": sheets,
        "unmarked": True,
    }


def _given(request: HttpRequest, matter: Matter, act_id: str) -> dict[str, Any]:
    rule = matter.known.acts.get(act_id)
    form = matter.known.forms[rule.form] if rule is not None and rule.form else None
    fields = form.fields.values() if form else ()
    given = {field.id: read(field, request.POST) for field in fields}
    return {name: value for name, value in given.items() if value is not None}


def _holder(request: HttpRequest, holders: list[Any]) -> Any:
    if len(holders) == 1:
        return holders[0]
    chosen = request.POST.get("provider", "")
    return next((one for one in holders if one.code == chosen), None)


def _private(answer: HttpResponse) -> HttpResponse:
    for name, value in PRIVATE.items():
        answer[name] = value
    return answer
