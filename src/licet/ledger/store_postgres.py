"""A log in PostgreSQL: the store of an installation with many machines.

Refuses to know what the bytes say.

1. The tables are those of the SQLite store, in the first schema of the URL's search path; a
   `ledger_head` row is compared and swapped in every commit.
2. The claim is a session's advisory lock: it ends with the connection. A writer that lost its
   connection cannot commit, because the commit goes through the same connection. The server
   notices an ended connection a moment late: closing lets the claim go first, and who claims
   waits as long for one who was killed.
3. synchronous_commit is set to on for our sessions, whatever the server's default is.
4. Needs the extra `postgres` (psycopg 3).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import psycopg

from licet.base.trouble import Conflict, Corrupt, NotFound, Trouble, Unavailable
from licet.ledger.store import Growth
from licet.ledger.tiles import WIDTH

SCHEMA_VERSION = 1
_CONNECT_S = 5
_STATEMENT_MS = 30_000
_SILENCE_MS = 15_000
_CLAIM_MS = 1_000
_CLAIM = "hashtextextended('licet ledger ' || current_schema(), 0)"
_CREATE = """
CREATE TABLE IF NOT EXISTS ledger_run (first bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_tile (
    level smallint NOT NULL, n bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE IF NOT EXISTS ledger_checkpoint (
    size bigint PRIMARY KEY, at timestamptz NOT NULL, note text NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL, size bigint NOT NULL);
INSERT INTO ledger_head (version, size) VALUES (1, 0) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'the ledger only grows'; END$$;
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_run
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_tile
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
"""
_Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresStore:
    """A Store in the database that `url` names; its tables are made unless `read_only`."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url = url
        self._reading = Lock()
        self._reader: _Connection | None = None
        self._writer: _Connection | None = None
        with _told():
            if not read_only:
                self._make()
            self._reader = self._open()
            try:
                _check_version(self._reader)
            except (psycopg.Error, Corrupt):
                self._reader.close()
                raise

    def claim(self) -> None:
        if self._writer is not None:
            raise Conflict("this store is already claimed")
        with _told():
            writer = self._open()
            try:
                writer.execute(f"SET lock_timeout TO {_CLAIM_MS:d}")
                writer.execute(f"SELECT pg_advisory_lock({_CLAIM})")
                writer.execute("SET lock_timeout TO 0")
            except psycopg.Error as error:
                writer.close()
                if not isinstance(error, psycopg.errors.LockNotAvailable):
                    raise
                raise Conflict(
                    "another process writes to this ledger's schema",
                    hint="A log has one writer: stop the other gateway or give this one a schema.",
                ) from error
            self._writer = writer

    def load_checkpoint(self) -> bytes | None:
        rows = self._read("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1", ())
        return rows[0][0].encode() if rows else None

    def load_checkpoints(self) -> Sequence[bytes]:
        return [
            note.encode()
            for (note,) in self._read("SELECT note FROM ledger_checkpoint ORDER BY size", ())
        ]

    def load_bundle(self, index: int) -> bytes:
        rows = self._read(
            "SELECT data FROM ledger_run WHERE first >= %s AND first < %s ORDER BY first",
            (index * WIDTH, (index + 1) * WIDTH),
        )
        return b"".join(data for (data,) in rows)

    def load_tile(self, level: int, index: int) -> bytes:
        return self.load_tiles(level, index, 1)[0]

    def load_tiles(self, level: int, first: int, count: int) -> Sequence[bytes]:
        rows = self._read(
            "SELECT data FROM ledger_tile WHERE level = %s AND n >= %s AND n < %s ORDER BY n",
            (level, first, first + count),
        )
        if len(rows) != count:
            raise NotFound(f"the store lacks tiles at level {level} from {first} on")
        return [data for (data,) in rows]

    def save(self, growth: Growth) -> None:
        writer = self._writer
        if writer is None:
            raise Conflict("only the store that holds the claim saves")
        with _told(), writer.transaction(), writer.cursor(binary=True) as cursor:
            cursor.execute(
                "UPDATE ledger_head SET size = %s WHERE size = %s", (growth.after, growth.before)
            )
            if cursor.rowcount != 1:
                raise Conflict(f"the ledger has not {growth.before} entries any more")
            cursor.executemany(
                "INSERT INTO ledger_run VALUES (%s, %s)",
                [(run.first, run.data) for run in growth.runs],
            )
            if growth.tiles:
                cursor.executemany(
                    "INSERT INTO ledger_tile VALUES (%s, %s, %s)",
                    [(tile.level, tile.index, tile.data) for tile in growth.tiles],
                )
            cursor.execute(
                "INSERT INTO ledger_checkpoint VALUES (%s, %s, %s)",
                (growth.after, growth.at, growth.checkpoint.decode()),
            )

    def recover(self) -> None:
        self.close()
        with _told():
            self._reader = self._open()
        self.claim()

    def close(self) -> None:
        with self._reading:
            if self._writer is not None:
                with contextlib.suppress(psycopg.Error):
                    self._writer.execute(f"SELECT pg_advisory_unlock({_CLAIM})")
            for connection in (self._reader, self._writer):
                if connection is not None:
                    with contextlib.suppress(psycopg.Error):
                        connection.close()
            self._reader = self._writer = None

    def _read(self, query: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        with self._reading, _told():
            if self._reader is None or self._reader.closed:
                self._reader = self._reopened()
            return self._reader.execute(query, values, binary=True).fetchall()

    def _reopened(self) -> _Connection:
        if self._reader is None:
            raise Unavailable("the ledger's store is closed")
        return self._open()

    def _make(self) -> None:
        with psycopg.connect(self._url, connect_timeout=_CONNECT_S) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('licet ledger', 1))")
            connection.execute(_CREATE)

    def _open(self) -> _Connection:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            application_name="licet ledger",
            connect_timeout=_CONNECT_S,
            tcp_user_timeout=_SILENCE_MS,
        )
        connection.execute("SET synchronous_commit TO on")
        connection.execute(f"SET statement_timeout TO {_STATEMENT_MS:d}")
        return connection


def _check_version(connection: _Connection) -> None:
    row = connection.execute("SELECT version FROM ledger_head").fetchone()
    if row is None or row[0] != SCHEMA_VERSION:
        raise Corrupt(f"the ledger's tables are not of version {SCHEMA_VERSION}")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turns what PostgreSQL says into Trouble with a hint."""
    try:
        yield
    except psycopg.Error as error:
        raise _trouble(error) from error


def _trouble(error: psycopg.Error) -> Trouble:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, psycopg.errors.UniqueViolation):
        return Conflict(f"the ledger's database holds this already: {said}")
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        return NotFound(f"there is no ledger in this schema: {said}")
    if isinstance(error, psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted):
        return Corrupt(f"the ledger's database: {said}", hint="Restore it; then verify.")
    return Unavailable(f"the ledger's database: {said}", hint="Check that it runs and has space.")
