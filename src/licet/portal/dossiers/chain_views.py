"""The page of a supply chain: what a model rests on, taken from a CycloneDX document.

It refuses to know law, and to add anything up.

Rules
1. What is taken in obeys the official schema and is kept as it came; the page is read from it.
2. Officials read the chain of the newest version; the provider that of the draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from licet.base.trouble import BadInput, Trouble, Unavailable
from licet.cases.dossier_bom import read_bom
from licet.cases.dossier_chain import (
    KINDS,
    Chain,
    OriginLine,
    Part,
    PartKind,
    Trial,
    origins,
    trials,
)
from licet.cases.dossier_schema import DOCUMENT_BYTES_MAX, schema_faults
from licet.portal.design.words import word
from licet.portal.dossiers import service
from licet.portal.dossiers.models import StoredDossier
from licet.portal.dossiers.views import keep_exhibit, on_dossier
from licet.portal.filings import uploads
from licet.portal.filings.arriving import now

NAME = "supply-chain.cdx.json"
TYPE = "application/vnd.cyclonedx+json"


@dataclass(frozen=True, slots=True)
class Shown:
    """A part as the page shows it."""

    part: Part
    origins: tuple[OriginLine, ...]
    trials: tuple[Trial, ...]
    needs: tuple[str, ...]


@on_dossier
def chain(request: HttpRequest, row: StoredDossier) -> HttpResponse:
    """What the model rests on; POST takes in a document."""
    field, official = service.rules().chain, request.user.official
    if not field:
        raise Http404
    faults: list[str] = []
    if request.method == "POST":
        if official:
            raise Http404
        sent = request.FILES.get("bom")
        data = sent.read(DOCUMENT_BYTES_MAX + 1) if sent else b""
        faults = _faults(data)
        if not faults:
            taken = uploads.Taken(NAME, TYPE, data)
            service.save(row.pk, {field: keep_exhibit(row, taken)}, {}, now())
            return redirect("dossier-chain", dossier_id=row.pk)
    version = service.latest(row)
    answers = (version.answers if version else {}) if official else row.answers
    file = answers.get(field)
    found = read_kept(file["sha256"]) if isinstance(file, dict) else None
    context = {
        "row": row, "official": official, "file": file, "chain": found, "on_desk": True,
        "kinds": _by_kind(found) if found else (), "unreadable": bool(file) and found is None,
        "faults": [("bom", word("chain.file"), one) for one in faults],
    }  # fmt: skip
    return render(request, "dossiers/chain.html", context, status=422 if faults else 200)


def _faults(data: bytes) -> list[str]:
    """Why a document is not taken (rule 1)."""
    if not data:
        return [word("chain.none-sent")]
    try:
        found = [word("chain.invalid", fault=one) for one in schema_faults(data)]
        if not found:
            read_bom(data, NAME)
        return found
    except Unavailable:
        return [word("chain.no-schema")]
    except BadInput as wrong:
        return [word("chain.invalid", fault=wrong.args[0])]


def read_kept(sha256: str) -> Chain | None:
    """The chain in a file that was taken in; None where it is none that can be read."""
    try:
        return read_bom(uploads.path_of(settings.LICET_HOME, sha256).read_bytes(), NAME)
    except (Trouble, OSError):
        return None


def _by_kind(found: Chain) -> list[tuple[PartKind, list[Shown]]]:
    names = {part.ref: part.name for part in found.part}
    shown: list[tuple[PartKind, list[Any]]] = [
        (
            kind,
            [
                Shown(p, origins(p), trials(p), tuple(names[need] for need in p.needs))
                for p in found.part
                if p.kind == kind
            ],
        )
        for kind in KINDS
    ]
    return [(kind, rows) for kind, rows in shown if rows]
