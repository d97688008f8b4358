"""Judges behind the classifier, one after the other: each is asked where the one before doubts.

It refuses to know how a judge is asked.

Rules
1. Our own come first: the classifier, then the encoder if it is configured. A judge is asked where
   the harm, as the last one who judged has it, lies in its bands.
2. The last one who was asked decides. If it gives no answer there is none, whatever was said
   before it: it was asked because that was not enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from licet.guard.doubt import Doubt
from licet.guard.guarding import AUDIENCE
from licet.guard.policy import JudgeScores


class Member(Protocol):
    """One judge. `ask` never raises: None is "no answer"."""

    @property
    def doubt(self) -> Doubt: ...

    async def ask(
        self, text: str, role: str, context: str = "", audience: str = AUDIENCE
    ) -> JudgeScores | None: ...

    async def close(self) -> None: ...


class Cascade:
    """The judges of a configuration, in its order; at least one."""

    def __init__(self, judges: Sequence[Member]) -> None:
        self._judges = tuple(judges)

    async def ask(
        self, text: str, role: str, context: str = "", *, audience: str = AUDIENCE,
        harm: float | None = None,
    ) -> JudgeScores | None:  # fmt: skip
        """What they come to, for an audience; None if there is no answer. `harm` is what the
        classifier says."""
        scores: JudgeScores | None = None
        for judge in self._judges:
            if not judge.doubt.holds(harm):
                continue
            scores = await judge.ask(text, role, context, audience)
            if scores is None:
                return None
            harm = scores.harm
        return scores

    async def close(self) -> None:
        """Close all connections; questions that are open end with None."""
        for judge in self._judges:
            await judge.close()
