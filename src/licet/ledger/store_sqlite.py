"""A log in one SQLite file: the store of a single machine.

Refuses to know what the bytes say.

1. Entries are kept in runs, one row for each commit and bundle, not one row each: a bundle is
   the concatenation of its runs, and a commit costs the same for one entry and for a thousand.
2. WAL with synchronous=FULL: a commit is on the disk when it returns. Readers never wait.
3. The claim is an exclusive lock on a file beside the log, held by SQLite for this process: the
   kernel frees it when the process dies, however it dies.
4. After a failed write the connections are thrown away. A page that the disk refused may look
   clean in a cache; it is read again from the file.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock

from licet.base.trouble import Conflict, Corrupt, NotFound, Trouble, Unavailable
from licet.ledger.store import Growth
from licet.ledger.tiles import WIDTH

SCHEMA_VERSION = 1
_BUSY_S = 5.0
_TABLES = """
CREATE TABLE run (
    first INTEGER PRIMARY KEY,          -- index of the run's first entry
    data BLOB NOT NULL                  -- entries, each after its length (uint16, big-endian)
) STRICT;
CREATE TABLE tile (
    level INTEGER NOT NULL, n INTEGER NOT NULL,
    data BLOB NOT NULL,                 -- 256 hashes
    PRIMARY KEY (level, n)
) STRICT;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,             -- when it was committed, milliseconds since 1970
    note TEXT NOT NULL
) STRICT;
"""
_GUARDS = "".join(
    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;\n"
    for table in ("run", "tile", "checkpoint")
    for verb in ("UPDATE", "DELETE")
)
_SCHEMA = f"BEGIN EXCLUSIVE;{_TABLES}{_GUARDS}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
_NEWEST = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"

Connect = Callable[..., sqlite3.Connection]


class SqliteStore:
    """A Store in the file `path`, which is made unless `read_only`.

    `connect` opens connections; tests hand in one that fails on purpose.
    """

    def __init__(
        self, path: Path, *, read_only: bool = False, connect: Connect = sqlite3.connect
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._connect_with = connect
        self._reading = Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._claim: sqlite3.Connection | None = None
        if read_only and not path.exists():
            raise NotFound(f"there is no ledger at {path}")
        with _told(path):
            self._reader = self._open(read_only=True) if read_only else self._open_new()

    def claim(self) -> None:
        if self._claim is not None:
            raise Conflict("this store is already claimed")
        with _told(self._path):
            lock = sqlite3.connect(
                f"{self._path}-claim", timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                lock.close()
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise Conflict(
                    f"another process writes to {self._path}",
                    hint="A log has one writer: stop the other gateway or give this one a home.",
                ) from None
            self._claim = lock
            self._writer = self._open(read_only=False)

    def load_checkpoint(self) -> bytes | None:
        row = self._read_one(_NEWEST, ())
        return None if row is None else str(row[1]).encode()

    def load_checkpoints(self) -> Sequence[bytes]:
        rows = self._read("SELECT note FROM checkpoint ORDER BY size", ())
        return [str(note).encode() for (note,) in rows]

    def load_bundle(self, index: int) -> bytes:
        rows = self._read(
            "SELECT data FROM run WHERE first >= ? AND first < ? ORDER BY first",
            (index * WIDTH, (index + 1) * WIDTH),
        )
        return b"".join(data for (data,) in rows)

    def load_tile(self, level: int, index: int) -> bytes:
        return self.load_tiles(level, index, 1)[0]

    def load_tiles(self, level: int, first: int, count: int) -> Sequence[bytes]:
        rows = self._read(
            "SELECT data FROM tile WHERE level = ? AND n >= ? AND n < ? ORDER BY n",
            (level, first, first + count),
        )
        if len(rows) != count:
            raise NotFound(f"the store lacks tiles at level {level} from {first} on")
        return [data for (data,) in rows]

    def save(self, growth: Growth) -> None:
        writer = self._writer
        if writer is None:
            raise Conflict("only the store that holds the claim saves")
        with _told(self._path):
            try:
                self._write(writer, growth)
            except BaseException:
                if writer.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        writer.execute("ROLLBACK")
                raise

    def recover(self) -> None:
        self.close()
        with _told(self._path):
            self._reader = self._open_new()
        self.claim()

    def close(self) -> None:
        with self._reading:
            for connection in (self._reader, self._writer, self._claim):
                if connection is not None:
                    with contextlib.suppress(sqlite3.Error):
                        connection.close()
            self._reader = self._writer = self._claim = None

    def _write(self, writer: sqlite3.Connection, growth: Growth) -> None:
        writer.execute("BEGIN IMMEDIATE")
        newest = writer.execute(_NEWEST).fetchone()
        if (0 if newest is None else newest[0]) != growth.before:
            raise Conflict(f"the ledger has not {growth.before} entries any more")
        writer.executemany(
            "INSERT INTO run VALUES (?, ?)", [(run.first, run.data) for run in growth.runs]
        )
        if growth.tiles:
            writer.executemany(
                "INSERT INTO tile VALUES (?, ?, ?)",
                [(tile.level, tile.index, tile.data) for tile in growth.tiles],
            )
        at_ms = int(growth.at.timestamp() * 1000)
        writer.execute(
            "INSERT INTO checkpoint VALUES (?, ?, ?)",
            (growth.after, at_ms, growth.checkpoint.decode()),
        )
        writer.execute("COMMIT")

    def _read(self, sql: str, values: tuple[int, ...]) -> list[tuple[bytes]]:
        with self._reading, _told(self._path):
            if self._reader is None:
                raise Unavailable("the ledger's store is closed")
            return self._reader.execute(sql, values).fetchall()

    def _read_one(self, sql: str, values: tuple[int, ...]) -> tuple[int, str] | None:
        with self._reading, _told(self._path):
            if self._reader is None:
                raise Unavailable("the ledger's store is closed")
            row: tuple[int, str] | None = self._reader.execute(sql, values).fetchone()
            return row

    def _open_new(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = self._open(read_only=False)
        try:
            _make_ready(connection)
        except (sqlite3.Error, Corrupt):
            connection.close()
            raise
        return connection

    def _open(self, *, read_only: bool) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        connection = self._connect_with(
            uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _make_ready(connection: sqlite3.Connection) -> None:
    if _version_of(connection) == 0:
        try:
            connection.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if _version_of(connection) == 0:
                raise  # it was not another process that made the tables first
    if _version_of(connection) != SCHEMA_VERSION:
        raise Corrupt(f"the ledger has schema {_version_of(connection)}, not {SCHEMA_VERSION}")


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what SQLite and the disk say into Trouble with a hint."""
    try:
        yield
    except sqlite3.Error as error:
        raise _trouble(path, error) from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}", hint="Check the disk and its rights.")


def _trouble(path: Path, error: sqlite3.Error) -> Trouble:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Corrupt(f"{path}: {error}", hint="Restore the file; then run licet ledger verify.")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return Unavailable(f"{path}: {error}", hint="Free space on its disk; writing resumes.")
    return Unavailable(f"{path}: {error}", hint="Check the file, its folder and their rights.")
