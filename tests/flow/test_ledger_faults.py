"""The fault matrix: every write fails, kept and not kept, and no acknowledged entry is lost."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.databases import postgres_schema
from kit.ledger import (
    NOW,
    ORIGIN,
    Fault,
    FaultyStore,
    MemoryDisk,
    MemoryStore,
    entries,
    make_test_signer,
)
from licet.base.trouble import Conflict, Corrupt, Trouble, Unavailable
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.connect import open_store
from licet.ledger.log import Log, LogView
from licet.ledger.source import StoreSource
from licet.ledger.store import Store
from licet.ledger.store_sqlite import SqliteStore
from licet.ledger.tree import Tree, grow, leaf_hashes
from licet.ledger.verify import verify_log

SIGNER = make_test_signer()


def check_whole(store: Store, acknowledged: dict[int, bytes], shown: Sequence[bytes]) -> None:
    """The whole log verifies, holds what was acknowledged, and continues what it has shown."""
    if not acknowledged and store.load_checkpoint() is None:
        return
    report = verify_log(StoreSource("test", store), SIGNER.verifier)
    assert report.ok, report
    view = LogView(store, SIGNER.verifier)
    log_entries = view.entries(0, view.size)
    for index, body in acknowledged.items():
        assert log_entries[index] == body, index
    for note in shown:
        old = read_checkpoint(note)
        assert grow(Tree(), leaf_hashes(log_entries[: old.size]))[0].root == old.root


def append_all(log: Log, batches: Sequence[Sequence[bytes]], store: Store) -> dict[int, bytes]:
    """Appends each batch, again while it fails, as a patient caller would; checks at each step."""
    acknowledged: dict[int, bytes] = {}
    shown: list[bytes] = []
    for batch in batches:
        for _ in range(6):
            try:
                indices = log.append(batch, NOW)
            except Unavailable:
                shown.append(log.checkpoint())
                check_whole(store, acknowledged, shown)
                continue
            assert len(indices) == len(batch)
            acknowledged |= dict(zip(indices, batch, strict=True))
            break
        else:
            raise AssertionError("the log did not come back")
        shown.append(log.checkpoint())
        check_whole(store, acknowledged, shown)
    return acknowledged


BATCHES = [entries(3), entries(250, 3), entries(10, 253), entries(520, 263), entries(1, 783)]


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
@pytest.mark.parametrize("fault", ["lost", "kept"])
@pytest.mark.parametrize("number", range(5))
def test_every_commit_may_fail_kept_or_not(
    kind: str, fault: Fault, number: int, tmp_path: Path
) -> None:
    def run(open_one: Callable[[], Store]) -> None:
        store = FaultyStore(open_one(), {number: fault}, {0} if number % 2 else None)
        log = Log(store, SIGNER, ORIGIN)
        acknowledged = append_all(log, BATCHES, store)
        assert [acknowledged[index] for index in sorted(acknowledged)] == entries(784)
        kept_unasked = len(BATCHES[number]) if fault == "kept" else 0
        assert log.size == 784 + kept_unasked
        log.close()
        again = open_one()
        check_whole(again, acknowledged, [log.checkpoint()])
        again.close()

    if kind == "postgres":
        with postgres_schema() as url:
            run(lambda: open_store(url))
    elif kind == "sqlite":
        run(lambda: open_store(tmp_path / "ledger.db"))
    else:
        disk = MemoryDisk()
        run(lambda: MemoryStore(disk))


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 12), st.sampled_from(["lost", "kept"]), max_size=5),
    st.sets(st.integers(0, 6), max_size=3),
)
def test_any_run_of_faults_loses_nothing_acknowledged(
    sizes: list[int], saves: dict[int, Fault], recovers: set[int]
) -> None:
    starts = itertools.accumulate(sizes, initial=0)
    batches = [entries(size, at) for size, at in zip(sizes, starts, strict=False)]
    store = FaultyStore(MemoryStore(MemoryDisk()), saves, recovers)
    log = Log(store, SIGNER, ORIGIN)
    acknowledged: dict[int, bytes] = {}
    for batch in batches:
        try:
            acknowledged |= dict(zip(log.append(batch, NOW), batch, strict=True))
        except Trouble:
            continue
    check_whole(store, acknowledged, [log.checkpoint()])


def test_a_checkpoint_is_shown_only_after_its_commit() -> None:
    shown_during: list[bytes] = []

    class Watching(MemoryStore):
        def save(self, growth: Any) -> None:
            shown_during.append(log.checkpoint())
            super().save(growth)

    log = Log(Watching(MemoryDisk()), SIGNER, ORIGIN)
    before = log.checkpoint()
    log.append(entries(2), NOW)
    assert shown_during == [before]
    assert read_checkpoint(log.checkpoint()).size == 2


def test_no_two_checkpoints_contradict_each_other() -> None:
    """What a commit of unknown fate signed is continued where it was kept."""
    store = FaultyStore(MemoryStore(MemoryDisk()), {1: "kept", 3: "lost", 4: "kept"})
    log = Log(store, SIGNER, ORIGIN)
    for batch in BATCHES:
        for _ in range(3):
            try:
                log.append(batch, NOW)
                break
            except Unavailable:
                continue
    check_whole(store, {}, store.seen)


class FailingConnection(sqlite3.Connection):
    """Real SQLite that fails around the n-th statement of the writer, counted over all."""

    statements = 0
    fail_at = -1
    kept = False

    def _around(self, run: Callable[[], Any]) -> Any:
        kind = type(self)
        number, kind.statements = kind.statements, kind.statements + 1
        if number != kind.fail_at:
            return run()
        if kind.kept:
            run()
        raise sqlite3.OperationalError("disk I/O error")

    def execute(self, *args: Any) -> Any:
        return self._around(lambda: super(FailingConnection, self).execute(*args))

    def executemany(self, *args: Any) -> Any:
        return self._around(lambda: super(FailingConnection, self).executemany(*args))


@pytest.mark.parametrize("kept", [False, True])
def test_every_statement_to_sqlite_may_fail(kept: bool, tmp_path: Path) -> None:
    """Opening, each insert, the commit: the n-th statement fails, for every n."""
    for number in range(200):

        class Connection(FailingConnection):
            pass

        Connection.fail_at, Connection.kept = number, kept
        path = tmp_path / f"{number}.db"
        acknowledged: dict[int, bytes] = {}

        def connect(*args: Any, **options: Any) -> sqlite3.Connection:
            return sqlite3.connect(*args, **options, factory=Connection)

        try:
            log = Log(SqliteStore(path, connect=connect), SIGNER, ORIGIN)
        except Unavailable:
            continue
        for batch in (entries(250), entries(20, 250)):
            try:
                indices = log.append(batch, NOW)
            except Unavailable:
                indices = log.append(batch, NOW)
            acknowledged |= dict(zip(indices, batch, strict=True))
        log.close()
        again = SqliteStore(path)
        check_whole(again, acknowledged, [log.checkpoint()])
        again.close()
        if Connection.statements <= number:
            return
    raise AssertionError("the statements never came to an end")


def test_a_store_that_forgot_what_was_shown_is_refused() -> None:
    disk = MemoryDisk()
    store = FaultyStore(MemoryStore(disk), {2: "lost"})
    log = Log(store, SIGNER, ORIGIN)
    log.append(entries(5), NOW)
    log.append(entries(5, 5), NOW)
    with pytest.raises(Unavailable):
        log.append(entries(5, 10), NOW)
    del disk.checkpoints[10], disk.runs[5]  # somebody restores an older copy
    with pytest.raises(Corrupt) as caught:
        log.append(entries(5, 10), NOW)
    assert "verify" in caught.value.hint


def test_a_log_whose_tiles_were_changed_does_not_open() -> None:
    for tamper in ("tile", "entry", "gone"):
        disk = MemoryDisk()
        log = Log(MemoryStore(disk), SIGNER, ORIGIN)
        log.append(entries(300), NOW)
        log.close()
        if tamper == "tile":
            disk.tiles[0, 0] = bytes(8192)
        elif tamper == "entry":
            disk.runs[256] = disk.runs[256].replace(b"256", b"999")
        else:
            del disk.tiles[0, 0]
        with pytest.raises(Corrupt) as caught:
            Log(MemoryStore(disk), SIGNER, ORIGIN)
        assert caught.value.hint


def test_a_writer_that_was_replaced_does_not_write() -> None:
    disk = MemoryDisk()
    log = Log(MemoryStore(disk), SIGNER, ORIGIN)
    log.append(entries(5), NOW)
    disk.claimed_by = None  # its session was ended from outside, and another took over
    other = Log(MemoryStore(disk), SIGNER, ORIGIN)
    other.append(entries(3, 5), NOW)
    with pytest.raises(Conflict):
        log.append(entries(1, 99), NOW)
    with pytest.raises(Conflict):
        log.append(entries(1, 99), NOW)
    other.close()
    assert log.append(entries(1, 8), NOW) == range(8, 9)
    assert log.entries(0, 9) == entries(9)
