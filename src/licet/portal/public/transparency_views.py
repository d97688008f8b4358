"""The transparency report: a page, a table for spreadsheets, an object for programs. Anybody's.

It refuses to count: `counting` does, from ledgers alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.base.canonical import canonical_json
from licet.base.clock import SystemClock
from licet.cases.transparency import Row, report_as_json, report_rows
from licet.portal.design.words import sentences
from licet.portal.pack import pack
from licet.portal.public.counting import count_on
from licet.rulebook.proceeding import ProceedingKind

HEAD = ("what", "which", "which_2", "which_3", "count")
Named = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the page: what it counts, the heads of its columns, rows of words and a count."""

    key: str
    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[Any, ...], int | None], ...]
    most: int


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /…/transparency/ : the counts as tables with bars."""
    report, entries = count_on(SystemClock().now())
    rows = report_rows(report, _small())
    context = {
        "parts": [part for part in _parts(rows) if part.rows],
        "entries": entries,
        "since": report.since[:10],
        "until": report.until[:10],
        "small": _small(),
        "names": report.names,
        "delayed_due": report.delayed_due,
        "notice_hours": report.notice_hours,
        "authority_alone": settings.LICET_ROLES == ("authority",),
    }
    return render(request, "public/transparency.html", context)


@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """GET /transparency.csv, /transparency.json"""
    report, entries = count_on(SystemClock().now())
    if kind == "json":
        told = {**report_as_json(report, _small()), "entries": entries, "small_cell": _small()}
        return _file(canonical_json(told) + b"\n", "application/json", kind)
    if kind != "csv":
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for *words, count in report_rows(report, _small()):
        writer.writerow([*words, f"<{_small()}" if count is None else count])
    return _file(out.getvalue().encode(), "text/csv; charset=utf-8", kind)


def _file(data: bytes, media_type: str, kind: str) -> HttpResponse:
    name = f'attachment; filename="licet-transparency.{kind}"'
    headers = {"content-disposition": name, "cache-control": "no-cache"}
    return HttpResponse(data, content_type=media_type, headers=headers)


def _small() -> int:
    ladder = pack().supervision.ladder
    return ladder.small_cell if ladder else 0


def _parts(rows: Iterable[Row]) -> list[Part]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return [
        _part("stop", found, ("place", "category", "author"), (_place, _category, _author)),
        _part("incident", found, ("grade", "stage"), (_grade, _stage("incident"))),
        _part("measure", found, ("step", "stage"), (_step, _stage("measure"))),
        _part("complaint", found, ("about", "stage"), (_about, _stage("complaint"))),
        _part("order", found, ("basis", "opens", "stage"), (_basis, _opens, _stage("order"))),
    ]


def _part(
    key: str, found: Mapping[str, list[Row]], heads: tuple[str, ...], named: tuple[Named, ...]
) -> Part:
    rows = [row for row in found.get(key, ()) if row[1] != "names"]
    counts = [row[4] for row in rows if row[4] is not None]
    return Part(
        key,
        heads,
        tuple(
            (tuple(name(word) for name, word in zip(named, row[1:4], strict=False)), row[4])
            for row in rows
        ),
        max(counts, default=1) or 1,
    )


def _place(word: str) -> Any:
    return sentences()[f"transparency.{word}"]


def _category(word: str) -> Any:
    known = pack().categories.get(word)
    return known.name if known else word


def _author(word: str) -> Any:
    """Who wrote a rule, by the first word of its id, where that is a word of ours."""
    return sentences().get(f"transparency-author.{word}", word)


def _grade(word: str) -> Any:
    rules = pack().supervision.incident
    return (
        rules.grades[word].name
        if rules and word in rules.grades
        else sentences()["transparency.ungraded"]
    )


def _step(word: str) -> Any:
    ladder = pack().supervision.ladder
    return ladder.steps[word].name if ladder and word in ladder.steps else word


def _about(word: str) -> Any:
    return _choice("complaint", "about", word)


def _basis(word: str) -> Any:
    return _choice("order", "legal_basis", word)


def _opens(word: str) -> Any:
    return _choice("order", "opens", word)


def _choice(kind: ProceedingKind, field: str, word: str) -> Any:
    known = pack().supervision.proceedings.get(kind)
    for form in known.forms.values() if known else ():
        if field in form.fields and word in form.fields[field].choices:
            return form.fields[field].choices[word].label
    return word


def _stage(kind: ProceedingKind) -> Named:
    known = pack().supervision.proceedings.get(kind)

    def named(word: str) -> Any:
        return known.stages[word].name if known and word in known.stages else word

    return named
