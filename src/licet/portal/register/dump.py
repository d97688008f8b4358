"""The whole register as a file: CSV for people with spreadsheets, JSON for programs.

It refuses to choose: everything that is public is in it, nothing else.

Rules
1. The same register gives the same bytes, so its SHA-256 can be compared.
2. A cell that a spreadsheet would run as a formula is made text.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from licet.base.canonical import sha256_hex
from licet.base.clock import rfc3339
from licet.portal.register.models import Listing

COLUMNS = (
    *("number", "title", "holder", "region", "route", "status", "granted", "changed", "until"),
    *("upstream", "upstream_status", "conditions"),
)
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def as_object(listing: Listing) -> dict[str, Any]:
    """What is public of a listing, as one JSON object."""
    return {
        "number": listing.number,
        "title": listing.title,
        "holder": listing.holder,
        "region": listing.region,
        "route": listing.route,
        "status": listing.status,
        "granted": rfc3339(listing.granted),
        "changed": rfc3339(listing.changed),
        "until": None if listing.until is None else listing.until.isoformat(),
        "upstream": listing.upstream,
        "upstream_status": listing.upstream_status,
        "conditions": listing.conditions,
    }


def make_dump(kind: str) -> tuple[bytes, str]:
    """The register as bytes, and their SHA-256. `kind` is one of KINDS."""
    rows = [as_object(one) for one in Listing.objects.order_by("number").iterator(2000)]
    data = _as_csv(rows) if kind == "csv" else msgspec.json.encode({"listings": rows})
    return data, sha256_hex(data)


def _as_csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")  # spreadsheets look for the mark


def _cell(value: Any) -> str:
    """Rule 2."""
    if isinstance(value, list):
        value = " / ".join(str(one) for one in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
