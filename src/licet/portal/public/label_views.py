"""What does this file say of itself? Anybody drops a file and reads its label.

It refuses to keep the file, and to guess who or what made it.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from licet.base.trouble import TooMuch, Unavailable
from licet.labels import Report, verify
from licet.portal.design.words import word
from licet.portal.pack import pack
from licet.rulebook import LabelRules

FILE_BYTES_MAX = 10 << 20
_TONES = {"compliant": "good", "noncompliant": "bad"}


@require_http_methods(["GET", "HEAD", "POST"])
def label(request: HttpRequest) -> HttpResponse:
    """Drop a file, read its label and what is wrong with it. Nothing is kept."""
    rules = pack().labelling
    if rules is None:
        raise Http404
    sent = request.FILES.get("file")
    context: dict[str, Any] = {"largest_mib": FILE_BYTES_MAX >> 20}
    if sent is not None:
        data = sent.read(FILE_BYTES_MAX + 1)
        name = str(sent.name)
        try:
            report = None if len(data) > FILE_BYTES_MAX else verify(data, rules, name=name)
        except (TooMuch, Unavailable):
            report = None
        context |= {"name": name, "unread": report is None}
        context |= _shown(report, rules) if report else {}
    empty = request.method == "POST" and sent is None
    if empty:
        context["lacking"] = [("file", word("label.file"), word("label.no-file"))]
    return render(request, "public/label.html", context, status=422 if empty else 200)


def _shown(report: Report, rules: LabelRules) -> dict[str, Any]:
    degrees = {degree.value: degree for degree in rules.degrees.values()}
    aigc = report.aigc
    fields = rules.metadata.fields
    return {
        "verdict": report.verdict,
        "tone": _TONES.get(report.verdict, "wait"),
        "degree": degrees.get(aigc.label) if aigc else None,
        "rows": [(f, aigc.value(f)) for f in fields if aigc.value(f)] if aigc else [],
        "places": [copy.place for copy in report.copies],
        "bound": report.bound,
        "faults": [(rules.checks[one.check], one.detail) for one in report.faults],
    }
