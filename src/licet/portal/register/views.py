"""The register's pages, and the same for programs.

It refuses to know how listings come about.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.portal.design.languages import preferred
from licet.portal.register import reading
from licet.portal.register.dump import KINDS, as_object
from licet.portal.register.editions import dump, edition, facets
from licet.portal.register.models import STATUSES


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search, filters and a page of results."""
    asked = reading.read_asked(request.GET)
    context = {
        "asked": asked,
        "found": reading.find(asked),
        "facets": facets(edition()),
        "statuses": STATUSES,
    }
    return render(request, "register/search.html", context)


@require_safe
def entry(request: HttpRequest, number: str) -> HttpResponse:
    """One listing, with all that it ever was."""
    listing = reading.get_listing(number)
    if listing is None:
        raise Http404
    versions = list(listing.versions.all())
    changes = [
        (
            version,
            reading.differences(versions[place + 1] if versions[place + 1 :] else None, version),
        )
        for place, version in enumerate(versions)
    ]
    context = {
        "listing": listing,
        "current": versions[0] if versions else None,
        "changes": changes,
        "steps": list(listing.steps.all()),
        "dependants": reading.dependants(listing),
    }
    return render(request, "register/entry.html", context)


@require_safe
def negotiated(request: HttpRequest) -> HttpResponse:
    """GET /register : the page for readers, JSON for programs that ask for it."""
    vary = {"vary": "accept, accept-language"}
    if request.accepts("text/html") or not request.accepts("application/json"):
        language = preferred(request.headers.get("accept-language", ""))
        query = request.META.get("QUERY_STRING", "")
        address = f"/{language.code}/register/" + (f"?{query}" if query else "")
        return HttpResponseRedirect(address, headers=vary)
    found = reading.find(reading.read_asked(request.GET))
    body: dict[str, Any] = {
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "listings": [as_object(one) for one in found.listings],
    }
    return JsonResponse(body, headers=vary)


@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """The whole register; its digest stands in the header `Digest` forms of RFC 9530 too."""
    if kind not in KINDS:
        raise Http404
    data, digest = dump(kind, edition())
    if request.GET.get("digest") is not None:
        line = f"{digest}  licet-register.{kind}\n"
        return HttpResponse(line, content_type="text/plain; charset=utf-8")
    return HttpResponse(
        data,
        content_type=KINDS[kind],
        headers={
            "content-disposition": f'attachment; filename="licet-register.{kind}"',
            "x-content-sha256": digest,
            "etag": f'"{digest}"',
            "cache-control": "no-cache",
        },
    )
