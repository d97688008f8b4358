"""What people said to a commons of computing power: pools, needs with their answers, applications
for vouchers, disputes, the policy in force, the standing of accounts; in one SQLite file.

It refuses to know who may say what (`commons.py`), how jobs go (`jobbook.py`) and money.

Rules
1. A change is a new version beside the old ones, with who made it and when; nothing is
   overwritten.
2. Whoever changes a thing says which version they saw; where somebody was faster, they are told.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec

from licet.base.trouble import Conflict, NotFound, Unavailable
from licet.compute.answer import Declined, Offer
from licet.compute.model import Need, Pool, Standing
from licet.compute.vouchers import Application

WAIT_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS compute_said (kind TEXT NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL,
    by TEXT NOT NULL, at_s INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, id, n));
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A need and how it was answered, at `answered_s`, by the rule `policy`: one of `offer` and
    `declined`. `pools` and `accounts`: what the numbers of a reason stand for; `premium`: how much
    more work on domestic accelerators counted."""

    id: str
    need: Need
    answered_s: int
    policy: str
    offer: Offer | None
    declined: Declined | None
    pools: tuple[str, ...]
    accounts: tuple[str, ...]
    premium: float = 0.0
    state: Literal["answered", "accepted", "given_up"] = "answered"


@dataclass(frozen=True, slots=True)
class Claim:
    """An application for a voucher, at a programme; `fen` granted, the official's `reason`."""

    id: str
    programme: str
    application: Application
    state: Literal["asked", "granted", "refused"] = "asked"
    fen: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a side of a job objects to, and how an official answered; `fen`: what the job costs
    since then, None: as it did."""

    id: str
    job: str
    account: str
    text: str
    state: Literal["open", "upheld", "dismissed"] = "open"
    reason: str = ""
    fen: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The policy in force, and why. There is one: its id is `policy`."""

    id: str
    policy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A customer's wish that a job end; `id` is the job's."""

    id: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Why a thing is as it was said: `id` names it, as in `standing-acme`."""

    id: str
    text: str


Said = Remark | Pool | Asking | Claim | Dispute | Choice | Stop | Standing
V = TypeVar("V", bound=Said)
_KINDS: Mapping[type[Any], str] = {
    Pool: "pool", Asking: "asking", Claim: "claim", Dispute: "dispute", Choice: "choice",
    Stop: "stop", Standing: "standing", Remark: "remark",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept(Generic[V]):
    """A version of a thing: the `n`th, from 1; who made it, when."""

    value: V
    n: int
    by: str
    at_s: int


class Market:
    """Versions in the file at `path`. Raises Unavailable where it does not answer."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                path, timeout=WAIT_S, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise _silent(error) from error

    def put(self, value: Said, by: str, at_s: int, *, seen: int = 0) -> None:
        """Keep a new version after the one that was `seen` (0: there was none). Raises Conflict
        where there is another by now."""
        row = (_KINDS[type(value)], value.id, seen + 1, by, at_s, msgspec.json.encode(value))
        with self._using() as db:
            done = db.execute(
                "INSERT INTO compute_said SELECT ?, ?, ?, ?, ?, ? WHERE ? = (SELECT"
                " COALESCE(MAX(n), 0) + 1 FROM compute_said WHERE kind = ? AND id = ?)",
                (*row, row[2], *row[:2]),
            )
            if done.rowcount != 1:
                raise Conflict(f"{value.id} was changed meanwhile, or is there already.",
                               hint="Look at it again, then say what you want.")  # fmt: skip

    def find(self, kind: type[V], name: str) -> Kept[V] | None:
        """The latest version of a thing."""
        return next(iter(self._read(kind, name)), None)

    def get(self, kind: type[V], name: str) -> Kept[V]:
        """The same. Raises NotFound."""
        found = self.find(kind, name)
        if found is None:
            raise NotFound(f"there is no {_KINDS[kind]} {name}.", hint="Look at the list.")
        return found

    def all(self, kind: type[V]) -> list[Kept[V]]:
        """The latest version of every thing of a kind, in the order in which they came."""
        return self._read(kind, "")

    def history(self, kind: type[V], name: str) -> list[Kept[V]]:
        """Every version of a thing, the oldest first."""
        query = ("SELECT value, n, by, at_s FROM compute_said WHERE kind = ? AND id = ?"
                 " ORDER BY n")  # fmt: skip
        with self._using() as db:
            return [_kept(kind, row) for row in db.execute(query, (_KINDS[kind], name))]

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    def _read(self, kind: type[V], name: str) -> list[Kept[V]]:
        query = ("SELECT last.value, last.n, last.by, last.at_s FROM compute_said AS first"
                 " JOIN compute_said AS last USING (kind, id) WHERE kind = ? AND ? IN ('', id)"
                 " AND first.n = 1 AND last.n = (SELECT MAX(n) FROM compute_said AS every"
                 " WHERE every.kind = first.kind AND every.id = first.id)"
                 " ORDER BY first.rowid")  # fmt: skip
        with self._using() as db:
            return [_kept(kind, row) for row in db.execute(query, (_KINDS[kind], name))]

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise _silent(error) from error


def _kept(kind: type[V], row: tuple[bytes, int, str, int]) -> Kept[V]:
    return Kept(msgspec.json.decode(row[0], type=kind), row[1], row[2], row[3])


def _silent(error: Exception) -> Unavailable:
    return Unavailable(f"the market of computing power does not answer: {error}.",
                       hint="Look at the disk; then say it again.")  # fmt: skip
