"""Reports of assessments, signed and put on record, and the check of both.

It refuses to know what a report says beyond the fields that the ledger takes.

Rule
1. Assessments have a log of their own, so that a gateway's log keeps its one writer.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import replace_file
from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet
from licet.ledger.entry import make_entry
from licet.ledger.opening import open_log
from licet.reports import signed
from licet.reports.signed import Document, Published

KIND = "licet-assessment+jwt"
ORIGIN = "localhost/licet-assessments"
REPORT_BYTES_MAX = 64 << 20


def publish(
    document: Document, page: str, folder: Path, *, keys: Path, log_folder: Path,
    now: datetime, chance: Chance,
) -> Published:  # fmt: skip
    """Write and sign the report into the folder by the key of assessments (made where there is
    none), and enter it in the log at `log_folder`, beside which its key is published.

    Raises BadInput where a folder cannot be written, Conflict where another process writes the
    log at this moment, Corrupt where the log was lost.
    """
    key = load_or_create_signing_key(keys / "assessments.key", chance)
    log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(log_folder / "jwks.json", KeySet.of([key.public]).as_jwks())
    claims = {
        "evidence_sha256": document["evidence"]["sha256"],
        "made": document["made"],
        "parts": document["results"].get("parts", {}),
    }

    def record(sha256: str) -> tuple[int, bytes]:
        return _record(document, sha256, keys, log_folder, now, chance)

    return signed.publish(document, page, folder, kind=KIND, key=key, claims=claims, record=record)


def verify_published(folder: Path, keys: KeySet) -> Document:
    """The document in a folder, whose signature and digests hold. Raises NotFound, BadInput, or
    Corrupt where something was altered."""
    return signed.verify_published(folder, KIND, keys, REPORT_BYTES_MAX)[0]


def _record(
    document: Document, digest: str, keys: Path, folder: Path, now: datetime, chance: Chance
) -> tuple[int, bytes]:
    results = document["results"]
    statements = results.get("statements")
    about = {
        "report_sha256": digest,
        "evidence_sha256": document["evidence"]["sha256"],
        "pack": document["pack"]["id"],
        "demo": document["demo"],
    }
    if statements is not None:
        kind = "assessment.attested"
        about |= {"statements": len(statements), "held": sum(one["holds"] for one in statements)}
    else:
        kind = "assessment.reported"
        about |= {
            "pairs": results["pairs"],
            "service": results.get("parts", {}).get("service"),
            "material": results.get("parts", {}).get("material"),
            "differences": results.get("called"),
        }
    line = make_entry(kind, now, about)
    log = open_log(
        folder / "ledger.db", keys / "assessments.skey", ORIGIN, chance, published=folder
    )
    try:
        entry = log.append([line], now)[0]
        return entry, log.prove(entry).render()
    finally:
        log.close()
