"""The register of annotation rules and of what was annotated by them, in the catalogue's file.

It refuses to know clients and pages. What it decides by is in `annotation` and the pack.

Rules
1. A version of rules is written once and a record is too; a mistake is put right by another.
2. In which namespace somebody registers is decided by whoever calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import Conflict, NotFound
from licet.corpus.annotation import Batch, Rules, batch_faults, rules_faults
from licet.corpus.card import Fault
from licet.corpus.catalogue import Catalogue
from licet.corpus.publishing import Refusal
from licet.rulebook.corpus import CorpusRules


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of rules as it stands: when (ms since 1970), by whom, SHA-256 of what it says;
    `new`: it was registered just now."""

    rules: Rules
    made_ms: int
    by: str
    sha256: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of a batch: when it came in, from whom, SHA-256 of what it says; `new`: it came
    just now."""

    batch: Batch
    made_ms: int
    by: str
    sha256: str
    new: bool = False


class AnnotationRegister:
    """Rules and records, in the catalogue's file. One thread at a time uses it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._db = catalogue.db

    def register(
        self, rules: Rules, by: str, law: CorpusRules, now: datetime
    ) -> Registered | Refusal:
        """The version as it stands, or what it lacks. The same again is no harm; raises Conflict
        where the version says something else already."""
        faults = rules_faults(rules, law.annotation)
        if faults:
            return Refusal(faults)
        data = canonical_json(msgspec.to_builtins(rules))
        made = Registered(rules, _ms(now), by, sha256_hex(data), new=True)
        with self._catalogue.transaction() as db:
            known = self.find(rules.id, rules.version)
            if known is None:
                row = (rules.id, rules.version, made.made_ms, by, data)
                db.execute("INSERT INTO annotation_rules VALUES (?, ?, ?, ?, ?)", row)
        if known is not None and known.sha256 != made.sha256:
            raise Conflict(
                f"{rules.id} {rules.version} stands, and says something else.",
                hint="Give it the next version.",
            )
        return known or made

    def record(self, batch: Batch, by: str, now: datetime) -> Recorded | Refusal:
        """The record as it stands, or why it cannot. The same again is no harm."""
        faults = batch_faults(batch)
        if self.find(batch.rules, batch.version) is None:
            faults += (Fault("rules", "unknown_rules", f"{batch.rules[:120]} {batch.version}"),)
        if faults:
            return Refusal(faults)
        data = canonical_json(msgspec.to_builtins(batch))
        row = (sha256_hex(data), batch.rules, batch.version, batch.dataset, _ms(now), by, data)
        with self._catalogue.transaction() as db:
            put = "INSERT OR IGNORE INTO annotation_batch VALUES (?, ?, ?, ?, ?, ?, ?)"
            new = db.execute(put, row).rowcount == 1
        return Recorded(batch, row[4], by, row[0], new)

    def find(self, rules_id: str, version: str) -> Registered | None:
        """A version of rules; None where there is none."""
        row = self._db.execute(
            f"{_RULES} WHERE (id, version) = (?, ?)", (rules_id, version)
        ).fetchone()
        return _registered(row) if row else None

    def versions(self, rules_id: str) -> tuple[Registered, ...]:
        """All versions of rules, newest first. Raises NotFound where there are none."""
        rows = self._db.execute(f"{_RULES} WHERE id = ? ORDER BY made_ms DESC", (rules_id,))
        found = tuple(map(_registered, rows))
        if not found:
            raise NotFound(f"there are no annotation rules {rules_id[:160]}.")
        return found

    def all(self) -> tuple[Registered, ...]:
        """The newest version of all rules, newest first."""
        rows = self._db.execute(f"{_RULES} ORDER BY made_ms, version")
        newest = {one.rules.id: one for one in map(_registered, rows)}
        return tuple(sorted(newest.values(), key=lambda one: -one.made_ms))

    def records(self, *, rules_id: str = "", dataset: str = "") -> tuple[Recorded, ...]:
        """What was annotated by rules, or for a data set; newest first."""
        rows = self._db.execute(
            "SELECT document, made_ms, by, id FROM annotation_batch"
            " WHERE rules = ? OR (dataset = ? AND dataset != '') ORDER BY made_ms DESC, id",
            (rules_id, dataset),
        )
        return tuple(
            Recorded(msgspec.json.decode(row[0], type=Batch), row[1], row[2], row[3])
            for row in rows
        )


_RULES = "SELECT document, made_ms, by FROM annotation_rules"


def _registered(row: tuple[bytes, int, str]) -> Registered:
    return Registered(msgspec.json.decode(row[0], type=Rules), row[1], row[2], sha256_hex(row[0]))


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
