"""A ledger's surroundings, on purpose unreliable: a store in memory, a store that fails, a clock.

Rules
1. MemoryStore keeps the contract of licet.ledger.store and is run against it like the real ones.
2. FaultyStore fails the n-th `save` as told: "lost" keeps nothing, "kept" keeps all and still
   raises. Both are what a store may do (obligation 2).
3. Keys and entries are fixed, so that a red test is red for everybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Condition
from typing import Literal

from licet.base.trouble import Conflict, NotFound, Trouble, Unavailable
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.note import Signer
from licet.ledger.store import Growth, Run, Store
from licet.ledger.tiles import WIDTH
from licet.ledger.tree import FullTile

ORIGIN = "log.example/test"
NOW = datetime(2026, 11, 24, 2, 19, 57, 123000, UTC)
Fault = Literal["lost", "kept"]


def make_test_signer(origin: str = ORIGIN) -> Signer:
    """The same key in every run; it guards nothing."""
    return Signer(origin, bytes(range(32)))


def entry(number: int) -> bytes:
    """Entry `number`: distinct, and of a length of its own."""
    return b'{"n":%d,"pad":"%s"}' % (number, b"x" * (number * 7 % 40))


def entries(count: int, first: int = 0) -> list[bytes]:
    return [entry(number) for number in range(first, first + count)]


class WallClock:
    """`now` stands still, intervals are real."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


class Answers:
    """Collects what `done` was told, and waits for it."""

    def __init__(self) -> None:
        self.indices: dict[bytes, int] = {}
        self.troubles: dict[bytes, Trouble] = {}
        self._changed = Condition()

    def of(self, body: bytes) -> Callable[[int | Trouble], None]:
        def done(answer: int | Trouble) -> None:
            with self._changed:
                if isinstance(answer, Trouble):
                    self.troubles[body] = answer
                else:
                    self.indices[body] = answer
                self._changed.notify_all()

        return done

    def wait_for(self, count: int, timeout_s: float = 10.0) -> None:
        with self._changed:
            enough = self._changed.wait_for(
                lambda: len(self.indices) + len(self.troubles) >= count, timeout_s
            )
        assert enough, f"{len(self.indices)} acknowledged, {len(self.troubles)} refused of {count}"


class MemoryDisk:
    """What outlives a MemoryStore."""

    def __init__(self) -> None:
        self.runs: dict[int, bytes] = {}
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.checkpoints: dict[int, bytes] = {}
        self.claimed_by: object | None = None


class MemoryStore:
    """A Store on a MemoryDisk."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def claim(self) -> None:
        if self._disk.claimed_by is not None:
            raise Conflict("claimed")
        self._disk.claimed_by = self

    def load_checkpoint(self) -> bytes | None:
        kept = self._disk.checkpoints
        return kept[max(kept)] if kept else None

    def load_checkpoints(self) -> Sequence[bytes]:
        return [self._disk.checkpoints[size] for size in sorted(self._disk.checkpoints)]

    def load_bundle(self, index: int) -> bytes:
        runs = self._disk.runs
        here = range(index * WIDTH, (index + 1) * WIDTH)
        return b"".join(runs[first] for first in here if first in runs)

    def load_tile(self, level: int, index: int) -> bytes:
        return self.load_tiles(level, index, 1)[0]

    def load_tiles(self, level: int, first: int, count: int) -> Sequence[bytes]:
        try:
            return [self._disk.tiles[level, index] for index in range(first, first + count)]
        except KeyError:
            raise NotFound("no such tile") from None

    def save(self, growth: Growth) -> None:
        disk = self._disk
        if disk.claimed_by is not self or max(disk.checkpoints, default=0) != growth.before:
            raise Conflict("somebody else wrote")
        disk.runs |= {run.first: run.data for run in growth.runs}
        disk.tiles |= {(tile.level, tile.index): tile.data for tile in growth.tiles}
        disk.checkpoints[growth.after] = growth.checkpoint

    def recover(self) -> None:
        self.close()
        self.claim()

    def close(self) -> None:
        if self._disk.claimed_by is self:
            self._disk.claimed_by = None


class FaultyStore:
    """A Store whose `save` and `recover` fail as planned; everything else passes through.

    `saves` maps the number of a save, from 0, to its fault; `recovers` are the numbers of the
    recoveries that fail. `down` fails every save and recovery while it is set.
    """

    def __init__(
        self, store: Store, saves: dict[int, Fault] | None = None, recovers: set[int] | None = None
    ) -> None:
        self._store = store
        self._faults = saves or {}
        self._bad_recovers = recovers or set()
        self.down: Fault | None = None
        self.saved = 0
        self.recovered = 0
        self.seen: list[bytes] = []

    def claim(self) -> None:
        self._store.claim()

    def load_checkpoint(self) -> bytes | None:
        return self._store.load_checkpoint()

    def load_checkpoints(self) -> Sequence[bytes]:
        return self._store.load_checkpoints()

    def load_bundle(self, index: int) -> bytes:
        return self._store.load_bundle(index)

    def load_tile(self, level: int, index: int) -> bytes:
        return self._store.load_tile(level, index)

    def load_tiles(self, level: int, first: int, count: int) -> Sequence[bytes]:
        return self._store.load_tiles(level, first, count)

    def save(self, growth: Growth) -> None:
        fault = self.down or self._faults.get(self.saved)
        self.saved += 1
        if fault == "lost":
            raise Unavailable("the disk is full")
        self._store.save(growth)
        self.seen.append(growth.checkpoint)
        if fault == "kept":
            raise Unavailable("the connection broke after the commit")

    def recover(self) -> None:
        number = self.recovered
        self.recovered += 1
        if self.down or number in self._bad_recovers:
            raise Unavailable("still away")
        self._store.recover()

    def close(self) -> None:
        self._store.close()


def growth_of(before: int, bodies: Sequence[bytes], note: bytes, tiles: int = 0) -> Growth:
    """A growth for tests of stores, which do not look into what they keep."""
    runs = [Run(before, b"".join(len(body).to_bytes(2, "big") + body for body in bodies))]
    full = [FullTile(0, (before // WIDTH) + at, bytes([at]) * 8192) for at in range(tiles)]
    return Growth(before, before + len(bodies), runs, full, note, NOW)


def size_of(note: bytes) -> int:
    return read_checkpoint(note).size
