"""Reports signed and put on record, and the check of both.

It refuses to know what a report says beyond the fields that the ledger takes.

Rules
1. What is signed are digests: of the document's canonical bytes, of the page, of the answers.
2. Assessments have a log of their own, so that a gateway's log keeps its one writer.
3. The report is written before it is on record: an entry never points at a report that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from licet.assess.report import Document, digest_of
from licet.base.canonical import canonical_json, sha256_hex
from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.credentials.jws import read, sign
from licet.credentials.keyfiles import load_or_create_signing_key, replace_file
from licet.credentials.keys import KeySet, SigningKey
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.keyfiles import load_or_create_signer, publish_vkey
from licet.ledger.log import Log

KIND = "licet-assessment+jwt"
ORIGIN = "localhost/licet-assessments"
REPORT_BYTES_MAX = 64 << 20
NAMES = ("report.json", "report.html", "report.jws", "report.tlog-proof")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a report lies, its digest, and its place in the log."""

    folder: Path
    sha256: str
    entry: int
    vkey: str


def signing_key(keys: Path, chance: Chance) -> SigningKey:
    """The key that signs assessments, in the folder of private keys; made where there is none."""
    return load_or_create_signing_key(keys / "assessments.key", chance)


def publish(
    document: Document, page: str, folder: Path, *, keys: Path, log_folder: Path,
    now: datetime, chance: Chance,
) -> Published:  # fmt: skip
    """Write `report.json`, `report.html`, `report.jws` and the receipt `report.tlog-proof` into
    the folder; sign, and enter in the log at `log_folder`.

    Raises BadInput where the folder cannot be written, Conflict where another process writes the
    log at this moment.
    """
    key = signing_key(keys, chance)
    html = page.encode("utf-8")
    digest = digest_of(document)
    claims = {
        "report_sha256": digest,
        "html_sha256": sha256_hex(html),
        "evidence_sha256": document["evidence"]["sha256"],
        "made": document["made"],
        "parts": document["results"].get("parts", {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / NAMES[0]).write_bytes(canonical_json(document))
        (folder / NAMES[1]).write_bytes(html)
        (folder / NAMES[2]).write_text(sign(claims, KIND, key) + "\n", encoding="ascii")
        replace_file(log_folder / "jwks.json", KeySet.of([key.public]).as_jwks())
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror}.", hint="Name another folder with -o.")
    entry, receipt, vkey = _record(document, digest, keys, log_folder, now, chance)
    (folder / NAMES[3]).write_bytes(receipt)
    return Published(folder, digest, entry, vkey)


def verify_published(folder: Path, keys: KeySet) -> Document:
    """The document in a folder, whose signature and digests hold. Raises NotFound, BadInput, or
    Corrupt where something was altered."""
    try:
        data = [(folder / name).read_bytes() for name in NAMES[:3]]
    except FileNotFoundError as error:
        raise NotFound(f"{folder} holds no report: {error.filename} is missing.") from None
    if any(len(one) > REPORT_BYTES_MAX for one in data):
        raise BadInput(f"{folder}: a report has at most {REPORT_BYTES_MAX} bytes.")
    claims = read(data[2].decode("ascii", "replace").strip(), KIND, keys)
    try:
        document = msgspec.json.decode(data[0], type=Document)
    except msgspec.DecodeError:
        raise Corrupt(f"{folder}: report.json is not JSON.") from None
    if digest_of(document) != claims.get("report_sha256"):
        raise Corrupt(f"{folder}: report.json is not what was signed.")
    if sha256_hex(data[1]) != claims.get("html_sha256"):
        raise Corrupt(f"{folder}: report.html is not what was signed.")
    return document


def _record(
    document: Document, digest: str, keys: Path, folder: Path, now: datetime, chance: Chance
) -> tuple[int, bytes, str]:
    signer = load_or_create_signer(keys / "assessments.skey", ORIGIN, chance)
    publish_vkey(folder / "vkey", signer.verifier)
    results = document["results"]
    line = make_entry(
        "assessment.reported",
        now,
        {
            "report_sha256": digest,
            "evidence_sha256": document["evidence"]["sha256"],
            "pack": document["pack"]["id"],
            "pairs": results["pairs"],
            "service": results.get("parts", {}).get("service"),
            "material": results.get("parts", {}).get("material"),
            "differences": results.get("called"),
            "demo": document["demo"],
        },
    )
    log = Log(open_store(folder / "ledger.db"), signer, ORIGIN)
    try:
        entry = log.append([line], now)[0]
        return entry, log.prove(entry).render(), log.vkey
    finally:
        log.close()
