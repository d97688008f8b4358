"""Cases: what a person who was stopped may know, may answer, and what is kept sealed for a while.

It refuses to know who the person is: the case number is all that they need, and all that we have.
It draws no number and decides no appeal.

Rules
1. The excerpt is kept sealed, under a key of its own; the keys lie in a second file, so that a
   backup may leave them out, and destroying a key is final for every copy of the excerpt.
2. The key is written before what it seals. What a failure leaves over is a key that opens nothing.
3. Facts stay; `sweep` and `destroy` destroy, keys before ciphertexts, and objections only on
   request. How many days an excerpt is kept is the pack's to say. law:cn-genai-2023/halted_excerpt
4. An excerpt past its time is not read, whether `sweep` has come by or not.
5. `open` waits for no disk (WAL, synchronous=NORMAL): a process that dies loses nothing, a
   machine that loses power may lose the last cases. The record is the ledger, which is durable
   and holds facts and digests; without its excerpt a stop still stands. An objection has no
   other copy, so `object_to` waits for the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, TooMuch, Unavailable
from licet.gateway.dialects.model import Notice
from licet.ledger.seal import KEY_BYTES, Sealed, open_sealed, seal

OBJECTION_CHARACTERS_MAX = 4_000
OBJECTIONS_MAX = 5
"""Of one case: enough to add what was forgotten, too few to fill a disk."""

_WAIT_S = 0.25  # for another process's write; this one may stand on the event loop
_SWEPT_AT_ONCE = 256  # so that `open` in another process never waits long for a sweep

_CASES = """
CREATE TABLE IF NOT EXISTS stopped (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,                 -- refused, halted
    category TEXT NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,               -- JSON: the words that the person was given, by language
    opened_ms INTEGER NOT NULL,         -- since 1970, as everywhere below
    exchange TEXT NOT NULL,
    ct_sha256 TEXT NOT NULL,
    nonce BLOB, sealed BLOB             -- null once the key was destroyed
) STRICT;
CREATE INDEX IF NOT EXISTS stopped_sealed ON stopped (opened_ms) WHERE sealed IS NOT NULL;
CREATE TABLE IF NOT EXISTS objection (
    stopped TEXT NOT NULL REFERENCES stopped (id),
    number INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (stopped, number)
) STRICT;
"""
_KEYS = """
CREATE TABLE IF NOT EXISTS seal_key (
    stopped TEXT PRIMARY KEY,
    key BLOB NOT NULL,
    opened_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seal_key_age ON seal_key (opened_ms);
"""
_FACTS = "SELECT id, kind, category, rule, reason, opened_ms, exchange, ct_sha256, sealed IS NULL"

Connect = Callable[..., sqlite3.Connection]


class ExcerptGone(NotFound):
    """The excerpt was destroyed when its time was over."""

    code = "excerpt_gone"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as it is opened. `kind`: `refused` (a prompt) or `halted` (an answer)."""

    notice: Notice
    kind: str
    opened: datetime
    exchange: str


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What whoever knows the case number may know.

    `sealed_until`: when the sealed excerpt is destroyed; None where it has been.
    """

    case: str
    kind: str
    category: str
    rule: str
    reason: Mapping[str, str]
    opened: datetime
    exchange: str
    ct_sha256: str
    sealed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Objection:
    """What a person said against a stop. `number` counts from 1 within the case."""

    number: int
    received: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was stopped, and the part of the request that it stood in (empty: the answer)."""

    text: str
    where: str


class CaseStore:
    """Cases in `path`, their keys in `keys_path`; both are made (0600) where absent.

    Safe across threads and processes. `chance` makes keys; `connect` opens connections, and tests
    hand in one that fails on purpose. Raises Unavailable or BadInput where a file can't be used.
    """

    def __init__(
        self, path: Path, keys_path: Path, *, keep_days: int, chance: Chance,
        connect: Connect = sqlite3.connect,
    ) -> None:  # fmt: skip
        if keep_days < 1:
            raise BadInput("an excerpt is kept for a day or longer")
        self.keep = timedelta(days=keep_days)
        self._chance = chance
        self._lock = threading.Lock()
        self._path, self._keys_path = path, keys_path
        self._db = _open(path, _CASES, connect)
        try:
            self._keys = _open(keys_path, _KEYS, connect)
        except BaseException:
            self._db.close()
            raise

    def open(self, file: CaseFile, excerpt: str) -> str:
        """Keep a case and its sealed excerpt; gives SHA-256 (hex) of the sealed bytes.

        Raises Unavailable where the disk takes nothing, Conflict where the number is taken. The
        text stays stopped either way: that is the caller's, and needs nothing from here.
        """
        notice, opened_ms = file.notice, _ms(file.opened)
        key = self._chance(KEY_BYTES)
        # ASCII, since an excerpt may hold half a surrogate pair, which UTF-8 cannot.
        payload = json.dumps({"excerpt": excerpt, "where": notice.where}).encode("ascii")
        sealed = seal(payload, key, notice.case, self._chance)
        row = (
            *(notice.case, file.kind, notice.category, notice.rule),
            *(json.dumps(notice.reason, ensure_ascii=False), opened_ms, file.exchange),
            *(sealed.ct_sha256, sealed.nonce, sealed.ciphertext),
        )
        try:
            with self._using():
                self._keys.execute(
                    "INSERT INTO seal_key VALUES (?, ?, ?)", (notice.case, key, opened_ms)
                )
                self._db.execute("INSERT INTO stopped VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise Conflict(
                f"there is a case {notice.case} already.",
                hint="Draw another number: this one was given to somebody else.",
            ) from None
        return sealed.ct_sha256

    def find(self, case: str) -> CaseRecord:
        """The facts of a case. Raises NotFound."""
        with self._using() as db:
            row = db.execute(f"{_FACTS} FROM stopped WHERE id = ?", (case,)).fetchone()
        if row is None:
            raise _no_such(case)
        number, kind, category, rule, reason, opened_ms, exchange, ct_sha256, is_gone = row
        opened = _moment(opened_ms)
        return CaseRecord(
            case=number, kind=kind, category=category, rule=rule, reason=json.loads(reason),
            opened=opened, exchange=exchange, ct_sha256=ct_sha256,
            sealed_until=None if is_gone else opened + self.keep,
        )  # fmt: skip

    def object_to(self, case: str, words: str, now: datetime) -> Objection:
        """Keep an objection; it is on the disk on return. The same words again are the same one.

        Raises BadInput where there are no words or more than OBJECTION_CHARACTERS_MAX, TooMuch
        past OBJECTIONS_MAX, NotFound. law:cn-genai-2023/art15
        """
        words = _tidy(words)
        with self._using() as db, _synchronous(db), db:
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM stopped WHERE id = ?", (case,)).fetchone():
                raise _no_such(case)
            known = self._objections(case)
            for objection in known:
                if objection.words == words:  # sent twice: an impatient click, a lost answer
                    return objection
            if len(known) >= OBJECTIONS_MAX:
                raise TooMuch(
                    f"case {case} has {OBJECTIONS_MAX} objections already.",
                    hint="They will be read together; quote the case number to add more.",
                )
            made = Objection(len(known) + 1, _moment(_ms(now)), words)
            row = (case, made.number, _ms(now), words)
            db.execute("INSERT INTO objection VALUES (?, ?, ?, ?)", row)
        return made

    def objections(self, case: str) -> tuple[Objection, ...]:
        """What was said against a stop, first to last; empty where nothing was."""
        with self._using():
            return self._objections(case)

    def read_excerpt(self, case: str, now: datetime) -> Excerpt:
        """What was stopped. For whoever holds an order; asking for it is not checked here.

        Raises NotFound, ExcerptGone once its time is over (rule 4), Corrupt where it was changed.
        """
        with self._using() as db:
            row = db.execute(
                "SELECT opened_ms, nonce, sealed, ct_sha256 FROM stopped WHERE id = ?", (case,)
            ).fetchone()
            key = self._keys.execute(
                "SELECT key FROM seal_key WHERE stopped = ?", (case,)
            ).fetchone()
        if row is None:
            raise _no_such(case)
        opened_ms, nonce, ciphertext, ct_sha256 = row
        if key is None or ciphertext is None or _moment(opened_ms) + self.keep <= now:
            raise ExcerptGone(f"the excerpt of case {case} is gone: its time is over.")
        sealed = Sealed(nonce, ciphertext)
        if sealed.ct_sha256 != ct_sha256:
            raise Corrupt(f"the sealed excerpt of case {case} is not the one that was recorded.")
        payload = json.loads(open_sealed(sealed, key[0], case))
        return Excerpt(payload["excerpt"], payload["where"])

    def destroy(self, case: str) -> None:
        """Destroy the excerpt of a case before its time, and what was said against the stop: the
        key first. Facts and digest stay. Doing it again changes nothing. Raises Unavailable where
        a reader keeps the journal open: then do it again."""
        with self._using() as db:
            self._keys.execute("DELETE FROM seal_key WHERE stopped = ?", (case,))
            busy, _, _ = self._keys.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                db.execute("UPDATE stopped SET nonce = NULL, sealed = NULL WHERE id = ?", (case,))
                db.execute("DELETE FROM objection WHERE stopped = ?", (case,))
                busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise _journal_open(self._path)

    def sweep(self, now: datetime) -> int:
        """Destroy what is `keep_days` old or older; gives how many excerpts that were.

        Keys are overwritten in their file, and the journal that held them is cut. Raises
        Unavailable where another reader keeps the journal open: then sweep again. What a file
        system or a backup copies on its own is the operator's to destroy.
        """
        limit = (_ms(now - self.keep), _SWEPT_AT_ONCE)
        while self._destroy(
            self._keys,
            "DELETE FROM seal_key WHERE stopped IN"
            " (SELECT stopped FROM seal_key WHERE opened_ms <= ? LIMIT ?)",
            limit,
        ):
            pass
        with self._using():
            busy, _, _ = self._keys.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise _journal_open(self._keys_path)
        swept = 0
        while done := self._destroy(
            self._db,
            "UPDATE stopped SET nonce = NULL, sealed = NULL WHERE id IN (SELECT id FROM stopped"
            " WHERE opened_ms <= ? AND sealed IS NOT NULL LIMIT ?)",
            limit,
        ):
            swept += done
        return swept

    def close(self) -> None:
        """Close both files."""
        with self._lock:
            self._keys.close()
            self._db.close()

    def _destroy(self, db: sqlite3.Connection, statement: str, limit: tuple[int, int]) -> int:
        with self._using():
            return db.execute(statement, limit).rowcount

    def _objections(self, case: str) -> tuple[Objection, ...]:
        rows = self._db.execute(
            "SELECT number, received_ms, words FROM objection WHERE stopped = ? ORDER BY number",
            (case,),
        )
        return tuple(Objection(number, _moment(at_ms), words) for number, at_ms, words in rows)

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.IntegrityError:
                raise
            except sqlite3.Error as error:
                raise _unavailable(self._path, error) from error


def _open(path: Path, schema: str, connect: Connect) -> sqlite3.Connection:
    """A connection that commits each statement, to a file that is its owner's alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _unavailable(path, error) from error
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA secure_delete=ON")
        db.executescript(schema)
    except sqlite3.Error as error:
        db.close()
        raise _unavailable(path, error) from error
    return db


@contextlib.contextmanager
def _synchronous(db: sqlite3.Connection) -> Iterator[None]:
    """What is committed inside is on the disk when its commit returns."""
    db.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        db.execute("PRAGMA synchronous=NORMAL")


def _tidy(words: str) -> str:
    """Words as they are kept: no half characters, line ends as one character."""
    words = words.encode("utf-8", "replace").decode().replace("\r\n", "\n").strip()
    if not words:
        raise BadInput("the objection has no words.", hint="Say why the stop was wrong.")
    if len(words) > OBJECTION_CHARACTERS_MAX:
        raise BadInput(
            f"the objection has more than {OBJECTION_CHARACTERS_MAX:,} characters.",
            hint=f"Shorten it, or send it in parts: a case takes {OBJECTIONS_MAX}.",
        )
    return words


def _ms(moment: datetime) -> int:
    return int((moment - datetime.fromtimestamp(0, UTC)) / timedelta(milliseconds=1))


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)


def _journal_open(path: Path) -> Unavailable:
    return Unavailable(
        f"copies of what was destroyed are left in the journal of {path}.",
        hint="Something reads that file for long; close it and do it again.",
    )


def _no_such(case: str) -> NotFound:
    return NotFound(f"there is no case {case!r}.", hint="A case number is LC-20261124-7F3K9Q2A.")


def _unavailable(path: Path, error: Exception) -> Unavailable | BadInput:
    if "not a database" in str(error):
        return BadInput(f"{path} is not a file of cases.", hint="Name another file.")
    return Unavailable(
        f"the cases in {path}, or their keys, cannot be used: {error}.",
        hint="Check that its folder exists, is writable by this user and has space left.",
    )
