"""Lines judged as they come, by one process or by several; answers in the order of the questions.

It refuses to know what a line says.

Rules
1. What has been read is answered before more is waited for: one block of input, one of output.
2. Blocks on their way are bounded, so that a slow reader or a long input costs no memory.
3. Workers are given the bundle's bytes and build their own guard: nothing is shared.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from licet.base.trouble import Unavailable
from licet.cli.check_lines import Answers, LineJudge, Lines, Role
from licet.gateway.bundling import shipped_encoder
from licet.guard.bundle import make_guard, read_bundle

READ_BYTES = 1 << 16
WAITING_PER_WORKER = 4


@dataclass(frozen=True, slots=True)
class Judging:
    """By what lines are judged: a bundle that was checked, and what a line may leave unsaid."""

    bundle: bytes = field(repr=False)
    audience: str
    role: Role
    today: date
    """The day of judging: rules that have expired by then are left out."""
    explained: bool = False
    """Whether each answer says what weighed how much."""
    encoder: bool = True
    """Whether the encoder is asked where the classifier is in doubt."""

    def make(self) -> LineJudge:
        """The judge, ready."""
        guard = make_guard(
            read_bundle(self.bundle, None), today=self.today,
            encoder=shipped_encoder if self.encoder else None,
        )  # fmt: skip
        return LineJudge(guard, self.audience, self.role, explained=self.explained)


@dataclass(slots=True)
class Tally:
    """How many texts were halted and how many lines could not be used, so far."""

    halted: int = 0
    bad: int = 0


class Source(Protocol):
    """Where lines come from: `read1` gives what is there, up to `size`, and waits for a byte."""

    def read1(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    """Where answers go."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


def judge_stream(source: Source, sink: Sink, judging: Judging, workers: int = 1) -> Tally:
    """Answer every line of `source` on `sink`.

    Raises BrokenPipeError where nobody reads any more, Unavailable where a worker died.
    """
    tally = Tally()
    if workers > 1:
        try:
            _judge_by_many(source, sink, judging, workers, tally)
        except BrokenProcessPool:
            raise Unavailable(
                "a worker ended before its work did.",
                hint="It may have run out of memory: give fewer --workers.",
            ) from None
        return tally
    judge = judging.make()
    for first, lines in _blocks(source):
        _write(sink, judge.answer(lines, first), tally)
    return tally


def _judge_by_many(
    source: Source, sink: Sink, judging: Judging, workers: int, tally: Tally
) -> None:
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(judging,)
    )
    # Answers are written by a thread, so that they leave while this one waits for input.
    writer = ThreadPoolExecutor(1)
    writes: deque[Future[None]] = deque()
    try:
        for first, lines in _blocks(source):
            answers = pool.submit(_answer, lines, first)
            writes.append(writer.submit(_write_when_ready, sink, answers, tally))
            while writes[0].done() or len(writes) > WAITING_PER_WORKER * workers:
                writes.popleft().result()
                if not writes:
                    break
        for write in writes:
            write.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        writer.shutdown(wait=False, cancel_futures=True)


def _blocks(source: Source) -> Iterator[tuple[int, list[bytes]]]:
    """(number of its first line, the lines) for whatever one read brings to an end."""
    lines, number = Lines(), 1
    while data := source.read1(READ_BYTES):
        found = lines.feed(data)
        if found:
            yield number, found
            number += len(found)
    found = lines.finish()
    if found:
        yield number, found


def _write(sink: Sink, answers: Answers, tally: Tally) -> None:
    tally.halted += answers.halted
    tally.bad += answers.bad
    if answers.data:
        sink.write(answers.data)
        sink.flush()


def _write_when_ready(sink: Sink, answers: Future[Answers], tally: Tally) -> None:
    _write(sink, answers.result(), tally)


# --- in a worker ---------------------------------------------------------------------------------

_judge: list[LineJudge] = []  # one to a process, made by _begin


def _begin(judging: Judging) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    _judge.append(judging.make())


def _answer(lines: list[bytes], first: int) -> Answers:
    return _judge[0].answer(lines, first)
