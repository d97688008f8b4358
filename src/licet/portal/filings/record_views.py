"""What belongs to a case as a file: attachments and receipts.

It refuses to know what is in them.
"""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from licet.base.trouble import NotFound
from licet.cases import Case
from licet.portal.filings import desk, service, uploads
from licet.portal.filings.arriving import on_case
from licet.portal.filings.ledger_views import OCTETS, as_file
from licet.portal.filings.models import Attachment, StoredEvent
from licet.portal.filings.record import record
from licet.portal.register.reading import get_listing


@require_safe
def public_file(request: HttpRequest, number: str, sha256: str) -> HttpResponse:
    """A file that a form calls public, of a version that the register shows."""
    listing = get_listing(number)
    versions = listing.versions.all() if listing is not None else ()
    names = [r["name"] for v in versions for r in v.rows if r.get("file") == sha256]
    path = uploads.path_of(settings.LICET_HOME, sha256)
    if not names or not path.exists():
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=names[0], content_type=OCTETS
    )  # fmt: skip


@require_safe
@on_case
def attachment(request: HttpRequest, case: Case, sha256: str) -> HttpResponse:
    """A file of a case, as a download. Officers get those of fields that they may see."""
    party = desk.party_of(service.actor_of(request.user))
    form = service.procedure().form_of(case.route)
    allowed = {
        value["sha256"]
        for version in (*case.versions, *([None] if party == "holder" else []))
        for name, value in (version.answers if version else case.draft).items()
        if isinstance(value, dict)
        and (party == "holder" or form.fields[name].visibility != "sealed")
    }
    row = Attachment.objects.filter(case_id=case.id, sha256=sha256).first()
    if row is None or sha256 not in allowed:
        raise Http404
    path = uploads.path_of(settings.LICET_HOME, sha256)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=row.name,
        content_type=OCTETS,
    )  # fmt: skip


@require_safe
@on_case
def receipt(request: HttpRequest, case: Case, seq: int) -> HttpResponse:
    """The proof that an event of this case stands in the ledger, verified offline."""
    if not StoredEvent.objects.filter(case_id=case.id, seq=seq).exists():
        raise Http404
    try:
        data = record(settings.LICET_HOME).receipt(seq)
    except NotFound:
        raise Http404
    return HttpResponse(data, content_type=OCTETS, headers=as_file(f"{case.id}-{seq}.tlog-proof"))
