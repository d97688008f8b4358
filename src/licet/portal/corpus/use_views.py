"""The pages on which a body declares what it used data for, and an inspector follows it.

It refuses to know what rests on what: `tracing` does.

Rules
1. A body declares for its own models and its own jobs; what it declared stands.
2. The chain is read by officials alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import BadInput, Trouble
from licet.corpus.uses import Uses
from licet.portal.accounts.models import Body
from licet.portal.compute import store as computing
from licet.portal.corpus import acting
from licet.portal.corpus.store import called, opened, rules, version_at
from licet.portal.corpus.tracing import trace
from licet.portal.design.templatetags.corpus import data_address
from licet.portal.filings.arriving import now
from licet.portal.filings.models import StoredCase
from licet.portal.register.reading import get_listing

JOBS_MAX = 200


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """Say for which model, in which job, a version was used."""
    rules()
    if request.user.official:
        raise Http404
    body, fault = request.user.body, False
    models = StoredCase.objects.filter(holder=body).exclude(number=None).order_by("title")
    jobs = _jobs(body)
    model, job = request.POST.get("model", ""), request.POST.get("job", "").strip()
    with opened() as shelf:
        version = version_at(shelf, space, name, request.GET.get("v", ""))
        if request.method == "POST":
            try:
                if model and not models.filter(number=model).exists():
                    raise BadInput("this model is not yours.")
                if job and job not in jobs and _is_anothers(job, body):
                    raise BadInput("this job is not yours.")
                acting.declare_use(shelf, version, body, model, job, now())
                return redirect(data_address(version) + f"?v={version.commit}")
            except Trouble:
                fault = True
    context = {
        "version": version, "models": models, "jobs": jobs, "fault": fault, "model": model,
        "job": job,
    }  # fmt: skip
    return render(request, "corpus/use.html", context, status=422 if fault else 200)


@require_safe
@login_required
def chain(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """What a version rests on, what rests on it, who was given it."""
    rules()
    if not request.user.official:
        raise Http404
    with opened() as shelf:
        version = version_at(shelf, space, name, request.GET.get("v", ""))
        context: dict[str, Any] = {"version": version, "links": trace(shelf, version)}
    return render(request, "corpus/chain.html", context)


@require_safe
@login_required
def of_model(request: HttpRequest, number: str) -> HttpResponse:
    """What bodies declared for a registered model, with the rules by which it was annotated."""
    rules()
    if not request.user.official:
        raise Http404
    with opened() as shelf:
        rows = [
            (use, shelf.catalogue.get(use.commit), called(use.by))
            for use in Uses(shelf.catalogue).by_model(number)
        ]
    context = {"number": number, "listing": get_listing(number), "rows": rows}
    return render(request, "corpus/of_model.html", context)


def _jobs(body: Body) -> list[str]:
    """The body's own jobs in the commons of computing power, newest first, where there is one."""
    if not computing.is_shared():
        return []
    with computing.opened() as commons:
        mine = computing.account_of(body)
        own = [row.id for row in commons.book.all() if row.need.account == mine]
    return own[::-1][:JOBS_MAX]


def _is_anothers(job: str, body: Body) -> bool:
    """Whether the commons knows a job of that name that is not the body's."""
    if not computing.is_shared():
        return False
    with computing.opened() as commons:
        row = commons.book.find(job)
    return row is not None and row.need.account != computing.account_of(body)
