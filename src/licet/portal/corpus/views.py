"""The pages of training data: parse, call, render.

It refuses to know what a card must say, who is granted what by law, and which licences agree.

Rules
1. Cards, lists and tombstones are for everybody; previews go by the access class, as files do.
2. A body's staff publish and withdraw in its namespace alone; officers decide on requests, and may
   withdraw anything, with a reason that everybody reads.
"""

from __future__ import annotations

from importlib.resources import files as files_of
from typing import Any
from urllib.parse import quote

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from licet.base.trouble import BadInput, Trouble
from licet.corpus.annotation_register import AnnotationRegister
from licet.corpus.catalogue import Version
from licet.corpus.checking import VersionChecks
from licet.corpus.human import HumanSamples
from licet.corpus.licences import terms
from licet.corpus.naming import check_id
from licet.corpus.publishing import chain_of, reach
from licet.corpus.readers import Readers
from licet.corpus.shelf import Shelf
from licet.corpus.unfit import Spoken
from licet.portal.corpus import acting, reading, sampling
from licet.portal.corpus.annotation_views import Shown, shown
from licet.portal.corpus.checks import read_checks
from licet.portal.corpus.store import (
    called,
    known_reader,
    name_of,
    namespace_of,
    opened,
    rules,
    title_of,
    version_at,
)
from licet.portal.corpus.upload_views import held
from licet.portal.design.languages import current, preferred
from licet.portal.design.words import word
from licet.portal.filings.arriving import now

EDITS = ["GET", "HEAD", "POST"]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find data sets by words, narrowed by licence, access, language, modality."""
    known = rules()
    with opened() as shelf:
        found = reading.find(shelf, request.GET)
        checks = VersionChecks(shelf.catalogue)
        rows = [(one, checks.of(one).state) for one in found.versions]
    return render(request, "corpus/search.html", {"found": found, "rules": known, "rows": rows})


@require_safe
def show(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """A data set: card, terms, files, checks, how to load it, its versions."""
    known = rules()
    with opened() as shelf:
        version = version_at(shelf, space, name, request.GET.get("v", ""))
        card = version.manifest.card
        denied = _denied(request, shelf, version)
        report = shelf.catalogue.report(version.commit)
        found = HumanSamples(shelf.catalogue).newest(version.commit)
        human = sampling.clause(found) if found else None
        shown = ("", ()) if denied or version.withdrawn else reading.preview(shelf, version)
        context = {
            "version": version,
            "card": card,
            "access": known.access.get(card.access),
            "basis": known.bases.get(card.personal_data.basis),
            "sources": [(one, known.sources.get(one.type)) for one in card.source],
            "terms": terms(chain_of(card, version.dataset, shelf.catalogue), known.licences),
            "licence": known.licences.get(card.licence),
            "below": shelf.catalogue.made_from(version.commit),
            "cause": _cause(shelf, version),
            "batches": _batches(request, shelf, version),
            "by": called(version.manifest.by),
            "history": [
                (one, called(one.version.manifest.by))
                for one in reading.history(shelf.catalogue.versions(version.dataset))
            ],
            "preview_name": shown[0],
            "preview": shown[1],
            "denied": denied,
            "human_rows": [human] if human else (),
            "checks": read_checks(report, human, known.scan.manual) if report else None,
            "checked": VersionChecks(shelf.catalogue).of(version),
            "base_url": request.build_absolute_uri("/").rstrip("/"),
            "may_withdraw": version.withdrawn is None and _may_withdraw(request, version),
            "may_sample": version.withdrawn is None and _may_withdraw(request, version),
            "may_declare": request.user.is_authenticated and not request.user.official,
            "may_trace": request.user.is_authenticated and request.user.official,
            "may_ask": denied == "grant" and not request.user.official,
        }
    return render(request, "corpus/show.html", context)


@require_safe
def any_language(
    request: HttpRequest, space: str, name: str, revision: str = ""
) -> HttpResponse:  # fmt: skip
    """GET /datasets/{space}/{name}[/tree/{revision}], as programs tell of a data set: its page in
    the reader's language, whether there is one or not."""
    language = preferred(request.headers.get("accept-language", ""))
    address = f"/{language.code}/data/{quote(space)}/{quote(name)}/"
    address += f"?v={quote(revision)}" if revision else ""
    return HttpResponseRedirect(address, headers={"vary": "accept-language"})


@login_required
@require_http_methods(EDITS)
def ask(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """Ask for restricted data, and say what for."""
    known, said = rules(), ""
    if request.user.official:
        raise Http404
    with opened() as shelf:
        version = version_at(shelf, space, name, "")
        if not known.access[version.manifest.card.access].needs_grant:
            raise Http404
        if request.method == "POST":
            try:
                acting.ask(
                    shelf, version, request.user.body, request.POST.get("purpose", ""), now()
                )
                return redirect("data-tokens")
            except Trouble as trouble:
                said = trouble.code
    context = {"version": version, "said": said, "purpose": request.POST.get("purpose", "")}
    return render(request, "corpus/ask.html", context, status=422 if said else 200)


@login_required
@require_http_methods(EDITS)
def tokens(request: HttpRequest) -> HttpResponse:
    """A body's token, what it asked for, what it was given, and what of that was withdrawn."""
    rules()
    if request.user.official:
        raise Http404
    made = ""
    with opened() as shelf:
        if request.method == "POST":
            made = acting.renew(shelf, request.user.body, now())
        space = namespace_of(request.user.body)
        context: dict[str, Any] = {"made": made, "namespace": space, "receipts": 0}
        context["told"] = list(VersionChecks(shelf.catalogue).to_tell(space))
        reader = known_reader(shelf, request.user.body)
        if reader is not None:
            readers = Readers(shelf.catalogue)
            context |= {
                "requests": [
                    (one, title_of(shelf, one.dataset))
                    for one in readers.requests()
                    if one.reader.id == reader.id
                ],
                "receipts": len(readers.receipts(reader)),
                "withdrawn": [shelf.catalogue.get(one) for one in readers.holds(reader)],
            }
    return render(request, "corpus/tokens.html", context)


@require_safe
@login_required
def receipts(request: HttpRequest) -> HttpResponse:
    """The signed receipts of what a body loaded, a line of JSON each."""
    rules()
    if request.user.official:
        raise Http404
    with opened() as shelf:
        reader = known_reader(shelf, request.user.body)
        kept = Readers(shelf.catalogue).receipts(reader) if reader else ()
    lines = [msgspec.json.encode({"number": one.number, "receipt": one.token}) for one in kept]
    answer = HttpResponse(
        b"".join(line + b"\n" for line in lines), content_type="application/jsonl; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="receipts.jsonl"'
    return answer


@login_required
@require_http_methods(EDITS)
def publish(request: HttpRequest) -> HttpResponse:
    """Publish files with their card as a new version."""
    known = rules()
    if request.user.official:
        raise Http404
    space = namespace_of(request.user.body)
    name, message = (request.POST.get(one, "") for one in ("name", "message"))
    context: dict[str, Any] = {"namespace": space, "name": name, "message": message}
    if request.method == "POST":
        card, files, before = (
            request.FILES.get("card"), request.FILES.getlist("files"),
            request.POST.getlist("held"),
        )  # fmt: skip
        context["faults"] = _unsent(f"{space}/{name.strip()}", card, [*files, *before])
        with opened() as shelf:
            try:
                if not context["faults"]:
                    sent = acting.Sent(space, name, message, card, files, held(before))
                    made = acting.publish(shelf, sent, known, request.user.body, now())
                    if isinstance(made, Version):
                        return redirect("data-set", space=space, name=name.strip())
                    context["faults"] = [("files", one) for one in made.said(current().code)]
            except Spoken as unfit:
                context["faults"] = [("card", unfit.said(current().code))]
            except Trouble as trouble:
                context["trouble"] = str(trouble)
    context["example"] = (files_of("licet.corpus") / "card-example.toml").read_text(
        encoding="utf-8"
    )
    status = 422 if context.get("faults") or "trouble" in context else 200
    return render(request, "corpus/publish.html", context, status=status)


def _unsent(dataset: str, card: Any, files: list[Any]) -> list[tuple[str, str]]:
    """What the form lacks before anything is read: the field, and the words."""
    faults = []
    try:
        check_id(dataset)
    except BadInput:
        faults.append(("name", word("data.name-unfit")))
    if card is None or not files:
        faults.append(("files" if card else "card", word("data.files-missing")))
    return faults


@login_required
@require_http_methods(EDITS)
def withdraw(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """Withdraw a version and all that was made from it, with a reason that everybody reads."""
    rules()
    fault = False
    with opened() as shelf:
        version = version_at(shelf, space, name, request.GET.get("v", ""))
        if not _may_withdraw(request, version):
            raise Http404
        if request.method == "POST":
            try:
                reason = request.POST.get("reason", "")
                acting.withdraw(shelf, version, request.user.body, reason, now())
                return redirect("data-set", space=space, name=name)
            except Trouble:
                fault = True
        reached = reach(version, shelf.catalogue)
        readers = Readers(shelf.catalogue)
        holders = {one.id for v in reached for one in readers.holders(v.commit)}
    context = {
        "version": version, "reached": reached, "holders": len(holders), "fault": fault,
        "reason": request.POST.get("reason", ""),
    }  # fmt: skip
    return render(request, "corpus/withdraw.html", context, status=422 if fault else 200)


@login_required
@require_http_methods(EDITS)
def sample(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """Draw a sample of a version, for people to label."""
    rules()
    asked, fault = sampling.measure(), ""
    many = request.POST.get("many") or str(asked.sample or "")
    with opened() as shelf:
        version = version_at(shelf, space, name, request.GET.get("v", ""))
        if version.withdrawn or not _may_withdraw(request, version):
            raise Http404
        if request.method == "POST":
            wanted = int(request.POST["many"]) if request.POST.get("many", "").isdecimal() else 0
            try:
                drawn = sampling.open_sample(shelf, version, wanted, request.user, now())
                return redirect("sample", sample_id=drawn.pk)
            except BadInput:
                fault = word("data.sample-none")
    context = {
        "version": version, "measure": asked, "share": f"{asked.share:.0%}", "many": many,
        "fault": fault,
    }  # fmt: skip
    return render(request, "corpus/sample.html", context, status=422 if fault else 200)


@require_POST
@login_required
def close_sample(request: HttpRequest, sample_id: int) -> HttpResponse:
    """Close a sample of a version: its texts are removed, what it found is put down."""
    drawn = sampling.of_body(request.user.body, sample_id)
    if drawn is None:
        raise Http404
    sampling.close(drawn, now())
    return redirect("sample", sample_id=drawn.pk)


@require_safe
@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """The requests for restricted data: those that wait, and those that were decided."""
    rules()
    if not request.user.official:
        raise Http404
    with opened() as shelf:
        every = [
            (one, name_of(one.reader), title_of(shelf, one.dataset))
            for one in Readers(shelf.catalogue).requests()
        ]
        told = list(VersionChecks(shelf.catalogue).to_tell())
    context = {
        "waiting": [row for row in every if row[0].state == "asked"],
        "decided": [row for row in every if row[0].state != "asked"][:100],
        "told": told[:100],
    }
    return render(request, "corpus/desk.html", context)


@login_required
@require_http_methods(EDITS)
def decide(request: HttpRequest, request_id: str) -> HttpResponse:
    """Grant or refuse a request, or end what was granted."""
    rules()
    if not request.user.official:
        raise Http404
    fault, decision, reason = False, "", ""
    with opened() as shelf:
        try:
            one = Readers(shelf.catalogue).get(request_id)
        except Trouble:
            raise Http404 from None
        if request.method == "POST":
            decision, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
            try:
                acting.decide(shelf, one, decision, reason, request.user, now())
                return redirect("data-desk")
            except Trouble:
                fault = True
        title = title_of(shelf, one.dataset)
    context = {
        "one": one, "who": name_of(one.reader), "fault": fault, "title": title,
        "decision": decision, "reason": reason,
    }  # fmt: skip
    return render(request, "corpus/decide.html", context, status=422 if fault else 200)


def _denied(request: HttpRequest, shelf: Shelf, version: Version) -> str:
    """Why whoever asks is not shown what is in the files; empty where they are."""
    access = rules().access[version.manifest.card.access]
    if not access.needs_token:
        return ""
    if not request.user.is_authenticated:
        return "token"
    body = request.user.body
    mine = version.dataset.partition("/")[0] == namespace_of(body)
    if body.kind == "authority" or mine or not access.needs_grant:
        return ""
    reader = known_reader(shelf, body)
    granted = reader and not Readers(shelf.catalogue).denial(version, reader, rules(), sent=True)
    return "" if granted else "grant"


def _batches(request: HttpRequest, shelf: Shelf, version: Version) -> list[Shown]:
    """What people annotated for the data set, held against the pack."""
    register = AnnotationRegister(shelf.catalogue)
    rows = [
        (one, register.find(one.batch.rules, one.batch.version))
        for one in register.records(dataset=version.dataset)
    ]
    return [shown(one, found.rules.kind, request) for one, found in rows if found]


def _may_withdraw(request: HttpRequest, version: Version) -> bool:
    if not request.user.is_authenticated:
        return False
    own = version.dataset.partition("/")[0] == namespace_of(request.user.body)
    return bool(request.user.official or own)


def _cause(shelf: Shelf, version: Version) -> Version | None:
    gone = version.withdrawn
    return shelf.catalogue.get(gone.cause) if gone and gone.cause else None
