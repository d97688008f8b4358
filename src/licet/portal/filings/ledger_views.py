"""The installation's ledger for outsiders: static resources of C2SP tlog-tiles, and receipts.

It refuses to know what an entry means. Nothing in it is personal (`cases.record`), so all of it is
public.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from licet.base.trouble import BadInput, NotFound
from licet.portal.filings.record import record

OCTETS = "application/octet-stream"
PLAIN = "text/plain; charset=utf-8"
_FOR_EVER = {"cache-control": "public, max-age=604800, immutable"}
_FRESH = {"cache-control": "no-cache"}
_ANY_ORIGIN = {"access-control-allow-origin": "*"}


def as_file(name: str) -> dict[str, str]:
    """Headers of what is saved under a name."""
    return {"content-disposition": f'attachment; filename="{name}"'}


@require_safe
def ledger_key(request: HttpRequest) -> HttpResponse:
    """GET /register/ledger.vkey : the key that the ledger is checked with."""
    key = f"{record(settings.LICET_HOME).vkey}\n"
    return HttpResponse(key, content_type=PLAIN, headers=_FRESH | _ANY_ORIGIN)


@require_safe
def ledger_part(request: HttpRequest, path: str) -> HttpResponse:
    """GET /register/ledger/checkpoint, /register/ledger/tile/… ."""
    try:
        data = record(settings.LICET_HOME).fetch(path)
    except (NotFound, BadInput):
        raise Http404
    kind, keep = (PLAIN, _FRESH) if path == "checkpoint" else (OCTETS, _FOR_EVER)
    return HttpResponse(data, content_type=kind, headers=keep | _ANY_ORIGIN)


@require_safe
def public_receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """GET /register/ledger/N.tlog-proof : an entry with its proof, verified offline."""
    try:
        data = record(settings.LICET_HOME).receipt(seq)
    except NotFound:
        raise Http404
    headers = as_file(f"{seq}.tlog-proof") | _FRESH | _ANY_ORIGIN
    return HttpResponse(data, content_type=OCTETS, headers=headers)
