"""The note that a log has begun, kept with the keys: a log that was lost is not begun again.

It refuses to know where the log lies and what its entries say.

Rules
1. The note names the key. Under another key a log may begin anew; under the same one a second
   beginning would be a second history, and both would verify.
2. It is left after an entry is durable: a crash between key and first entry locks nobody out.
3. A log with entries whose note is missing gets it when it is opened.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from licet.base.keyfile import write_once
from licet.base.trouble import Corrupt, NotAllowed
from licet.ledger.note import Verifier

_LOST = (
    "Restore it from its newest copy. Where there is none, this log has ended: put what is left of"
    " it and its key away, for a new log under a new key (a gateway's: and another [ledger]"
    " origin), and tell those who check it."
)


class Begun:
    """The note for the log of one key, in the folder `keys`. `place` says where the log lies."""

    def __init__(self, keys: Path, verifier: Verifier, place: str) -> None:
        self._path = keys / f"ledger-{verifier.key_id.hex()}.begun"
        self._said = f"{verifier.vkey}\n".encode()
        self._place = place
        self._left = False

    def check(self, size: int) -> None:
        """To be called with the size of the log that was opened. Raises Corrupt where it is empty
        and has begun before."""
        if size:
            self.leave()
        elif self._path.exists():
            raise Corrupt(
                f"the ledger at {self._place} is empty, but its signing key has been used.",
                hint=_LOST,
            )

    def leave(self) -> None:
        """Leave the note, once. What the disk refuses now is left later (rule 3)."""
        if self._left:
            return
        with contextlib.suppress(OSError):
            with contextlib.suppress(NotAllowed):  # it is there
                write_once(self._path, self._said)
            self._left = True
