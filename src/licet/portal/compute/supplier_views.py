"""A supplier's desk: pools, what they were used for, what was earned.

It refuses to know who gets what.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import BadInput, Conflict
from licet.compute.market import Dispute
from licet.compute.model import NO_END_S, Pool
from licet.portal.accounts.gate import for_kind
from licet.portal.compute import forms
from licet.portal.compute.store import account_of, opened, rules
from licet.portal.design.words import word
from licet.portal.filings.arriving import now

EDITS = ["GET", "HEAD", "POST"]
LINES_MAX = 200


@require_safe
@for_kind("provider")
def pools(request: HttpRequest) -> HttpResponse:
    """The pools of a body, the jobs that ran there, and its statement."""
    rules()
    me = account_of(request.user.body)
    with opened() as commons:
        mine = [pool for pool in commons.pools() if pool.supplier == me]
        jobs = [row for row in commons.book.all() if row.supplier == me]
        disputes = {kept.value.job: kept.value for kept in commons.market.all(Dispute)}
        account = f"supplier:{me}"
        lines = commons.purse.statement(account)[-LINES_MAX:][::-1]
        context = {
            "pools": [(pool, _taken(pool, jobs)) for pool in mine],
            "jobs": [(row, disputes.get(row.id)) for row in jobs[-LINES_MAX:][::-1]],
            "balance": commons.purse.balance(account),
            "lines": [(one, datetime.fromtimestamp(one.at_s, UTC)) for one in lines],
            "account": account,
        }
    return render(request, "compute/pools.html", context)


@require_http_methods(EDITS)
@for_kind("provider")
def new_pool(request: HttpRequest) -> HttpResponse:
    """Register a pool, with an attestation of where its chips are from."""
    rules()
    form = forms.pool_form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with opened() as commons:
                pool = forms.pool_of(form.cleaned_data)
                commons.add_pool(pool, account_of(request.user.body), int(now().timestamp()))
            return redirect("compute-pools")
        except Conflict:
            form.add_error("id", word("compute.pool-taken"))
        except BadInput:
            form.add_error(None, word("compute.pool-wrong"))
    context = {"form": form, "title": word("compute.pool-new"), "lead": word("compute.pool-means")}
    return render(request, "compute/form.html", context, status=422 if form.errors else 200)


@require_http_methods(EDITS)
@for_kind("provider")
def change_pool(request: HttpRequest, pool_id: str) -> HttpResponse:
    """Say what a pool has from now on; its history stays."""
    rules()
    me = account_of(request.user.body)
    with opened() as commons:
        kept = commons.market.find(Pool, pool_id)
        if kept is None or kept.value.supplier != me:
            raise Http404
        form = forms.change_form(kept.value, request.POST if request.method == "POST" else None)
        if form.is_valid():
            said = form.cleaned_data
            try:
                commons.change_pool(
                    pool_id, me, int(now().timestamp()), count=said["count"],
                    price=int(said["price"] * forms.FEN), withdrawn=said["withdrawn"],
                    until_s=forms.seconds(said["closes"], NO_END_S),
                )  # fmt: skip
                return redirect("compute-pools")
            except Conflict:
                form.add_error(None, word("compute.changed-meanwhile"))
            except BadInput:
                form.add_error(None, word("compute.pool-wrong"))
        history = [
            (one.value, datetime.fromtimestamp(one.at_s, UTC))
            for one in reversed(commons.market.history(Pool, pool_id))
        ]
    context = {"form": form, "pool": kept.value, "history": history}
    return render(request, "compute/pool.html", context, status=422 if form.errors else 200)


def _taken(pool: Pool, jobs: object) -> int:
    """Accelerators of a pool that are taken now."""
    rows = jobs if isinstance(jobs, list) else []
    return sum(r.need.gang for r in rows if r.stage == "released" and r.pool == pool.id)
