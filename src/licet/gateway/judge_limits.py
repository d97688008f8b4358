"""What keeps one judge from being asked too much: a breaker, a budget, a memory of answers. Pure.

It refuses to know servers and what a refusal leads to. Times are given, in monotonic seconds.

Rules
1. Nothing here holds a text: what was asked before is known by its keyed digest.
2. Everything is bounded, and what is too old is as if it had never been.
"""

from __future__ import annotations

import hashlib

from licet.gateway.judges.model import Asked
from licet.guard.policy import JudgeScores

FAILURES_MAX = 5
REST_S = 5.0
BYTES_A_TOKEN = 4
"""Nobody here counts tokens as the judge does; of English and of Chinese text this is near."""
_MINUTE_S = 60.0


class Breaker:
    """Leaves alone what keeps failing: after FAILURES_MAX failures in a row nothing is asked for
    REST_S, and then one question in each REST_S until one is answered.

    One who was admitted and went away leaves nothing behind.
    """

    __slots__ = ("_failures", "_next_s")

    def __init__(self) -> None:
        self._failures = 0
        self._next_s = 0.0

    def admits(self, at_s: float) -> bool:
        """Whether to ask now. Where it rests, a yes is for this one question."""
        if self._failures < FAILURES_MAX:
            return True
        if at_s < self._next_s:
            return False
        self._next_s = at_s + REST_S
        return True

    def succeeded(self) -> None:
        """It answered, whenever it was asked: it lives."""
        self._failures = 0

    def failed(self, at_s: float) -> None:
        """It did not. What was asked before the rest and fails in it does not prolong it."""
        self._failures += 1
        if self._failures == FAILURES_MAX:
            self._next_s = at_s + REST_S


class Budget:
    """Calls and tokens a minute; 0 is no limit. A minute's worth may be spent at once, and what is
    spent comes back evenly."""

    __slots__ = ("_at_s", "_left", "_limits")

    def __init__(self, calls_per_minute: int, tokens_per_minute: int) -> None:
        self._limits = (calls_per_minute, tokens_per_minute)
        self._left = [float(limit) for limit in self._limits]
        self._at_s: float | None = None

    def takes(self, calls: int, tokens: int, at_s: float) -> bool:
        """Spend, or say that there is not enough left, and spend nothing.

        A question larger than a whole minute's worth is put when nothing at all was spent.
        """
        since_s = 0.0 if self._at_s is None else max(0.0, at_s - self._at_s)
        self._at_s = at_s
        wanted = (calls, tokens)
        for place, limit in enumerate(self._limits):
            back = self._left[place] + limit * since_s / _MINUTE_S
            self._left[place] = min(float(limit), back)
        enough = all(
            not limit or left >= min(want, limit)
            for limit, left, want in zip(self._limits, self._left, wanted, strict=True)
        )
        if enough:
            self._left = [left - want for left, want in zip(self._left, wanted, strict=True)]
        return enough


def count_tokens(bodies: list[bytes]) -> int:
    """About how many tokens a judge reads with these requests."""
    return sum(-(-len(body) // BYTES_A_TOKEN) for body in bodies)


class AnswerMemory:
    """Answers that a judge gave a short while ago; `size` 0 remembers nothing. `key`: 16 to 64
    bytes; `about` tells judges with the same key apart."""

    __slots__ = ("_about", "_answers", "_keep_s", "_key", "_size")

    def __init__(self, key: bytes, about: str, *, size: int, keep_s: float) -> None:
        self._key = key
        self._about = about
        self._size = size
        self._keep_s = keep_s
        self._answers: dict[bytes, tuple[float, JudgeScores]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def digest(self, asked: Asked) -> bytes:
        """What stands for a question."""
        digest = hashlib.blake2b(key=self._key, digest_size=16)
        for part in (self._about, asked.role, asked.context, asked.text):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(data) + data)
        return digest.digest()

    def find(self, digest: bytes, at_s: float) -> JudgeScores | None:
        """The answer, if it is young enough."""
        found = self._answers.get(digest)
        if found is None:
            return None
        until_s, scores = found
        if at_s < until_s:
            return scores
        del self._answers[digest]
        return None

    def keep(self, digest: bytes, scores: JudgeScores, at_s: float) -> None:
        """Remember an answer; the oldest is forgotten where there is no room."""
        if not self._size:
            return
        self._answers.pop(digest, None)
        if len(self._answers) >= self._size:
            del self._answers[next(iter(self._answers))]
        self._answers[digest] = (at_s + self._keep_s, scores)
