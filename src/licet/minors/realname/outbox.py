"""What must not be lost of the real-name service's business, in one SQLite file.

It refuses to know the service. A `pi` is sealed under a key that lies elsewhere; names and numbers
never come here.

Rules
1. What a call has kept is on the disk when it returns.
2. A report is removed when it was taken, set aside where the service says that it will never do,
   and otherwise stays, in order.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from licet.base.ids import Chance
from licet.base.trouble import NotFound, Unavailable
from licet.ledger.seal import NONCE_BYTES, Sealed, open_sealed, seal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS person (
    subject TEXT PRIMARY KEY,
    sealed BLOB,                        -- pi under our key; NULL while nothing is settled
    since_s INTEGER NOT NULL DEFAULT 0, -- when a check became pending
    due_s INTEGER                       -- when to ask after it; NULL: not pending
) STRICT;
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    session TEXT NOT NULL,
    online INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    code INTEGER                        -- NULL: waits; else set aside for this code
) STRICT;
CREATE INDEX IF NOT EXISTS report_waits ON report (id) WHERE code IS NULL;
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A report that waits."""

    id: int
    session: str
    online: bool
    at_s: int
    pi: str = field(repr=False)


class Outbox:
    """The file at `path`. `key`: 32 bytes, kept elsewhere; without it no report can be sent."""

    def __init__(self, path: Path, key: bytes, chance: Chance) -> None:
        self._path = path
        self._key = key
        self._chance = chance
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=1.0)
        with self._told() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.executescript(_SCHEMA)
        path.chmod(0o600)

    def verified(self, subject: str, pi: str) -> None:
        """Keep who a person is, sealed."""
        sealed = seal(pi.encode(), self._key, subject, self._chance)
        blob = sealed.nonce + sealed.ciphertext
        self._do(
            "INSERT INTO person (subject, sealed) VALUES (?, ?) ON CONFLICT (subject)"
            " DO UPDATE SET sealed = excluded.sealed, due_s = NULL",
            (subject, blob),
        )

    def pending(self, subject: str, since_s: int, due_s: int) -> None:
        """A check is under way."""
        self._do(
            "INSERT INTO person (subject, since_s, due_s) VALUES (?, ?, ?) ON CONFLICT (subject)"
            " DO UPDATE SET since_s = excluded.since_s, due_s = excluded.due_s",
            (subject, since_s, due_s),
        )

    def wait(self, subject: str, due_s: int) -> None:
        """Ask after a pending check later."""
        self._do("UPDATE person SET due_s = ? WHERE subject = ?", (due_s, subject))

    def settle(self, subject: str) -> None:
        """A check is over, and nobody was verified."""
        self._do("DELETE FROM person WHERE subject = ? AND sealed IS NULL", (subject,))

    def due(self, now_s: int, most: int = 100) -> list[tuple[str, int]]:
        """(subject, since) of the checks to ask after now."""
        return self._all(
            "SELECT subject, since_s FROM person WHERE due_s <= ? ORDER BY due_s LIMIT ?",
            (now_s, most),
        )

    def keep(self, subject: str, session: str, at_s: int, *, online: bool) -> None:
        """Keep a report. Raises NotFound for somebody who is not verified."""
        if not self._all(
            "SELECT 1 FROM person WHERE subject = ? AND sealed IS NOT NULL", (subject,)
        ):
            raise NotFound("this person is not verified.", hint="Verify them first.")
        self._do(
            "INSERT INTO report (subject, session, online, at_s) VALUES (?, ?, ?, ?)",
            (subject, session, int(online), at_s),
        )

    def waiting(self, most: int) -> list[Row]:
        """The oldest reports that wait."""
        rows = self._all(
            "SELECT r.id, r.session, r.online, r.at_s, r.subject, p.sealed FROM report r"
            " JOIN person p ON p.subject = r.subject WHERE r.code IS NULL ORDER BY r.id LIMIT ?",
            (most,),
        )
        return [
            Row(number, session, bool(online), at_s, self._open(subject, sealed))
            for number, session, online, at_s, subject, sealed in rows
        ]

    def took(self, taken: Sequence[int], late: int, never: Sequence[tuple[int, int]]) -> None:
        """These were taken (so many of them late); those, with their codes, never will be."""
        with self._told() as db, db:
            db.executemany("DELETE FROM report WHERE id = ?", [(one,) for one in taken])
            db.executemany("UPDATE report SET code = ? WHERE id = ?", [(c, i) for i, c in never])
            for name, n in (("taken", len(taken)), ("late", late), ("set_aside", len(never))):
                db.execute(
                    "INSERT INTO tally VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + ?",
                    (name, n, n),
                )

    def counts(self) -> dict[str, int]:
        """How many reports wait, and how many were taken, late and set aside in all."""
        (waits,) = self._all("SELECT count(*) FROM report WHERE code IS NULL", ())[0]
        kept = dict(self._all("SELECT name, n FROM tally", ()))
        return {"waiting": waits, "taken": 0, "late": 0, "set_aside": 0} | kept

    def close(self) -> None:
        self._db.close()

    def _open(self, subject: str, blob: bytes) -> str:
        sealed = Sealed(blob[:NONCE_BYTES], blob[NONCE_BYTES:])
        return open_sealed(sealed, self._key, subject).decode()

    def _do(self, statement: str, values: tuple[object, ...]) -> None:
        with self._told() as db, db:
            db.execute(statement, values)

    def _all(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        with self._told() as db:
            return db.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _told(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except sqlite3.Error as error:
            raise Unavailable(
                f"the real-name outbox {self._path} cannot be used ({error}).",
                hint="Check that its folder is writable and has space left.",
            ) from None
