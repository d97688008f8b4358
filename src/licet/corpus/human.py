"""What people found in a sample of a version: how many items, and how many of them are lawful.

It refuses to know who they are and what they read; the texts stay where the sample was drawn.

Rules
1. A finding is written once a sample, when it is closed, and stands beside older ones; the newest
   one counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from licet.corpus.catalogue import Catalogue
from licet.stats.share import Count

_SCHEMA = """
CREATE TABLE IF NOT EXISTS human_sample (
    commit_id TEXT NOT NULL REFERENCES version,
    sample TEXT NOT NULL,
    by TEXT NOT NULL,
    seed INTEGER NOT NULL,
    items INTEGER NOT NULL,             -- that it was drawn from
    hits INTEGER NOT NULL,
    said INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (commit_id, sample)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a sample of a version shows: drawn with a seed from `items`, lawful ones of those that
    were settled; by which body, when (ms since 1970)."""

    commit: str
    sample: str
    by: str
    seed: int
    items: int
    count: Count
    at_ms: int


class HumanSamples:
    """Findings, in the catalogue's file. One thread at a time uses it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._db = catalogue.db
        self._db.executescript(_SCHEMA)

    def keep(
        self, commit: str, sample: str, by: str, seed: int, items: int, count: Count,
        now: datetime,
    ) -> Finding:  # fmt: skip
        """Write a finding down; a second time for one sample changes nothing."""
        at_ms = int(now.timestamp() * 1000)
        self._db.execute(
            "INSERT OR IGNORE INTO human_sample VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (commit, sample, by, seed, items, count.hits, count.of, at_ms),
        )
        return Finding(commit, sample, by, seed, items, count, at_ms)

    def newest(self, commit: str) -> Finding | None:
        """The newest finding about a version; None where nobody looked."""
        row = self._db.execute(
            "SELECT commit_id, sample, by, seed, items, hits, said, at_ms FROM human_sample"
            " WHERE commit_id = ? ORDER BY at_ms DESC, sample DESC LIMIT 1",
            (commit,),
        ).fetchone()
        if row is None:
            return None
        found, sample, by, seed, items, hits, said, at_ms = row
        return Finding(found, sample, by, seed, items, Count(hits, said), at_ms)
