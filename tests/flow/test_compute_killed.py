"""A desk that is really killed, anywhere within any call, over real files and real processes:
every job is run once and paid once, every round is in the ledger, no fen is made or lost.

A child is forked and kills itself with SIGKILL at its n-th call of anything; then another desk
finishes what it left.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kit.compute import SHARING
from licet.base.clock import SystemClock
from licet.compute.desk import Desk, Terms
from licet.compute.execution.local import LocalExecutor
from licet.compute.jobbook import JobBook
from licet.compute.model import Need, Pool, Speed
from licet.compute.money import Transfer
from licet.compute.purse import open_purse

POINTS = 24
SPEED = Speed(1.0, "measured", "a probe", 0)
POOLS = (Pool("a", "sup", "h20", 2, 1, 96, 3600, "north"),)
JOBS = ("j1", "j2")
GRANTED = 100_000
WAIT_S = 20.0


def work(folder: Path) -> bool:
    """Take the jobs on and move them to their end, as a process that begins anew; True: they
    have come there."""
    with ExitStack() as held:
        book = held.enter_context(closing(JobBook(folder / "jobs.db")))
        purse = held.enter_context(closing(open_purse(f"sqlite:{folder}/books.db")))
        purse.move_all([
            Transfer("fund", "fund", "outside", "programme:p", GRANTED, 0),
            Transfer("grant", "grant", "programme:p", "voucher:v", GRANTED, 0),
        ])  # fmt: skip
        log = held.enter_context((folder / "log.txt").open("a"))
        executor = LocalExecutor({"a": 2}, folder / "jobs")
        terms = Terms("backfill", SHARING, enter=lambda one: print(one, file=log, flush=True))
        desk = Desk(book, purse, executor, terms, lambda: POOLS)
        for job in JOBS:
            run = f"echo {job} >>{folder}/ran.txt"
            desk.accept(Need(job, "acme", 1.0, "steps", {"h20": SPEED}), ["sh", "-c", run], 60,
                        "voucher:v")  # fmt: skip
        ends = time.monotonic() + WAIT_S
        while book.all(settled=False) and time.monotonic() < ends:
            desk.tick(int(SystemClock().now().timestamp()))
            time.sleep(0.02)
        return not book.all(settled=False)


def killed(folder: Path, at: int) -> bool:
    """Fork a child that works until its call number `at`; whether it was killed there."""
    child = os.fork()
    if not child:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1
            if calls >= at:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        work(folder)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("part", range(POINTS))
def test_killed_anywhere_every_job_runs_once_and_is_paid_once(tmp_path: Path, part: int) -> None:
    # The points are spread evenly in the logarithm of calls: early steps are as many as late ones.
    at = int(200 * 10 ** (1.75 * (part + random.Random(part).random()) / POINTS))
    assert killed(tmp_path, at)
    time.sleep(0.1)
    for run in tmp_path.glob("jobs/*/run"):  # what was never born is given up at once
        os.utime(run, (0, 0))
    assert work(tmp_path), "it comes to its end"
    assert sorted((tmp_path / "ran.txt").read_text().split()) == list(JOBS)
    with closing(open_purse(f"sqlite:{tmp_path}/books.db")) as purse:
        purse.audit()
        paid = purse.balance("supplier:sup")
        assert paid + purse.balance("voucher:v") == GRANTED
    with closing(JobBook(tmp_path / "jobs.db")) as book:
        assert {row.ended for row in book.all()} == {"ended"}
        assert sum(row.owed for row in book.all()) == paid
        told = (tmp_path / "log.txt").read_text()
        assert all(f"'round': {number}," in told for number, _ in book.rounds())
