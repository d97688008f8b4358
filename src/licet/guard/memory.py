"""Remembers verdicts on prompts: a conversation sends its whole past again at every turn.

It refuses to remember texts: the key is a keyed digest. Answers are never looked up here; every
generated text is judged anew.
"""

from __future__ import annotations

import hashlib

from licet.guard.guarding import Guard
from licet.guard.verdict import Verdict


class VerdictMemory:
    """At most `size` verdicts, the least recently used forgotten first. `key`: 16 to 64 bytes."""

    def __init__(self, key: bytes, size: int = 8192) -> None:
        self._key = key
        self._size = size
        self._verdicts: dict[bytes, Verdict] = {}

    def key(
        self, guard: Guard, text: str, *, json: bool, audience: str, by_meaning: bool
    ) -> bytes:
        """What a verdict is remembered by: the text, and how it was judged."""
        shape = f"{guard.name}\0{audience}\0{json:d}{by_meaning:d}\0"
        data = (shape + text).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()

    def recall(self, key: bytes) -> Verdict | None:
        """The verdict on a text that was judged before."""
        verdict = self._verdicts.pop(key, None)
        if verdict is not None:
            self._verdicts[key] = verdict
        return verdict

    def note(self, key: bytes, verdict: Verdict) -> None:
        """Remember it as the one used last."""
        self._verdicts.pop(key, None)  # others may have sent the same meanwhile
        if len(self._verdicts) >= self._size:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = verdict
