"""What every store of minors promises: records by subject, and use counted on one clock.

It refuses to know the law of use, which `use` holds, and what is in a record.

Rules
1. The store's clock orders the signs: this process's own for a local store, the server's for a
   shared one. The clocks of gateways never come into it.
2. A sign is counted whole or not at all, whoever else gives signs at the same time.
3. A store that does not answer raises Unavailable within its deadline; it never guesses.
4. A subject is a keyed digest (`Subjects`); a store never sees what it was made from.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from licet.base.clock import Clock
from licet.minors.use import Usage

TOLERANCE_MS = 2_000
SETTLE_S = 60.0
SUBJECT_CHARACTERS = 32
SUBJECT_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """What a store knows of a subject at `at_ms` of its clock. `record`: None for nobody known."""

    at_ms: int
    record: str | None
    usage: Usage


class MinorsStore(Protocol):
    """Records and use by subject. One contract test holds every implementation to it."""

    async def look(self, subject: str) -> Seen:
        """What is known; changes nothing."""
        ...

    async def mark(self, subject: str, read_ms: int) -> Seen:
        """A sign of life now, with so much to read after it; what is known then."""
        ...

    async def put(self, subject: str, record: str, instead_of: str | None) -> bool:
        """Keep a record, if the one before is still `instead_of`; else nothing, and False. What
        is kept when this returns is kept for good."""
        ...

    async def forget(self, subject: str) -> None:
        """Remove record and use."""
        ...

    def flush(self) -> None:
        """Write what waits to be written, if anything does. Called every second."""
        ...

    async def sweep(self, before_ms: int) -> None:
        """Remove the counts of whoever gave no sign since a moment; records stay. Called every
        hour, for counts past the pack's `keep_days`."""
        ...

    async def survey(self, after: str, count: int) -> tuple[tuple[tuple[str, Seen], ...], str]:
        """Some of those who have a record, about `count` of them, and the `after` with which to
        ask for the next; begin with an empty one, and end when an empty one comes back. Who is
        there all the while comes at least once."""
        ...

    async def close(self) -> None: ...


class Subjects:
    """Makes subjects of the references that a provider gives its users. Without the key nobody
    finds one from the other; destroying the key forgets everybody."""

    def __init__(self, key: bytes) -> None:
        if len(key) < SUBJECT_KEY_BYTES:
            raise ValueError("a key of subjects has 32 bytes at least")
        self._key = key

    def of(self, reference: str) -> str:
        """The subject of a reference: 32 hexadecimal digits, 128 bits of HMAC-SHA-256."""
        digest = hmac.new(self._key, b"licet/minor/v1\n" + reference.encode(), hashlib.sha256)
        return digest.hexdigest()[:SUBJECT_CHARACTERS]


class SteadyClock:
    """This machine's time in ms, which a step of the clock on the wall does not disturb at once.

    Time goes on with the monotonic clock. Small corrections are followed, never backwards; a step
    of more than TOLERANCE_MS is followed once it has stood for SETTLE_S.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mono = clock.monotonic()
        self._wall_ms = self._last_ms = _ms(clock)
        self._stepped_at: float | None = None

    def at_ms(self) -> int:
        """The time now."""
        mono, wall_ms = self._clock.monotonic(), _ms(self._clock)
        steady_ms = self._wall_ms + int((mono - self._mono) * 1000)
        if abs(wall_ms - steady_ms) <= TOLERANCE_MS:
            self._stepped_at = None
            self._mono, self._wall_ms = mono, wall_ms
            self._last_ms = max(self._last_ms, wall_ms)
            return self._last_ms
        if self._stepped_at is None:
            self._stepped_at = mono
        if mono - self._stepped_at >= SETTLE_S:
            self._stepped_at = None
            self._mono, self._wall_ms, self._last_ms = mono, wall_ms, wall_ms
            return wall_ms
        self._last_ms = max(self._last_ms, steady_ms)
        return self._last_ms


def _ms(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)
