"""Before a page: what has happened by itself is written down, so that nobody sees yesterday.

It refuses to know pages. Costs one look at an index where nothing is due.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from licet.base.clock import SystemClock
from licet.portal.filings.service import settle


def up_to_date(respond: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Settles every case that is due before the request is answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/assets/"):
            settle(SystemClock().now())
        return respond(request)

    return middleware
