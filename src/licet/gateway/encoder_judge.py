"""Our own encoder as the first of the judges that are asked in doubt, in a thread of its own.

It refuses to know files, sockets and what a score leads to.

Rules
1. `ask` never raises and never takes longer than `timeout_ms`, waiting for its turn included; a
   text that is still being read then is read to its end, and its scores are thrown away.
2. One text at a time: the encoder is for one thread. At most WAITING_MAX wait; beyond them there
   is no answer, at once, and `guard.on_judge_failure` decides.
3. Text stays in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from licet.base.clock import Clock
from licet.gateway.config_judge import EncoderConfig
from licet.gateway.metrics import JudgeOutcome, Metrics
from licet.guard.classifier import Classifier, Role, Scores, group_of
from licet.guard.encoder import Encoder
from licet.guard.guarding import AUDIENCE
from licet.guard.policy import JudgeScores, Threshold

NAME = "encoder"
"""What metrics, and the rule that a halted person is told of (`judge.encoder.CATEGORY`), say."""
WAITING_MAX = 256


class EncoderJudge:
    """The encoder, in one event loop. `thresholds` by audience and group, as the policy has
    them."""

    name = NAME

    def __init__(
        self, settings: EncoderConfig, encoder: Encoder, classifier: Classifier,
        thresholds: Mapping[str, Mapping[str, Threshold]], metrics: Metrics, clock: Clock,
    ) -> None:  # fmt: skip
        self.doubt = settings.doubt
        self._timeout_s = settings.timeout_ms / 1000
        self._encoder = encoder
        self._classifier = classifier
        self._thresholds = thresholds
        self._metrics = metrics
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=NAME)
        self._waiting = 0

    async def ask(
        self, text: str, role: str, context: str = "", audience: str = AUDIENCE
    ) -> JudgeScores | None:
        """What the encoder makes of a text, with the thresholds that hold for it and its audience;
        None if it was not read in time."""
        began_s = self._clock.monotonic()
        scores: JudgeScores | None = None
        outcome: JudgeOutcome = "late"
        if self._waiting < WAITING_MAX:
            self._waiting += 1
            reading = asyncio.get_running_loop().run_in_executor(
                self._thread, self._read, text, cast(Role, role), context, audience
            )
            reading.add_done_callback(self._one_less)
            try:
                async with asyncio.timeout(self._timeout_s):
                    scores = await asyncio.shield(reading)
                outcome = "answered"
            except TimeoutError:
                pass
        self._metrics.judge_called(NAME, outcome, self._clock.monotonic() - began_s)
        return scores

    async def close(self) -> None:
        """Let go of the thread; what waits is not read any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _one_less(self, _: asyncio.Future[JudgeScores]) -> None:
        self._waiting -= 1

    def _read(self, text: str, role: Role, context: str, audience: str) -> JudgeScores:
        prior = self._classifier.strengths(text, role)
        found: Scores = self._encoder.judge((text,), role, (context,), (prior,))[0]
        return JudgeScores(
            found.harm, found.categories, False, span=found.span,
            threshold=self._thresholds[audience][group_of(text, role)], judge=NAME,
        )  # fmt: skip
