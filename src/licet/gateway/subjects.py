"""Which stopped exchanges are whose, by pseudonym; what is held by law, what shall be erased.

It refuses to know who anybody is: a pseudonym is all that stands here. Who is behind one lies in
an envelope that keepers of three sides open by two (`ledger/custody.py`), where an installation
has named such keepers.

Rules
1. A case is linked to its pseudonym before its excerpt is sealed: what could not be found again
   when somebody asks for erasure is not kept.
2. A request for erasure is on the disk before anything is destroyed, and is carried out again from
   the beginning until all of it is done. What is counted is counted with what is destroyed.
3. A hold has a basis and an end. It keeps what it names, a case or a person, and nothing else.
law:cn-genai-2023/art11.1
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from licet.base.ids import case_mark
from licet.base.trouble import BadInput, NotFound, Unavailable

_WAIT_S = 0.25
_EPOCH = datetime.fromtimestamp(0, UTC)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS stopped (
    id TEXT PRIMARY KEY,                -- the case's number
    mark TEXT NOT NULL,
    subject TEXT NOT NULL,              -- a pseudonym
    opened_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stopped_subject ON stopped (subject);
CREATE INDEX IF NOT EXISTS stopped_mark ON stopped (mark);
CREATE TABLE IF NOT EXISTS identity (
    subject TEXT PRIMARY KEY,
    envelope BLOB NOT NULL,
    kept_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hold (
    name TEXT PRIMARY KEY,              -- a case's number, or a pseudonym
    basis TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erasure (
    id TEXT PRIMARY KEY,
    asked_ms INTEGER NOT NULL,
    items INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'asked'     -- asked, erased
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erasing (
    erasure TEXT NOT NULL REFERENCES erasure (id),
    subject TEXT NOT NULL,
    PRIMARY KEY (erasure, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS saying (         -- entries for the ledger
    erasure TEXT NOT NULL REFERENCES erasure (id),
    kind TEXT NOT NULL,                     -- requested, refused, executed
    ground TEXT NOT NULL,                   -- of a refusal
    state TEXT NOT NULL DEFAULT 'new',      -- new, telling, told
    ledger_size INTEGER NOT NULL DEFAULT 0, -- from where on it stands, if it does
    PRIMARY KEY (erasure, kind, ground)
) STRICT, WITHOUT ROWID;
"""
_SAY = "INSERT OR IGNORE INTO saying (erasure, kind, ground) VALUES (?, ?, ?)"
Connect = Callable[..., sqlite3.Connection]


@dataclass(frozen=True, slots=True)
class Hold:
    """What must not be erased: a case or a pseudonym, on what legal basis, until when."""

    name: str
    basis: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request. `items`: how many excerpts and identities were destroyed for it so far; `done`:
    whether nothing is left; `told`: whether all of it stands in the ledger."""

    id: str
    asked: datetime
    items: int
    done: bool
    told: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """An entry that the ledger should have: `telling`, it may have it from `ledger_size` on."""

    erasure: str
    kind: str
    ground: str
    telling: bool
    ledger_size: int
    items: int


class Subjects:
    """The file at `path`, made (0600) where absent. Safe across threads and processes.

    `connect` opens connections, and tests hand in one that fails on purpose. Raises Unavailable.
    """

    def __init__(self, path: Path, connect: Connect = sqlite3.connect) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._db = connect(
                path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unavailable(error) from error
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._db.close()
            raise self._unavailable(error) from error

    def link(self, case: str, subject: str, now: datetime) -> None:
        """Say whose a case is (rule 1)."""
        row = (case, case_mark(case), subject, _ms(now))
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO stopped VALUES (?, ?, ?, ?)", row)

    def keep_identity(self, subject: str, envelope: bytes, now: datetime) -> None:
        """Keep who is behind a pseudonym, sealed; the first envelope counts."""
        with self._writing() as db:
            row = (subject, envelope, _ms(now))
            db.execute("INSERT OR IGNORE INTO identity VALUES (?, ?, ?)", row)

    def knows(self, subject: str) -> bool:
        """Whether an envelope is kept for the pseudonym."""
        return bool(self._rows("SELECT 1 FROM identity WHERE subject = ?", subject))

    def identity(self, name: str) -> bytes:
        """The envelope for a pseudonym, a case's number or its mark. Raises NotFound."""
        rows = self._rows(
            "SELECT envelope FROM identity WHERE subject = ?1 OR subject IN"
            " (SELECT subject FROM stopped WHERE id = ?1 OR mark = ?1)",
            name,
        )
        if not rows:
            raise NotFound(f"nothing is kept of {name}.", hint="It was erased, or never known.")
        return bytes(rows[0][0])

    def cases_of(self, subject: str) -> tuple[str, ...]:
        """The cases of a pseudonym whose excerpts may still be there."""
        rows = self._rows("SELECT id FROM stopped WHERE subject = ? ORDER BY id", subject)
        return tuple(row[0] for row in rows)

    def hold(self, one: Hold) -> None:
        """Keep what is named from being erased. Raises BadInput without a basis."""
        if not one.basis.strip():
            raise BadInput("a hold has a legal basis.", hint="Name the provision or the order.")
        with self._writing() as db:
            row = (one.name, one.basis, _ms(one.until))
            db.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?)", row)

    def lift(self, name: str) -> None:
        """End a hold. Raises NotFound."""
        with self._writing() as db:
            if not db.execute("DELETE FROM hold WHERE name = ?", (name,)).rowcount:
                raise NotFound(f"nothing holds {name}.")

    def holds(self, now: datetime) -> tuple[Hold, ...]:
        """What is held at this moment."""
        rows = self._rows("SELECT * FROM hold WHERE until_ms > ? ORDER BY name", _ms(now))
        return tuple(Hold(name, basis, _moment(ms)) for name, basis, ms in rows)

    def ask(self, erasure: str, subjects: Iterable[str], now: datetime) -> None:
        """Keep a request to erase what is of these pseudonyms; it is on the disk on return."""
        with self._writing() as db:
            db.execute("INSERT INTO erasure (id, asked_ms) VALUES (?, ?)", (erasure, _ms(now)))
            db.executemany("INSERT INTO erasing VALUES (?, ?)", [(erasure, s) for s in subjects])
            db.execute(_SAY, (erasure, "requested", ""))

    def refuse(self, erasure: str, ground: str) -> None:
        """Something of a request is held, on this ground: that is said once."""
        with self._writing() as db:
            db.execute(_SAY, (erasure, "refused", ground))

    def erasures(self) -> tuple[Erasure, ...]:
        """Every request, oldest first."""
        rows = self._rows(
            "SELECT id, asked_ms, items, state = 'erased', NOT EXISTS (SELECT 1 FROM saying"
            " WHERE erasure = id AND state != 'told') FROM erasure ORDER BY asked_ms, id"
        )
        return tuple(Erasure(i, _moment(ms), n, bool(d), bool(t)) for i, ms, n, d, t in rows)

    def sayings(self) -> tuple[Saying, ...]:
        """What the ledger may lack, in the order of requests, and of each as it happened."""
        rows = self._rows(
            "SELECT erasure, kind, ground, saying.state = 'telling', ledger_size, items"
            " FROM saying JOIN erasure ON id = erasure WHERE saying.state != 'told'"
            " ORDER BY asked_ms, id, kind = 'executed', kind = 'refused', ground"
        )
        return tuple(Saying(e, k, g, bool(t), size, n) for e, k, g, t, size, n in rows)

    def subjects_of(self, erasure: str) -> tuple[str, ...]:
        """Whose data a request is about."""
        rows = self._rows("SELECT subject FROM erasing WHERE erasure = ? ORDER BY 1", erasure)
        return tuple(row[0] for row in rows)

    def erased_case(self, erasure: str, case: str) -> None:
        """The excerpt of a case is destroyed: forget whose it was, and count it (rule 2)."""
        self._erased(erasure, "DELETE FROM stopped WHERE id = ?", case)

    def erased_identity(self, erasure: str, subject: str) -> None:
        """Destroy the envelope of a pseudonym, and count it (rule 2)."""
        self._erased(erasure, "DELETE FROM identity WHERE subject = ?", subject)

    def finish(self, erasure: str) -> None:
        """All of a request is destroyed: forget whose it was."""
        with self._writing() as db:
            db.execute("DELETE FROM erasing WHERE erasure = ?", (erasure,))
            db.execute("UPDATE erasure SET state = 'erased' WHERE id = ?", (erasure,))
            db.execute(_SAY, (erasure, "executed", ""))
        with self._using() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def telling(self, one: Saying, ledger_size: int) -> None:
        """It is about to be handed to the ledger, which holds so many entries now."""
        self._say(one, "telling", ledger_size)

    def told(self, one: Saying) -> None:
        """It stands in the ledger."""
        self._say(one, "told", 0)

    def sweep(self, before: datetime) -> int:
        """Forget whose the cases opened before a moment were, and envelopes as old."""
        with self._writing() as db:
            gone = db.execute("DELETE FROM stopped WHERE opened_ms < ?", (_ms(before),)).rowcount
            gone += db.execute("DELETE FROM identity WHERE kept_ms < ?", (_ms(before),)).rowcount
        return gone

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _say(self, one: Saying, state: str, size: int) -> None:
        with self._writing() as db:
            told = (state, size, one.erasure, one.kind, one.ground)
            db.execute(
                "UPDATE saying SET state = ?, ledger_size = ?"
                " WHERE erasure = ? AND kind = ? AND ground = ?",
                told,
            )

    def _erased(self, erasure: str, statement: str, name: str) -> None:
        with self._writing() as db:
            gone = db.execute(statement, (name,)).rowcount
            db.execute("UPDATE erasure SET items = items + ? WHERE id = ?", (gone, erasure))

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._using() as db:
            return db.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """What is written inside is there together or not at all, and on the disk after it."""
        with self._using() as db, db:
            db.execute("BEGIN IMMEDIATE")
            yield db

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"{self._path} cannot be used: {error}.",
            hint="Check that its folder exists, is writable by this user and has space left.",
        )


def _ms(moment: datetime) -> int:
    return int((moment - _EPOCH) / timedelta(milliseconds=1))


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
