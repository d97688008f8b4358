"""What everybody sees of the commons: figures as a page, a table for spreadsheets, an object.

It refuses to count: `licet.compute.usage` does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import dropwhile
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.base.canonical import canonical_json
from licet.compute.commons import Commons
from licet.compute.market import Asking
from licet.compute.usage import Usage, facts, usage
from licet.portal.compute.store import opened, rules
from licet.portal.design.words import word
from licet.portal.filings.arriving import now

HEAD = ("what", "kind", "value", "unit")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of use by where the chips are from: its name among the words, hours, percent."""

    name: str
    hours: float
    percent: float


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """GET /…/compute/ : what there is, who waits, what it costs, where chips are from."""
    known = rules()
    with opened() as commons:
        found = figures(commons)
        chosen = commons.policy()
        pools = [pool for pool in commons.pools() if not pool.withdrawn]
    # From the first week with use on.
    weeks = list(dropwhile(lambda week: not week[1], found.weeks))
    context = {
        "found": found,
        "chosen": chosen,
        "since": datetime.fromtimestamp(chosen.at_s, UTC) if chosen.n else None,
        "origins": _origins(found),
        "weeks": [(datetime.fromtimestamp(at, UTC), hours) for at, hours in weeks],
        "weeks_most": max((hours for _, hours in found.weeks), default=0) or 1,
        "regions": sorted({pool.region for pool in pools}),
        "domestic": f"{100 * (found.domestic or 0):.0f}",
        "aim": f"{100 * known.sharing.domestic_share:.0f}",
        "comma": word("compute.comma"),
        "kept": found.deadlines - found.missed,
    }
    return render(request, "compute/dashboard.html", context)


@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """GET /compute.csv, /compute.json : the same figures."""
    rules()
    with opened() as commons:
        rows, policy = facts(figures(commons)), commons.policy().value.policy
    if kind == "json":
        told: dict[str, Any] = {
            "policy": policy,
            "figures": [dict(zip(HEAD, row, strict=True)) for row in rows],
        }
        return _file(canonical_json(told) + b"\n", "application/json", kind)
    if kind != "csv":
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([HEAD, *(("" if cell is None else cell for cell in row) for row in rows)])
    return _file(out.getvalue().encode(), "text/csv; charset=utf-8", kind)


def figures(commons: Commons) -> Usage:
    """The figures of a commons, at this moment."""
    return usage(commons.pools(), commons.book.all(), commons.book.notices(),
                 commons.market.all(Asking), int(now().timestamp()))  # fmt: skip


def _origins(found: Usage) -> Sequence[Share]:
    parts = (("domestic", found.domestic_h), ("foreign", found.foreign_h),
             ("unknown", found.unknown_h))  # fmt: skip
    whole = found.used_h or 1.0
    return [Share(name, hours, 100 * hours / whole) for name, hours in parts]


def _file(data: bytes, media_type: str, kind: str) -> HttpResponse:
    name = f'attachment; filename="licet-compute.{kind}"'
    headers = {"content-disposition": name, "cache-control": "no-cache",
               "access-control-allow-origin": "*"}  # fmt: skip
    return HttpResponse(data, content_type=media_type, headers=headers)
