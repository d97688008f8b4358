"""The installation's ledger: one entry an event, in the same order, and proofs of it.

It refuses to know what events mean and where they are stored.

Rules
1. Event n is entry n. So nothing has to be remembered about which events are recorded: the size of
   the log says it, whatever was interrupted.
2. An entry holds the digest of its event and no text; names of acts and roles are the pack's.
3. Where the ledger was lost or is an old copy, what it held is written again, byte for byte, from
   the events that are stored, or nothing is.
4. One process writes a ledger (the log's own lock). Another leaves the writing to it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from licet.base.trouble import Conflict
from licet.cases import Case, Event, Refusal, entry_of, refusal_entry
from licet.ledger.entry import make_entry
from licet.ledger.opening import open_log

ORIGIN = "localhost/licet-authority"


def make_line(case: Case, event: Event) -> bytes:
    """The ledger's line for the last event of a case."""
    kind, pub = entry_of(case, event)
    return make_entry(kind, event.at, pub)


def make_refusal_line(case: Case, refusal: Refusal, role: str, now: datetime) -> bytes:
    """The ledger's line for an act that was refused."""
    kind, pub = refusal_entry(case, refusal, role)
    return make_entry(kind, now, pub)


class Record:
    """The ledger of one portal. Raises Conflict where another process holds it, Corrupt where it
    is another than it was."""

    def __init__(self, home: Path) -> None:
        folder = home / "authority-ledger"
        key_file = home / "keys" / "authority-ledger.skey"
        self._log = open_log(
            folder / "ledger.db", key_file, ORIGIN, secrets.token_bytes, published=folder,
            regrows=True,
        )  # fmt: skip
        self.vkey = self._log.vkey
        self._writing = threading.Lock()

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._log.size

    @property
    def owed(self) -> int:
        """How many entries were lost: the next `add` must bring them all (rule 3)."""
        return self._log.owed

    def add(self, first: int, lines: Sequence[bytes], now: datetime) -> None:
        """Append the lines from `first` on that are not there yet (rule 1). Raises Corrupt where
        others were there (rule 3)."""
        with self._writing:
            there = self._log.size
            if first > there:
                raise Conflict(f"the ledger holds {there} entries, and {first} comes next.")
            missing = lines[there - first :]
            if missing:
                self._log.append(list(missing), now)

    def receipt(self, seq: int) -> bytes:
        """The `.tlog-proof` of an entry. Raises NotFound where it is not recorded yet."""
        return self._log.prove(seq).render()

    def fetch(self, path: str) -> bytes:
        """The resource at a path of the log: `checkpoint`, `tile/…`. Raises NotFound, BadInput."""
        return self._log.fetch(path)

    def entries(self) -> list[bytes]:
        """Everything that is recorded."""
        return self._log.entries(0, self._log.size)

    def after(self, first: int, most: int) -> list[bytes]:
        """At most so many entries from `first` on."""
        return self._log.entries(first, max(0, min(self._log.size - first, most)))

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""
        return self._log.checkpoint()

    def close(self) -> None:
        """Let the ledger go to another process."""
        self._log.close()


@cache
def record(home: Path) -> Record:
    """The ledger in this home, opened once in a process."""
    return Record(home)
