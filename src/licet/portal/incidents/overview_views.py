"""The authority's overview: how many matters there are, how long they take, which are late.

It refuses to count: `cases.overview` does.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.cases.overview import Overview, overview
from licet.portal.accounts.gate import for_kind
from licet.portal.accounts.models import Body
from licet.portal.filings.arriving import now
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredProceeding
from licet.portal.pack import pack
from licet.rulebook.proceeding import ProceedingKind

MATTERS_MAX = 5_000
LATE_MAX = 10
KINDS: tuple[ProceedingKind, ...] = ("incident", "complaint")
"""Kinds that come before an authority."""


@require_safe
@for_kind("authority")
def show(request: HttpRequest) -> HttpResponse:
    """GET /…/desk/matters/overview/"""
    moment, names = now(), {one.code: one.name for one in Body.objects.filter(kind="provider")}
    parts, cut = [], False
    for kind in KINDS:
        if kind not in pack().supervision.proceedings:
            continue
        known = service.rules(kind)
        rows = StoredProceeding.objects.filter(kind=kind, seen_by_authority=True)
        chosen = list(rows.order_by("-changed").values_list("pk", flat=True)[: MATTERS_MAX + 1])
        cut |= len(chosen) > MATTERS_MAX
        found = overview(
            service.load_all(chosen[:MATTERS_MAX]).values(), moment, known
        )  # fmt: skip
        parts.append(_part(kind, known, found, names))
    context = {"parts": parts, "cut": cut, "most": MATTERS_MAX, "on_desk": True}
    return render(request, "incidents/overview.html", context)


def _part(kind: ProceedingKind, known: Any, found: Overview, names: Any) -> dict[str, Any]:
    stages = [(known.stages[one].name, count) for one, count in found.stages.items()]
    return {
        "kind": kind,
        "name": known.name,
        "count": found.count,
        "stages": stages,
        "stages_most": max((count for _, count in stages), default=1),
        "weeks": found.weeks,
        "weeks_most": max((count for _, count in found.weeks), default=0) or 1,
        "paces": [(known.stages[one.stage].name, one) for one in found.paces],
        "paces_most": max((one.most_h for one in found.paces), default=0) or 1,
        "late": [
            (one, names.get(one.of.parties["provider"], one.of.parties["provider"]))
            for one in found.late[:LATE_MAX]
        ],
        "late_count": len(found.late),
    }
