"""Minors counted in PostgreSQL: one count under many gateways, on the database's clock.

It refuses to know the clocks of gateways.

Rules
1. A sign locks the person's row, then reads the clock, then counts: signs of one person are in the
   order of that clock.
2. A thread has a connection of its own; a broken one is made anew. No call waits longer than about
   two seconds.
3. The driver's words may quote the URL, and with it a password: they stay out of errors.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from licet.base.trouble import Unavailable
from licet.minors.store import Seen
from licet.minors.store_rows import decode_days, encode_days
from licet.minors.use import UNUSED, Usage, mark
from licet.minors.zone import Zone
from licet.rulebook.minors import UseRule

_SCHEMA = """
SELECT pg_advisory_xact_lock(hashtext('licet.minor'));
CREATE TABLE IF NOT EXISTS minor (
    subject TEXT PRIMARY KEY,
    record TEXT,
    until_ms BIGINT NOT NULL DEFAULT 0,
    streak_ms BIGINT NOT NULL DEFAULT 0,
    days TEXT NOT NULL DEFAULT '{}'
);
"""
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_READ_NOW = "SELECT " + _NOW
_LOOK = (
    _READ_NOW + ", record, until_ms, streak_ms, days"
    " FROM (SELECT 1) AS one LEFT JOIN minor ON subject = %s"
)
_LOCK = (
    "INSERT INTO minor (subject) VALUES (%s) ON CONFLICT (subject)"
    " DO UPDATE SET subject = excluded.subject RETURNING record, until_ms, streak_ms, days"
)
_WRITE = "UPDATE minor SET until_ms = %s, streak_ms = %s, days = %s WHERE subject = %s"
_PUT = "UPDATE minor SET record = %s WHERE subject = %s AND record IS NOT DISTINCT FROM %s"
_SWEEP = (
    "WITH gone AS (DELETE FROM minor WHERE record IS NULL AND until_ms < %s RETURNING 1)"
    " UPDATE minor SET until_ms = 0, streak_ms = 0, days = '{}'"
    " WHERE record IS NOT NULL AND until_ms BETWEEN 1 AND %s - 1"
)
_SURVEY = (
    _READ_NOW + ", subject, record, until_ms, streak_ms, days FROM minor"
    " WHERE record IS NOT NULL AND subject > %s ORDER BY subject LIMIT %s"
)
_THREADS = 4
_WAIT_S = 2.0
T = TypeVar("T")
_Db = psycopg.Connection[tuple[Any, ...]]


class PostgresStore:
    """A MinorsStore in the database at `url`, its table made where absent."""

    def __init__(self, rule: UseRule, zone: Zone, url: str) -> None:
        self._rule = rule
        self._zone = zone
        self._url = url
        self._own = threading.local()
        self._open: list[_Db] = []
        self._threads = ThreadPoolExecutor(_THREADS, "licet-minors")
        self._using(lambda db: db.execute(_SCHEMA))

    async def look(self, subject: str) -> Seen:
        """As MinorsStore.look."""
        return await self._call(lambda db: self._look(db, subject))

    async def mark(self, subject: str, read_ms: int) -> Seen:
        """As MinorsStore.mark."""
        return await self._call(lambda db: self._mark(db, subject, read_ms))

    async def put(self, subject: str, record: str, instead_of: str | None) -> bool:
        """As MinorsStore.put."""
        return await self._call(lambda db: self._put(db, subject, record, instead_of))

    async def forget(self, subject: str) -> None:
        """As MinorsStore.forget."""
        await self._call(lambda db: db.execute("DELETE FROM minor WHERE subject = %s", (subject,)))

    def flush(self) -> None:
        """As MinorsStore.flush: nothing waits."""

    async def sweep(self, before_ms: int) -> None:
        """As MinorsStore.sweep."""
        await self._call(lambda db: db.execute(_SWEEP, (before_ms, before_ms)))

    async def survey(self, after: str, count: int) -> tuple[tuple[tuple[str, Seen], ...], str]:
        """As MinorsStore.survey."""
        rows = await self._call(lambda db: db.execute(_SURVEY, (after, count)).fetchall())
        persons = tuple((row[1], Seen(int(row[0]), row[2], _usage(row[3:]))) for row in rows)
        return persons, persons[-1][0] if len(persons) == count else ""

    async def close(self) -> None:
        """Let go of the connections, once running calls are over."""
        await asyncio.to_thread(self._threads.shutdown)
        for db in self._open:
            db.close()

    def _look(self, db: _Db, subject: str) -> Seen:
        row = db.execute(_LOOK, (subject,)).fetchone()
        assert row is not None
        return Seen(int(row[0]), row[1], UNUSED if row[2] is None else _usage(row[2:]))

    def _mark(self, db: _Db, subject: str, read_ms: int) -> Seen:
        with db.transaction():
            row = db.execute(_LOCK, (subject,)).fetchone()
            now = db.execute(_READ_NOW).fetchone()
            assert row is not None
            assert now is not None
            usage = mark(_usage(row[1:]), int(now[0]), read_ms, self._rule, self._zone)
            days = encode_days(usage.days)
            db.execute(_WRITE, (usage.until_ms, usage.streak_ms, days, subject))
        return Seen(int(now[0]), row[0], usage)

    def _put(self, db: _Db, subject: str, record: str, instead_of: str | None) -> bool:
        with db.transaction():
            db.execute(_LOCK, (subject,))
            return db.execute(_PUT, (record, subject, instead_of)).rowcount == 1

    async def _call(self, work: Callable[[_Db], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._using, work)
        try:
            return await asyncio.wait_for(running, 2 * _WAIT_S)
        except TimeoutError:
            raise _unavailable("") from None

    def _using(self, work: Callable[[_Db], T]) -> T:
        try:
            return work(self._connection())
        except psycopg.Error as error:
            raise _unavailable(f" (SQLSTATE {error.sqlstate})" if error.sqlstate else "") from None

    def _connection(self) -> _Db:
        db: _Db | None = getattr(self._own, "db", None)
        if db is None or db.closed or db.broken:
            db = psycopg.connect(
                self._url, autocommit=True, connect_timeout=2, tcp_user_timeout=2000
            )
            db.execute("SET statement_timeout = 2000")
            self._own.db = db
            self._open.append(db)
        return db


def _usage(row: tuple[Any, ...]) -> Usage:
    return Usage(int(row[0]), int(row[1]), decode_days(row[2]))


def _unavailable(state: str) -> Unavailable:
    return Unavailable(
        f"the database of minors fails{state}.",
        hint="Check that it runs, that its url is right and that this user may write there.",
    )
