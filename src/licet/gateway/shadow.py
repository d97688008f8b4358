"""Judges what is served a second time, by a staged bundle, without acting and without delay.

It refuses to decide and to hold anything back. Texts are handed over when they are complete; a
process of its own (`shadow_child`) judges them by both bundles and says where they differ.

Rules
1. Serving never waits for the shadow: what it has no room for is dropped and counted.
2. Whatever happens to the process, serving does not notice; the shadow ends and says so.
3. Texts are kept until they are handed over, in memory, within bounds, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from licet.base.clock import Clock
from licet.gateway.shadowbook import ShadowBook
from licet.guard.stream import TextStream

OUTSTANDING_MAX = 256
OUTSTANDING_CHARACTERS_MAX = 2_000_000
STREAMS_MAX = 4_096
STREAM_S_MAX = 900.0
_LINE_BYTES_MAX = 1 << 20
_END_S = 2.0


@dataclass(slots=True)
class _Open:
    """A stream that runs, from when on, and for whom."""

    stream: TextStream
    began_s: float
    audience: str
    context: str


class Shadow:
    """One staged bundle beside the one that serves. A listener of the guard (`Guard.listener`)."""

    def __init__(
        self, book: ShadowBook, clock: Clock, count: Callable[[str], None],
        program: tuple[str, ...],
    ) -> None:  # fmt: skip
        """`count` is told of every outcome; `program` is what judges (`shadow_program`)."""
        self.book = book
        self._clock = clock
        self._count = count
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._streams: list[_Open] = []
        self._asked: dict[int, tuple[str, str]] = {}
        self._characters = 0
        self._number = 0

    async def start(self) -> None:
        """Start the process. Raises OSError where it cannot be."""
        self._process = await asyncio.create_subprocess_exec(
            *self._program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=_LINE_BYTES_MAX,
        )  # fmt: skip
        self._reading = asyncio.ensure_future(self._read())

    @property
    def is_over(self) -> bool:
        """Whether the process has ended by itself."""
        return self._reading is not None and self._reading.done()

    @property
    def process_id(self) -> int:
        """The number of the process that judges; 0 before it starts."""
        return self._process.pid if self._process is not None else 0

    # --- what the guard hears ---------------------------------------------------------------

    def text(
        self, text: str, role: str, *, context: str, json: bool, audience: str, by_meaning: bool
    ) -> None:
        """A whole text was judged."""
        self._ask(
            text, role, context=context, json=json, audience=audience, by_meaning=by_meaning,
            streamed=False,
        )  # fmt: skip

    def stream(self, stream: TextStream, *, audience: str, context: str) -> None:
        """A text began to stream; it is taken when it is over (`sweep`)."""
        if len(self._streams) >= STREAMS_MAX:
            self._drop()
            return
        self._streams.append(_Open(stream, self._clock.monotonic(), audience, context))

    def sweep(self) -> None:
        """Hand over the streams that are over; forget those that nobody ended."""
        now_s, running = self._clock.monotonic(), []
        for one in self._streams:
            if one.stream.has_ended or one.stream.stopped:
                if text := one.stream.heard:
                    self._ask(
                        text, "reply", context=one.context, json=one.stream.json,
                        audience=one.audience, by_meaning=True, streamed=True,
                    )  # fmt: skip
            elif now_s - one.began_s < STREAM_S_MAX:
                running.append(one)
        self._streams = running

    # --- the process ------------------------------------------------------------------------

    def _ask(self, text: str, role: str, *, streamed: bool, **about: object) -> None:
        pipe = self._process.stdin if self._process is not None else None
        room = len(self._asked) < OUTSTANDING_MAX
        if pipe is None or pipe.is_closing() or self.is_over or not room:
            self._drop()
            return
        if self._characters + len(text) > OUTSTANDING_CHARACTERS_MAX:
            self._drop()
            return
        self._number += 1
        item = {"n": self._number, "text": text, "role": role, "streamed": streamed, **about}
        try:
            line = msgspec.json.encode(item)
        except (UnicodeEncodeError, ValueError):  # half a surrogate pair cannot be handed over
            self._drop()
            return
        self._asked[self._number] = (text, role)
        self._characters += len(text)
        pipe.write(line + b"\n")

    def _drop(self) -> None:
        self.book.summary.dropped += 1
        self._count("dropped")

    async def _read(self) -> None:
        """Answers, until the process ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError, msgspec.DecodeError, LookupError):
            while line := await self._process.stdout.readline():
                self._answered(msgspec.json.decode(line))
        self.book.summary.state = "failed"

    def _answered(self, said: dict[str, object]) -> None:
        if "ready" in said:
            self.book.summary.state = "running"
            return
        text, role = self._asked.pop(msgspec.convert(said["n"], int))
        self._characters -= len(text)
        if "error" in said:
            self.book.summary.failed += 1
            self._count("failed")
            return
        old = msgspec.convert(said["old"], list[str])
        new = msgspec.convert(said["new"], list[str])
        self._count(self.book.note(text, role, old, new, self._clock.now()))

    async def close(self, state: str) -> None:
        """End the process; it may finish what it has within a moment."""
        if self._process is None or self._reading is None:
            return
        failed = self.is_over
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reading), _END_S)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)
        self.book.summary.state = "failed" if failed else state


def shadow_program(current: Path, staged: Path) -> tuple[str, ...]:
    """What judges by two bundles in a process of its own."""
    return (sys.executable, "-m", "licet.gateway.shadow_child", str(current), str(staged))
