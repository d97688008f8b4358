"""Real processes killed in the middle, and a disk that is really full."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.house import ROOT
from kit.ledger import NOW, ORIGIN, entries, entry, make_test_signer
from licet.base.trouble import NotFound
from licet.ledger.entry import parse_entry
from licet.ledger.log import Log
from licet.ledger.source import StoreSource
from licet.ledger.store_sqlite import SqliteStore
from licet.ledger.verify import verify_log

SIGNER = make_test_signer()


def start(*args: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "kit.ledger_child", *map(str, args)],
        cwd=ROOT / "tests",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def acknowledged_in(output: bytes) -> dict[int, str]:
    lines = [line.split() for line in output.decode().splitlines()]
    return {int(line[1]): line[2] for line in lines if line[0] == "ack" and len(line) == 3}


def reopened(folder: Path) -> Log:
    """The log as the next process finds it: it opens, verifies and can go on."""
    store = SqliteStore(folder / "ledger.db")
    log = Log(store, SIGNER, ORIGIN)
    if log.size:
        report = verify_log(StoreSource("test", store), SIGNER.verifier)
        assert report.ok, report
    return log


def test_a_kill_before_any_statement_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """`kill -9` before the n-th statement to SQLite, for every n, until one process lives."""
    output, errors = start("die", tmp_path).communicate(timeout=120)
    assert output.startswith(b"lived"), errors.decode()
    lived, status = map(int, output.split()[1:3])
    assert status == 0
    sizes = set()
    for number in range(lived + 1):
        home = tmp_path / str(number)
        acknowledged = acknowledged_in((home / "acks").read_bytes())
        if not (home / "ledger.db").exists():
            assert not acknowledged
            continue
        log = reopened(home)
        assert log.size in (0, 1, 255, 258, 558)
        assert log.size >= len(acknowledged)
        assert log.entries(0, log.size) == entries(log.size)
        sizes.add(log.size)
        assert log.append(entries(3, log.size), NOW).stop == log.size
        log.close()
    assert sizes == {0, 1, 255, 258, 558}


def test_kills_at_any_moment_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """The same log, killed again and again while its Writer is busy."""
    known = 0
    for round_number in range(3):
        child = start("killed", tmp_path)
        assert child.stdout is not None
        head = child.stdout.readline()  # it is at work
        time.sleep(0.05 + 0.07 * round_number)
        child.kill()
        output, errors = child.communicate(timeout=30)
        assert child.returncode == -9, errors.decode()
        log = reopened(tmp_path)
        whole_lines = (head + output).rpartition(b"\n")[0]
        for index, number in acknowledged_in(whole_lines).items():
            assert index == int(number) < log.size
        assert log.size > known
        known = log.size
        assert log.entries(0, known) == [entry(number) for number in range(known)]
        log.close()


def test_a_killed_process_leaves_no_claim(tmp_path: Path) -> None:
    child = start("killed", tmp_path)
    assert child.stdout is not None
    child.stdout.readline()
    child.kill()
    child.communicate()
    reopened(tmp_path).close()


def test_a_full_disk_stops_writing_cleanly_and_writing_resumes(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="file size limits are POSIX")
    child = start("full", tmp_path)
    output, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors.decode()
    text = output.decode()
    assert "unhealthy Unavailable" in text
    assert "still False" in text
    assert "closed True" in text
    acknowledged = acknowledged_in(output)
    log = reopened(tmp_path)
    bodies = log.entries(0, log.size)
    assert len(acknowledged) > 300
    for index, body in acknowledged.items():
        assert bodies[index].hex() == body
    kinds = [parse_entry(body).kind for body in bodies if b"ledger.resumed" in body]
    assert kinds
    log.close()


def test_there_is_nothing_where_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        SqliteStore(tmp_path / "ledger.db", read_only=True)
