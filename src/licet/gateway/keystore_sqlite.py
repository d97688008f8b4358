"""Keys in one SQLite file: the default, for one machine and any number of processes.

It refuses to know the text of a key and the gateway that asks.

Rules
1. The file is its owner's alone (mode 0600) from the first byte.
2. The version is counted by triggers, so that a change by any hand, also by `sqlite3`, is seen.
3. A change is durable when the method returns (WAL, synchronous=FULL).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput, Corrupt, Unavailable
from licet.gateway.keys import Grant, Key, new_key
from licet.gateway.keystore_rows import SELECT, decode_key, encode_grant, no_such_key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created TEXT NOT NULL,
    revoked TEXT,
    access TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS api_key_version (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER);
INSERT OR IGNORE INTO api_key_version VALUES (1, 1);
CREATE TRIGGER IF NOT EXISTS api_key_made AFTER INSERT ON api_key
    BEGIN UPDATE api_key_version SET n = n + 1; END;
CREATE TRIGGER IF NOT EXISTS api_key_changed AFTER UPDATE ON api_key
    BEGIN UPDATE api_key_version SET n = n + 1; END;
CREATE TRIGGER IF NOT EXISTS api_key_gone AFTER DELETE ON api_key
    BEGIN UPDATE api_key_version SET n = n + 1; END;
"""
_INSERT = (
    "INSERT INTO api_key (id, name, prefix, digest, created, revoked, access)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_WAIT_S = 2.0


class SqliteKeyStore:
    """A KeyStore in the file at `path`, made with its folder where absent. Safe across threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise _unavailable(path, error) from error
        try:
            with self._using() as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.executescript(_SCHEMA)
        except Unavailable:
            self._db.close()
            raise

    def create(self, name: str, grant: Grant, now: datetime) -> tuple[Key, str]:
        key, text = new_key(name, grant, now)
        row = (key.id, name, key.prefix, key.digest, rfc3339(now), None, encode_grant(grant))
        with self._using() as db:
            db.execute(_INSERT, row)
        return key, text

    def list(self) -> list[Key]:
        with self._using() as db:
            rows = db.execute(SELECT + " ORDER BY created, id").fetchall()
        return [decode_key(row) for row in rows]

    def find(self, key_id: str) -> Key:
        with self._using() as db:
            row = db.execute(
                SELECT + " WHERE id = ?",
                (key_id,),
            ).fetchone()
        if row is None:
            raise no_such_key(key_id)
        return decode_key(row)

    def revoke(self, key_id: str, now: datetime) -> Key:
        with self._using() as db:
            db.execute(
                "UPDATE api_key SET revoked = ? WHERE id = ? AND revoked IS NULL",
                (rfc3339(now), key_id),
            )
        return self.find(key_id)

    def version(self) -> int:
        with self._using() as db:
            row = db.execute("SELECT n FROM api_key_version").fetchone()
        if row is None:
            raise Corrupt(f"{self._path} has lost its version.", hint="Restore it from a backup.")
        return int(row[0])

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise _unavailable(self._path, error) from error


def _unavailable(path: Path, error: Exception) -> Unavailable | BadInput:
    if "not a database" in str(error):
        return BadInput(f"{path} is not a file of keys.", hint="Name another file.")
    return Unavailable(
        f"the keys in {path} cannot be used: {error}.",
        hint="Check that its folder exists, is writable by this user and has space left.",
    )
