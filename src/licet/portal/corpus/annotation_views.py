"""The pages of annotation rules: who annotates by what, and how it came out (Art. 8).

It refuses to know what rules must say and what a batch is held against.

Rules
1. Rules, counts and breaches are for everybody; the marks of those who worked on a batch, with
   their training and examination, are for officials and for whoever recorded it.
2. A body registers rules in its namespace, and records batches of its data sets, or of its rules
   where a batch names no set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from licet.base.trouble import Conflict, NotFound, Trouble
from licet.corpus.annotation import (
    BYTES_MAX,
    Batch,
    Kind,
    Quality,
    Rules,
    breaches,
    parse,
    quality,
)
from licet.corpus.annotation_register import AnnotationRegister, Recorded
from licet.corpus.publishing import Refusal
from licet.corpus.scan.report_words import VERDICTS
from licet.corpus.unfit import Unfit
from licet.corpus.words import BREACHES, UNFIT
from licet.portal.accounts.models import Body
from licet.portal.corpus import acting
from licet.portal.corpus.checks import TONES
from licet.portal.corpus.store import called, namespace_of, opened, rules
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.filings.arriving import now
from licet.portal.pack import pack

EDITS = ["GET", "HEAD", "POST"]
T = TypeVar("T", Rules, Batch)


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch as pages show it. `people`: whether its reader sees those who worked on it."""

    recorded: Recorded
    quality: Quality
    low: float
    high: float
    verdict: Mapping[str, str]
    tone: str
    breaches: tuple[str, ...]
    people: bool


def shown(recorded: Recorded, kind: Kind, request: HttpRequest) -> Shown:
    """A record held against the pack."""
    law, evidence, batch = rules().annotation, pack().assessment, recorded.batch
    assert evidence is not None  # the pack's loader asks for it
    found = quality(batch, law, evidence.evidence.confidence, evidence.evidence.sides)
    said = tuple(
        BREACHES[one.code][current().code].format(where=one.where, about=one.about)
        for one in breaches(batch, kind, law)
    )
    user = request.user
    inside = user.is_authenticated and (user.official or recorded.by == user.body.code)
    return Shown(
        recorded, found, 100 * found.within.low, 100 * found.within.high,
        VERDICTS[found.verdict], TONES.get(found.verdict, "wait"), said, bool(inside),
    )  # fmt: skip


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """All rules that are registered."""
    rules()
    with opened() as shelf:
        kept = AnnotationRegister(shelf.catalogue)
        rows = [
            (one, called(one.by), len(kept.records(rules_id=one.rules.id))) for one in kept.all()
        ]
    return render(request, "corpus/annotation.html", {"rows": rows})


@require_safe
def show_rules(request: HttpRequest, space: str, name: str) -> HttpResponse:
    """Rules: what a version says, its other versions, what was annotated by it."""
    law = rules().annotation
    with opened() as shelf:
        kept = AnnotationRegister(shelf.catalogue)
        try:
            versions = kept.versions(f"{space}/{name}")
        except NotFound:
            raise Http404 from None
        asked = request.GET.get("v", versions[0].rules.version)
        one = next((v for v in versions if v.rules.version == asked), None)
        if one is None:
            raise Http404
        batches = [
            shown(record, one.rules.kind, request)
            for record in kept.records(rules_id=one.rules.id)
            if record.batch.version == one.rules.version
        ]
        citing = [
            version
            for version in shelf.catalogue.datasets()
            if any(
                (used.id, used.version) == (one.rules.id, one.rules.version)
                for used in version.manifest.card.annotation
            )
        ]
    context = {
        "one": one, "by": called(one.by), "versions": versions, "batches": batches,
        "parts": [(part, one.rules.parts[part.id]) for part in law.parts.values()],
        "citing": citing,
    }  # fmt: skip
    return render(request, "corpus/annotation_rules.html", context)


@login_required
@require_http_methods(EDITS)
def add_rules(request: HttpRequest) -> HttpResponse:
    """Register rules from a file."""
    return _taken(request, "rules")


@login_required
@require_http_methods(EDITS)
def record_batch(request: HttpRequest) -> HttpResponse:
    """Put a batch on record from a file."""
    return _taken(request, "batch")


def _taken(request: HttpRequest, what: str) -> HttpResponse:
    known, body = rules(), request.user.body
    if request.user.official:
        raise Http404
    faults: tuple[str, ...] = ()
    trouble = ""
    if request.method == "POST":
        try:
            if "file" not in request.FILES:
                made: str | tuple[str, ...] = (word("annotation.no-file"),)
            elif what == "rules":
                made = _add(_sent(request, Rules), body)
            else:
                made = _record(_sent(request, Batch), body)
            if isinstance(made, str):
                return redirect(made)
            faults = made
        except Unfit as unfit:
            faults = (unfit.said(current().code),)
        except Trouble as found:
            trouble = str(found)
    context: dict[str, Any] = {
        "what": what, "faults": faults, "trouble": trouble,
        "namespace": namespace_of(body), "rules": known,
        "example": files("licet.corpus").joinpath(f"annotation-{what}-example.toml").read_text(
            encoding="utf-8"
        ),
    }  # fmt: skip
    status = 422 if faults or trouble else 200
    return render(request, "corpus/annotation_add.html", context, status=status)


def _sent(request: HttpRequest, kind: type[T]) -> T:
    file = request.FILES["file"]
    return parse(file.read(BYTES_MAX + 1), str(file.name), kind)


def _add(said: Rules, body: Body) -> str | tuple[str, ...]:
    """Where the rules stand, or what they lack."""
    if said.id.partition("/")[0] != namespace_of(body):
        return (word("annotation.not-yours", namespace=namespace_of(body)),)
    with opened() as shelf:
        try:
            made = acting.register_rules(shelf, said, rules(), body, now())
        except Conflict:
            about = f"{said.id} {said.version}"
            return (UNFIT["stands"][current().code].format(about=about),)
    if isinstance(made, Refusal):
        return made.said(current().code)
    return _address(said.id, said.version)


def _record(said: Batch, body: Body) -> str | tuple[str, ...]:
    """Where the record stands, or why it cannot."""
    if namespace_of(body) != said.owner:
        return (word("annotation.not-yours", namespace=namespace_of(body)),)
    with opened() as shelf:
        made = acting.record_batch(shelf, said, body, now())
    if isinstance(made, Refusal):
        return made.said(current().code)
    return _address(said.rules, said.version)


def _address(rules_id: str, version: str) -> str:
    space, _, name = rules_id.partition("/")
    return f"{reverse('annotation-rules', kwargs={'space': space, 'name': name})}?v={version}"
