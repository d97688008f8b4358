"""Reports of scans in a folder, signed and in the store's log; and the check of that.

It refuses to know what a report says beyond the fields that the log takes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from licet.base.clock import rfc3339
from licet.base.ids import Chance
from licet.corpus.scan.report import Document
from licet.corpus.shelf import Shelf
from licet.credentials.keys import KeySet
from licet.reports import signed
from licet.reports.signed import Published

KIND = "licet-scan+jwt"
REPORT_BYTES_MAX = 256 << 20


def publish_report(
    document: Document, page: str, folder: Path, shelf: Shelf, now: datetime, chance: Chance
) -> Published:
    """Write and sign the report into the folder, and enter it in the store's log. Raises BadInput
    where the folder cannot be written."""
    scanned = document["input"]

    def record(sha256: str) -> tuple[int, bytes]:
        rejected = [one for one in document["sources"] if one["verdict"] == "rejected"]
        return shelf.record(
            "corpus.scanned",
            {
                "report_sha256": sha256,
                "input_sha256": scanned["sha256"],
                "pack": document["pack"]["id"],
                "bundle": document["bundle"],
                "items": scanned["items"],
                "version": document["version"] or None,
                "rejected": len(rejected),
            },
            now, chance,
        )  # fmt: skip

    return signed.publish(
        document, page, folder, kind=KIND, key=shelf.signing_key(chance),
        claims={"input_sha256": scanned["sha256"], "made": rfc3339(now)}, record=record,
    )  # fmt: skip


def verify_report(folder: Path, keys: KeySet) -> tuple[Document, str]:
    """The document in a folder, and when it was signed. Raises NotFound, BadInput, or Corrupt
    where something was altered."""
    document, claims = signed.verify_published(folder, KIND, keys, REPORT_BYTES_MAX)
    return document, str(claims.get("made"))
