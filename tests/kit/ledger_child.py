"""A process that keeps a ledger and dies in the middle, or whose disk fills up.

Run as `python -m kit.ledger_child SCENARIO FOLDER`; says which entries were acknowledged, one
`ack INDEX NUMBER` a line, each written before the next step begins: on stdout, and for the
scenario `die` in FOLDER/N/acks, where N counts the statements that the process lived through.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit.ledger import NOW, ORIGIN, Answers, WallClock, entries, entry, make_test_signer
from licet.base.trouble import Trouble, Unavailable
from licet.ledger.log import Log
from licet.ledger.store_sqlite import SqliteStore
from licet.ledger.writer import Writer


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def die_at_every_statement(folder: Path) -> None:
    """A process for each n that dies before its n-th statement, until one lives to the end."""
    for number in range(200):
        home = folder / str(number)
        home.mkdir()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(home / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
            die_at_statement(home, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            say("lived", number, os.WEXITSTATUS(status))
            return


def die_at_statement(folder: Path, number: int) -> None:
    """Append small and tile-filling batches; SIGKILL ourselves before the n-th statement."""

    class Dying(sqlite3.Connection):
        statements = 0

        def _step(self) -> None:
            if Dying.statements == number:
                os.kill(os.getpid(), signal.SIGKILL)
            Dying.statements += 1

        def execute(self, *args: Any) -> Any:
            self._step()
            return super().execute(*args)

        def executemany(self, *args: Any) -> Any:
            self._step()
            return super().executemany(*args)

        def executescript(self, *args: Any) -> Any:
            self._step()
            return super().executescript(*args)

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        return sqlite3.connect(*args, **options, factory=Dying)

    log = Log(SqliteStore(folder / "ledger.db", connect=connect), make_test_signer(), ORIGIN)
    at = log.size
    for size in (1, 254, 3, 300):
        for index in log.append(entries(size, at), NOW):
            say("ack", index, index)
        at += size
    say("end")


def write_until_killed(folder: Path) -> None:
    """Submit through a Writer for ever; the parent kills."""
    log = Log(SqliteStore(folder / "ledger.db"), make_test_signer(), ORIGIN)
    writer = Writer(log, WallClock(), wait_ms=1)
    number = log.size
    while True:
        while writer.backlog > 500:
            time.sleep(0.001)

        def done(answer: int | Trouble, number: int = number) -> None:
            say("ack", answer, number)

        writer.submit(entry(number), done)
        number += 1


def fill_the_disk(folder: Path) -> None:
    """Write until files may not grow, then give space back, then write again."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = Log(SqliteStore(folder / "ledger.db"), make_test_signer(), ORIGIN)
    writer, answers = Writer(log, WallClock(), wait_ms=1, pause_s=0.02), Answers()
    submitted = 0

    def submit_until(reached: Callable[[], bool], seconds: float = 20.0) -> None:
        nonlocal submitted
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if reached():
                return
            try:
                body = entry(submitted) + b"x" * 200
                writer.submit(body, answers.of(body))
                submitted += 1
            except Unavailable:
                time.sleep(0.005)
            if writer.backlog > 200:
                time.sleep(0.001)
        raise AssertionError(f"not reached after {seconds} s")

    limit = 256 * 1024
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    for _ in range(100):  # moving what is in the log file to the database may make room at first
        submit_until(lambda: not writer.healthy)
        say("unhealthy", type(writer.failure).__name__, writer.failure)
        time.sleep(0.2)
        if not writer.healthy:
            break
    say("still", writer.healthy)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    enough = len(answers.indices) + 300
    submit_until(lambda: len(answers.indices) >= enough)
    say("closed", writer.close(10))
    for body, index in answers.indices.items():
        say("ack", index, body.hex())
    say("refused", len(answers.troubles), "of", submitted)


if __name__ == "__main__":
    scenario, folder = sys.argv[1], Path(sys.argv[2])
    if scenario == "die":
        die_at_every_statement(folder)
    elif scenario == "killed":
        write_until_killed(folder)
    else:
        fill_the_disk(folder)
