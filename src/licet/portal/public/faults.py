"""Pages for what cannot be answered, in the reader's language; at the door for machines, problems.

It refuses to know causes: nothing of an error's inside is shown.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from licet.portal.api.problem import problem
from licet.portal.design.languages import language_of
from licet.portal.design.words import word

DOOR = "/api/"
"""What is under it is asked by machines."""
_CODES = {400: "bad-request", 403: "not-found", 404: "not-found"}


def _fault(request: HttpRequest, status: int, name: str) -> HttpResponse:
    if request.path_info.startswith(DOOR):
        return problem(_CODES[status])
    context = {
        "title": word(f"fault.{name}"), "help": word(f"fault.{name}-help"),
        "at": "fault" if language_of(request.path_info) else "",
    }  # fmt: skip
    return render(request, "public/fault.html", context, status=status)


def unknown(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _fault(request, 404, "unknown")


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _fault(request, 403, "denied")


def unusable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _fault(request, 400, "unusable")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 where the token against forged requests is missing or old."""
    return _fault(request, 403, "forged")


def broken(request: HttpRequest) -> HttpResponse:
    """500: rendered without a context that might be what broke."""
    if request.path_info.startswith(DOOR):
        return problem("broken")
    from django.template.loader import render_to_string

    page = render_to_string("public/broken.html", {"title": word("fault.bug")})
    return HttpResponse(page, status=500)
