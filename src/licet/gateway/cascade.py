"""Judges outside, one behind the other: each is asked where the one before it is in doubt.

It refuses to know how a judge is asked.

Rules
1. Our own judge comes first; a judge outside is asked where the harm, as the last one who judged
   has it, lies in its bands.
2. The last one who was asked decides. If it gives no answer there is none, whatever was said
   before it: it was asked because that was not enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from licet.gateway.judge import RemoteJudge
from licet.guard.policy import JudgeScores


class Cascade:
    """The judges of a configuration, in its order; at least one."""

    def __init__(self, judges: Sequence[RemoteJudge]) -> None:
        self._judges = tuple(judges)

    async def ask(
        self, text: str, role: str, context: str = "", *, harm: float | None = None
    ) -> JudgeScores | None:
        """What they come to; None if there is no answer. `harm` is what our own judge says."""
        scores: JudgeScores | None = None
        for judge in self._judges:
            if not judge.doubt.holds(harm):
                continue
            scores = await judge.ask(text, role, context)
            if scores is None:
                return None
            harm = scores.harm
        return scores

    async def close(self) -> None:
        """Close all connections; questions that are open end with None."""
        for judge in self._judges:
            await judge.close()
