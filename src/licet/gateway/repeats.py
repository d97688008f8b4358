"""Answers that are given again: who asks again under one `Idempotency-Key` costs no second answer.

    answer = await repeats.once(Name("key_1", "/v1/chat/completions", b"k"), body, "base@3", work)

A client that died, or whose line broke, cannot know whether it was answered, and asks again
(draft-ietf-httpapi-idempotency-key-header). It refuses to know what is asked and who may ask.

Rules
1. Answers are in memory alone, for `keep_s`, at most `bytes_max` of them together: the oldest go
   first. What is under way is never forgotten.
2. One key is for one body: another under it is refused.
3. Only a final answer is kept; after any other, the next one tries for itself.
4. An answer was judged by one bundle and is not given again under another: then it is asked anew.
5. Who asks while the answer is under way waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from itertools import takewhile
from typing import NamedTuple

from licet.base.clock import Clock
from licet.base.trouble import BadInput, Conflict
from licet.gateway.asgi import Answer

BYTES_MAX = 16 << 20
OVERHEAD_BYTES = 1024
"""Of an answer beside its body: key, digest, headers."""
KEY_BYTES_MAX = 255
Work = Callable[[], Awaitable[tuple[Answer, bool]]]
"""Gives an answer, and whether it is final."""


class Name(NamedTuple):
    """Who asks (the id of an API key), on which path, under which Idempotency-Key."""

    asker: str
    path: str
    key: bytes


class _Kept(NamedTuple):
    body: bytes
    """SHA-256 of the request's."""
    bundle: str
    answer: asyncio.Future[Answer | None]
    until_s: float


class Repeats:
    """The answers of one gateway; used by its loop alone. `keep_s` is measured from the asking."""

    def __init__(self, clock: Clock, keep_s: float, bytes_max: int = BYTES_MAX) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: dict[Name, _Kept] = {}  # the oldest first

    @property
    def heeded(self) -> bool:
        """Whether any answer is kept."""
        return self._keep_s > 0

    async def once(self, name: Name, body: bytes, bundle: str, work: Work) -> Answer:
        """The answer that was given under this name, or what `work` gives now. Raises BadInput for
        a key that is too long, Conflict for one that another body bore."""
        if not 0 < len(name.key) <= KEY_BYTES_MAX:
            raise BadInput(f"an Idempotency-Key has 1 to {KEY_BYTES_MAX} bytes.")
        digest = sha256(body).digest()
        while (kept := self._find(name, bundle)) is not None:
            if kept.body != digest:
                raise Conflict(
                    "this Idempotency-Key was used for another request.",
                    hint="Take a new key for a new request.",
                )
            answer = await asyncio.shield(kept.answer)
            if answer is not None and kept.bundle == bundle:
                return answer
        until_s = self._clock.monotonic() + self._keep_s
        kept = _Kept(digest, bundle, asyncio.get_running_loop().create_future(), until_s)
        self._kept[name] = kept
        answer, is_final = None, False
        try:
            answer, is_final = await work()
            return answer
        finally:
            self._settle(name, kept, answer if is_final else None)

    def _find(self, name: Name, bundle: str) -> _Kept | None:
        """What is under way or kept under this name; what is too old goes (rules 1 and 4)."""
        now_s = self._clock.monotonic()
        for old in list(takewhile(lambda one: one[1].until_s <= now_s, self._settled())):
            self._forget(old[0])
        found = self._kept.get(name)
        if found is not None and found.bundle != bundle and found.answer.done():
            self._forget(name)
            return None
        return found

    def _settle(self, name: Name, kept: _Kept, answer: Answer | None) -> None:
        kept.answer.set_result(answer)
        self._bytes += _size(kept)
        if answer is None:
            self._forget(name)
        while self._bytes > self._bytes_max:
            self._forget(next(self._settled())[0])

    def _settled(self) -> Iterator[tuple[Name, _Kept]]:
        """What is not under way, the oldest first."""
        return ((name, kept) for name, kept in self._kept.items() if kept.answer.done())

    def _forget(self, name: Name) -> None:
        self._bytes -= _size(self._kept.pop(name))


def _size(kept: _Kept) -> int:
    answer = kept.answer.result()
    return OVERHEAD_BYTES + len(answer.body) if answer is not None else 0
