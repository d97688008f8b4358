"""Who works off the pieces: this process, processes of this machine, or Ray on a cluster.

It refuses to know what is looked for. Whoever works, the results are the same bytes.

Rules
1. A worker is told everything once, and then pieces by number; it gives back bytes.
2. A worker that dies takes nothing with it: its piece is worked off again.
3. A trouble with a piece (a file that cannot be read) ends the scan with its cause.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.corpus.scan.checks import Checker, Columns
from licet.corpus.scan.model import Piece
from licet.corpus.scan.reading import Fields, Tally, batches
from licet.corpus.scan.results import Result, join_columns, pack_result
from licet.corpus.unfit import Silent
from licet.guard.bundle import make_guard, read_bundle
from licet.rulebook.corpus import ScanRule

DEATHS_MAX = 3
"""How often in a row workers may die without a piece being done."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a worker needs to know."""

    pieces: tuple[Piece, ...]
    fields: Fields
    bundle: bytes
    today: date
    rule: ScanRule
    benchmarks: tuple[tuple[str, tuple[str, ...]], ...]
    sample_share: float
    seed: int


Engine = Callable[[Job, Sequence[int]], Iterator[tuple[int, bytes]]]
"""Works off the pieces with these numbers; gives (number, result) as they are done."""


class Worker:
    """Works off pieces; made once in each process."""

    def __init__(self, job: Job) -> None:
        guard = make_guard(read_bundle(job.bundle, None), today=job.today)
        self._job = job
        self._checker = Checker(
            guard, job.rule, benchmarks=dict(job.benchmarks),
            sample_share=job.sample_share, seed=job.seed,
        )  # fmt: skip

    def work_off(self, number: int) -> bytes:
        """The result of a piece, as bytes."""
        piece, tally = self._job.pieces[number], Tally()
        parts: list[Columns] = []
        sources: list[int] = []
        known: dict[str, int] = {}
        done = 0
        name = f"{piece.name}:{piece.start}"
        for items in batches(piece, self._job.fields, tally):
            parts.append(self._checker.check(items, name, done))
            sources += [known.setdefault(item.source, len(known)) for item in items]
            done += len(items)
        if not parts:
            parts.append(self._checker.check((), name, 0))
        result = Result(
            join_columns(parts), np.array(sources, dtype=np.int32), tuple(known), tally.bytes,
            tally.bad, tuple(tally.first_bad),
        )  # fmt: skip
        return pack_result(result)


def here(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """In this process, one after another."""
    worker = Worker(job)
    for number in numbers:
        yield number, worker.work_off(number)


def processes(workers: int) -> Engine:
    """In so many processes of this machine. Raises Unavailable where they die again and again."""

    def engine(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        waiting, deaths = list(numbers), 0
        while waiting:
            done: list[int] = []
            try:
                for number, data in _pool(job, waiting, workers):
                    done.append(number)
                    yield number, data
            except BrokenProcessPool:
                deaths = 1 if done else deaths + 1
                if deaths >= DEATHS_MAX:
                    raise Silent(
                        f"{deaths} times workers ended before they had done anything.",
                        ("", "workers", str(deaths)),
                        hint="See whether there is enough memory; try --workers 1.",
                    ) from None
            waiting = [number for number in waiting if number not in set(done)]

    return engine


def _pool(job: Job, numbers: Sequence[int], workers: int) -> Iterator[tuple[int, bytes]]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (job,)) as pool:
        running = {pool.submit(_work_off, number): number for number in numbers}
        try:
            for future in as_completed(running):
                yield running.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_worker: list[Worker] = []


def _begin(job: Job) -> None:
    _worker[:] = [Worker(job)]


def _work_off(number: int) -> bytes:
    return _worker[0].work_off(number)


def by_ray(workers: int) -> Engine:
    """By Ray Data, on the cluster that RAY_ADDRESS names or on one of this machine; every worker
    must see the input under the same paths. Raises BadInput where Ray is not installed."""

    def engine(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        try:
            import ray
        except ImportError:
            raise BadInput("Ray is not installed.", hint=to_install("ray")) from None
        started = not ray.is_initialized()
        if started:
            ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
        try:
            # A block for each piece, made here: nothing but the workers wants a processor.
            rows = ray.data.from_items(
                [{"number": number} for number in numbers], override_num_blocks=len(numbers)
            )
            pool = ray.data.ActorPoolStrategy(size=workers)
            work: Any = _RayWorker  # with Ray's types, mypy wants a function; Ray takes a class
            parts = rows.map(work, fn_constructor_args=(job,), compute=pool)
            for row in parts.iter_rows():
                yield int(row["number"]), bytes(row["data"])
        finally:
            if started:
                ray.shutdown()

    return engine


class _RayWorker:
    """A Worker as Ray Data wants one."""

    def __init__(self, job: Job) -> None:
        self._worker = Worker(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        number = int(row["number"])
        return {"number": number, "data": self._worker.work_off(number)}
