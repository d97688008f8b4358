"""The journal of a run: an append-only file of what was asked and what was answered.

    {"journal": 2, "target": {…}, "banks": [{…}], "seed": 1, "items": 1024, "begun": "…"}
    {"asking": "91f0…"}
    {"item": "91f0…", "reply": "…", "stopped": false, "tokens_in": 9, "tokens_out": 40}
    {"gave_up": "a03c…"}

It refuses to know how anything is asked.

Rules
1. An answer is written before it counts, in one line; a line that the process died over is cut
   off at the next opening.
2. An item that has an answer in the journal is never asked again.
3. That an item is asked is written before it is asked. What was asked and neither answered nor
   given up is in doubt: it was under way when the process died, and whether the service answered
   nobody here can know (no protocol tells, see docs/guides/assessing.md).
4. One process writes; a second is refused. The head must be that of the run that goes on.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from licet.assess.captured import LINE_BYTES_MAX
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound

VERSION = 2
_READABLE = (1, VERSION)
"""The first knew no `asking`: nothing in it is in doubt."""
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What an item was answered. `stopped`: the service marked it as stopped by its filter."""

    item: str
    reply: str
    stopped: bool
    tokens_in: int
    tokens_out: int


class _Line(msgspec.Struct, frozen=True):
    asking: str = ""
    gave_up: str = ""
    item: str = ""
    reply: str | None = None
    stopped: bool = False
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """The lines of a journal: answers by item, and what is in doubt (rule 3)."""

    answers: dict[str, Answer]
    in_doubt: frozenset[str]


class Journal:
    """A journal open for writing. Use as a context; `answers` are those that it held before, and
    `in_doubt` the items that it was asking when its last writer died."""

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        """Opens or begins the journal at `path`. `head` says what the run is; `begun` in it
        counts only for a new one. Raises Conflict where another process writes it or it is of
        another run, Corrupt where a line within it cannot be read."""
        self._file: BinaryIO = path.open("a+b")
        try:
            self._claim(path)
            self.head, read = self._recover(path, head)
        except BaseException:
            self._file.close()
            raise
        self.answers, self.in_doubt = read.answers, read.in_doubt

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sync()
        self._file.close()

    def ask(self, item: str) -> None:
        """Write that an item is asked now (rule 3)."""
        self._write({"asking": item})

    def give_up(self, item: str) -> None:
        """Write that the service gave no answer to it: it may be asked another time."""
        self._write({"gave_up": item})

    def add(self, answer: Answer) -> None:
        """Write one answer. It outlives this process from now on, and the machine from `sync`."""
        self._write(
            {
                "item": answer.item,
                "reply": answer.reply,
                "stopped": answer.stopped,
                "tokens_in": answer.tokens_in,
                "tokens_out": answer.tokens_out,
            }
        )

    def sync(self) -> None:
        """Make everything written durable."""
        os.fsync(self._file.fileno())

    def _claim(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                f"another process writes {path}.", hint="Wait for it, or name another --journal."
            ) from None

    def _recover(self, path: Path, head: Mapping[str, Any]) -> tuple[Mapping[str, Any], _Read]:
        size = _whole_bytes(self._file)
        self._file.truncate(size)
        if not size:
            written = {"journal": VERSION, **head}
            self._write(written)
            return written, _Read({}, frozenset())
        self._file.seek(0)
        lines = iter(self._file)
        known = _head(next(lines), path)
        for key, value in head.items():
            if key != "begun" and known.get(key) != msgspec.to_builtins(value):
                raise Conflict(
                    f"{path} is the journal of another run: {key} is not the same.",
                    hint="Give the same target, banks and seed to go on, or another --journal.",
                )
        read = _lines(lines, path)
        self._file.seek(0, os.SEEK_END)
        return known, read

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(_encode(line) + b"\n")
        self._file.flush()


def read_journal(path: Path) -> tuple[Mapping[str, Any], list[Answer]]:
    """The head and the answers of a journal, as far as it is whole. Raises NotFound, BadInput or
    Corrupt."""
    try:
        with path.open("rb") as file:
            whole = _whole_bytes(file)
            file.seek(0)
            lines = iter(file.read(whole).splitlines(keepends=True))
    except FileNotFoundError:
        raise NotFound(f"there is no journal at {path}.", hint="licet assess run makes one.")
    first = next(lines, b"")
    return _head(first, path), list(_lines(lines, path).answers.values())


def _whole_bytes(file: BinaryIO) -> int:
    """Bytes up to the end of the last whole line."""
    file.seek(0, os.SEEK_END)
    end = file.tell()
    while end:
        start = max(0, end - LINE_BYTES_MAX)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _head(line: bytes, path: Path) -> dict[str, Any]:
    try:
        head = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        head = {}
    if head.get("journal") not in _READABLE:
        hint = "Captured pairs of other tools are scored with --captured."
        raise BadInput(f"{path} is no journal of an assessment.", hint=hint)
    return head


def _lines(lines: Iterator[bytes], path: Path) -> _Read:
    decode = msgspec.json.Decoder(_Line).decode
    answers: dict[str, Answer] = {}
    doubt: set[str] = set()
    for number, line in enumerate(lines, 2):
        try:
            read = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            read = _Line()
        if read.asking:
            doubt.add(read.asking)
        elif read.gave_up:
            doubt.discard(read.gave_up)
        elif not read.item or read.reply is None:
            raise Corrupt(f"{path}, line {number} cannot be read.", hint="Was it edited?")
        elif read.item in answers:
            raise Corrupt(f"{path}, line {number} answers {read.item} a second time.")
        else:
            answers[read.item] = Answer(
                read.item, read.reply, read.stopped, read.tokens_in, read.tokens_out
            )
    return _Read(answers, frozenset(doubt - answers.keys()))
