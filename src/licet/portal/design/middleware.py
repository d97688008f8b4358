"""What holds for every answer: its language, and the headers that keep it safe.

It refuses to know who asks and for what.

Rules
1. No page runs a script, loads a style or frames anything that does not come from here; no page is
   framed elsewhere.
2. Pages of people who are signed in are not stored.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from licet.portal.design.languages import LANGUAGES, language_of, preferred

Respond = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def speak(respond: Respond) -> Respond:
    """Answers in the language of the path; where it has none, in the one that is preferred."""

    def middleware(request: HttpRequest) -> HttpResponse:
        accepted = request.headers.get("accept-language", "")
        language = language_of(request.path_info) or preferred(accepted)
        with translation.override(language.catalogue):
            request.language = language
            response = respond(request)
            response.setdefault("content-language", language.tag)
            return response

    return middleware


def keep_safe(respond: Respond) -> Respond:
    """Sets the headers of rule 1 and rule 2."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        for name, value in GUARDS.items():
            response.setdefault(name, value)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.setdefault("cache-control", "no-store")
        return response

    return middleware


def in_language(path: str, code: str) -> str:
    """The same page in another language; the path must begin with a language."""
    rest = path.lstrip("/").partition("/")[2]
    if code not in LANGUAGES:
        raise ValueError(code)
    return f"/{code}/{rest}"
