"""Keys in PostgreSQL: one store under many gateways.

It refuses to know the text of a key and the gateway that asks.

Rules
1. One connection, used by one thread at a time; a broken one is made anew at the next call.
2. No call waits longer than about 2 s: a gateway asks every second.
3. The version is counted by a trigger, so that a change by any hand is seen.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from licet.base.trouble import Unavailable
from licet.gateway.keys import Grant, Key, new_key
from licet.gateway.keystore_rows import SELECT, decode_key, encode_grant, no_such_key

_SCHEMA = """
SELECT pg_advisory_xact_lock(hashtext('licet.api_key'));
CREATE TABLE IF NOT EXISTS api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    created TIMESTAMPTZ NOT NULL,
    revoked TIMESTAMPTZ,
    access TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS api_key_version (one INT PRIMARY KEY CHECK (one = 1), n BIGINT);
INSERT INTO api_key_version VALUES (1, 1) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION api_key_counted() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE api_key_version SET n = n + 1; RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER api_key_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_key
    FOR EACH STATEMENT EXECUTE FUNCTION api_key_counted();
"""
_INSERT = (
    "INSERT INTO api_key (id, name, prefix, digest, created, revoked, access)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_HINT = "Check that the database runs, that its url is right and that this user may write there."


class PostgresKeyStore:
    """A KeyStore in the database at `url`, its tables made where absent. Safe across threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._db: psycopg.Connection[tuple[Any, ...]] | None = None
        with self._using() as db, db.transaction():
            db.execute(_SCHEMA)

    def create(self, name: str, grant: Grant, now: datetime) -> tuple[Key, str]:
        key, text = new_key(name, grant, now)
        row = (key.id, name, key.prefix, key.digest, key.created, None, encode_grant(grant))
        with self._using() as db:
            db.execute(_INSERT, row)
        return key, text

    def list(self) -> list[Key]:
        with self._using() as db:
            rows = db.execute(SELECT + " ORDER BY created, id").fetchall()
        return [decode_key(row) for row in rows]

    def find(self, key_id: str) -> Key:
        with self._using() as db:
            row = db.execute(SELECT + " WHERE id = %s", (key_id,)).fetchone()
        if row is None:
            raise no_such_key(key_id)
        return decode_key(row)

    def revoke(self, key_id: str, now: datetime) -> Key:
        with self._using() as db:
            db.execute(
                "UPDATE api_key SET revoked = date_trunc('milliseconds', %s::timestamptz)"
                " WHERE id = %s AND revoked IS NULL",
                (now, key_id),
            )
        return self.find(key_id)

    def version(self) -> int:
        with self._using() as db:
            row = db.execute("SELECT n FROM api_key_version").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()

    @contextlib.contextmanager
    def _using(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with self._lock:
            try:
                yield self._connection()
            except psycopg.Error as error:
                # The driver's text may quote the url, and with it a password: it stays out.
                state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
                raise Unavailable(f"the database of keys fails{state}.", hint=_HINT) from None

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._db is None or self._db.closed or self._db.broken:
            self._db = psycopg.connect(
                self._url, autocommit=True, connect_timeout=2, tcp_user_timeout=2000
            )
            self._db.execute("SET statement_timeout = 2000")
        return self._db
