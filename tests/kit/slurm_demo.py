"""`make slurm-demo`: three suppliers, five customers, twelve jobs on a real Slurm; then things go
wrong: a supplier has less than it said, a node dies, a pool leaves.

At the end every job ran once to its end, metering is compared with sacct to the second, and the
books are audited. Exit code 1: something of that does not hold. The cluster is emulated on this
machine: its control is Slurm's own, its accelerators are made up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from kit.compute import SHARING
from kit.slurm import Cluster, Supplier, cluster, missing
from licet.base.clock import SystemClock
from licet.compute.desk import Desk, Terms
from licet.compute.execution.slurm import SlurmExecutor, commands
from licet.compute.jobbook import JobBook, Row
from licet.compute.model import Need, Pool, Speed, Standing
from licet.compute.money import Transfer
from licet.compute.purse import Purse, open_purse

NODES = (
    Supplier("north-1", "h20", 4), Supplier("north-2", "h20", 4),
    Supplier("south-1", "ascend910b", 8), Supplier("west-1", "mlu590", 2),
)  # fmt: skip
POOLS = (
    Pool("north-1", "sup-a", "h20", 4, 4, 96, 1200, "north"),
    Pool("north-2", "sup-a", "h20", 4, 4, 96, 1200, "north"),
    Pool("south-1", "sup-b", "ascend910b", 8, 8, 64, 800, "south"),
    Pool("west-1", "sup-c", "mlu590", 8, 8, 48, 600, "west"),  # said 8, has 2
)
CUSTOMERS = ("acme", "beta", "college", "delta", "institute")
ENDS_S = 180.0
DEATH_S, LEAVING_S = 0.5, 9.0
GRANT = 10_000_000


@dataclass(slots=True)
class Scene:
    """What the demonstration runs on."""

    slurm: Cluster
    book: JobBook
    purse: Purse
    executor: SlurmExecutor
    pools: list[Pool]

    @property
    def desk(self) -> Desk:
        """A new one each time: nothing is kept in it."""
        most = [Standing(one, most=6) for one in CUSTOMERS]
        terms = Terms("promise", SHARING, lambda: most, fence=self.executor)
        return Desk(self.book, self.purse, self.executor, terms, lambda: self.pools)


def needs() -> Iterator[Need]:
    """Twelve needs that get in each other's way: gangs, kinds, memory, a region."""
    for number in range(12):
        kinds = (("h20",), ("h20", "ascend910b"), ("ascend910b", "mlu590"))[number % 3]
        speeds = {
            kind: Speed(1.0 / (1 + place), "measured", "a probe", 0)
            for place, kind in enumerate(kinds)
        }
        yield Need(
            f"job{number + 1:02}", CUSTOMERS[number % 5], 60.0, "steps", speeds,
            gang=(1, 2, 4, 2)[number % 4] if number % 3 < 2 else 2,
            memory_gib=64 if number % 6 == 0 else 0,
            regions=frozenset({"north"}) if number == 3 else frozenset(),
        )  # fmt: skip


def main() -> int:
    """Run it."""
    if missing():
        print(f"Not installed: {missing()}. On Debian: apt-get install slurm-wlm slurmdbd "
              "slurm-wlm-mysql-plugin munge mariadb-server")  # fmt: skip
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "slurm").mkdir()
        began = time.monotonic()
        with (
            cluster(folder / "slurm", NODES) as slurm,
            closing(JobBook(folder / "jobs.db")) as book,
            closing(open_purse(f"sqlite:{folder}/books.db")) as purse,
        ):
            print(f"{len(NODES)} nodes of Slurm are up after {time.monotonic() - began:.1f} s")
            places = [one.place for one in NODES]
            executor = SlurmExecutor(places, folder / "jobs", commands(slurm.conf), accounts=True)
            scene = Scene(slurm, book, purse, executor, list(POOLS))
            for one in CUSTOMERS:
                fund = Transfer(f"fund-{one}", "fund", "outside", "programme:demo", GRANT, 0)
                to = f"voucher:{one}"
                grant = Transfer(f"grant-{one}", "grant", "programme:demo", to, GRANT, 0)
                purse.move_all([fund, grant])
            return _run(scene)


def _run(scene: Scene) -> int:
    for number, need in enumerate(needs()):
        script = f"echo {need.id} >>../ran.txt; sleep {7 + number % 4}; echo done >>../done.txt"
        scene.desk.accept(need, ["sh", "-c", script], 60, f"voucher:{need.account}")
    for short in scene.desk.shortfalls():
        print(f"{short.supplier} said that {short.pool} has {short.said}; {short.there} answer")
    began, died, left, left_at = time.monotonic(), False, False, 0.0
    while scene.book.all(settled=False):
        passed = time.monotonic() - began
        if passed > ENDS_S:
            print("it does not come to an end")
            break
        busy = _just_begun(scene)
        dies = next((one for one in ("north-2", "north-1") if one in busy), None)
        if passed > DEATH_S and not died and dies:
            died = True
            print(f"{dies} loses its power")
            scene.slurm.kill_node(dies)
        if passed > LEAVING_S and not left and "south-1" in busy:
            left, left_at = True, passed
            print("sup-b takes south-1 back")
            scene.pools = [replace(p, withdrawn=p.id == "south-1") for p in scene.pools]
        scene.desk.tick(int(SystemClock().now().timestamp()))
        time.sleep(0.5)
        if left and passed > left_at + 6:  # and brings it again, or some needs could never run
            scene.pools = list(POOLS)
    time.sleep(2)  # the accounting follows the controller
    return _report(scene)


def _just_begun(scene: Scene) -> list[str]:
    """Pools on which a job runs that has most of its time before it."""
    names = [row.name for row in scene.book.all(settled=False) if row.stage == "released"]
    now_s = int(SystemClock().now().timestamp())
    return [
        seen.pool for seen in scene.executor.look(names).values()
        if seen.pool and seen.state == "running" and seen.start_s and now_s - seen.start_s <= 4
    ]  # fmt: skip


def _report(scene: Scene) -> int:
    print(
        f"\n{'job':<7} {'customer':<10} {'pool':<8} {'attempts':>8} {'ended':<10} {'fen':>6}  told"
    )
    rows = scene.book.all()
    for row in rows:
        told = ", ".join(one.what for one in scene.book.told(row.id))
        print(f"{row.id:<7} {row.need.account:<10} {row.pool:<8} {row.attempt:>8} "
              f"{row.ended or row.stage:<10} {row.owed:>6}  {told}")  # fmt: skip
    faults = [*_not_ended(rows), *_metering(scene, rows)]
    scene.purse.audit()
    paid = {one: scene.purse.balance(f"supplier:{one}") for one in ("sup-a", "sup-b", "sup-c")}
    kept = sum(scene.purse.balance(f"voucher:{one}") for one in CUSTOMERS)
    print(f"\nthe books balance: suppliers {paid}, vouchers {kept} fen")
    if sum(paid.values()) + kept != GRANT * len(CUSTOMERS):
        faults.append("fen were made or lost")
    for fault in faults:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


def _not_ended(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        if row.ended != "ended":
            yield f"{row.id} ended as {row.ended}"
    if all(row.attempt == 1 for row in rows):
        yield "nothing was lost, so nothing was placed again"


def _metering(scene: Scene, rows: list[Row]) -> Iterator[str]:
    """Our metering against what sacct says of start, end and accelerators, job by job."""
    ours = {(one.id, one.pool): one.accelerator_s for one in scene.desk.metered()}
    names = [f"{row.id}-{n}" for row in rows for n in range(1, row.attempt + 1)]
    text = subprocess.run(
        ["sacct", "-n", "-P", "-X", "-D", "-S", "1970-01-01", "--name", ",".join(names), "-o",
         "JobName,Partition,Start,End,ReqTRES"],
        env={"PATH": "/usr/bin:/bin", "SLURM_CONF": str(scene.slurm.conf),
             "SLURM_TIME_FORMAT": "%s"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    theirs: dict[tuple[str, str], int] = {}
    gangs = {row.id: row.need.gang for row in rows}
    for line in text.splitlines():
        name, partition, start, end, _ = line.split("|")
        if start.isdigit() and end.isdigit():
            seconds = (int(end) - int(start)) * gangs[name.rpartition("-")[0]]
            theirs[name, partition] = theirs.get((name, partition), 0) + seconds
    for key in sorted({*ours, *theirs}):
        if ours.get(key, 0) != theirs.get(key, 0):
            yield f"{key}: we metered {ours.get(key, 0)} s, sacct says {theirs.get(key, 0)} s"
    print(f"\nmetering of {len(theirs)} attempts compared with sacct, "
          f"{sum(theirs.values())} accelerator-seconds")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
