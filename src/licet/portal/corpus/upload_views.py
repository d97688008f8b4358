"""Files of a data set that come in pieces, before the form that names them.

It refuses to know data sets. A page's script asks where a file stands, sends the piece that begins
there, and so on; whatever breaks, what came stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from licet.base.trouble import BadInput, Conflict, Corrupt, TooMuch
from licet.corpus.arriving import PIECE_BYTES_MAX, Arrivals, is_digest
from licet.corpus.manifest import File
from licet.corpus.unfit import Unfit, said_in
from licet.portal.corpus.store import opened, reader_of, rules
from licet.portal.design.languages import current
from licet.portal.filings.arriving import now

_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_HELD = re.compile(r"([0-9a-f]{64}) (\d{1,15}) (.{1,255})", re.ASCII | re.DOTALL)


@require_http_methods(["GET", "HEAD", "PUT"])
@login_required
def content(request: HttpRequest, sha256: str) -> HttpResponse:
    """GET ?size=N: up to which byte a file is here; PUT ?at=N&size=N: take a piece of it.

    The answer is `at` and `done`; 409 with `at` where the piece begins elsewhere, 422 where all
    came and is not what the address says, 400 for what cannot be meant.
    """
    rules()
    if request.user.official or not is_digest(sha256):
        raise Http404
    with opened() as shelf:
        arrivals, reader = Arrivals(shelf), reader_of(shelf, request.user.body, now())
        try:
            file = File("", sha256, _number(request, "size"))
            if request.method == "PUT":
                piece = request.read(PIECE_BYTES_MAX + 1)
                stands = arrivals.take(file, _number(request, "at"), piece, reader)
            else:
                stands = arrivals.standing(file, reader)
        except Conflict:
            return JsonResponse(
                {"at": arrivals.standing(file, reader).at, "done": False}, status=409
            )
        except Corrupt as other:
            return JsonResponse({"error": said_in(other, current().code)}, status=422)
        except (BadInput, TooMuch) as unfit:
            return JsonResponse({"error": said_in(unfit, current().code)}, status=400)
    return JsonResponse({"at": stands.at, "done": stands.done})


def held(lines: Iterable[str]) -> tuple[File, ...]:
    """The files that a form names as sent before, a line each: digest, size, name. Raises BadInput
    for what is none."""
    found = []
    for line in lines:
        match = _HELD.fullmatch(line)
        if match is None:
            message = "what was sent before cannot be read. Choose the files again."
            raise Unfit(message, ("", "not_here", ""))
        found.append(File(match[3], match[1], int(match[2])))
    return tuple(found)


def _number(request: HttpRequest, name: str) -> int:
    said = request.GET.get(name, "")
    if not _NUMBER.fullmatch(said):
        message = f"{name} is a whole number. Say it in the address."
        raise Unfit(message, (name, "wants_whole", ""))
    return int(said)
