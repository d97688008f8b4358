"""A supplier's bill held against what was metered and settled, line by line. Pure.

It refuses to pay, and to believe either side: it says where they differ, a person decides.

Rules
1. A line is an attempt of a job on a pool: accelerator-seconds, and fen. What agrees to the second
   and the fen is agreed; everything else is a difference, and every line stands in one of the two.
2. A lost attempt costs nothing; a supplier that bills one differs.
3. A bill with a line that cannot be read is refused whole, with its number.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from licet.base.trouble import BadInput
from licet.compute.jobbook import Notice, Row

COLUMNS = ("job", "pool", "accelerator_s", "fen")
BILL_BYTES_MAX = 16 << 20
_MOST = 10**15
What = Literal["unknown", "twice", "lost", "pool", "seconds", "fen", "not_billed"]


class Unread(BadInput):
    """A bill that cannot be read, from line `line` on, counted from 1."""

    def __init__(self, line: int, message: str, *, hint: str) -> None:
        self.line = line
        super().__init__(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Line:
    """What an attempt used on a pool, and what is asked or was settled for it."""

    job: str
    pool: str
    accelerator_s: int
    fen: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An attempt on which bill and books differ, in what (the first that does): `unknown` to us,
    billed `twice`, `lost`, another `pool`, `seconds`, `fen`, `not_billed`; both lines where there
    are both."""

    job: str
    what: What
    billed: Line | None
    ours: Line | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sums in fen, the sum of what is agreed, and every difference, by job."""

    billed_fen: int
    ours_fen: int
    agreed_fen: int
    differences: tuple[Difference, ...]


def compare(bill: Sequence[Line], ours: Sequence[Line], lost: Iterable[str] = ()) -> Compared:
    """A bill against what we settled. `lost`: attempts that were lost, and cost nothing."""
    known, gone = {line.job: line for line in ours}, frozenset(lost)
    agreed, seen, out = 0, set[str](), list[Difference]()
    for line in bill:
        mine = known.get(line.job)
        what = _what(line, mine, twice=line.job in seen, lost=line.job in gone)
        seen.add(line.job)
        if what is None:
            agreed += line.fen
        else:
            out.append(Difference(line.job, what, line, mine))
    out += [
        Difference(line.job, "not_billed", None, line) for line in ours if line.job not in seen
    ]
    return Compared(
        sum(line.fen for line in bill), sum(line.fen for line in ours), agreed,
        tuple(sorted(out, key=lambda one: one.job)),
    )  # fmt: skip


def settled_lines(
    rows: Iterable[Row], supplier: str, ended: Iterable[str] | None = None
) -> tuple[list[Line], list[str]]:
    """What was settled with a supplier, and the attempts of all jobs that were lost; of the jobs
    `ended` alone, None: of all."""
    among = None if ended is None else frozenset(ended)
    lines, lost = list[Line](), list[str]()
    for row in rows:
        lost += [f"{row.id}-{attempt}" for attempt in range(1, row.attempt)]
        if (row.stage, row.supplier) == ("settled", supplier) and (
            among is None or row.id in among
        ):
            lines.append(Line(row.name, row.pool, row.used_s, row.owed))
    return lines, lost


def ended_s(told: Iterable[Notice]) -> int:
    """When a job was settled, by what was told of it (later corrections apart); 0: never."""
    return max((one.at_s for one in told if not one.what.startswith("corrected:")), default=0)


def read_bill(data: bytes) -> list[Line]:
    """A bill as CSV in UTF-8 with the columns job, pool, accelerator_s and fen, whole numbers.
    Raises Unread."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unread(line, f"line {line} of the bill is not UTF-8.",
                     hint="Save it as UTF-8.") from None  # fmt: skip
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines())
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise Unread(1, "the bill lacks columns.", hint=f"Its first line is {','.join(COLUMNS)}.")
    return [_line(row, number) for number, row in enumerate(reader, 2)]


def _line(row: dict[str, str], number: int) -> Line:
    try:
        seconds, fen = int(row["accelerator_s"]), int(row["fen"])
        if row["job"] and row["pool"] and 0 <= seconds <= _MOST and 0 <= fen <= _MOST:
            return Line(row["job"].strip(), row["pool"].strip(), seconds, fen)
    except (TypeError, ValueError):
        pass
    raise Unread(number, f"line {number} of the bill cannot be read.",
                 hint="Job, pool, whole numbers from 0: j7-1,north-1,3600,1200.")  # fmt: skip


def _what(line: Line, mine: Line | None, *, twice: bool, lost: bool) -> What | None:
    if twice:
        return "twice"
    if mine is None:
        return "lost" if lost else "unknown"
    if line.pool != mine.pool:
        return "pool"
    if line.accelerator_s != mine.accelerator_s:
        return "seconds"
    return "fen" if line.fen != mine.fen else None
