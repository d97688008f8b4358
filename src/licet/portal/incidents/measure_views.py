"""Measures against persons, for the person (the notice's page, the appeal) and for gateways (the
list).

It refuses to know who the person is: the number opens the page, and the page names nobody.

Rules
1. The number is a secret: no page of it is stored, indexed or framed, and none is named to another
   site as a referrer (`keep_safe`; to our own it is, or browsers would send forms without origin).
2. What was sent is shown again where it was not taken; what was taken is answered by a redirect.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from licet.cases import Refusal
from licet.cases.forms import as_moment
from licet.credentials.measures import MEDIA_TYPE
from licet.portal.accounts.models import Body
from licet.portal.design.languages import current, preferred
from licet.portal.filings.arriving import now
from licet.portal.incidents import listing, service
from licet.portal.incidents.asking import sent_of, sheet_of
from licet.portal.incidents.outsiders import Matter, measure_of
from licet.portal.incidents.persons import reason_in
from licet.portal.pack import pack
from licet.rulebook.place import place

PRIVATE = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}


@require_safe
def any_language(request: HttpRequest, number: str) -> HttpResponse:
    """GET /measure/{number} : the notice in the reader's language, whether there is one or not."""
    language = preferred(request.headers.get("accept-language", ""))
    address = f"/{language.code}{reverse('measure-any', kwargs={'number': number})}/"
    return HttpResponseRedirect(address, headers={"vary": "accept-language", **PRIVATE})


@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """What was done, why, until when; and the appeal against it."""
    moment = now()
    matter = measure_of(number, moment)
    if matter is None:
        raise Http404
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        act = matter.acts[0] if matter.acts else None
        data = sent_of(request, matter.known, act) if act else {}
        outcome = (
            service.act_as(number, act.id, data, matter.actor, moment)
            if act is not None
            else Refusal("not_now", "appeal", {"stage": matter.of.stage})
        )
        if not isinstance(outcome, Refusal):
            return redirect("measure", number=number)
        context, status = sheet_of(matter.known, act, data, outcome), 409
    elif matter.acts:
        context = sheet_of(matter.known, matter.acts[0], {}, None)
    answer = render(request, "persons/measure.html", {**context, **_shown(matter)}, status=status)
    for name, value in PRIVATE.items():
        answer[name] = value
    return answer


def _shown(matter: Matter) -> dict[str, Any]:
    of, known = matter.of, matter.known
    ladder = known.ladder
    assert ladder is not None
    taken = next(e for e in of.events if "impose" in known.acts[e.kind].effects)
    bases = {base for event in of.events for base in _basis(event.kind, known)}
    return {
        "matter": matter,
        "of": of,
        "step": ladder.steps[str(of.facts["step"])],
        "reason": reason_in(str(of.facts["reason"]), current().code),
        "unmarked": True,
        "until": as_moment(of.facts["until"]),
        "taken": taken,
        "by_machine": known.acts[taken.kind].side == "machine",
        "past": list(matter.past()),
        "bases": [place(pack(), one, current().code) for one in sorted(bases)],
        "act": matter.acts[0] if matter.acts else None,
    }


def _basis(kind: str, known: Any) -> tuple[str, ...]:
    return known.acts[kind].basis if kind in known.acts else ()


@require_safe
def listed(request: HttpRequest, code: str) -> HttpResponse:
    """GET /measures/{code}/list : the signed list for the gateways of a provider, with an ETag."""
    if not listing.opens(code, request.headers.get("authorization", "")):
        return HttpResponse(
            "Send Authorization: Bearer with the token that `licet portal measures` prints.\n",
            status=401, content_type="text/plain", headers={"www-authenticate": "Bearer"},
        )  # fmt: skip
    holder = Body.objects.filter(code=code, kind="provider").first()
    if holder is None:
        raise Http404
    base = settings.LICET_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    page = f"{base}/measure/{{number}}"
    headers = {"etag": f'"{listing.edition(holder)}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return HttpResponse(status=304, headers=headers)
    token = listing.write_list(holder, page, now())
    return HttpResponse(token, content_type=MEDIA_TYPE, headers=headers)
