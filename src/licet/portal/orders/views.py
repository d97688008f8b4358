"""The pages of orders of access: parse, call, render.

It refuses to know law, and who may do what.

Rules
1. What an order opened stands in the answer to one request; it is marked never to be kept.
2. To whom a provider's order was not told, it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from licet.base.trouble import BadInput, Corrupt, NotAllowed, NotFound, Trouble, Unavailable
from licet.cases import Refusal
from licet.cases.proceedings import Proceeding, barred, clocks, names_of, possible, said
from licet.cases.proceedings.effects import SECTION
from licet.portal.accounts.gate import for_kind
from licet.portal.accounts.models import Body
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.dossiers import sealing
from licet.portal.dossiers import service as dossiers
from licet.portal.dossiers.models import StoredDossier
from licet.portal.dossiers.showing import past
from licet.portal.filings.arriving import now
from licet.portal.incidents import service as matters
from licet.portal.incidents.asking import lacking, sent_of, sheet_of
from licet.portal.incidents.doing import act_page, attempt
from licet.portal.orders import service
from licet.portal.orders.models import StoredOrder

View = Callable[..., HttpResponse]
QUEUE_MAX = 200


def on_order(view: View) -> View:
    """Gives a view the order that its person may see; 404 where there is none (rule 2)."""

    @login_required
    @wraps(view)
    def found(request: HttpRequest, order_id: str, **more: Any) -> HttpResponse:
        row = service.visible(request.user, order_id, now())
        if row is None:
            raise Http404
        return view(request, row, **more)

    return found


@require_safe
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """The orders that this person may see, and whose turn it is."""
    moment, side = now(), request.user.body.kind
    rows = service.orders_of(request.user).select_related("holder")
    try:
        known = matters.rules("order")
    except NotFound:
        raise Http404
    lines = []
    for row in rows[:QUEUE_MAX]:
        of = service.tidy(row, moment)
        stage = known.stages[of.stage]
        lines.append((row, _called_by(of), stage, stage.turn == side))
    context = {"lines": lines, "may_ask": dossiers.may_order(request.user), "on_desk": True}
    return render(request, "orders/queue.html", context)


@for_kind("authority")
def new(request: HttpRequest) -> HttpResponse:
    """Ask for an order; `?dossier=` proposes the sealed sections of one."""
    rule, known = service.act_with("scope", "authority"), matters.rules("order")
    if rule is None or not dossiers.may_order(request.user):
        raise Http404
    dossier = StoredDossier.objects.filter(pk=request.GET.get("dossier", "")).first()
    version = dossiers.latest(dossier) if dossier else None
    answers: dict[str, Any] = {}
    if dossier and version:
        named = [sealing.about(dossier.pk, field) for field in version.sealed]
        answers = {"opens": "section", "names": "\n".join(named)}
    no, trouble, status, unnamed = None, "", 200, False
    holders = Body.objects.filter(kind="provider").order_by("pk")
    chosen = dossier.holder.code if dossier else ""
    if request.method == "POST":
        answers, chosen, status = (
            sent_of(request, known, rule),
            request.POST.get("holder", ""),
            422,
        )
        holder = holders.filter(code=chosen).first()
        unnamed = holder is None
        if holder is None:
            no = lacking(known, rule, answers)
        else:
            try:
                outcome = service.request(answers, holder, request.user, now())
            except NotAllowed:
                trouble = word("order.no-key")
            except BadInput:
                trouble = word("order.not-theirs")
            else:
                if isinstance(outcome, Proceeding):
                    return redirect("order", order_id=outcome.id)
                no = outcome
    sheet = sheet_of(known, rule, answers, no)
    context = {
        **sheet, "no": trouble or sheet["no"], "holders": holders, "chosen": chosen,
        "key": sealing.key_of(request.user), "on_desk": True, "unnamed": unnamed,
    }  # fmt: skip
    if unnamed:
        missing = ("holder", word("order.provider"), word("order.no-holder"))
        context["faults"] = [missing, *sheet["faults"]]
    return render(request, "orders/new.html", context, status=status)


@require_safe
@on_order
def show(request: HttpRequest, row: StoredOrder) -> HttpResponse:
    """An order: what it names, where it stands, what can be done, what happened."""
    moment, known = now(), matters.rules("order")
    of, actor = service.tidy(row, moment), matters.actor_of(request.user)
    form = known.forms[known.acts["request"].form or ""] if "request" in known.acts else None
    fields = form.fields.values() if form else ()
    context = {
        "row": row, "of": of, "stage": known.stages[of.stage], "on_desk": True,
        "title": _called_by(of),
        "names": [(name, *_called(name)) for name in names_of(of.facts.get("names"))],
        "missing": _missing(row, of),
        "facts": [(f, _said(f, of.facts[f.id])) for f in fields
                  if f.id in of.facts and f.id != "names"],
        "given": row.shares.values("keeper").distinct().count(),
        "acts": [(act, _page(act)) for act in possible(of, actor, moment, known)],
        "viewing": _viewing(request, row, of),
        "barred": [
            (known.acts[no.act], said(no, current().code, known))
            for no in barred(of, actor, moment, known)
        ],
        "clocks": clocks(of, moment, known),
        "past": list(past(of.events, known)),
    }  # fmt: skip
    return render(request, "orders/show.html", context)


@on_order
def do(request: HttpRequest, row: StoredOrder, act_id: str) -> HttpResponse:
    """The page of an act that needs no key."""
    of = service.tidy(row, now())
    tried = attempt(
        request, of, act_id,
        lambda act, sent: service.act(row, act, sent, request.user, now()),
        fits=lambda rule: _page(rule) == "order-do",
    )  # fmt: skip
    if tried.done:
        return redirect("order", order_id=row.pk)
    trail = [
        (reverse("orders"), word("order.title")),
        (reverse("order", args=(row.pk,)), _called_by(of)),
    ]
    return act_page(request, tried.sheet, trail, tried.status, row.holder.name)


@on_order
def share(request: HttpRequest, row: StoredOrder) -> HttpResponse:
    """Give one's share: the passphrase, and what happens with it."""
    rule = service.act_with("share", request.user.body.kind)
    if rule is None or not request.user.has(rule.by[0]):
        raise Http404
    trouble, status = "", 200
    if request.method == "POST":
        status = 422
        try:
            outcome = service.give_share(
                row, request.POST.get("passphrase", ""), request.user, now()
            )
        except Trouble as wrong:
            trouble = _trouble(wrong)
        else:
            if isinstance(outcome, Proceeding):
                return redirect("order", order_id=row.pk)
            trouble = said(outcome, current().code, matters.rules("order"))
    of = service.tidy(row, now())
    context = {"row": row, "act": rule, "why": word("order.share-why"), "no": trouble,
               "title": _called_by(of), "on_desk": True}  # fmt: skip
    return render(request, "orders/passphrase.html", context, status=status)


@on_order
def view(request: HttpRequest, row: StoredOrder) -> HttpResponse:
    """Read what the order opened (rule 1)."""
    of = service.tidy(row, now())
    rule = service.opening(of.stage)
    if row.reader.person_id != request.user.pk:
        raise Http404
    trouble, status = "", 200
    if request.method == "POST":
        status = 422
        try:
            outcome = service.read(row, request.POST.get("passphrase", ""), request.user, now())
        except Trouble as wrong:
            trouble = _trouble(wrong)
        else:
            if not isinstance(outcome, Refusal):
                return _opened(request, row, outcome)
            trouble = said(outcome, current().code, matters.rules("order"))
    context = {"row": row, "act": rule, "why": word("order.open-why"), "no": trouble,
               "title": _called_by(of), "on_desk": True}  # fmt: skip
    return render(request, "orders/passphrase.html", context, status=status)


def _opened(request: HttpRequest, row: StoredOrder, opened: service.Opened) -> HttpResponse:
    moment = now()
    of = service.tidy(row, moment)
    ends = [c for c in clocks(of, moment, matters.rules("order")) if c.rule.expires]
    context = {
        "row": row, "title": _called_by(of), "watermark": opened.watermark, "on_desk": True,
        "moment": moment,
        "texts": [(name, *_called(name), *told) for name, told in opened.texts.items()],
        "until": next((c.due_at for c in ends if of.stage in c.rule.expires), None),
    }  # fmt: skip
    answer = render(request, "orders/view.html", context)
    answer["cache-control"] = "no-store, private"
    return answer


def _page(act: Any) -> str:
    """On which page an act is done."""
    if "share" in act.effects:
        return "order-share"
    return "order-view" if "open" in act.effects else "order-do"


def _viewing(request: HttpRequest, row: StoredOrder, of: Proceeding) -> bool:
    return of.stage in service.viewing() and row.reader.person_id == request.user.pk


def _called(name: str) -> tuple[str, Any]:
    """What people call a section: the dossier's title and the field's label."""
    found = SECTION.fullmatch(name)
    row = (
        StoredDossier.objects.filter(pk=found[1]).select_related("case").first() if found else None
    )
    if found is None or row is None:
        return "", ""
    return row.case.title, dossiers.rules().form.fields[found[2]].label


def _missing(row: StoredOrder, of: Proceeding) -> list[str]:
    brought = {one.name for one in row.brought.all()}
    return [name for name in names_of(of.facts.get("names")) if name not in brought]


def _called_by(of: Proceeding) -> Any:
    """What a list or trail calls an order by: the answer that titles its first form."""
    known = matters.rules("order")
    form = known.forms[known.acts[of.events[0].kind].form or ""]
    return _said(form.fields[form.title], of.facts[form.title])


def _said(field: Any, value: Any) -> Any:
    return field.choices[value].label if value in field.choices else value


def _trouble(wrong: Trouble) -> str:
    """Why a key opened nothing, in words."""
    known = {NotAllowed: "not-opened", Corrupt: "changed", NotFound: "not-brought"}
    if isinstance(wrong, Unavailable):
        return word("order.not-recorded")
    return word(f"order.{known.get(type(wrong), 'not-opened')}")
