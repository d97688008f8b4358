"""The pages on which a form is answered, section by section.

It refuses to know which questions there are, and to judge answers.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from licet.cases import Case, Fault, possible
from licet.portal.design.words import word
from licet.portal.filings import desk, service, uploads
from licet.portal.filings.arriving import now, on_case
from licet.portal.filings.forming import element, questions, read
from licet.portal.filings.models import Attachment
from licet.rulebook.procedure import ActRule


def save_act(case: Case, request: HttpRequest) -> ActRule | None:
    """The act by which this person may save the draft now; None where they may not."""
    actor = service.actor_of(request.user)
    rules = possible(case, actor, now(), service.procedure())
    return next((rule for rule in rules if rule.only_saves), None)


@on_case
def section(request: HttpRequest, case: Case, name: str) -> HttpResponse:
    """One section of the form, to be answered."""
    procedure, rule = service.procedure(), save_act(case, request)
    form = procedure.form_of(case.route)
    if rule is None or name not in form.sections:
        raise Http404
    answers, faults = dict(case.draft), tuple[Fault, ...]()
    if request.method == "POST":
        asked_here = [one.field for one in questions(form, name, answers)]
        unfit = _read_answers(request, case, asked_here, answers)
        outcome = None
        if not unfit:
            given = {key: value for key, value in answers.items() if value is not None}
            outcome = service.act(case.id, rule.id, {"answers": given}, request.user, now())
        if isinstance(outcome, Case):
            more = {one.field.id for one in questions(form, name, outcome.draft)}
            if more - {one.id for one in asked_here}:
                return redirect("section", case_id=case.id, name=name)
            return redirect("case", case_id=case.id)
        faults = outcome.faults if outcome else ()
        return _show_section(request, case, name, answers, faults, unfit, 422)
    return _show_section(request, case, name, answers, (), {}, 200)


def _read_answers(
    request: HttpRequest, case: Case, fields: list[Any], answers: dict[str, Any]
) -> dict[str, str]:
    """Put what was sent into `answers`; what is wrong with files, by field."""
    unfit: dict[str, str] = {}
    limits = service.procedure().limits
    for one in fields:
        if one.kind != "file":
            answers[one.id] = read(one, request.POST)
            continue
        sent = request.FILES.get(one.id)
        if sent is None:
            if request.POST.get(f"{one.id}.drop"):
                answers[one.id] = None
            continue
        taken = uploads.examine(sent.name, sent.read(limits.attachment_bytes + 1), limits)
        if isinstance(taken, uploads.Unfit):
            unfit[one.id] = _unfit_words(taken)
            continue
        uploads.put(settings.LICET_HOME, taken)
        Attachment.objects.get_or_create(
            case_id=case.id, sha256=taken.sha256, name=taken.name,
            defaults={"kind": taken.kind, "size": len(taken.data), "at": now()},
        )  # fmt: skip
        answers[one.id] = {
            "name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data),
            "type": taken.kind,
        }  # fmt: skip
    return unfit


def _unfit_words(unfit: uploads.Unfit) -> str:
    return word(f"wrong.{unfit.code}", **unfit.params)


def _show_section(
    request: HttpRequest, case: Case, name: str, answers: dict[str, Any], faults: Any,
    unfit: dict[str, str], status: int,
) -> HttpResponse:  # fmt: skip
    form = service.procedure().form_of(case.route)
    here = questions(form, name, answers, faults)
    told = [(one.id, one.field.label, text) for one in here for text in one.faults]
    told += [(element(key), form.fields[key].label, text) for key, text in unfit.items()]
    context = {
        "case": case, **desk.named(case, service.procedure()), "section": form.sections[name],
        "questions": here, "faults": told, "unfit": unfit,
        "limits": service.procedure().limits, "on_desk": True,
    }  # fmt: skip
    return render(request, "filings/section.html", context, status=status)
