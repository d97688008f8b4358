"""Pages for what cannot be answered, in the reader's language; at the door for machines, problems.

It refuses to know causes: nothing of an error's inside is shown.

Rule
1. An address that lacks nothing but its language is answered with the page in the reader's: people
   type it as guides and letters name it, `/complaint/`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, is_valid_path

from licet.portal.api.problem import problem
from licet.portal.design.languages import current, language_of, preferred
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
    """404; or to the page in the reader's language (rule 1)."""
    asked = isinstance(exception, Resolver404) and request.method in {"GET", "HEAD"}
    if asked and language_of(request.path_info) is None:
        for slash in ("", "/"):
            if is_valid_path(f"/{current().code}{request.path_info}{slash}"):
                language = preferred(request.headers.get("accept-language", ""))
                address = request.get_full_path(force_append_slash=bool(slash))
                told = {"vary": "accept-language"}
                return HttpResponseRedirect(f"/{language.code}{address}", headers=told)
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
