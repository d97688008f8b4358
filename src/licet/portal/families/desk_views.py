"""The desk of minors: a provider's officers answer adults who were taken for minors, and decide
whether guardians hear of help that was given. Parse, call, render.

It refuses to know law, and what anybody said to the service: nothing here could show it.

Rules
1. Nothing is decided by itself and nothing without a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from licet.minors.asking import Refusal
from licet.portal.accounts.gate import for_kind
from licet.portal.design.words import word
from licet.portal.families import errands, forms, service
from licet.portal.families.models import Errand, StoredAlert, StoredAppeal
from licet.portal.families.reading import state_of, summary
from licet.portal.filings.arriving import now
from licet.portal.pack import pack

View = Callable[..., HttpResponse]
SHOWN_MAX = 100
SETTLED_SHOWN = 10


def for_officer(view: View) -> View:
    """A view for the people of the provider whose gateway this is."""

    @for_kind("provider")
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **fields: Any) -> HttpResponse:
        if settings.LICET_GATEWAY_BODY not in ("", request.user.body.code):
            raise Http404
        return view(request, *args, **fields)

    return guarded


@require_safe
@for_officer
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for a person: appeals by the day on which they are due, then alerts."""
    appeals = StoredAppeal.objects.filter(outcome="open").order_by("due_ms")[:SHOWN_MAX]
    alerts = StoredAlert.objects.filter(outcome="open").order_by("at_ms")[:SHOWN_MAX]
    settled = StoredAppeal.objects.exclude(outcome="open").order_by("-decided_ms")
    moment = now()
    context = {
        "appeals": [
            (row, service.moment(row.due_ms), service.is_late(row, moment)) for row in appeals
        ],
        "alerts": [(row, service.moment(row.at_ms), _category(row)) for row in alerts],
        "settled": [(row, service.moment(row.decided_ms)) for row in settled[:SETTLED_SHOWN]],
        "waiting": Errand.objects.filter(state="waiting").count(),
        "on_desk": True,
    }
    return render(request, "families/desk.html", context)


@for_officer
def appeal(request: HttpRequest, appeal_id: str) -> HttpResponse:
    """Answer an appeal. Upheld, the gateway hears that this is an adult."""
    row = StoredAppeal.objects.filter(pk=appeal_id, outcome="open").first()
    if row is None:
        raise Http404
    form = _reason(request, word("family-desk.reason-appeal"))
    if request.method == "POST" and form.is_valid():
        upheld, words = request.POST.get("decision") == "upheld", form.cleaned_data["words"]
        done = service.answer_appeal(row.pk, request.user, words, now(), upheld=upheld)
        if not isinstance(done, Refusal):
            errands.tell(row.child)
            return redirect("minors-desk")
        if done.code == "decided_before":
            form.add_error(None, word("family-desk.decided-before"))
    state = state_of(row.child)
    context = {
        "row": row, "filed": service.moment(row.filed_ms), "due": service.moment(row.due_ms),
        "late": service.is_late(row, now()), "state": state, "summary": summary(state),
        "form": form, "on_desk": True,
    }  # fmt: skip
    return render(request, "families/appeal_answer.html", context)


@for_officer
def alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """Decide whether the guardians hear that help was given."""
    row = StoredAlert.objects.filter(pk=alert_id, outcome="open").first()
    if row is None:
        raise Http404
    form = _reason(request, word("family-desk.reason-alert"))
    if request.method == "POST" and form.is_valid():
        tell, words = request.POST.get("decision") == "tell", form.cleaned_data["words"]
        service.review_alert(row.pk, request.user, words, now(), tell=tell)
        return redirect("minors-desk")
    known = row.child.alerts.exclude(pk=row.pk).order_by("-at_ms")[:SETTLED_SHOWN]
    context = {
        "row": row, "at": service.moment(row.at_ms), "form": form, "on_desk": True,
        "category": _category(row),
        "guardians": row.child.links.filter(stage="active").count(),
        "before": [(one, service.moment(one.at_ms)) for one in known],
    }  # fmt: skip
    return render(request, "families/alert_answer.html", context)


def _category(row: StoredAlert) -> Any:
    """What a category of the guard is called; its id where the pack has it no more."""
    known = pack().categories.get(row.category)
    return row.category if known is None else known.name


def _reason(request: HttpRequest, label: str) -> forms.Words:
    sent = request.POST if request.method == "POST" else None
    return forms.Words(label, word("family-desk.reason-hint"), sent)
