"""One contract for every store of the ledger: memory, SQLite, PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.databases import postgres_schema
from kit.ledger import NOW, MemoryDisk, MemoryStore, entries, growth_of, make_test_signer
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, Trouble, Unavailable
from licet.ledger.connect import open_store
from licet.ledger.log import Log, LogView
from licet.ledger.store import Store
from licet.ledger.store_sqlite import SqliteStore
from licet.ledger.tiles import split_entries

Open = Callable[[], Store]
SIGNER = make_test_signer()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again, as processes would that follow each other."""
    opened: list[Store] = []
    disk = MemoryDisk()

    def keep(store: Store) -> Store:
        opened.append(store)
        return store

    if request.param == "memory":
        yield lambda: keep(MemoryStore(disk))
    elif request.param == "sqlite":
        yield lambda: keep(open_store(tmp_path / "ledger.db"))
    else:
        with postgres_schema() as url:
            yield lambda: keep(open_store(url))
            for store in opened:
                store.close()
            opened.clear()
    for store in opened:
        store.close()


class TestContract:
    def test_an_empty_store_has_nothing(self, open_one: Open) -> None:
        store = open_one()
        assert store.load_checkpoint() is None
        assert list(store.load_checkpoints()) == []
        assert store.load_bundle(0) == b""
        with pytest.raises(NotFound):
            store.load_tile(0, 0)

    def test_what_was_saved_is_there_after_reopening(self, open_one: Open) -> None:
        store = open_one()
        store.claim()
        store.save(growth_of(0, entries(300), b"note of 300\n", tiles=1))
        store.save(growth_of(300, entries(5, 300), b"note of 305\n"))
        store.close()
        again = open_one()
        assert again.load_checkpoint() == b"note of 305\n"
        assert list(again.load_checkpoints()) == [b"note of 300\n", b"note of 305\n"]
        assert len(again.load_tile(0, 0)) == 8192
        assert list(again.load_tiles(0, 0, 0)) == []
        with pytest.raises(NotFound):
            again.load_tiles(0, 0, 2)

    def test_a_bundle_is_its_runs_in_order(self, open_one: Open) -> None:
        store = open_one()
        store.claim()
        for at in range(0, 20, 4):
            store.save(growth_of(at, entries(4, at), b"note %d\n" % at))
        assert split_entries(store.load_bundle(0)) == entries(20)
        assert store.load_bundle(1) == b""

    def test_a_second_claim_is_refused_until_the_first_ends(self, open_one: Open) -> None:
        first, second = open_one(), open_one()
        first.claim()
        with pytest.raises(Conflict):
            second.claim()
        first.close()
        second.claim()
        second.save(growth_of(0, entries(1), b"note\n"))

    def test_saving_needs_the_claim(self, open_one: Open) -> None:
        with pytest.raises(Conflict):
            open_one().save(growth_of(0, entries(1), b"note\n"))

    @pytest.mark.parametrize("before", [0, 3, 6])
    def test_a_save_of_another_size_keeps_nothing(self, open_one: Open, before: int) -> None:
        store = open_one()
        store.claim()
        store.save(growth_of(0, entries(5), b"note of 5\n"))
        with pytest.raises(Conflict):
            store.save(growth_of(before, entries(9, before), b"another\n", tiles=1))
        assert store.load_checkpoint() == b"note of 5\n"
        assert split_entries(store.load_bundle(0)) == entries(5)
        with pytest.raises(NotFound):
            store.load_tile(0, 0)
        store.save(growth_of(5, entries(1, 5), b"note of 6\n"))

    def test_readers_see_commits_of_another_opening(self, open_one: Open) -> None:
        writer, reader = open_one(), open_one()
        writer.claim()
        assert reader.load_checkpoint() is None
        writer.save(growth_of(0, entries(3), b"note\n"))
        assert reader.load_checkpoint() == b"note\n"
        assert split_entries(reader.load_bundle(0)) == entries(3)

    def test_a_recovered_store_goes_on(self, open_one: Open) -> None:
        store = open_one()
        store.claim()
        store.save(growth_of(0, entries(3), b"note of 3\n"))
        store.recover()
        assert store.load_checkpoint() == b"note of 3\n"
        with pytest.raises(Conflict):
            open_one().claim()
        store.save(growth_of(3, entries(1, 3), b"note of 4\n"))

    def test_closing_twice_is_fine(self, open_one: Open) -> None:
        store = open_one()
        store.claim()
        store.close()
        store.close()


class TestLog:
    def test_a_log_comes_back_as_it_was(self, open_one: Open) -> None:
        log = Log(open_one(), SIGNER, SIGNER.verifier.name)
        for at in range(0, 700, 100):
            assert log.append(entries(100, at), NOW) == range(at, at + 100)
        note, size = log.checkpoint(), log.size
        log.close()
        again = Log(open_one(), SIGNER, SIGNER.verifier.name)
        assert (again.checkpoint(), again.size) == (note, size)
        assert again.entries(0, 700) == entries(700)

    def test_a_second_log_is_refused(self, open_one: Open) -> None:
        log = Log(open_one(), SIGNER, SIGNER.verifier.name)
        with pytest.raises(Conflict):
            Log(open_one(), SIGNER, SIGNER.verifier.name)
        log.append(entries(3), NOW)

    def test_a_log_of_another_key_does_not_open(self, open_one: Open) -> None:
        log = Log(open_one(), SIGNER, SIGNER.verifier.name)
        log.append(entries(3), NOW)
        log.close()
        other = make_test_signer("elsewhere.example/log")
        with pytest.raises(Corrupt) as caught:
            Log(open_one(), other, "elsewhere.example/log")
        assert "key" in caught.value.hint
        Log(open_one(), SIGNER, SIGNER.verifier.name)  # the refused one let its claim go

    def test_a_view_follows_the_writer(self, open_one: Open) -> None:
        log = Log(open_one(), SIGNER, SIGNER.verifier.name)
        store = open_one()
        with pytest.raises(NotFound):
            LogView(store, SIGNER.verifier)
        log.append(entries(10), NOW)
        view = LogView(store, SIGNER.verifier)
        log.append(entries(300, 10), NOW)
        assert view.size == 10
        view.refresh()
        assert view.size == 310
        assert view.checkpoint() == log.checkpoint()


def test_the_database_itself_refuses_to_change_what_was_written(tmp_path: Path) -> None:
    log = Log(open_store(tmp_path / "ledger.db"), SIGNER, SIGNER.verifier.name)
    log.append(entries(300), NOW)
    log.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for sql in (
            "UPDATE run SET data = x'00'",
            "DELETE FROM run",
            "DELETE FROM tile",
            "UPDATE checkpoint SET note = ''",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                database.execute(sql)
    database.close()


def test_postgres_refuses_to_change_what_was_written() -> None:
    with postgres_schema() as url:
        log = Log(open_store(url), SIGNER, SIGNER.verifier.name)
        log.append(entries(300), NOW)
        log.close()
        import psycopg

        with psycopg.connect(url, autocommit=True) as database:
            for statement in ("UPDATE ledger_run SET data = ''", "TRUNCATE ledger_checkpoint"):
                with pytest.raises(psycopg.errors.RaiseException, match="only grows"):
                    database.execute(statement)


def test_postgres_writer_that_lost_its_session_stops_and_comes_back() -> None:
    with postgres_schema() as url:
        import psycopg

        log = Log(open_store(url), SIGNER, SIGNER.verifier.name)
        log.append(entries(5), NOW)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'licet ledger' AND datname = current_database() "
                "AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = "
                "((hashtextextended('licet ledger ' || current_schema(), 0)) & 4294967295)::oid)"
            )
        with pytest.raises(Unavailable):
            log.append(entries(5, 5), NOW)
        assert log.append(entries(5, 5), NOW) == range(5, 10)
        assert log.entries(0, 10) == entries(10)
        log.close()


def test_postgres_claim_waits_for_one_that_is_just_ending() -> None:
    """A restarted gateway must not be refused because the server has not noticed the old one."""
    with postgres_schema() as url:
        import psycopg

        open_store(url).close()
        with psycopg.connect(url, autocommit=True) as killed:
            killed.execute(
                "SELECT pg_advisory_lock(hashtextextended('licet ledger ' || current_schema(), 0))"
            )
            ending = threading.Timer(0.2, killed.close)
            ending.start()
            store = open_store(url)
            store.claim()
            ending.join()
        store.save(growth_of(0, entries(1), b"note\n"))
        store.close()


def test_troubles_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    cases: list[tuple[type[Trouble], Callable[[], object]]] = [
        (NotFound, lambda: SqliteStore(tmp_path / "none.db", read_only=True)),
        (Corrupt, lambda: SqliteStore(tmp_path / "broken.db")),
        (Unavailable, lambda: SqliteStore(tmp_path)),
        (Unavailable, lambda: open_store("postgresql://nobody@127.0.0.1:1/none")),
        (BadInput, lambda: Log(MemoryStore(MemoryDisk()), SIGNER, "another.example")),
    ]
    for expected, act in cases:
        with pytest.raises(expected) as caught:
            act()
        assert caught.value.message
