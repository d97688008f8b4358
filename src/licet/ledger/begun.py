"""The note of a log, kept with the keys: that it has begun, and how far it has come.

It refuses to know where the log lies and what its entries say.

Rules
1. The note names the key. Under another key a log may begin anew; under the same one a second
   beginning, or a going on from an old copy, would be a second history, and both would verify.
2. It holds the newest signed checkpoint that it was told of, and never goes back. It is told of
   one after its commit is durable: the note may be behind the log and is never ahead of it, so
   a crash at any moment locks nobody out.
3. While a log grows it is written at most once in EVERY, on the thread that commits; and when the
   log is opened and closed. So what it misses are the last seconds before a kill.
4. Where it cannot be written nobody is hindered: that is logged, and tried again. Where it cannot
   be read the log does not open.
5. A log with entries whose note is missing gets it when it is opened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from licet.base.keyfile import replace_file
from licet.base.trouble import BadInput, Corrupt, Unavailable
from licet.ledger.checkpoint import Checkpoint, verify_checkpoint
from licet.ledger.note import Verifier
from licet.ledger.tree import Tree, grow

EVERY = timedelta(seconds=10)
"""Long beside a commit, whose cost a writing of the note has; short beside the age of a copy."""

_LOST = (
    "Restore it from its newest copy. Where there is none, this log has ended: put what is left of"
    " it and its key away, for a new log under a new key (a gateway's: and another [ledger]"
    " origin), and tell those who check it."
)
_log = logging.getLogger("licet.ledger.begun")


def _nothing(size: int, root: bytes) -> bool:
    return False


class Begun:
    """The note for the log of one key, in the folder `keys`, as it is when this is made: do that
    before the log is read. `place` says where the log lies. `regrows`: whoever writes the log
    can append again, byte for byte, what it lost.

    Raises Corrupt where the note is none, Unavailable where it cannot be read.
    """

    def __init__(
        self, keys: Path, verifier: Verifier, place: str, *, regrows: bool = False
    ) -> None:
        self._path = keys / f"ledger-{verifier.key_id.hex()}.begun"
        self._verifier = verifier
        self._place = place
        self._regrows = regrows
        self._there = False
        self._noted = Checkpoint(verifier.name, 0, b"")
        self._tried: datetime | None = None
        self._failing = False
        self._writing = Lock()
        self._read()

    def owed(self, size: int) -> int:
        """How many entries a log of `size` entries has less than the note says."""
        return max(0, self._noted.size - size)

    def check(self, size: int = 0, continues: Callable[[int, bytes], bool] = _nothing) -> None:
        """To be called with the size of the log that was opened, and whether it continues the tree
        of a size and a root. Raises Corrupt where it is empty and has begun before, is shorter
        than the note says (unless it regrows), or another."""
        noted = self._noted
        if not size and self._there and not (self._regrows and noted.size):
            raise self._refusal("is empty, but its signing key has been used")
        if size < noted.size:
            if not self._regrows:
                raise self._older(size)
        elif noted.size and not continues(noted.size, noted.root):
            raise self._refusal(
                f"is another than it was: its first {noted.size} entries are not those that its"
                " key has signed"
            )

    def check_growth(self, tree: Tree, leaves: Sequence[bytes]) -> None:
        """To be called before `leaves` (hashes) are added to a tree. Raises Corrupt where it is
        shorter than the note says and does not grow at once to what it was."""
        owed = self.owed(tree.size)
        if not owed:
            return
        if len(leaves) < owed or grow(tree, leaves[:owed])[0].root != self._noted.root:
            raise self._older(tree.size)

    def leave(self, note: bytes, size: int, now: datetime | None = None) -> None:
        """Keep the signed checkpoint `note` of `size` entries, which must be durable. With `now`:
        unless one was written less than EVERY ago."""
        if size <= self._noted.size:
            return
        if now is not None:
            if self._tried is not None and abs(now - self._tried) < EVERY:
                return
            self._tried = now
        with self._writing:
            self._write(note)

    def _write(self, note: bytes) -> None:
        noted = verify_checkpoint(note, self._verifier)
        if noted.size <= self._noted.size:
            return
        try:
            replace_file(self._path, f"{self._verifier.vkey}\n".encode() + note)
        except OSError as error:
            if not self._failing:
                _log.warning("%s cannot be written: %s", self._path, error.strerror)
            self._failing = True
            return
        self._noted, self._there, self._failing = noted, True, False

    def _read(self) -> None:
        try:
            key, _, note = self._path.read_bytes().partition(b"\n")
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise Unavailable(
                f"{self._path} cannot be read: {error.strerror}.",
                hint="Run as the user whose keys they are.",
            ) from None
        self._there = True
        if key != self._verifier.vkey.encode():
            raise self._unfit("it names another key")
        if not note:  # as notes were before they held checkpoints
            return
        try:
            self._noted = verify_checkpoint(note, self._verifier)
        except (BadInput, Corrupt) as unfit:
            raise self._unfit(unfit.message) from None

    def _unfit(self, said: str) -> Corrupt:
        return Corrupt(
            f"the note {self._path} does not hold: {said}.",
            hint="Compare the ledger with a checkpoint that others keep. If it continues that one,"
            " remove the note: it is left anew.",
        )

    def _older(self, size: int) -> Corrupt:
        return self._refusal(
            f"is an old copy: it has {size} entries, and its key has signed {self._noted.size}"
        )

    def _refusal(self, said: str) -> Corrupt:
        return Corrupt(f"the ledger at {self._place} {said}.", hint=_LOST)
