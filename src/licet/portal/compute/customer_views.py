"""A customer's desk: a need, its answer, the job, its log and results, its bill; vouchers.

It refuses to know who gets what, and what is granted.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import BadInput, Conflict, NotFound
from licet.compute.claims import voucher_of
from licet.compute.commons import Commons, NoContainers, Task, TooLittle, paid
from licet.compute.jobbook import Row
from licet.compute.market import Asking, Claim, Dispute, Stop
from licet.portal.accounts.gate import for_kind
from licet.portal.compute import forms
from licet.portal.compute.saying import Said, say_answer, say_round
from licet.portal.compute.store import account_of, names, opened, rules
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.filings.arriving import now

EDITS = ["GET", "HEAD", "POST"]
LINES_MAX = 200


@require_safe
@for_kind("provider")
def needs(request: HttpRequest) -> HttpResponse:
    """The needs and jobs of a body, and what it may pay from."""
    rules()
    me = account_of(request.user.body)
    with opened() as commons:
        asked = [kept for kept in commons.market.all(Asking) if kept.value.need.account == me]
        jobs = {row.id: row for row in commons.book.all() if row.need.account == me}
        context = {
            "rows": [(kept.value, jobs.get(kept.value.id)) for kept in asked[-LINES_MAX:][::-1]],
            "vouchers": _vouchers(commons, me),
            "standing": next((one for one in commons.standings() if one.account == me), None),
            "remark": commons.remark(f"standing-{me}"),
            "spent": sum(row.owed for row in jobs.values() if row.stage == "settled"),
        }
    return render(request, "compute/needs.html", context)


@require_http_methods(EDITS)
@for_kind("provider")
def new_need(request: HttpRequest) -> HttpResponse:
    """State a need; it is answered before anything queues. `?like=`: one of theirs, to be
    changed."""
    rules()
    me, moment = account_of(request.user.body), int(now().timestamp())
    with opened() as commons:
        sent = request.POST if request.method == "POST" else None
        asked = request.GET.get("like", "")
        like = _asking(commons, asked, me).need if asked else None
        form = forms.need_form(commons.pools(), sent, like)
        if form.is_valid():
            try:
                need = forms.need_of(form.cleaned_data, me, moment)
                made = commons.ask(need, moment, secrets.token_bytes)
                return redirect("compute-need", need_id=made.id)
            except BadInput:
                form.add_error(None, word("compute.need-wrong"))
    context = {"form": form, "title": word("compute.need-new"), "lead": word("compute.need-means")}
    return render(request, "compute/form.html", context, status=422 if form.errors else 200)


@require_http_methods(EDITS)
@for_kind("provider")
def need(request: HttpRequest, need_id: str) -> HttpResponse:
    """The answer to a need, why so, and what to do: accept and say what runs, or drop it."""
    rules()
    me, moment = account_of(request.user.body), int(now().timestamp())
    form: Any = None
    with opened() as commons:
        asked = _asking(commons, need_id, me)
        if asked.state == "accepted":
            return redirect("compute-job", job_id=need_id)
        worse = False
        if asked.offer is not None and asked.state == "answered":
            hours = sum(one.accelerator_s for one in asked.offer.lines) / asked.need.gang / 3600
            choices = [(name, said) for name, said, _ in _vouchers(commons, me)]
            form = forms.task_form(choices, hours, bool(commons.containers()), _sent(request))
        if request.method == "POST" and "drop" in request.POST and asked.state == "answered":
            commons.give_up(need_id, me, moment)
            return redirect("compute-needs")
        if form is not None and form.is_valid():
            done = _accept(commons, asked, form, me, moment)
            if done is not None and done.state == "accepted":
                return redirect("compute-job", job_id=need_id)
            asked, worse = done or asked, done is not None
        said = say_answer(asked, commons.pools(), names(), current().code)
    status = 422 if worse or (form is not None and form.errors) else 200
    if request.method == "POST" and form is None:
        status = 409
    return render(
        request, "compute/need.html", _need_context(asked, said, form, worse), status=status
    )


@require_http_methods(EDITS)
@for_kind("provider")
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """How far a job has come: its log, progress, results, bill; it can be stopped or disputed."""
    rules()
    me, moment = account_of(request.user.body), int(now().timestamp())
    fault = False
    with opened() as commons:
        row = _job(commons, job_id, me)
        mine = row.need.account == me
        if request.method == "POST":
            fault = not _do(commons, row, request.POST, me, moment)
            if not fault:
                return redirect("compute-job", job_id=job_id)
        folder = commons.folder_of(row)
        done = folder.done() if mine and row.stage == "released" else None
        context = {
            "row": row, "mine": mine, "fault": fault,
            "going": row.stage != "settled",
            "stopping": commons.market.find(Stop, job_id) is not None,
            "why": say_round(commons.book, job_id, names(), current().code)
            if row.stage != "settled" else None,
            "log": folder.log() if mine else "",
            "percent": None if done is None else round(min(100.0, 100 * done / row.need.work), 1),
            "results": folder.results() if mine else [],
            "told": [(one, datetime.fromtimestamp(one.at_s, UTC))
                     for one in reversed(commons.book.told(job_id))],
            "lines": [(one, datetime.fromtimestamp(one.at_s, UTC))
                      for n in range(1, row.attempt + 1)
                      for one in commons.purse.statement(f"job:{row.id}-{n}")],
            "disputes": [kept.value for kept in commons.market.all(Dispute)
                         if kept.value.job == job_id],
            "text": request.POST.get("text", ""),
        }  # fmt: skip
    return render(request, "compute/job.html", context, status=422 if fault else 200)


@require_safe
@for_kind("provider")
def result(request: HttpRequest, job_id: str, name: str) -> HttpResponse | FileResponse:
    """A file that a job left, as bytes to be saved."""
    rules()
    with opened() as commons:
        row = _job(commons, job_id, account_of(request.user.body))
        if row.need.account != account_of(request.user.body):
            raise Http404
        try:
            file = commons.folder_of(row).open(name)
        except NotFound:
            raise Http404 from None
    kind = "application/octet-stream"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


@require_http_methods(EDITS)
@for_kind("provider")
def vouchers(request: HttpRequest) -> HttpResponse:
    """Programmes, what a body applied for and how it was decided; apply."""
    known = rules()
    me, moment = account_of(request.user.body), int(now().timestamp())
    lang, bodies = current().code, names()
    chosen = known.programmes.get(request.GET.get("programme", ""))
    form, offered = None, []
    with opened() as commons:
        if chosen is not None:
            asks = [(one, known.requirements[one].ask[lang]) for one in chosen.requires]
            suppliers = sorted({pool.supplier for pool in commons.pools()} - {me})
            offered = [(one, bodies.get(one, {}).get(lang, one)) for one in suppliers]
            form = forms.claim_form(chosen, asks, offered, _sent(request))
            if form.is_valid():
                _apply(commons, chosen, form.cleaned_data, me, moment)
                return redirect("compute-vouchers")
        mine = [k for k in commons.market.all(Claim) if k.value.application.firm == me]
        context = {
            "programmes": known.programmes.values(), "chosen": chosen, "form": form,
            "offered": offered,
            "claims": [(kept.value, known.programmes.get(kept.value.programme))
                       for kept in reversed(mine)],
            "vouchers": _vouchers(commons, me),
        }  # fmt: skip
    status = 422 if form is not None and form.errors else 409 if request.method == "POST" else 200
    return render(request, "compute/vouchers.html", context, status=status)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _asking(commons: Commons, need_id: str, me: str) -> Asking:
    try:
        return commons.asking(need_id, me).value
    except NotFound:
        raise Http404 from None


def _job(commons: Commons, job_id: str, me: str) -> Row:
    try:
        return commons.job(job_id, me)
    except NotFound:
        raise Http404 from None


def _accept(commons: Commons, asked: Asking, form: Any, me: str, moment: int) -> Asking | None:
    """The need as it is then; None with a fault in the form."""
    said = form.cleaned_data
    longest_s = max(1, round(said["longest"] * 3600))
    task = Task(said["script"], said["image"], longest_s, said["voucher"])
    try:
        return commons.accept(asked.id, me, task, moment)
    except NoContainers:
        form.add_error("image", word("compute.no-containers"))
    except TooLittle as few:
        form.add_error("voucher", word("compute.voucher-small", yuan=f"{few.most / 100:.2f}"))
    except Conflict:
        form.add_error(None, word("compute.changed-meanwhile"))
    except BadInput:
        form.add_error(None, word("compute.need-wrong"))
    return None


def _do(commons: Commons, row: Row, sent: Mapping[str, str], me: str, moment: int) -> bool:
    """Stop a job or object to it; False where nothing was said."""
    if "stop" in sent and row.need.account == me and row.stage != "settled":
        commons.stop(row.id, me, moment)
        return True
    said = sent.get("text", "").strip()[:2_000]
    if "dispute" not in sent or not said:
        return False
    made = Dispute(f"d-{secrets.token_hex(5)}", row.id, me, said)
    commons.market.put(made, me, moment)
    return True


def _apply(
    commons: Commons, programme: Any, said: Mapping[str, Any], me: str, moment: int
) -> None:  # fmt: skip
    from licet.compute.claims import apply
    from licet.compute.vouchers import Application

    met = {name: bool(said[f"met-{name}"]) for name in programme.requires}
    application = Application(
        id=f"v-{secrets.token_hex(5)}", firm=me, supplier=said["supplier"],
        contract=said["contract"].strip(), signed=said["signed"],
        settled_fen=int(said["settled"] * forms.FEN), met=met,
    )  # fmt: skip
    apply(commons.market, programme, application, moment)


def _vouchers(commons: Commons, me: str) -> list[tuple[str, str, int]]:
    """What a body may pay from: name in the books, in words, what is left in fen."""
    called = {paid(me): word("compute.paid-in")}
    programmes = rules().programmes
    for kept in commons.market.all(Claim):
        claim = kept.value
        programme = programmes.get(claim.programme)
        name = programme.name[current().code] if programme else claim.id
        called[voucher_of(claim)] = f"{name} · {claim.application.contract}"
    return [
        (name, f"{called[name]} · {word('compute.sum', yuan=f'{left / 100:,.2f}')}", left)
        for name, left in commons.vouchers(me).items()
    ]


def _need_context(asked: Asking, said: Said, form: Any, worse: bool) -> dict[str, Any]:
    return {"asked": asked, "said": said, "form": form, "worse": worse}
