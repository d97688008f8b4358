"""Outsiders: export, serve, verify, prove; and every kind of tampering is found."""

from __future__ import annotations

import functools
import gzip
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ledger import NOW, ORIGIN, MemoryDisk, MemoryStore, entries, entry, make_test_signer
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, Unavailable
from licet.ledger.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from licet.ledger.export import export_log
from licet.ledger.log import Log
from licet.ledger.note import Signer
from licet.ledger.proof import parse_receipt, verify_receipt
from licet.ledger.source import open_source
from licet.ledger.store_sqlite import SqliteStore
from licet.ledger.tiles import parse_path, tiles_of
from licet.ledger.verify import verify_log

SIGNER = make_test_signer()
SIZE = 700


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with ledger.db and, beside it, the same log as static files."""
    home = tmp_path_factory.mktemp("written")
    log = Log(SqliteStore(home / "ledger.db"), SIGNER, ORIGIN)
    for at in range(0, SIZE, 70):
        log.append(entries(70, at), NOW)
    export_log(log, home / "static")
    log.close()
    return home


@pytest.fixture
def home(written: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(written, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def served(written: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(written / "static"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_same_log_verifies_from_folder_database_and_url(written: Path, served: str) -> None:
    reports = [
        verify_log(where, SIGNER.verifier)
        for where in (str(written), str(written / "static"), served, f"{served}/")
    ]
    for report in reports:
        assert report.ok, report
        assert report.signature == "verified"
        assert (report.size, report.entries_checked, report.origin) == (SIZE, SIZE, ORIGIN)
    assert len({report.root for report in reports}) == 1
    assert reports[0].checkpoints_checked == SIZE // 70


@pytest.mark.parametrize("honest", [True, False])
def test_a_server_that_compresses_is_understood_within_bounds(written: Path, honest: bool) -> None:
    """C2SP tlog-tiles lets a log gzip without being asked to."""

    class Compressing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = (written / "static" / self.path.lstrip("/")).read_bytes()
            if not honest and "entries" in self.path:
                data = bytes(64 * 1024 * 1024)
            body = gzip.compress(data, 1)
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Compressing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        report = verify_log(f"http://127.0.0.1:{server.server_port}", SIGNER.verifier)
        server.shutdown()
        thread.join()
    assert report.ok is honest
    assert honest or "more than" in report.problem


def test_without_a_key_the_report_says_so(written: Path) -> None:
    report = verify_log(str(written))
    assert report.ok
    assert report.signature == "not checked"


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


TAMPERINGS: dict[str, tuple[Callable[[Path], None], int | None]] = {
    "an entry": (
        lambda folder: edit(
            folder / "tile/entries/001", lambda data: data.replace(b'"n":300', b'"n":301', 1)
        ),
        300,
    ),
    "an entry taken out": (
        lambda folder: edit(
            folder / "tile/entries/001", lambda data: data[2 + int.from_bytes(data[:2], "big") :]
        ),
        256,
    ),
    "a leaf hash": (
        lambda folder: edit(
            folder / "tile/0/001", lambda data: data[: 32 * 9] + bytes(32) + data[32 * 10 :]
        ),
        265,
    ),
    "a hash of the last tile": (
        lambda folder: edit(folder / "tile/0/002.p/188", lambda data: data[:-1] + b"\0"),
        699,
    ),
    "a hash of the upper tile": (
        lambda folder: edit(folder / "tile/1/000.p/2", lambda data: data[:32] + bytes(32)),
        256,
    ),
    "a bundle gone": (lambda folder: (folder / "tile/entries/001").unlink(), 256),
    "a tile gone": (lambda folder: (folder / "tile/0/000").unlink(), 0),
    "a bundle far too long": (
        lambda folder: edit(folder / "tile/entries/000", lambda data: data * 5000),
        0,
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_where_it_is(name: str, home: Path) -> None:
    tamper, first_bad = TAMPERINGS[name]
    tamper(home / "static")
    report = verify_log(str(home / "static"), SIGNER.verifier)
    assert not report.ok
    assert report.problem
    assert report.first_bad_index == first_bad


def test_a_log_rewritten_as_a_whole_fails_the_signature(home: Path) -> None:
    thief = Signer(ORIGIN, bytes(32))
    log = Log(MemoryStore(MemoryDisk()), thief, ORIGIN)
    log.append(entries(SIZE - 1, 1), NOW)
    shutil.rmtree(home / "static")
    export_log(log, home / "static")
    assert verify_log(str(home / "static")).ok, "it agrees with itself"
    report = verify_log(str(home / "static"), SIGNER.verifier)
    assert not report.ok
    assert report.signature == "false"


def test_a_signed_root_that_the_entries_do_not_give_is_found(home: Path) -> None:
    false = sign_checkpoint(Checkpoint(ORIGIN, SIZE, bytes(32)), SIGNER)
    (home / "static" / "checkpoint").write_bytes(false)
    report = verify_log(str(home / "static"), SIGNER.verifier)
    assert report.signature == "verified"
    assert not report.ok
    assert "root" in report.problem


def test_an_old_checkpoint_that_contradicts_the_log_is_found(home: Path) -> None:
    with sqlite3.connect(home / "ledger.db") as database:
        database.execute("DROP TRIGGER checkpoint_update")
        false = sign_checkpoint(Checkpoint(ORIGIN, 140, bytes(32)), SIGNER).decode()
        database.execute("UPDATE checkpoint SET note = ? WHERE size = 140", (false,))
    database.close()
    report = verify_log(str(home), SIGNER.verifier)
    assert not report.ok
    assert report.first_bad_index == 139


@pytest.mark.parametrize(
    "sql", ["UPDATE run SET data = CAST(data || x'0000' AS BLOB)", "DELETE FROM tile"]
)
def test_a_changed_database_is_found(home: Path, sql: str) -> None:
    with sqlite3.connect(home / "ledger.db") as database:
        for trigger in ("run_update", "tile_delete"):
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(sql)
    database.close()
    assert not verify_log(str(home), SIGNER.verifier).ok


@pytest.mark.parametrize("note", [b"", b"nothing\n", b"\xff" * 40, b"a\n" * 50_000])
def test_a_broken_checkpoint_is_an_answer_not_a_crash(home: Path, note: bytes) -> None:
    (home / "static" / "checkpoint").write_bytes(note)
    if len(note) > 65_536:
        with pytest.raises(Corrupt):
            verify_log(str(home / "static"), SIGNER.verifier)
    else:
        assert not verify_log(str(home / "static"), SIGNER.verifier).ok


def test_where_there_is_no_log_it_says_so(tmp_path: Path, served: str) -> None:
    with pytest.raises(NotFound):
        verify_log(str(tmp_path))
    with pytest.raises(NotFound):
        verify_log(f"{served}/elsewhere")
    with pytest.raises(Unavailable):
        verify_log("http://127.0.0.1:1/ledger")
    with pytest.raises(BadInput):
        open_source("http://127.0.0.1/ledger?x=1")


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(home: Path) -> None:
    """An older checkpoint still verifies when only newer, fuller tiles are left."""
    static = home / "static"
    log = Log(SqliteStore(home / "ledger.db"), SIGNER, ORIGIN)
    old = (static / "checkpoint").read_bytes()
    log.append(entries(400, SIZE), NOW)
    export_log(log, static)
    for path in (static / "tile/0/002.p", static / "tile/entries/002.p"):
        shutil.rmtree(path)
    (static / "checkpoint").write_bytes(old)
    report = verify_log(str(static), SIGNER.verifier)
    assert report.ok, report
    assert report.size == SIZE
    log.close()


def test_exporting_again_writes_what_is_new_and_refuses_another_log(home: Path) -> None:
    log = Log(SqliteStore(home / "ledger.db"), SIGNER, ORIGIN)
    assert export_log(log, home / "static") == 1, "the checkpoint alone"
    log.append(entries(10, SIZE), NOW)
    assert export_log(log, home / "static") < 6
    assert verify_log(str(home / "static"), SIGNER.verifier).size == SIZE + 10
    log.close()
    other = Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN)
    other.append(entries(2000, 1), NOW)
    with pytest.raises(Conflict):
        export_log(other, home / "static")
    assert verify_log(str(home / "static"), SIGNER.verifier).ok


def grown(size: int) -> Log:
    log = Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN)
    log.append(entries(size), NOW)
    return log


LOG = grown(1300)


@given(st.integers(0, 1299))
def test_every_receipt_proves_its_entry_offline_and_no_other(index: int) -> None:
    data = LOG.prove(index).render()
    assert parse_receipt(data).render() == data
    checkpoint, proven = verify_receipt(data, SIGNER.verifier)
    assert (checkpoint.size, proven) == (1300, entry(index))
    assert verify_receipt(data, SIGNER.verifier, entry(index))[1] == entry(index)
    with pytest.raises(Corrupt):
        verify_receipt(data, SIGNER.verifier, entry(index + 1))


@given(st.integers(0, 1299), st.data())
def test_a_changed_receipt_proves_nothing_else(index: int, data: st.DataObject) -> None:
    receipt = LOG.prove(index).render()
    at = data.draw(st.integers(0, len(receipt) - 1))
    changed = bytearray(receipt)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        checkpoint, proven = verify_receipt(bytes(changed), SIGNER.verifier)
    except (BadInput, Corrupt):
        return
    raise AssertionError(f"believed {proven!r} in {checkpoint}")


@given(st.binary(max_size=150))
def test_no_bytes_crash_the_receipt_reader(data: bytes) -> None:
    for text in (data, b"c2sp.org/tlog-proof@v1\n" + data):
        with pytest.raises(BadInput):
            parse_receipt(text)


def test_a_receipt_without_its_entry_needs_it_from_the_asker() -> None:
    receipt = parse_receipt(LOG.prove(5).render())
    bare = type(receipt)(receipt.index, receipt.hashes, receipt.checkpoint).render()
    assert b"extra" not in bare
    with pytest.raises(BadInput):
        verify_receipt(bare, SIGNER.verifier)
    assert verify_receipt(bare, SIGNER.verifier, entry(5))[1] == entry(5)


def test_every_resource_of_every_shown_size_is_served() -> None:
    log = Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN)
    sizes = [1, 5, 255, 256, 300, 513]
    for size in sizes:
        log.append(entries(size - log.size, log.size), NOW)
        for old in sizes:
            if old <= size:
                for name in tiles_of(old):
                    assert log.fetch(name.path), (old, size, name.path)
        beyond = set(tiles_of(size + 1)) - set(tiles_of(size))
        for name in beyond:
            with pytest.raises(NotFound):
                log.fetch(name.path)
    assert read_checkpoint(log.fetch("checkpoint")).size == 513
    for path in ("", "tile/0/000/../../../etc", "ledger.db", "checkpoint/"):
        with pytest.raises(BadInput):
            log.fetch(path)
    with pytest.raises(BadInput):
        parse_path("checkpoint")


def test_asking_beyond_the_end_is_told() -> None:
    for ask in (
        lambda: LOG.prove(1300),
        lambda: LOG.prove(-1),
        lambda: LOG.entries(1299, 2),
        lambda: LOG.prove_growth(1301),
        lambda: LOG.tile(0, 5, 21),
        lambda: LOG.tile(5, 0, 1),
        lambda: LOG.entries_tile(6, 1),
    ):
        with pytest.raises(NotFound):
            ask()
