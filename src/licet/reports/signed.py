"""A report in a folder: document and page written, signed, put on record; and the check of it.

It refuses to know what a report says, which log it is entered in, and who may sign.

Rules
1. What is signed are digests: of the document's canonical bytes and of the page; and what the
   caller wants said beside them.
2. The report is written before it is on record: an entry never points at one that nobody has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.credentials.jws import read, sign
from licet.credentials.keys import KeySet, SigningKey

NAMES = ("report.json", "report.html", "report.jws", "report.tlog-proof")

Document = dict[str, Any]
Record = Callable[[str], tuple[int, bytes]]
"""Enters a report of this digest (SHA-256, hex) in a log: its place there, and its receipt."""


@dataclass(frozen=True, slots=True)
class Published:
    """Where a report lies, its digest, and its place in the log."""

    folder: Path
    sha256: str
    entry: int


def publish(
    document: Document, page: str, folder: Path, *, kind: str, key: SigningKey,
    claims: Mapping[str, Any], record: Record,
) -> Published:  # fmt: skip
    """Write the files of NAMES into the folder: document, page, signature of type `kind`, receipt.

    Raises BadInput where the folder cannot be written, and what `record` raises.
    """
    data, html = canonical_json(document), page.encode("utf-8")
    sha256 = sha256_hex(data)
    said = {"report_sha256": sha256, "html_sha256": sha256_hex(html), **claims}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAMES[0]).write_bytes(data)
        (folder / NAMES[1]).write_bytes(html)
        (folder / NAMES[2]).write_text(sign(said, kind, key) + "\n", encoding="ascii")
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror}.", hint="Name another folder with -o.")
    entry, receipt = record(sha256)
    (folder / NAMES[3]).write_bytes(receipt)
    return Published(folder, sha256, entry)


def verify_published(
    folder: Path, kind: str, keys: KeySet, bytes_max: int
) -> tuple[Document, Mapping[str, Any]]:
    """The document in a folder, and what was signed. Raises NotFound, BadInput, or Corrupt where
    something was altered."""
    try:
        data, html, token = [(folder / name).read_bytes() for name in NAMES[:3]]
    except FileNotFoundError as error:
        raise NotFound(f"{folder} holds no report: {error.filename} is missing.") from None
    if max(len(data), len(html), len(token)) > bytes_max:
        raise BadInput(f"{folder}: a report has at most {bytes_max} bytes.")
    claims = read(token.decode("ascii", "replace").strip(), kind, keys)
    if sha256_hex(data) != claims.get("report_sha256"):
        raise Corrupt(f"{folder}: report.json is not what was signed.")
    if sha256_hex(html) != claims.get("html_sha256"):
        raise Corrupt(f"{folder}: report.html is not what was signed.")
    document: Document = msgspec.json.decode(data)
    return document, claims
