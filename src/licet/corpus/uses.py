"""What data sets were used for, as declared: which version, in which job, for which model.

It refuses to know jobs, models and whether a declaration is true: an inspector looks at that,
beside the receipts and what dossiers name.

Rules
1. A declaration is written once and stands; declared again it is the same.
2. It names a model, a job, or both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from licet.base.trouble import BadInput
from licet.corpus.catalogue import Catalogue, Version

NAME_CHARACTERS_MAX = 96
_SCHEMA = """
CREATE TABLE IF NOT EXISTS data_use (
    commit_id TEXT NOT NULL REFERENCES version,
    by TEXT NOT NULL,
    model TEXT NOT NULL,                -- its number in the register, or empty
    job TEXT NOT NULL,                  -- as whoever ran it names it, or empty
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (commit_id, by, model, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS data_use_model ON data_use (model);
"""


@dataclass(frozen=True, slots=True)
class Use:
    """That somebody used a version: for which model, in which job; either may be empty."""

    commit: str
    by: str
    model: str
    job: str
    at_ms: int
    new: bool = False


class Uses:
    """Declarations, in the catalogue's file. One thread at a time uses it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._db = catalogue.db
        self._db.executescript(_SCHEMA)

    def declare(self, version: Version, by: str, model: str, job: str, now: datetime) -> Use:
        """Put a use down. Raises BadInput where it names neither model nor job (rule 2)."""
        model, job = model.strip(), job.strip()
        if not (model or job) or max(len(model), len(job)) > NAME_CHARACTERS_MAX:
            raise BadInput("a use names a model, a job, or both.", hint="Choose one.")
        at_ms = int(now.timestamp() * 1000)
        with self._catalogue.transaction() as db:
            put = "INSERT OR IGNORE INTO data_use VALUES (?, ?, ?, ?, ?)"
            new = db.execute(put, (version.commit, by, model, job, at_ms)).rowcount == 1
        return Use(version.commit, by, model, job, at_ms, new)

    def of(self, commit: str) -> tuple[Use, ...]:
        """What a version was used for, oldest first."""
        return tuple(
            Use(*row) for row in self._db.execute(f"{_USE} commit_id = ? {_ORDER}", (commit,))
        )

    def by_model(self, model: str) -> tuple[Use, ...]:
        """What was used for a model, oldest first."""
        if not model:
            return ()
        return tuple(Use(*row) for row in self._db.execute(f"{_USE} model = ? {_ORDER}", (model,)))


_USE = "SELECT commit_id, by, model, job, at_ms FROM data_use WHERE"
_ORDER = "ORDER BY at_ms, commit_id, by, model, job"
