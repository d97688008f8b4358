"""Remembers verdicts on prompts: a conversation sends its whole past again at every turn.

It refuses to remember texts: the key is a keyed digest. Answers are never looked up here; every
generated text is judged anew.
"""

from __future__ import annotations

import hashlib

from licet.base.piecemeal import Piecemeal
from licet.guard.guarding import Guard
from licet.guard.verdict import Verdict


class VerdictMemory:
    """At most `size` verdicts, the least recently used forgotten first. `key`: 16 to 64 bytes."""

    def __init__(self, key: bytes, size: int = 8192) -> None:
        self._key = key
        self._size = size
        self._verdicts: dict[bytes, Verdict] = {}

    def judge_piecemeal(
        self, guard: Guard, text: str, *, json: bool, audience: str, by_meaning: bool
    ) -> Piecemeal[Verdict]:
        """As `guard.judge_piecemeal(text, "prompt")`, which is asked only where nothing is
        remembered."""
        shape = f"{guard.name}\0{audience}\0{json:d}{by_meaning:d}\0"
        data = (shape + text).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(data, key=self._key, digest_size=16).digest()
        verdicts = self._verdicts
        verdict = verdicts.pop(digest, None)
        if verdict is None:
            verdict = yield from guard.judge_piecemeal(
                text, "prompt", json=json, audience=audience, by_meaning=by_meaning
            )
            if len(verdicts) >= self._size:
                del verdicts[next(iter(verdicts))]
        verdicts[digest] = verdict
        return verdict
