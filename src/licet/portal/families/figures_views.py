"""How many minors use the service and for how long, for everybody: sums, small cells left out.

It refuses to know persons: the gateway gives figures that may be published, and nothing else.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.minors.figures import STEPS_MIN
from licet.portal.design.words import word
from licet.portal.families.models import Counted
from licet.portal.families.service import rules

DAYS_SHOWN = 7


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The days that were counted, newest first; the last of them by band and time."""
    counted = list(Counted.objects.order_by("-day")[:DAYS_SHOWN])
    steps = [*map(str, STEPS_MIN), "more"]
    heads = [word("family-figures.none")]
    heads += [word("family-figures.upto", minutes=minutes) for minutes in STEPS_MIN[1:]]
    heads.append(word("family-figures.more", minutes=STEPS_MIN[-1]))
    rows = [
        (band.name, [counted[0].cells.get(f"{band.id}.{step}") for step in steps])
        for band in rules().bands.values()
        if counted
    ]
    context = {
        "counted": counted, "rows": rows, "heads": heads, "least": rules().cell_min,
    }  # fmt: skip
    return render(request, "families/figures.html", context)
