"""Remembers verdicts on prompts: a conversation sends its whole past again at every turn.

It refuses to remember texts: the key is a keyed digest. Answers are never looked up here; every
generated text is judged anew.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

from licet.guard.guarding import Guard
from licet.guard.verdict import Verdict

SHAPES_MAX: Final = 64
"""Ways of judging that are remembered: guards times audiences, in two forms each."""


class VerdictMemory:
    """At most `size` verdicts, the least recently used forgotten first. `key`: 16 to 64 bytes."""

    def __init__(self, key: bytes, size: int = 8192) -> None:
        self._key = key
        self._size = size
        self._shapes: dict[tuple[str, str, bool, bool], hashlib.blake2b] = {}
        self._verdicts: OrderedDict[bytes, Verdict] = OrderedDict()

    def key(
        self, guard: Guard, text: str, *, json: bool, audience: str, by_meaning: bool
    ) -> bytes:
        """What a verdict is remembered by: the text, and how it was judged."""
        shape = (guard.name, audience, json, by_meaning)
        begun = self._shapes.get(shape)
        if begun is None:
            begun = self._begin(shape)
        digest = begun.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def _begin(self, shape: tuple[str, str, bool, bool]) -> hashlib.blake2b:
        """The digest of a shape, to go on with the text. No shape is the beginning of another:
        the last thing in it, and only that, is the bracket that closes it."""
        begun = hashlib.blake2b(repr(shape).encode(), key=self._key, digest_size=16)
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        self._shapes[shape] = begun
        return begun

    def recall(self, key: bytes) -> Verdict | None:
        """The verdict on a text that was judged before."""
        verdict = self._verdicts.get(key)
        if verdict is not None:
            self._verdicts.move_to_end(key)
        return verdict

    def note(self, key: bytes, verdict: Verdict) -> None:
        """Remember it as the one used last."""
        self._verdicts[key] = verdict
        self._verdicts.move_to_end(key)  # others may have sent the same meanwhile
        if len(self._verdicts) > self._size:
            self._verdicts.popitem(last=False)
