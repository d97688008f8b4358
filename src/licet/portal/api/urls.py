"""The addresses of the door, made of its table, and what each asks of whoever comes.

It refuses to know what is behind them.

Rules
1. Every "no" is a problem document, whatever raised it; a bug says nothing of its inside.
2. What belongs to a side that this installation is not of is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from licet.base.clock import SystemClock
from licet.base.trouble import Trouble
from licet.credentials.message import NotTaken
from licet.portal.api.admitting import admit
from licet.portal.api.endpoint import Endpoint
from licet.portal.api.openapi import make_document
from licet.portal.api.problem import problem, problem_of
from licet.portal.api.table import ENDPOINTS
from licet.portal.api.views import as_json
from licet.portal.pack import pack

_INTEGERS = frozenset({"entry"})


def door(one: Endpoint) -> Callable[..., HttpResponse]:
    """The view of one address: method, type, signature, then what is behind it."""

    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        if one.side not in settings.LICET_ROLES:
            return problem("not-found")
        if request.method != one.method and (one.method, request.method) != ("GET", "HEAD"):
            return problem("method", allow=one.method)
        if one.takes and request.content_type != one.takes[0]:
            return problem("media-type", f"Send it as {one.takes[0]}.")
        now = SystemClock().now()
        try:
            if one.signed:
                said = request.headers.get("authorization", "")
                parts["body"] = admit(said, str(request.method), request.get_full_path(), now)
            answer = one.view(request, now, **parts)
        except NotTaken as no:
            return problem_of(no)
        except Trouble as trouble:
            return problem_of(trouble)
        answer.headers.setdefault("cache-control", "no-store")
        return answer

    return csrf_exempt(answer)


@csrf_exempt
def document(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json"""
    if request.method not in ("GET", "HEAD"):
        return problem("method", allow="GET")
    made = make_document(pack(), settings.LICET_PUBLIC_URL, settings.LICET_ROLES)
    answer = as_json(made)
    answer.headers["access-control-allow-origin"] = "*"
    return answer


@csrf_exempt
def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """What is not in the table."""
    return problem("not-found", "See /api/v1/openapi.json.")


def _route(template: str) -> str:
    """`/cases/{case}` as Django writes it."""

    def part(found: re.Match[str]) -> str:
        return f"<{'int' if found[1] in _INTEGERS else 'str'}:{found[1]}>"

    return re.sub(r"\{(\w+)\}", part, template.lstrip("/"))


urlpatterns = [
    path("openapi.json", document, name="api-openapi"),
    *(path(_route(one.path), door(one), name=f"api-{one.name}") for one in ENDPOINTS),
    path("<path:rest>", nothing, name="api-nothing"),
]
