"""Copies that were given without a visible mark: which, when, under which agreement, to whom.

It refuses to know whether one may be given. law:cn-genai-2023/unlabelled_copy_log

Rules
1. A row is on the disk before its copy leaves. The recipient is sealed: who reads the file alone
   reads no name.
2. A row is kept for the pack's days, then removed; never earlier.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import load_or_create_key
from licet.base.trouble import Unavailable
from licet.ledger.seal import KEY_BYTES, Sealed, open_sealed, seal

FILE, KEY = "unmarked.db", Path("keys") / "unmarked.key"
_TABLE = """
CREATE TABLE IF NOT EXISTS unmarked (
    content TEXT PRIMARY KEY,
    given_ms INTEGER NOT NULL,
    medium TEXT NOT NULL,
    agreement TEXT NOT NULL,
    nonce BLOB NOT NULL, recipient BLOB NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was given without a mark. `content`: its number in the label."""

    content: str
    given: datetime
    medium: str
    agreement: str
    recipient: str


class CopyLog:
    """The log of one gateway, in its home folder. Safe across threads and processes."""

    def __init__(self, home: Path, *, keep_days: int, chance: Chance) -> None:
        self._keep = timedelta(days=keep_days)
        self._chance = chance
        self._key = load_or_create_key(home / KEY, KEY_BYTES, chance)
        self._lock = threading.Lock()
        path = home / FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_TABLE)

    def add(
        self, contents: Sequence[str], *, given: datetime, medium: str, agreement: str,
        recipient: str,
    ) -> None:  # fmt: skip
        """Put copies on record (rule 1). Raises Unavailable: then none of them may leave."""
        rows, at_ms = [], int(given.timestamp() * 1000)
        for content in contents:
            sealed = seal(recipient.encode(), self._key, content, self._chance)
            rows.append((content, at_ms, medium, agreement, sealed.nonce, sealed.ciphertext))
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT INTO unmarked VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._db.execute("COMMIT")
        except sqlite3.Error:
            with self._lock:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise Unavailable(
                "the copy cannot be put on record, so it is not given without its mark.",
                hint="Ask for it with its mark.",
            )

    def read(self) -> Iterator[Copy]:
        """All that is kept, the oldest first."""
        with self._lock, closing(self._db.execute("SELECT * FROM unmarked ORDER BY 2, 1")) as rows:
            found = rows.fetchall()
        for content, at_ms, medium, agreement, nonce, sealed in found:
            who = open_sealed(Sealed(nonce, sealed), self._key, content).decode()
            yield Copy(content, datetime.fromtimestamp(at_ms / 1000, UTC), medium, agreement, who)

    def sweep(self, now: datetime) -> int:
        """Remove what was kept long enough; gives how many."""
        limit_ms = int((now - self._keep).timestamp() * 1000)
        with self._lock:
            gone = self._db.execute("DELETE FROM unmarked WHERE given_ms < ?", (limit_ms,))
        return gone.rowcount

    def close(self) -> None:
        self._db.close()
