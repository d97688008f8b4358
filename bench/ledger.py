"""The ledger beside bare SQLite inserts of the same rows, in one run on one disk.

`python bench/ledger.py [--entries N] [--rounds N] [--postgres URL]`. The bare side is what a log
without evidence would do: one row an entry, same file system, WAL, synchronous=FULL, one
transaction a batch. Ours hashes, grows the tree, signs and keeps checkpoints besides.

CPU is that of the process, best of the rounds; ours and the bare one take turns, so that what
disturbs one disturbs the other. `durable/s` is wall time with the disk's own waiting in it.
"""

from __future__ import annotations

import argparse
import secrets
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from licet.base.clock import SystemClock
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.log import Log
from licet.ledger.note import Signer, make_signer
from licet.ledger.source import StoreSource
from licet.ledger.verify import verify_log
from licet.ledger.writer import Writer

ORIGIN = "bench.example/ledger"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
BATCHES = (1, 20, 256, 512, 1000)
AIM_CPU_US = 6.0
AIM_PER_S = 100_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one entry cost: CPU and wall time, in microseconds."""

    cpu_us: float
    wall_us: float


def typical_entries(count: int) -> list[bytes]:
    """Entries as the gateway writes them, about 400 bytes each."""
    return [
        make_entry(
            "exchange.served",
            NOW,
            {
                "exchange": f"ex_{n:020d}",
                "route": "/v1/chat/completions",
                "dialect": "openai",
                "model": "demo-model",
                "upstream": "replay",
                "tier": "token",
                "bundle": secrets.token_hex(16),
                "key": "key_0123456789",
                "stream": True,
                "prompt_chars": n % 4000,
                "reply_chars": n % 9000,
                "tokens_out": n % 3000,
                "total_ms": n % 20_000,
            },
            sub=f"7d-360~{secrets.token_hex(16)}",
        )
        for n in range(count)
    ]


def cost_of(work: Callable[[], object], entries: int) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(
        (time.process_time() - cpu) / entries * 1e6, (time.perf_counter() - wall) / entries * 1e6
    )


def best(costs: Sequence[Cost]) -> Cost:
    return Cost(min(cost.cpu_us for cost in costs), min(cost.wall_us for cost in costs))


def bare_rows(path: Path, bodies: Sequence[bytes], batch: int) -> Cost:
    """The other side: rows into SQLite, nothing else."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE entry (n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")

    def work() -> None:
        for at in range(0, len(bodies), batch):
            database.execute("BEGIN IMMEDIATE")
            rows = list(enumerate(bodies[at : at + batch], at))
            database.executemany("INSERT INTO entry VALUES (?, ?)", rows)
            database.execute("COMMIT")

    cost = cost_of(work, len(bodies))
    database.close()
    return cost


def our_log(where: str | Path, signer: Signer, bodies: Sequence[bytes], batch: int) -> Cost:
    log = Log(open_store(where), signer, ORIGIN)

    def work() -> None:
        for at in range(0, len(bodies), batch):
            log.append(bodies[at : at + batch], NOW)

    cost = cost_of(work, len(bodies))
    log.close()
    return cost


def show_batches(folder: Path, signer: Signer, count: int, rounds: int) -> None:
    print(
        f"{'batch':>6} {'ours':>9} {'bare':>9} {'ratio':>6} {'ours':>11} {'bare':>11} {'ratio':>6}"
    )
    print(f"{'':>6} {'CPU us':>9} {'CPU us':>9} {'':>6} {'durable/s':>11} {'durable/s':>11}")
    for batch in BATCHES:
        bodies = typical_entries(min(count, 1000 * batch))
        ours, bare = [], []
        for turn in range(rounds):
            ours.append(our_log(folder / f"ours-{batch}-{turn}.db", signer, bodies, batch))
            bare.append(bare_rows(folder / f"bare-{batch}-{turn}.db", bodies, batch))
        one, two = best(ours), best(bare)
        met = "" if batch < 256 or one.cpu_us <= AIM_CPU_US else f"  (aim {AIM_CPU_US})"
        print(
            f"{batch:>6} {one.cpu_us:>9.2f} {two.cpu_us:>9.2f} {one.cpu_us / two.cpu_us:>6.2f} "
            f"{1e6 / one.wall_us:>11,.0f} {1e6 / two.wall_us:>11,.0f} "
            f"{two.wall_us / one.wall_us:>6.2f}{met}"
        )


def show_writer(folder: Path, signer: Signer, count: int) -> None:
    """Entries through `submit`, as the gateway does: what the caller pays, when it is told."""
    log = Log(open_store(folder / "writer.db"), signer, ORIGIN)
    writer = Writer(log, SystemClock())
    bodies, told = typical_entries(count), threading.Semaphore(0)
    caller: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    for at in range(0, count, 5000):
        part, start = bodies[at : at + 5000], time.thread_time()
        for body in part:
            writer.submit(body, lambda answer: told.release())
        caller.append((time.thread_time() - start) / len(part) * 1e6)
        for _ in part:
            told.acquire()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"\nwriter: submit {min(caller):.2f} us of the caller's CPU (aim 2.00), ", end="")
    print(f"{cpu / count * 1e6:.2f} us CPU an entry in all, {count / wall:,.0f} acknowledged/s")
    waits = []
    for urgent in (False, True):
        times = []
        for body in bodies[:30]:
            start = time.perf_counter()
            writer.submit(body, lambda answer: told.release(), urgent=urgent)
            told.acquire()
            times.append((time.perf_counter() - start) * 1e3)
        waits.append(sorted(times)[len(times) // 2])
    print(f"        alone: told after {waits[0]:.1f} ms, urgent after {waits[1]:.1f} ms (median)")
    writer.close(10)
    log.close()


def show_reading(folder: Path, signer: Signer, count: int) -> None:
    """Opening, proving, verifying."""
    path = folder / "reading.db"
    our_log(path, signer, typical_entries(count), 1000)
    start = time.perf_counter()
    log = Log(open_store(path), signer, ORIGIN)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    for index in range(0, count, max(1, count // 200)):
        log.prove(index)
    proved = (time.perf_counter() - start) / 200
    log.close()
    store = open_store(path, read_only=True)
    start = time.perf_counter()
    report = verify_log(StoreSource("bench", store), signer.verifier)
    verified = time.perf_counter() - start
    store.close()
    assert report.ok
    size = path.stat().st_size
    print(f"\n{count:,} entries: opens in {opened * 1e3:.0f} ms, a receipt takes ", end="")
    print(f"{proved * 1e6:.0f} us, verifying all {verified:.2f} s, {size / count:.0f} bytes each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="also this database; its tables are used up")
    chosen = parser.parse_args()
    signer = make_signer(ORIGIN, secrets.token_bytes)
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name:
        folder = Path(name)
        show_batches(folder, signer, chosen.entries, chosen.rounds)
        show_writer(folder, signer, chosen.entries)
        show_reading(folder, signer, chosen.entries)
    if chosen.postgres:
        cost = our_log(chosen.postgres, signer, typical_entries(20_000), 1000)
        print(f"\nPostgreSQL, batches of 1000: {cost.cpu_us:.2f} us CPU here, ", end="")
        print(f"{1e6 / cost.wall_us:,.0f} durable/s")


if __name__ == "__main__":
    main()
