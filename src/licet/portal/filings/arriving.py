"""What every page of a desk begins with: the moment, and the case that its reader may see.

It refuses to know pages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from licet.base.clock import SystemClock
from licet.cases import Refusal, said
from licet.portal.design.languages import current
from licet.portal.filings import desk, service

View = Callable[..., HttpResponse]


def now() -> datetime:
    """The moment of a request: read once, here."""
    return SystemClock().now()


def why(refusal: Refusal) -> str:
    """A lawful "no" in the reader's language."""
    return said(refusal, current().code, service.procedure())


def on_case(view: View) -> View:
    """Gives a view the case that its person may see, at this moment; 404 where there is none."""

    @login_required
    @wraps(view)
    def found(request: HttpRequest, case_id: str, **more: Any) -> HttpResponse:
        case = desk.visible(request.user, case_id)
        if case is None:
            raise Http404
        return view(request, case, **more)

    return found
