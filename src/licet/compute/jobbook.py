"""Jobs that were accepted, how far each has come, what was told to whom, and the rounds in which
they were placed; in one SQLite file.

It refuses to know what a stage means; `desk.py` does.

Rules
1. A row is written whole in one transaction; a notice is kept once.
2. A job that was accepted is never deleted, a round that was decided neither.
3. A round, the jobs that it placed and the credits that it went by are written together.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from licet.base.trouble import Conflict, Unavailable
from licet.compute.execution.contract import State
from licet.compute.model import Need

Stage = Literal[
    "waiting",
    "placed",
    "reserved",
    "submitted",
    "released",
    "over",
    "billed",
    "settled",
]
WAIT_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS compute_job (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,
    row BLOB NOT NULL, settled INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS compute_notice (job TEXT NOT NULL, attempt INTEGER NOT NULL,
    what TEXT NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (job, attempt, what));
CREATE TABLE IF NOT EXISTS compute_round (n INTEGER PRIMARY KEY, body BLOB NOT NULL,
    entered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS compute_credit (account TEXT PRIMARY KEY, owed REAL NOT NULL,
    at_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS compute_used (account TEXT NOT NULL, pool TEXT NOT NULL,
    accelerator_s INTEGER NOT NULL, PRIMARY KEY (account, pool));
"""


_ACCEPTED = ("need", "command", "image", "voucher")


@dataclass(frozen=True, slots=True)
class Row:
    """A job: what was accepted, and how far it has come. `attempt` counts from 1; `pool`,
    `supplier` and `price` (fen an accelerator-hour) of this attempt; how it `ended`, what it used
    in accelerator-seconds, and what is `owed` for it in fen; `image`: the container's, empty: it
    runs in none."""

    id: str
    need: Need
    command: tuple[str, ...]
    longest_s: int
    voucher: str
    stage: Stage = "waiting"
    attempt: int = 1
    pool: str = ""
    supplier: str = ""
    price: int = 0
    ended: State | None = None
    owed: int = 0
    used_s: int = 0
    image: str = ""

    @property
    def name(self) -> str:
        """Of this attempt, as whoever runs it knows it."""
        return f"{self.id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the customer of a job was told, and when."""

    job: str
    attempt: int
    what: str
    at_s: int


class JobBook:
    """Rows and notices in the file at `path`. `connect` opens it; tests break it off there."""

    def __init__(
        self, path: Path, connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    ) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise _silent(error) from error

    def add(self, row: Row) -> bool:
        """Keep a new job; False: it is there already. Raises Conflict where another has its id."""
        kept = self.find(row.id)
        if kept is not None:
            if any(getattr(kept, name) != getattr(row, name) for name in _ACCEPTED):
                raise Conflict(f"there is another job {row.id}.", hint="Give this one its own id.")
            return False
        with self._using() as db:
            db.execute(
                "INSERT INTO compute_job VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM"
                " compute_job), ?, 0) ON CONFLICT (id) DO NOTHING",
                (row.id, msgspec.json.encode(row)),
            )
        return True

    def save(self, row: Row) -> None:
        """Keep how far a job has come."""
        with self._using() as db:
            _save(db, row)

    def save_billed(self, row: Row) -> None:
        """Keep a job whose use is known; add that to its account's use of its pool, together."""
        with self._together() as db:
            _save(db, row)
            db.execute(
                "INSERT INTO compute_used VALUES (?, ?, ?) ON CONFLICT (account, pool)"
                " DO UPDATE SET accelerator_s = accelerator_s + excluded.accelerator_s",
                (row.need.account, row.pool, row.used_s),
            )

    def used(self) -> Mapping[tuple[str, str], int]:
        """Accelerator-seconds that were metered, by account and pool; of lost attempts, too."""
        with self._using() as db:
            rows = db.execute("SELECT account, pool, accelerator_s FROM compute_used").fetchall()
        return {(account, pool): seconds for account, pool, seconds in rows}

    def keep_round(
        self, body: bytes | None, placed: Sequence[Row], owed: Mapping[str, float], at_s: int
    ) -> None:
        """Rule 3. `body` None: a round that is not worth keeping, for nothing changed."""
        with self._together() as db:
            if body is not None:
                db.execute("INSERT INTO compute_round (body, entered) VALUES (?, 0)", (body,))
            for row in placed:
                _save(db, row)
            db.executemany(
                "INSERT OR REPLACE INTO compute_credit VALUES (?, ?, ?)",
                [(account, value, at_s) for account, value in owed.items()],
            )

    def owed(self) -> tuple[Mapping[str, float], int | None]:
        """Credits of accounts in accelerator-seconds, and of which moment; None: of none yet."""
        with self._using() as db:
            rows = db.execute("SELECT account, owed, at_s FROM compute_credit").fetchall()
        at_s = max((one[2] for one in rows), default=None)
        return {account: value for account, value, _ in rows}, at_s

    def rounds(self, *, entered: bool | None = None) -> list[tuple[int, bool]]:
        """Numbers of the rounds that are kept, the oldest first, and whether each stands in the
        ledger; `entered`: only those, or only the others."""
        query = "SELECT n, entered FROM compute_round WHERE entered = ? OR ? IS NULL ORDER BY n"
        with self._using() as db:
            return [(n, bool(is_in)) for n, is_in in db.execute(query, (entered, entered))]

    def round(self, number: int | None = None) -> tuple[int, bytes] | None:
        """A round by its number, None: the latest; with its number."""
        query = (
            "SELECT n, body FROM compute_round WHERE n = ? OR ? IS NULL ORDER BY n DESC LIMIT 1"
        )
        with self._using() as db:
            found = db.execute(query, (number, number)).fetchone()
        return None if found is None else (found[0], found[1])

    def set_entered(self, number: int) -> None:
        """Keep that a round stands in the ledger."""
        with self._using() as db:
            db.execute("UPDATE compute_round SET entered = 1 WHERE n = ?", (number,))

    def find(self, job: str) -> Row | None:
        """A job by id."""
        with self._using() as db:
            found = db.execute("SELECT row FROM compute_job WHERE id = ?", (job,)).fetchone()
        return None if found is None else _row(found[0])

    def all(self, *, settled: bool | None = None) -> list[Row]:
        """Jobs in order of acceptance; `settled`: only those, or only the others."""
        query = "SELECT row FROM compute_job WHERE settled = ? OR ? IS NULL ORDER BY seq"
        with self._using() as db:
            return [_row(one[0]) for one in db.execute(query, (settled, settled)).fetchall()]

    def tell(self, notice: Notice) -> None:
        """Keep a notice, once."""
        with self._using() as db:
            db.execute(
                "INSERT INTO compute_notice VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (notice.job, notice.attempt, notice.what, notice.at_s),
            )

    def notices(self) -> list[Notice]:
        """Every notice, in the order in which they were kept."""
        with self._using() as db:
            return [Notice(*one) for one in db.execute("SELECT * FROM compute_notice")]

    def told(self, job: str) -> list[Notice]:
        """Notices of a job, the oldest first."""
        query = "SELECT * FROM compute_notice WHERE job = ? ORDER BY attempt, at_s, rowid"
        with self._using() as db:
            return [Notice(*one) for one in db.execute(query, (job,)).fetchall()]

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _together(self) -> Iterator[sqlite3.Connection]:
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise _silent(error) from error


def _save(db: sqlite3.Connection, row: Row) -> None:
    db.execute(
        "UPDATE compute_job SET row = ?, settled = ? WHERE id = ?",
        (msgspec.json.encode(row), row.stage == "settled", row.id),
    )


def _row(data: bytes) -> Row:
    return msgspec.json.decode(data, type=Row)


def _silent(error: Exception) -> Unavailable:
    return Unavailable(f"the book of jobs does not answer: {error}.",
                       hint="Look at the disk; then say it again.")  # fmt: skip
