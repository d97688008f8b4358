"""One judge outside: asked over HTTP, in the way of its kind, within its limits.

It refuses to decide: it gives scores or None, and what None means is `guard.on_judge_failure`.

Rules
1. `ask` never raises and never takes longer than `timeout_ms`, waiting for its turn and for
   company included.
2. What is not understood is no answer. Nor is what could not be asked: beyond the budget, or while
   the judge rests because it kept failing. Each of these is counted by its name.
3. At most ASKED_AT_ONCE requests are out at a time. Questions that go together in one request live
   and die with it, except that one who leaves early takes nobody along.
4. Text goes to the judge and to nobody else: no log, no error, no metric holds any of it, and what
   is remembered of it is a keyed digest.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from licet.base.clock import Clock
from licet.base.trouble import Trouble
from licet.gateway.config_judge import JudgeConfig
from licet.gateway.judge_limits import AnswerMemory, Breaker, Budget, count_tokens
from licet.gateway.judges.model import Asked, JudgeKind
from licet.gateway.metrics import JudgeOutcome, Metrics
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.gateway.upstream_trouble import UpstreamTrouble
from licet.guard.classifier import Scores
from licet.guard.guarding import AUDIENCE
from licet.guard.policy import JudgeScores, Threshold

ASKED_AT_ONCE = 64
_ANSWER_BYTES_MAX = 256 << 10
_HEADERS = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
_Answer = tuple[JudgeOutcome, Scores | None]


@dataclass(slots=True)
class _Batch:
    """Questions that go out together; those who asked wait for `answers`, in the same order."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[asyncio.Future[_Answer]] = field(default_factory=list)
    timer: asyncio.Handle | None = None
    sending: asyncio.Task[None] | None = None
    has_failed: bool = False
    """Whether its failure was counted: one request is one failure, whoever waited for it."""


class RemoteJudge:
    """One judge, in one event loop. Raises BadInput for settings that name no server."""

    def __init__(
        self, settings: JudgeConfig, kind: JudgeKind, key: Secret | None, metrics: Metrics,
        clock: Clock, memory_key: bytes,
    ) -> None:  # fmt: skip
        self.name = settings.name
        self.doubt = settings.doubt
        self._settings = settings
        self._kind = kind
        self._metrics = metrics
        self._clock = clock
        self._together_max = min(kind.together_max, settings.batch_max)
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)
        self._breaker = Breaker()
        self._budget = Budget(settings.calls_per_minute, settings.tokens_per_minute)
        self._memory = AnswerMemory(
            memory_key, f"{settings.name}\0{settings.kind}\0{settings.model}",
            size=settings.cache_size, keep_s=settings.cache_s,
        )  # fmt: skip
        self._threshold = _own_threshold(settings)
        self._gathering = _Batch()
        later_s = settings.timeout_ms / 1000 + 1.0  # so that there is one deadline, ours
        self._upstream = Upstream(
            UpstreamSettings(
                name=settings.name,
                base_url=settings.url,
                key=key,
                pool_max=ASKED_AT_ONCE,
                connect_s=later_s,
                first_byte_s=later_s,
                idle_s=later_s,
                total_s=later_s,
                ca_file=settings.ca_file,
            )
        )

    async def ask(
        self, text: str, role: str, context: str = "", audience: str = AUDIENCE
    ) -> JudgeScores | None:
        """What the judge thinks of a text; None if it gave no answer that we understand in time.

        `role`: `prompt` or `reply`; `context`: the prompt that a reply answers. It says the same
        to every audience, and what follows from it is not for it to say.
        """
        asked = Asked(text, role, context)
        began_s = self._clock.monotonic()
        digest = self._memory.digest(asked)
        remembered = self._memory.find(digest, began_s)
        if remembered is not None:
            self._metrics.judge_spared(self.name, "cached")
            return remembered
        if not self._breaker.admits(began_s):
            self._metrics.judge_spared(self.name, "resting")
            return None
        batch = self._join(asked)
        outcome, scores = await self._answer_of(batch, batch.answers[-1])
        now_s = self._clock.monotonic()
        if outcome == "over_budget":
            self._metrics.judge_spared(self.name, "over_budget")
            return None
        self._metrics.judge_called(self.name, outcome, now_s - began_s)
        if scores is None:
            if not batch.has_failed:
                batch.has_failed = True
                self._breaker.failed(now_s)
            return None
        self._breaker.succeeded()
        own = JudgeScores(
            scores.harm, scores.categories, False,
            threshold=self._threshold, judge=self.name,
        )  # fmt: skip
        self._memory.keep(digest, own, now_s)
        return own

    async def close(self) -> None:
        """Close all connections; questions that are open end with None."""
        await self._upstream.close()

    # Going together

    async def _answer_of(self, batch: _Batch, answer: asyncio.Future[_Answer]) -> _Answer:
        """One's own answer, in time; the last one to leave takes the request along."""
        try:
            async with asyncio.timeout(self._settings.timeout_ms / 1000):
                return await asyncio.shield(answer)
        except TimeoutError:
            return "late", None
        finally:
            answer.cancel()  # nothing, if it is there
            if batch.sending is not None and all(one.done() for one in batch.answers):
                batch.sending.cancel()

    def _join(self, asked: Asked) -> _Batch:
        loop = asyncio.get_running_loop()
        batch = self._gathering
        batch.asked.append(asked)
        batch.answers.append(loop.create_future())
        if len(batch.asked) >= self._together_max:
            self._depart()
        elif batch.timer is None:
            batch.timer = loop.call_later(self._settings.batch_wait_ms / 1000, self._depart)
        return batch

    def _depart(self) -> None:
        batch, self._gathering = self._gathering, _Batch()
        if batch.timer is not None:
            batch.timer.cancel()
        if all(answer.done() for answer in batch.answers):
            return  # all have left
        batch.sending = asyncio.ensure_future(self._send_batch(batch))
        batch.sending.add_done_callback(lambda sending: _pass_on_bugs(sending, batch))

    async def _send_batch(self, batch: _Batch) -> None:
        bodies = self._kind.requests(self._settings.model, batch.asked)
        if not self._budget.takes(len(bodies), count_tokens(bodies), self._clock.monotonic()):
            self._settle(batch, "over_budget", [None] * len(batch.asked))
            return
        found: list[Scores | None] = [None] * len(batch.asked)
        try:
            async with asyncio.TaskGroup() as group:
                sent = [group.create_task(self._send(body)) for body in bodies]
            found = self._kind.parse([task.result() for task in sent], batch.asked)
        except* Trouble:
            pass  # no answer, for all of them
        self._settle(batch, "answered", found)

    def _settle(self, batch: _Batch, outcome: JudgeOutcome, found: list[Scores | None]) -> None:
        for answer, scores in zip(batch.answers, found, strict=True):
            if not answer.done():
                failed = scores is None and outcome == "answered"
                answer.set_result(("failed" if failed else outcome, scores))

    async def _send(self, body: bytes) -> bytes:
        """The judge's answer. Raises Trouble, also for a status other than 200."""
        async with self._turns:
            reply = await self._upstream.send("POST", self._kind.path, _HEADERS, body)
            if reply.status != 200:
                reply.abort()
                raise UpstreamTrouble(f"the judge answered with status {reply.status}")
            return await reply.read_all(_ANSWER_BYTES_MAX)


def _own_threshold(settings: JudgeConfig) -> Threshold | None:
    halt, flag = settings.threshold, settings.flag_threshold
    return None if halt is None else Threshold(halt, halt if flag is None else flag)


def _pass_on_bugs(sending: asyncio.Task[None], batch: _Batch) -> None:
    """A bug is not a judge that fails: whoever asked is to hear of it."""
    bug = None if sending.cancelled() else sending.exception()
    for answer in batch.answers:
        if bug is not None and not answer.done():
            answer.set_exception(bug)
