"""A supplier's desk: pools, what they were used for, what was earned, a bill checked.

It refuses to know who gets what.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import BadInput, Conflict
from licet.compute.bills import Compared, Unread, compare, ended_s, read_bill, settled_lines
from licet.compute.market import Dispute
from licet.compute.model import NO_END_S, Pool
from licet.compute.wording import BILL
from licet.portal.accounts.gate import for_kind
from licet.portal.compute import forms
from licet.portal.compute.store import account_of, opened, rules
from licet.portal.design.languages import current
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


@require_http_methods(EDITS)
@for_kind("provider")
def bill(request: HttpRequest) -> HttpResponse:
    """Hold a supplier's bill against what was metered and settled with it; nothing is kept."""
    rules()
    me, sent = account_of(request.user.body), request.method == "POST"
    form = forms.bill_form(request.POST if sent else None, request.FILES if sent else None)
    found = _compared(form, me) if form.is_valid() else None
    lines = [
        (one, one.job.rpartition("-")[0] if one.ours else "", BILL[one.what][current().code])
        for one in (found.differences if found else ())
    ]  # fmt: skip
    context = {"form": form, "found": found, "lines": lines[:LINES_MAX], "differ": len(lines)}
    return render(request, "compute/bill.html", context, status=422 if form.errors else 200)


def _compared(form: forms.Made, supplier: str) -> Compared | None:
    """A bill and the books, of jobs that ended in the days that the form says; None with a fault
    in the form."""
    zone, said = ZoneInfo(settings.TIME_ZONE), form.cleaned_data
    try:
        billed = read_bill(said["bill"].read())
    except Unread as fault:
        form.add_error("bill", word("compute.bill-unread", n=fault.line))
        return None
    low, high = (
        int(datetime.combine(day, time(), zone).timestamp()) if day else default
        for day, default in ((said["since"], 0),
                             (said["until"] and said["until"] + timedelta(1), NO_END_S))
    )  # fmt: skip
    with opened() as commons:
        rows = commons.book.all()
        among = [row.id for row in rows if row.stage == "settled" and row.supplier == supplier
                 and low <= ended_s(commons.book.told(row.id)) < high]  # fmt: skip
    return compare(billed, *settled_lines(rows, supplier, among))


def _taken(pool: Pool, jobs: object) -> int:
    """Accelerators of a pool that are taken now."""
    rows = jobs if isinstance(jobs, list) else []
    return sum(r.need.gang for r in rows if r.stage == "released" and r.pool == pool.id)
