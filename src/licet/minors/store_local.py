"""Minors counted in this process, and kept in one SQLite file beside it: one gateway's store.

It refuses to share: a second process is told to use PostgreSQL or Valkey.

Rules
1. Memory is what counts; the file follows within FLUSH_MS, and at once for a record. A process
   that is killed forgets at most that much of use, and use that goes on closes the gap.
2. What is not in memory is read from the file when it is asked for.
3. Memory is bounded: above KEPT_MAX persons those whose use is on the file are dropped; without a
   file nobody more is counted, and whoever asks is told. Who only looks is not remembered.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from licet.base.trouble import Conflict, Unavailable
from licet.minors.store import Seen
from licet.minors.store_rows import decode_days, encode_days
from licet.minors.use import UNUSED, Usage, mark
from licet.minors.zone import Zone
from licet.rulebook.minors import UseRule

FLUSH_MS = 1_000
KEPT_MAX = 200_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS minor (
    subject TEXT PRIMARY KEY,           -- a keyed digest, nothing that a person is called
    record TEXT,
    until_ms INTEGER NOT NULL,
    streak_ms INTEGER NOT NULL,
    days TEXT NOT NULL                  -- {"2026-03-09": milliseconds}
) STRICT, WITHOUT ROWID;
"""
_UPSERT = (
    "INSERT INTO minor VALUES (?, ?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET"
    " record = excluded.record, until_ms = excluded.until_ms, streak_ms = excluded.streak_ms,"
    " days = excluded.days"
)
Connect = Callable[..., sqlite3.Connection]
_SWEEP_GONE = "DELETE FROM minor WHERE record IS NULL AND until_ms < ?"
_SWEEP_COUNTS = (
    "UPDATE minor SET until_ms = 0, streak_ms = 0, days = '{}' WHERE until_ms BETWEEN 1 AND ? - 1"
)
_SURVEY = (
    "SELECT subject, record, until_ms, streak_ms, days FROM minor"
    " WHERE record IS NOT NULL AND subject > ? ORDER BY subject LIMIT ?"
)
_Known = tuple[str | None, Usage]
_NOBODY: _Known = (None, UNUSED)


class LocalStore:
    """A MinorsStore in this process. `at_ms` is its clock; `path` None: nothing outlives it.
    `connect` opens the file; tests hand in one that they can break off."""

    def __init__(
        self,
        rule: UseRule,
        zone: Zone,
        at_ms: Callable[[], int],
        path: Path | None = None,
        connect: Connect = sqlite3.connect,
    ) -> None:
        self._rule = rule
        self._zone = zone
        self._at_ms = at_ms
        self._path = path
        self._known: dict[str, _Known] = {}
        self._dirty: set[str] = set()
        self._flushed_ms = at_ms()
        self._db = None if path is None else _open(path, connect)

    @property
    def is_forgetful(self) -> bool:
        """Whether nothing outlives this process."""
        return self._db is None

    async def look(self, subject: str) -> Seen:
        """As MinorsStore.look."""
        record, usage = self._of(subject)
        return Seen(self._at_ms(), record, usage)

    async def mark(self, subject: str, read_ms: int) -> Seen:
        """As MinorsStore.mark."""
        record, usage = self._of(subject)
        now = self._at_ms()
        usage = mark(usage, now, read_ms, self._rule, self._zone)
        self._remember(subject, (record, usage))
        if abs(now - self._flushed_ms) >= FLUSH_MS:
            self.flush()
        return Seen(now, record, usage)

    async def put(self, subject: str, record: str, instead_of: str | None) -> bool:
        """As MinorsStore.put."""
        before, usage = self._of(subject)
        if before != instead_of:
            return False
        self._remember(subject, (record, usage))
        self.flush()
        return True

    async def forget(self, subject: str) -> None:
        """As MinorsStore.forget."""
        self._known.pop(subject, None)
        self._dirty.discard(subject)
        if self._db is not None:
            with self._told() as db, db:
                db.execute("DELETE FROM minor WHERE subject = ?", (subject,))

    async def close(self) -> None:
        """Write what is not written yet, and let go of the file."""
        if self._db is not None:
            try:
                self.flush()
            finally:
                self._db.close()

    def flush(self) -> None:
        """Bring the file up to date. Raises Unavailable; then it is tried again later."""
        self._flushed_ms = self._at_ms()
        if self._db is None or not self._dirty:
            return
        rows = []
        for subject in self._dirty:
            record, usage = self._known[subject]
            days = encode_days(usage.days)
            rows.append((subject, record, usage.until_ms, usage.streak_ms, days))
        with self._told() as db, db:
            db.executemany(_UPSERT, rows)
        self._dirty.clear()
        if len(self._known) > KEPT_MAX:
            self._known.clear()

    async def sweep(self, before_ms: int) -> None:
        """As MinorsStore.sweep."""
        self.flush()
        stale = [s for s, (_, usage) in self._known.items() if usage.until_ms < before_ms]
        for subject in stale:
            record, _ = self._known.pop(subject)
            if self._db is None and record is not None:
                self._known[subject] = (record, UNUSED)
        if self._db is not None:
            with self._told() as db, db:
                db.execute(_SWEEP_GONE, (before_ms,))
                db.execute(_SWEEP_COUNTS, (before_ms,))

    async def survey(self, after: str, count: int) -> tuple[tuple[tuple[str, Seen], ...], str]:
        """As MinorsStore.survey."""
        now = self._at_ms()
        if self._db is None:
            known = ((s, r, u) for s, (r, u) in self._known.items() if r is not None and s > after)
            rows = sorted(known, key=lambda row: row[0])[:count]
        else:
            self.flush()
            with self._told() as db:
                found = db.execute(_SURVEY, (after, count)).fetchall()
            rows = [(s, r, Usage(u, k, decode_days(d))) for s, r, u, k, d in found]
        persons = tuple((s, Seen(now, r, u)) for s, r, u in rows)
        return persons, persons[-1][0] if len(persons) == count else ""

    def _remember(self, subject: str, known: _Known) -> None:
        if self._db is None and subject not in self._known and len(self._known) >= KEPT_MAX:
            raise Unavailable(
                f"memory: holds {KEPT_MAX} minors and no more.",
                hint="Write [minors] url = sqlite:PATH, redis://… or postgresql://….",
            )
        self._known[subject] = known
        self._dirty.add(subject)

    def _of(self, subject: str) -> _Known:
        known = self._known.get(subject)
        if known is None:
            known = self._read(subject)
            if known is not _NOBODY:
                self._known[subject] = known
        return known

    def _read(self, subject: str) -> _Known:
        if self._db is None:
            return _NOBODY
        with self._told() as db:
            row = db.execute(
                "SELECT record, until_ms, streak_ms, days FROM minor WHERE subject = ?", (subject,)
            ).fetchone()
        return _NOBODY if row is None else (row[0], Usage(row[1], row[2], decode_days(row[3])))

    @contextlib.contextmanager
    def _told(self) -> Iterator[sqlite3.Connection]:
        assert self._db is not None
        try:
            yield self._db
        except sqlite3.Error as error:
            raise Unavailable(
                f"the minors' store {self._path} cannot be used ({error}).",
                hint="Check that its folder is writable and has space left.",
            ) from None


def _open(path: Path, connect: Connect) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = connect(path, timeout=0, check_same_thread=False)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
        with db:  # takes the lock that this process keeps
            db.execute("PRAGMA user_version = 1")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
            raise Conflict(
                f"another process counts minors in {path}.",
                hint="Several gateways share a store by URL: postgresql://… or redis://….",
            ) from None
        raise Unavailable(
            f"the minors' store {path} cannot be opened ({error}).",
            hint="Name a file in a folder that this user may write.",
        ) from None
    path.chmod(0o600)
    return db
