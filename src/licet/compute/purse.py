"""The books: transfers kept for good in SQLite or PostgreSQL, balances beside them.

It refuses to know programmes, jobs and prices.

Rules
1. A transfer and both balances are written in one transaction, or nothing is.
2. Transfers are only ever added. Balances can be made again from them; `audit` does, and compares.
3. Writers wait for each other; who waits longer than WAIT_S is told that the books do not answer.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from licet.base.extras import to_install
from licet.base.trouble import BadInput, Conflict, Corrupt, Unavailable
from licet.compute.money import Transfer, check, same, short

WAIT_S = 5.0
_TRANSFERS = (
    "CREATE TABLE IF NOT EXISTS compute_transfer (id TEXT PRIMARY KEY, kind TEXT NOT NULL,"
    " giver TEXT NOT NULL, taker TEXT NOT NULL, fen BIGINT NOT NULL CHECK (fen >= 0),"
    " at_s BIGINT NOT NULL, seq BIGINT NOT NULL UNIQUE)"
)
_BALANCES = (
    "CREATE TABLE IF NOT EXISTS compute_balance (account TEXT PRIMARY KEY,"
    " fen BIGINT NOT NULL CHECK (fen >= 0 OR account = 'outside'))"
)
_ROW = "SELECT id, kind, giver, taker, fen, at_s FROM compute_transfer"
_INSERT = (
    "INSERT INTO compute_transfer (id, kind, giver, taker, fen, at_s, seq) VALUES (?, ?, ?, ?, ?,"
    " ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM compute_transfer))"
)
_CHANGE = (
    "INSERT INTO compute_balance (account, fen) VALUES (?, ?) ON CONFLICT (account)"
    " DO UPDATE SET fen = compute_balance.fen + excluded.fen"
)
Connect = Callable[[], Any]


class Purse:
    """Books behind a connection of either kind; safe across threads and processes."""

    def __init__(self, connect: Connect, *, begin: Sequence[str], mark: str, errors: Any) -> None:
        self._begin, self._mark, self._errors = begin, mark, errors
        self._lock = threading.Lock()
        try:
            self._db = connect()
        except errors as error:
            raise _silent(error) from error
        with self._writing():
            for statement in (_TRANSFERS, _BALANCES):
                self._do(statement)

    def move(self, transfer: Transfer) -> bool:
        """Make a transfer; False: it was made before. Kept for good when this returns.

        Raises BadInput for what is no transfer, Conflict where the giver has too little or the id
        stands for another transfer, Unavailable where the books do not answer.
        """
        return self.move_all([transfer]) == 1

    def move_all(self, transfers: Sequence[Transfer]) -> int:
        """Make transfers together, or none of them; how many were new. Raises as `move`."""
        for transfer in transfers:
            check(transfer)
        with self._writing():
            return sum(self._make(transfer) for transfer in transfers)

    def balance(self, account: str) -> int:
        """Fen on an account; 0 for one that nobody has heard of."""
        with self._reading():
            rows = self._do("SELECT fen FROM compute_balance WHERE account = ?", account)
            return int(rows[0][0]) if rows else 0

    def statement(self, account: str) -> list[Transfer]:
        """Every transfer of an account, in the order in which they were made."""
        with self._reading():
            rows = self._do(f"{_ROW} WHERE giver = ? OR taker = ? ORDER BY seq", account, account)
            return [Transfer(*row) for row in rows]

    def audit(self) -> None:
        """Raise Corrupt where balances are not what the transfers say, or their sum is not 0."""
        with self._reading():
            kept = dict(self._do("SELECT account, fen FROM compute_balance"))
            made: dict[str, int] = {}
            for giver, taker, fen in self._do("SELECT giver, taker, fen FROM compute_transfer"):
                made[giver] = made.get(giver, 0) - fen
                made[taker] = made.get(taker, 0) + fen
        wrong = sorted(one for one in {*kept, *made} if kept.get(one, 0) != made.get(one, 0))
        if wrong or sum(kept.values()) != 0:
            raise Corrupt(f"the books do not balance: {', '.join(wrong) or 'their sum'}.",
                          hint="Stop paying, and restore them from a backup.")  # fmt: skip

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._db.close()

    def _make(self, transfer: Transfer) -> int:
        kept = self._do(f"{_ROW} WHERE id = ?", transfer.id)
        if kept:
            same(transfer, Transfer(*kept[0]))
            return 0
        rows = self._do("SELECT fen FROM compute_balance WHERE account = ?", transfer.giver)
        if short(transfer, int(rows[0][0]) if rows else 0):
            raise Conflict(f"{transfer.giver} has too little for {transfer.fen} fen.",
                           hint="Look at its statement; grant more, or ask for less.")  # fmt: skip
        self._do(_INSERT, transfer.id, transfer.kind, transfer.giver, transfer.taker,
                 transfer.fen, transfer.at_s)  # fmt: skip
        # The taker first: a check on the giver's balance must not see a state between.
        self._do(_CHANGE, transfer.taker, transfer.fen)
        self._do("UPDATE compute_balance SET fen = fen - ? WHERE account = ?", transfer.fen,
                 transfer.giver)  # fmt: skip
        if not rows:
            self._do(_CHANGE, transfer.giver, -transfer.fen)
        return 1

    def _do(self, statement: str, *values: object) -> list[Any]:
        cursor = self._db.execute(statement.replace("?", self._mark), values)
        return list(cursor.fetchall()) if cursor.description else []

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._reading():
            for statement in self._begin:
                self._db.execute(statement)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(self._errors):
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except self._errors as error:
                raise _silent(error) from error


def open_purse(url: str, connect: Callable[..., sqlite3.Connection] = sqlite3.connect) -> Purse:
    """The books at `sqlite:PATH` or `postgresql://…`. `connect` opens a file; tests hand in one
    that they can break off. Raises BadInput for another URL, Unavailable where nothing answers."""
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:"))

        def file() -> sqlite3.Connection:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            return db

        return Purse(file, begin=["BEGIN IMMEDIATE"], mark="?", errors=(sqlite3.Error, OSError))
    if url.startswith(("postgresql://", "postgres://")):
        try:
            import psycopg  # an extra
        except ImportError:
            raise BadInput(
                "PostgreSQL needs a client that is not installed.",
                hint=to_install("postgres"),
            ) from None
        lock = ["BEGIN", f"SET LOCAL lock_timeout = '{int(WAIT_S)}s'",
                "SELECT pg_advisory_xact_lock(6042)"]  # fmt: skip
        return Purse(lambda: psycopg.connect(url, autocommit=True), begin=lock, mark="%s",
                     errors=psycopg.Error)  # fmt: skip
    raise BadInput("the books' url is neither sqlite: nor postgresql://.",
                   hint="Write sqlite:/path/to/compute.db.")  # fmt: skip


def _silent(error: BaseException) -> Unavailable:
    return Unavailable(f"the books of vouchers do not answer: {error}.",
                       hint="Look at the disk or the database; then say it again.")  # fmt: skip
