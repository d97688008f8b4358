"""The pages of labelling: parse, call, render.

It refuses to show a labeller what anybody else, or a machine, said of the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licet.assess.labelling import QUESTIONS
from licet.base.trouble import BadInput, Conflict, TooMuch
from licet.portal.design.words import word
from licet.portal.filings.arriving import now
from licet.portal.labelling import service
from licet.portal.labelling.models import Sample
from licet.portal.pack import pack

FILE_BYTES_MAX = 20 << 20
SAMPLES_MAX = 100
ANSWERS = {"yes": True, "no": False, "unsure": None}
View = Callable[..., HttpResponse]


def on_sample(view: View) -> View:
    """Gives a view the sample of its person's body; 404 where there is none."""

    @login_required
    @wraps(view)
    def found(request: HttpRequest, sample_id: int) -> HttpResponse:
        sample = Sample.objects.filter(pk=sample_id, body=request.user.body).first()
        if sample is None:
            raise Http404
        return view(request, sample)

    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def samples(request: HttpRequest) -> HttpResponse:
    """The samples of this body, and a form to draw another."""
    trouble, fault, status = "", "", 200
    if request.method == "POST" and (fault := _unsent(request)):
        status = 422
    elif request.method == "POST":
        try:
            return redirect("sample", sample_id=_open(request).pk)
        except (BadInput, TooMuch) as error:
            trouble, status = str(error), 422
    rows = Sample.objects.filter(body=request.user.body).order_by("-opened")[:SAMPLES_MAX]
    assessment = pack().assessment
    measures = assessment.measures.values() if assessment else ()
    asked = [(one.name, one.sample) for one in measures if one.method == "human" and one.sample]
    context = {
        "asked": asked,
        "samples": [(row, service.standing_of(row)) for row in rows],
        "trouble": trouble,
        "fault": fault,
        "name": request.POST.get("name", ""),
        "many": request.POST.get("many") or min((many for _, many in asked), default=""),
        "largest_mib": FILE_BYTES_MAX >> 20,
        "on_desk": True,
    }
    return render(request, "labelling/samples.html", context, status=status)


@require_GET
@on_sample
def sample(request: HttpRequest, of: Sample) -> HttpResponse:
    """How far a sample is, how far its labellers agree, and what waits for this person."""
    context = {
        "sample": of,
        "standing": service.standing_of(of),
        "labels": service.waiting_for(of, request.user, final=False) is not None,
        "decides": service.waiting_for(of, request.user, final=True) is not None,
        "confidence": f"{service.confidence():.0%}",
        "on_desk": True,
    }
    return render(request, "labelling/sample.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@on_sample
def label_next(request: HttpRequest, of: Sample) -> HttpResponse:
    """One item after the other, each labelled by two people."""
    return _next(request, of, final=False)


@require_http_methods(["GET", "HEAD", "POST"])
@on_sample
def decide_next(request: HttpRequest, of: Sample) -> HttpResponse:
    """One item after the other on which two people differ."""
    return _next(request, of, final=True)


@require_GET
@on_sample
def labels(request: HttpRequest, of: Sample) -> HttpResponse:
    """The labels, for `licet assess report --labels`."""
    answer = HttpResponse(service.render(of), content_type="application/jsonl; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="labels-{of.pk}.jsonl"'
    return answer


@require_POST
@on_sample
def close(request: HttpRequest, of: Sample) -> HttpResponse:
    """Close it: its texts are removed. Who drew it from a data set closes it there."""
    if of.about:
        raise Http404
    service.close_sample(of, now())
    return redirect("sample", sample_id=of.pk)


def _unsent(request: HttpRequest) -> str:
    """What the form lacks before anything is read."""
    sent, many = request.FILES.get("file"), request.POST.get("many", "")
    if sent is None or not request.POST.get("name", "").strip() or not many.isdecimal():
        return word("sample.unsent")
    if (sent.size or 0) > FILE_BYTES_MAX:
        return word("sample.too-large", mib=FILE_BYTES_MAX >> 20)
    return ""


def _open(request: HttpRequest) -> Sample:
    """Draw the sample that a whole form asks for. Raises BadInput or TooMuch."""
    sent = request.FILES["file"]
    name, many = request.POST["name"].strip()[:120], request.POST["many"]
    data = sent.read(FILE_BYTES_MAX + 1)
    return service.open_sample(name, data, str(sent.name), int(many), request.user, now())


def _next(request: HttpRequest, of: Sample, *, final: bool) -> HttpResponse:
    questions, missing = QUESTIONS[service.kind_of(of)], False
    said: dict[str, str] = {}
    if request.method == "POST":
        said = {one: request.POST.get(one, "") for one in questions}
        place, missing = request.POST.get("place", ""), not set(said.values()) <= ANSWERS.keys()
        if place.isdecimal() and not missing:
            answers = {one: ANSWERS[value] for one, value in said.items()}
            _say(of, int(place), answers, request, final=final)
            return redirect(request.path)
    waits = service.waiting_for(of, request.user, final=final)
    if waits is None:
        return redirect("sample", sample_id=of.pk)
    context: dict[str, Any] = {
        "sample": of,
        "text": of.texts.get(place=waits),
        "questions": [(one, said.get(one, "")) for one in questions],
        "choices": tuple(ANSWERS),
        "fault": missing,
        "final": final,
        "mine": of.voices.filter(by=request.user).count(),
        "on_desk": True,
    }
    return render(request, "labelling/item.html", context, status=422 if missing else 200)


def _say(
    of: Sample, place: int, answers: dict[str, bool | None], request: HttpRequest, *, final: bool
) -> None:
    """What came too late is dropped: two others have said it, and the next item comes."""
    try:
        service.say(of, place, answers, request.user, now(), final=final)
    except Conflict:
        return
