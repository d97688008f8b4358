"""Reports of scans in a folder: written, signed, put on record; and the check of all that.

It refuses to know what a report says beyond the fields that the log takes.

Rules
1. What is signed are digests, and when it was made.
2. The report is written before it is on record: an entry never points at one that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.clock import rfc3339
from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.corpus.scan.report import Document
from licet.corpus.shelf import Shelf
from licet.credentials.jws import read, sign
from licet.credentials.keys import KeySet

KIND = "licet-scan+jwt"
REPORT_BYTES_MAX = 256 << 20
NAMES = ("report.json", "report.html", "report.jws", "report.tlog-proof")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a report lies, its digest, and its place in the log."""

    folder: Path
    sha256: str
    entry: int


def publish_report(
    document: Document, page: str, folder: Path, shelf: Shelf, now: datetime, chance: Chance
) -> Published:
    """Write `report.json`, `report.html`, `report.jws` and the receipt `report.tlog-proof`; sign,
    and enter in the store's log. Raises BadInput where the folder cannot be written."""
    data, html = canonical_json(document), page.encode("utf-8")
    sha256 = sha256_hex(data)
    claims = {
        "report_sha256": sha256,
        "html_sha256": sha256_hex(html),
        "input_sha256": document["input"]["sha256"],
        "made": rfc3339(now),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAMES[0]).write_bytes(data)
        (folder / NAMES[1]).write_bytes(html)
        token = sign(claims, KIND, shelf.signing_key(chance))
        (folder / NAMES[2]).write_text(token + "\n", encoding="ascii")
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror}.", hint="Name another folder with -o.")
    rejected = [one for one in document["sources"] if one["verdict"] == "rejected"]
    entry, receipt = shelf.record(
        "corpus.scanned",
        {
            "report_sha256": sha256,
            "input_sha256": document["input"]["sha256"],
            "pack": document["pack"]["id"],
            "bundle": document["bundle"],
            "items": document["input"]["items"],
            "version": document["version"] or None,
            "rejected": len(rejected),
        },
        now, chance,
    )  # fmt: skip
    (folder / NAMES[3]).write_bytes(receipt)
    return Published(folder, sha256, entry)


def verify_report(folder: Path, keys: KeySet) -> tuple[Document, str]:
    """The document in a folder, and when it was signed. Raises NotFound, BadInput, or Corrupt
    where something was altered."""
    try:
        data, html, token = [(folder / name).read_bytes() for name in NAMES[:3]]
    except FileNotFoundError as error:
        raise NotFound(f"{folder} holds no report: {error.filename} is missing.") from None
    if max(len(data), len(html)) > REPORT_BYTES_MAX:
        raise BadInput(f"{folder}: a report has at most {REPORT_BYTES_MAX} bytes.")
    claims = read(token.decode("ascii", "replace").strip(), KIND, keys)
    if sha256_hex(data) != claims.get("report_sha256"):
        raise Corrupt(f"{folder}: report.json is not what was signed.")
    if sha256_hex(html) != claims.get("html_sha256"):
        raise Corrupt(f"{folder}: report.html is not what was signed.")
    document: Document = msgspec.json.decode(data)
    return document, str(claims.get("made"))
