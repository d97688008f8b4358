"""Which versions there are, which were withdrawn, who may load what: one SQLite file.

It refuses to know content (blobs), clients and pages.

Rules
1. A version is written once; nothing changes it. A withdrawal is a row beside it: a tombstone.
2. Everything that belongs together is one transaction; what is told was committed (FULL).
3. Of a token only SHA-256 is kept. A reader is a name that an operator or an authority gave.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from licet.base.trouble import Conflict, NotFound, Unavailable
from licet.corpus.manifest import Manifest, commit_of, read_manifest, render_manifest
from licet.corpus.searching import fold, words_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS version (
    commit_id TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    n INTEGER NOT NULL,                 -- 1, 2 … within its data set
    made_ms INTEGER NOT NULL,
    manifest BLOB NOT NULL,             -- canonical JSON, whose digest is commit_id
    UNIQUE (dataset, n)
) STRICT;
CREATE TABLE IF NOT EXISTS file (
    commit_id TEXT NOT NULL REFERENCES version,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (commit_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_content ON file (sha256);
CREATE TABLE IF NOT EXISTS made_from (
    parent TEXT NOT NULL REFERENCES version,
    child TEXT NOT NULL REFERENCES version,
    PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawal (
    commit_id TEXT PRIMARY KEY REFERENCES version,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    cause TEXT                          -- the withdrawn version that this one was made from
) STRICT;
CREATE TABLE IF NOT EXISTS dataset (
    id TEXT PRIMARY KEY,
    words TEXT NOT NULL                 -- what is searched, folded
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report (
    commit_id TEXT PRIMARY KEY REFERENCES version,
    document BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS annotation_rules (
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    document BLOB NOT NULL,             -- canonical JSON
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS annotation_batch (
    id TEXT PRIMARY KEY,                -- SHA-256 of document
    rules TEXT NOT NULL,
    version TEXT NOT NULL,
    dataset TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    document BLOB NOT NULL,
    FOREIGN KEY (rules, version) REFERENCES annotation_rules
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a version may not be used any more: when (ms since 1970), by whom, why, and which
    version's withdrawal caused it, if any."""

    at_ms: int
    by: str
    reason: str
    cause: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it stands: `n` counts those of its data set from 1."""

    commit: str
    n: int
    made_ms: int
    manifest: Manifest
    withdrawn: Withdrawal | None

    @property
    def dataset(self) -> str:
        return self.manifest.dataset


class Catalogue:
    """The catalogue at `path`, made where there is none. One thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        """Raises Unavailable where the file cannot be opened."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.db = sqlite3.connect(
                path, isolation_level=None, timeout=10, check_same_thread=False
            )
            self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"the catalogue {path} cannot be opened: {error}.") from None

    def close(self) -> None:
        self.db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written in the block, or nothing of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def add(self, manifest: Manifest, made_ms: int) -> Version:
        """Write a version. Raises Conflict where its data set has moved on since `parent`, or the
        version is there already."""
        data = render_manifest(manifest)
        commit = commit_of(data)
        with self.transaction() as db:
            before = self._newest(manifest.dataset)
            if (before.commit if before else "") != manifest.parent:
                raise Conflict(
                    f"{manifest.dataset} has a newer version than yours.", hint="Push again."
                )
            n = before.n + 1 if before else 1
            try:
                db.execute(
                    "INSERT INTO version VALUES (?, ?, ?, ?, ?)",
                    (commit, manifest.dataset, n, made_ms, data),
                )
            except sqlite3.IntegrityError:
                raise Conflict("this version is here already.") from None
            db.executemany(
                "INSERT INTO file VALUES (?, ?, ?, ?)",
                [(commit, file.path, file.sha256, file.size) for file in manifest.files],
            )
            db.executemany(
                "INSERT OR IGNORE INTO made_from (child, parent) VALUES (?, ?)",
                [(commit, parent.version) for parent in manifest.card.made_from],
            )
            db.execute(
                "INSERT INTO dataset VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET words = ?",
                (manifest.dataset, *(words_of(manifest),) * 2),
            )
        return Version(commit, n, made_ms, manifest, None)

    def get(self, commit: str) -> Version:
        """A version, withdrawn or not. Raises NotFound."""
        row = self.db.execute(f"{_SELECT} WHERE commit_id = ?", (commit,)).fetchone()
        if row is None:
            raise NotFound(
                f"there is no version {commit[:40]}.",
                hint="`licet corpus list` shows what is here.",
            )
        return _version(row)

    def versions(self, dataset: str) -> tuple[Version, ...]:
        """All versions of a data set, newest first; empty where there is no such data set."""
        rows = self.db.execute(f"{_SELECT} WHERE dataset = ? ORDER BY n DESC", (dataset,))
        return tuple(map(_version, rows))

    def resolve(self, dataset: str, revision: str = "main") -> Version:
        """The version that a revision names: `main` (the newest not withdrawn), `v3`, or the
        number or at least 7 digits of it. Raises NotFound.

        A withdrawn version is given as it is asked for by its number; `main` gives the newest
        tombstone where all were withdrawn.
        """
        known = self.versions(dataset)
        if not known:
            raise NotFound(
                f"there is no data set {dataset}.", hint="`licet corpus list` shows what is here."
            )
        if revision in ("main", "refs/heads/main", "HEAD"):
            return next((one for one in known if one.withdrawn is None), known[0])
        for one in known:
            begins = len(revision) >= 7 and one.commit.startswith(revision)
            if begins or revision == f"v{one.n}":
                return one
        raise NotFound(
            f"{dataset} has no version {revision[:60]!r}.", hint=f"Newest: {known[0].commit}."
        )

    def datasets(self, words: str = "") -> tuple[Version, ...]:
        """The newest version of every data set in which all the words stand (folded), newest
        first; a data set without a version that stands is not among them."""
        parts = fold(words).split()[:16]
        where = " AND instr(words, ?) > 0" * len(parts)
        rows = self.db.execute(
            f"{_SELECT} JOIN dataset ON dataset.id = version.dataset WHERE withdrawal.commit_id"
            f" IS NULL {where} ORDER BY made_ms DESC, n DESC",
            parts,
        )
        newest: dict[str, Version] = {}
        for row in rows:
            newest.setdefault(row[5], _version(row))
        return tuple(newest.values())

    def made_from(self, commit: str) -> tuple[Version, ...]:
        """Every version that was made from this one, near or far, each once, nearest first."""
        found: dict[str, Version] = {}
        waiting = [commit]
        while waiting:
            rows = self.db.execute(
                "SELECT child FROM made_from WHERE parent = ? ORDER BY child", (waiting.pop(0),)
            ).fetchall()
            for (child,) in rows:
                if child not in found:
                    found[child] = self.get(child)
                    waiting.append(child)
        return tuple(found.values())

    def withdraw(self, rows: Sequence[tuple[str, Withdrawal]]) -> None:
        """Put up tombstones, all or none; one that stands already stays as it is."""
        with self.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO withdrawal VALUES (?, ?, ?, ?, ?)",
                [(commit, w.at_ms, w.by, w.reason, w.cause) for commit, w in rows],
            )

    def holders(self, sha256: str) -> tuple[str, ...]:
        """The versions that stand and have this content."""
        rows = self.db.execute(
            "SELECT commit_id FROM file WHERE sha256 = ? AND commit_id NOT IN"
            " (SELECT commit_id FROM withdrawal) ORDER BY commit_id",
            (sha256,),
        )
        return tuple(row[0] for row in rows)

    def contents(self) -> Iterator[tuple[str, int, bool]]:
        """(digest, size, whether a version that stands has it) of all content that is named."""
        yield from self.db.execute(
            "SELECT sha256, size, MAX(commit_id NOT IN (SELECT commit_id FROM withdrawal))"
            " FROM file GROUP BY sha256, size ORDER BY sha256"
        )

    def has_rules(self, rules_id: str, version: str) -> bool:
        """Whether annotation rules of that version are registered."""
        found = "SELECT 1 FROM annotation_rules WHERE (id, version) = (?, ?)"
        return self.db.execute(found, (rules_id, version)).fetchone() is not None

    def all(self) -> Iterator[tuple[str, bytes]]:
        """(number, canonical bytes) of every version, as they are written."""
        yield from self.db.execute("SELECT commit_id, manifest FROM version ORDER BY dataset, n")

    def put_report(self, commit: str, document: bytes) -> None:
        """Keep the report of a scan of a version; a later one replaces it."""
        self.db.execute("INSERT OR REPLACE INTO report VALUES (?, ?)", (commit, document))

    def report(self, commit: str) -> bytes | None:
        """The report of the last scan of a version."""
        row = self.db.execute("SELECT document FROM report WHERE commit_id = ?", (commit,))
        found = row.fetchone()
        return None if found is None else bytes(found[0])

    def _newest(self, dataset: str) -> Version | None:
        known = self.versions(dataset)
        return known[0] if known else None


_SELECT = (
    "SELECT version.commit_id, n, made_ms, manifest, withdrawal.at_ms, dataset, withdrawal.by,"
    " reason, cause FROM version LEFT JOIN withdrawal USING (commit_id)"
)


def _version(row: tuple[str, int, int, bytes, int | None, str, str, str, str | None]) -> Version:
    commit, n, made_ms, data, at_ms, _, by, reason, cause = row
    gone = None if at_ms is None else Withdrawal(at_ms, by, reason, cause)
    return Version(commit, n, made_ms, read_manifest(data), gone)
