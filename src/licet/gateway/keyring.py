"""The keys of a running gateway: all in memory, never older than a second or two.

`KeyStore` says what a store of keys owes; `KeyRing` answers every request from memory and asks the
store once a second whether anything changed, so that a revoked key stops working at once.

It refuses to know SQL and HTTP; the caller gives the time and calls `refresh`.

Rules
1. A lookup does no I/O.
2. The ring is replaced whole: a lookup sees the keys of one moment, before or after a change.
3. A store that does not answer for `stale_max_s` empties the ring: a gateway that cannot learn of
   a revocation stops serving (fails closed), with the reason `unavailable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from licet.base.trouble import Trouble
from licet.gateway.keys import KEY_CHARACTERS, KEY_START, Grant, Key, KeyDenied, digest


class KeyStore(Protocol):
    """Keeps keys. Every method raises Unavailable where the store does not answer in time.

    Obligations, checked by one contract test for every implementation:
    1. What a method has answered is durable and seen by every other process that asks later.
    2. `version` differs after any change to the keys, whoever made it and by whatever means.
    3. The text of a key is never written anywhere.
    """

    def create(self, name: str, grant: Grant, now: datetime) -> tuple[Key, str]:
        """Keep a new key; the second part of the answer is its text. Raises BadInput."""
        ...

    def list(self) -> Sequence[Key]:
        """All keys, revoked ones too, oldest first."""
        ...

    def find(self, key_id: str) -> Key:
        """One key by its id. Raises NotFound."""
        ...

    def revoke(self, key_id: str, now: datetime) -> Key:
        """End a key for good; a second time changes nothing. Raises NotFound."""
        ...

    def version(self) -> int:
        """A number that changes with every change to the keys; cheap enough to ask each second."""
        ...

    def close(self) -> None: ...


_MISSING: Final = KeyDenied("missing")
_MALFORMED: Final = KeyDenied("malformed")
_UNKNOWN: Final = KeyDenied("unknown")
_UNAVAILABLE: Final = KeyDenied("unavailable")


class KeyRing:
    """Recognises presented keys from memory. `refresh` once before use, then every second."""

    def __init__(self, store: KeyStore, stale_max_s: float = 60.0) -> None:
        self._store = store
        self._stale_max_s = stale_max_s
        self._version: int | None = None
        self._refreshed_s = float("-inf")
        self._answers: dict[bytes, Key | KeyDenied] = {}
        self._otherwise = _UNAVAILABLE

    def find(self, presented: str) -> Key | KeyDenied:
        """The key whose text was presented, or why there is none. About a microsecond."""
        if len(presented) != KEY_CHARACTERS or not presented.startswith(KEY_START):
            return _MALFORMED if presented else _MISSING
        return self._answers.get(digest(presented), self._otherwise)

    def refresh(self, now_s: float) -> bool:
        """Take over what changed in the store; True if anything did. `now_s` is monotonic.

        Raises the Trouble of a store that gives no keys (rule 3 meanwhile). Takes
        microseconds with SQLite; with a remote store call it from a thread, it may wait for 2 s.
        """
        try:
            version = self._store.version()
            changed = version != self._version
            keys = self._store.list() if changed else ()
        except Trouble:
            if now_s - self._refreshed_s > self._stale_max_s:
                self._answers, self._otherwise = {}, _UNAVAILABLE
                self._version = None
            raise
        if changed:
            self._answers = {key.digest: _answer(key) for key in keys}
            self._otherwise = _UNKNOWN
            # Read before the keys: a change in between is seen again at the next refresh.
            self._version = version
        self._refreshed_s = now_s
        return changed

    def __len__(self) -> int:
        """How many keys open something."""
        return sum(isinstance(answer, Key) for answer in self._answers.values())


def _answer(key: Key) -> Key | KeyDenied:
    return key if key.revoked is None else KeyDenied("revoked", key.id)
