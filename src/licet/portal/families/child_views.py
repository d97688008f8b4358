"""The pages of a child, or of somebody who is taken for one: parse, call, render.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from licet.base.trouble import BadInput
from licet.minors.linking import Act
from licet.minors.signal import AgeSignal
from licet.portal.design.words import word
from licet.portal.families import errands, forms, service
from licet.portal.families.members import begin_visit, for_child, take_ticket
from licet.portal.families.models import Child, StoredLink
from licet.portal.families.reading import (
    State,
    again,
    help_lines,
    limits,
    notices,
    state_of,
    summary,
)
from licet.portal.filings.arriving import now

ASKS_MIN = (15, 30, 60)
_ACTS: dict[str, Act] = {"consent": "consent", "decline": "decline", "unlink": "unlink"}


@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """Somebody comes from the service with a ticket, which opens once."""
    try:
        reference = take_ticket(request.GET.get("ticket", ""), now())
    except BadInput:
        return render(request, "families/ticket.html", status=400)
    begin_visit(request, reference)
    return redirect("family-mine")


@require_safe
@for_child
def mine(request: HttpRequest, child: Child) -> HttpResponse:
    """What holds for me, who is linked with me, what I can ask for."""
    return render(request, "families/mine.html", _page(child, state_of(child)))


@require_POST
@for_child
def ask(request: HttpRequest, child: Child) -> HttpResponse:
    """Ask the guardians for more time."""
    minutes = request.POST.get("minutes", "")
    state = state_of(child)
    if state is not None and state.linked and minutes.isdecimal() and len(minutes) < 4:
        service.ask_more(child, int(minutes), state.rule, now())
    return redirect("demo-chat" if request.POST.get("back") == "chat" else "family-mine")


@require_POST
@for_child
def claim(request: HttpRequest, child: Child) -> HttpResponse:
    """Hand in the code of an invitation."""
    state = state_of(child)
    code = request.POST.get("code", "")[:40]
    done = None if state is None else service.claim(child, code, _signal(state), now())
    if isinstance(done, StoredLink):
        errands.tell(child)
        return redirect("family-mine")
    wrong = word("family-now.silent") if done is None else word(f"family-claim.{done.code}")
    return render(
        request, "families/mine.html", _page(child, state) | {"wrong_code": wrong, "code": code}
    )


@require_POST
@for_child
def link(request: HttpRequest, child: Child, link_id: str) -> HttpResponse:
    """Agree to a link, say no to it, or end it. Both are told."""
    what = _ACTS.get(request.POST.get("act", ""))
    if what is not None and child.links.filter(pk=link_id).exists():
        service.act(link_id, what, "child", child.pk, now())
        errands.tell(child)
    return redirect("family-mine")


@for_child
def appeal(request: HttpRequest, child: Child) -> HttpResponse:
    """I am an adult: say so, and be answered by a person inside the pack's time."""
    age, days = service.rules().adult, service.rules().appeal_answer_days
    label, hint = word("family-appeal.words"), word("family-appeal.words-hint")
    form = forms.Words(label, hint, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        service.appeal(child, form.cleaned_data["words"], now())
        return redirect("family-mine")
    context = {"form": form, "age": age, "days": days}
    return render(request, "families/appeal.html", context)


@require_POST
@for_child
def leave(request: HttpRequest, child: Child) -> HttpResponse:
    """This browser is nobody's again."""
    request.session.flush()
    return redirect("family")


def asking_context(child: Child, state: State | None) -> dict[str, Any]:
    """What a child needs to ask for more time, wherever it is shown."""
    most = service.rules().extra_min_max
    return {
        "state": state, "summary": summary(state), "again": again(state),
        "asked": service.open_request(child, now()),
        "asks": [minutes for minutes in ASKS_MIN if minutes <= most],
    }  # fmt: skip


def _page(child: Child, state: State | None) -> dict[str, Any]:
    rows = child.links.select_related("guardian").order_by("-since_ms")
    stages = [(row, service.settled(row, now())) for row in rows]
    newest = child.appeals.order_by("-filed_ms").first()
    return asking_context(child, state) | {
        "linked": [row for row, stage in stages if stage == "active"],
        "consents": [row for row, stage in stages if stage == "asked"],
        "limits": list(limits(state)) if state is not None and state.limited else (),
        "appeal": newest, "appeal_due": service.moment(newest.due_ms) if newest else None,
        "notices": notices(child.told, "child"), "help": help_lines(),
        "adult": service.rules().adult,
    }  # fmt: skip


def _signal(state: State) -> AgeSignal | None:
    """As far as linking asks: whether the child is surely too young to be asked."""
    if state.under is None:
        return None
    return AgeSignal("declared", "low", 0, state.under, 0, 0, "gateway")
