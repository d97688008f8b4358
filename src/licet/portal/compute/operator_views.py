"""The operator's desk: the policy in force, tried before it is switched; applications for
vouchers, disputes, payments. Officials alone; what is decided against somebody has a reason.

It refuses to know who gets what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import BadInput, Conflict
from licet.compute import objections
from licet.compute.claims import decide, proposal
from licet.compute.commons import Commons
from licet.compute.market import Choice, Claim, Dispute, Kept
from licet.compute.model import Standing
from licet.portal.accounts.gate import for_kind
from licet.portal.compute import forms
from licet.portal.compute.dashboard_views import figures
from licet.portal.compute.store import names, opened, rules
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.filings.arriving import now

EDITS = ["GET", "HEAD", "POST"]
LINES_MAX = 100


@require_safe
@for_kind("authority")
def desk(request: HttpRequest) -> HttpResponse:
    """The policy in force and its history, what waits for a decision, how the commons does."""
    rules()
    bodies = names()
    with opened() as commons:
        claims = commons.market.all(Claim)
        disputes = commons.market.all(Dispute)
        context = {
            "found": figures(commons),
            "chosen": commons.policy(),
            "history": [(one.value, _at(one.at_s))
                        for one in reversed(commons.market.history(Choice, "policy"))],
            "claims": [_line(kept, bodies) for kept in claims if kept.value.state == "asked"],
            "decided": [_line(kept, bodies) for kept in reversed(claims)
                        if kept.value.state != "asked"][:LINES_MAX],
            "disputes": [(k.value, _at(k.at_s)) for k in disputes if k.value.state == "open"],
            "pools": [(pool, bodies.get(pool.supplier, {})) for pool in commons.pools()],
        }  # fmt: skip
    return render(request, "compute/desk.html", context)


@require_http_methods(EDITS)
@for_kind("authority")
def policy(request: HttpRequest) -> HttpResponse:
    """Put another policy in force, with a reason that everybody reads."""
    rules()
    from licet.compute.policies import POLICIES

    known = [(one, word(f"compute-policy.{one}")) for one in POLICIES]
    fields = {"policy": forms.choice("policy", known), "reason": forms.words("policy-reason")}
    with opened() as commons:
        form = forms.Made(fields, _sent(request),
                          initial={"policy": commons.policy().value.policy})  # fmt: skip
        if form.is_valid():
            said = form.cleaned_data
            try:
                by = str(request.user.body.code)
                commons.choose_policy(said["policy"], said["reason"], by, _now_s())
                return redirect("compute-desk")
            except Conflict:
                form.add_error(None, word("compute.changed-meanwhile"))
    return _form(request, form, "policy-choose", "policy-means")


@require_http_methods(EDITS)
@for_kind("authority")
def accounts(request: HttpRequest) -> HttpResponse:
    """The standing of bodies: of public interest, licensed, a most; each with a reason that the
    body reads, beside the numbers of the rule."""
    known, lang, bodies = rules(), current().code, names()
    fields = {
        "account": forms.choice("account", [(one, said[lang]) for one, said in bodies.items()]),
        "public": forms.tick("public"), "licensed": forms.tick("licensed"),
        "most": forms.number("most", 1, required=False), "reason": forms.words("standing-reason"),
    }  # fmt: skip
    form = forms.Made(fields, _sent(request))
    with opened() as commons:
        if form.is_valid():
            said, by = form.cleaned_data, str(request.user.body.code)
            made = Standing(said["account"], said["public"], said["licensed"], said["most"])
            try:
                commons.explain_standing(made, said["reason"].strip(), by, _now_s())
                return redirect("compute-accounts")
            except Conflict:
                form.add_error(None, word("compute.changed-meanwhile"))
            except BadInput:
                form.add_error(None, word("compute.standing-wrong"))
        rows = [
            (
                one,
                bodies.get(one.account, {"zh": one.account, "en": one.account}),
                commons.remark(f"standing-{one.account}"),
            )
            for one in commons.standings()
        ]
    context = {"form": form, "rows": rows, "rule": known.sharing}
    return render(request, "compute/accounts.html", context, status=422 if form.errors else 200)


@require_http_methods(EDITS)
@for_kind("authority")
def payment(request: HttpRequest) -> HttpResponse:
    """Record what a body paid in advance, by the number of its paper."""
    rules()
    lang = current().code
    bodies = [(one, said[lang]) for one, said in names().items()]
    fields = {"account": forms.choice("account", bodies), "sum": forms.yuan("payment"),
              "paper": forms.text("paper")}  # fmt: skip
    form = forms.Made(fields, _sent(request))
    if form.is_valid():
        said = form.cleaned_data
        try:
            with opened() as commons:
                commons.pay_in(said["account"], int(said["sum"] * forms.FEN),
                               said["paper"].strip(), _now_s())  # fmt: skip
            return redirect("compute-desk")
        except Conflict:
            form.add_error("paper", word("compute.paper-taken"))
        except BadInput:
            form.add_error(None, word("compute.payment-wrong"))
    return _form(request, form, "payment-new", "payment-means")


@require_http_methods(EDITS)
@for_kind("authority")
def claim(request: HttpRequest, claim_id: str) -> HttpResponse:
    """Decide on an application for a voucher: grant at most what is proposed, or refuse, and say
    why."""
    known = rules()
    zone, moment = ZoneInfo(settings.TIME_ZONE), _now_s()
    with opened() as commons:
        kept = commons.market.find(Claim, claim_id)
        programme = known.programmes.get(kept.value.programme) if kept else None
        if kept is None or programme is None:
            raise Http404
        proposed = proposal(commons.market, programme, kept.value, moment, zone)
        open_still = kept.value.state == "asked"
        fields = {
            "granted": forms.yuan("granted"),
            "reason": forms.words("claim-reason", required=False),
        }
        start = {"granted": f"{proposed.most_fen / forms.FEN:.2f}"}
        form = forms.Made(fields, _sent(request), initial=start) if open_still else None
        if form is not None and form.is_valid():
            fen = int(form.cleaned_data["granted"] * forms.FEN)
            by = str(request.user.body.code)
            try:
                decide(commons.market, commons.purse, programme, kept, fen,
                       form.cleaned_data["reason"], by, moment, zone)  # fmt: skip
                return redirect("compute-desk")
            except Conflict:
                form.add_error(None, word("compute.changed-meanwhile"))
            except BadInput:
                form.add_error(None, word("compute.claim-wrong"))
    context = {
        "claim": kept.value, "programme": programme, "form": form, "proposed": proposed,
        "most": f"{proposed.most_fen / forms.FEN:,.2f}",
        "who": names().get(kept.value.application.firm, {}),
        "supplier": names().get(kept.value.application.supplier, {}),
        "asks": [(known.requirements[one], one not in proposed.unmet)
                 for one in programme.requires],
    }  # fmt: skip
    status = 422 if form is not None and form.errors else 409 if request.method == "POST" else 200
    return render(request, "compute/claim.html", context, status=status)


@require_http_methods(EDITS)
@for_kind("authority")
def dispute(request: HttpRequest, dispute_id: str) -> HttpResponse:
    """Answer an objection to a job or its bill, with reasons for both sides."""
    rules()
    with opened() as commons:
        kept = commons.market.find(Dispute, dispute_id)
        if kept is None:
            raise Http404
        known = [(one, word(f"compute-dispute.{one}")) for one in ("upheld", "dismissed")]
        fields = {"state": forms.choice("dispute-state", known),
                  "owed": forms.yuan("owed-right", required=False),
                  "reason": forms.words("dispute-reason")}  # fmt: skip
        still = kept.value.state == "open"
        form = forms.Made(fields, _sent(request)) if still else None
        if form is not None and form.is_valid() and _answered(commons, kept, form, request):
            return redirect("compute-desk")
        row = commons.book.find(kept.value.job)
        context = {
            "dispute": kept.value, "row": row, "form": form,
            "who": names().get(kept.value.account, {}),
            "lines": [(one, _at(one.at_s))
                      for n in range(1, (row.attempt if row else 0) + 1)
                      for one in commons.purse.statement(f"job:{kept.value.job}-{n}")],
        }  # fmt: skip
    status = 422 if form is not None and form.errors else 409 if request.method == "POST" else 200
    return render(request, "compute/dispute.html", context, status=status)


def _answered(commons: Commons, kept: Kept[Dispute], form: Any, request: HttpRequest) -> bool:
    """Answer an objection as the form says; False with a fault in the form."""
    said = form.cleaned_data
    fen = None if said["owed"] is None else int(said["owed"] * forms.FEN)
    by = str(request.user.body.code)
    try:
        objections.decide(commons.market, commons.book, commons.purse, kept, said["state"], fen,
                          said["reason"], by, _now_s())  # fmt: skip
    except Conflict:
        form.add_error(None, word("compute.changed-or-short"))
        return False
    except BadInput:
        form.add_error("owed", word("compute.owed-wrong"))
        return False
    return True


@require_safe
@for_kind("authority")
def what_if(request: HttpRequest) -> HttpResponse:
    """Every policy on what is under way now, and on what was asked for until now."""
    rules()
    from licet.portal.compute.trying import try_live, try_recorded

    with opened() as commons:
        live, live_cut = try_live(commons, _now_s())
        recorded, recorded_cut = try_recorded(commons)
        context = {
            "chosen": commons.policy().value.policy, "live": live, "recorded": recorded,
            "live_most": _most(live, "mean_h", "longest_h"),
            "most": _most(recorded, "mean_h", "p99_h", "unfair"),
            "cut": live_cut or recorded_cut,
        }  # fmt: skip
    return render(request, "compute/what_if.html", context)


def _most(rows: Sequence[Any], *names: str) -> dict[str, float]:
    """The largest of each figure: bars are parts of it."""
    return {name: max((getattr(row, name) for row in rows), default=0.0) for name in names}


def _line(kept: Kept[Claim], bodies: Mapping[str, Mapping[str, str]]) -> Any:
    firm = kept.value.application.firm
    return kept.value, bodies.get(firm, {"zh": firm, "en": firm}), _at(kept.at_s)


def _form(request: HttpRequest, form: Any, title: str, lead: str) -> HttpResponse:
    context = {"form": form, "title": word(f"compute.{title}"), "lead": word(f"compute.{lead}")}
    return render(request, "compute/form.html", context, status=422 if form.errors else 200)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _now_s() -> int:
    return int(now().timestamp())


def _at(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
