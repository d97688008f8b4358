"""A judge outside, asked over an OpenAI-compatible `POST {url}/moderations`.

It refuses to decide: it gives scores or None, and what None means is `guard.on_judge_failure`.

Rules
1. `ask` never raises and never takes longer than `timeout_ms`, waiting for its turn included.
2. What is not understood is no answer. So is a text flagged for a category that we cannot name:
   to let it pass would be to decide against the judge.
3. At most ASKED_AT_ONCE questions are out at a time. A judge that keeps failing is left alone
   for a while, and every answer of that while is None at once.
4. Text goes to the judge and to nobody else: no log, no error, no metric holds any of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from licet.base.clock import Clock
from licet.base.trouble import Trouble
from licet.gateway.config import JudgeConfig
from licet.gateway.metrics import JudgeOutcome, Metrics
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.gateway.upstream_trouble import UpstreamTrouble
from licet.guard.classifier import Scores

ASKED_AT_ONCE = 64
FAILURES_MAX = 5
REST_S = 5.0
_ANSWER_BYTES_MAX = 256 << 10

CATEGORIES: Mapping[str, str] = {
    "hate": "hate",
    "hate/threatening": "hate",
    "harassment": "harassment",
    "harassment/threatening": "harassment",
    "self-harm": "self_harm",
    "self-harm/intent": "self_harm",
    "self-harm/instructions": "self_harm",
    "sexual": "sexual",
    "sexual/minors": "sexual",
    "violence": "violence",
    "violence/graphic": "violence",
    "illicit": "illegal_activity",
    "illicit/violent": "weapons",
}
"""The categories of OpenAI's moderation endpoint, and ours."""


class _Result(msgspec.Struct):
    """What the endpoint says of one text. Servers leave out scores, or give null for some."""

    flagged: bool
    categories: dict[str, bool | None] = {}
    category_scores: dict[str, float | None] = {}


class _Answer(msgspec.Struct):
    results: tuple[_Result]


_decode = msgspec.json.Decoder(_Answer).decode
_HEADERS = [(b"content-type", b"application/json"), (b"accept", b"application/json")]


class Breaker:
    """Leaves alone what keeps failing: after FAILURES_MAX failures in a row nothing is asked for
    REST_S, and then one question in each REST_S until one is answered.

    Pure: times are given, in monotonic seconds. One who was admitted and went away leaves nothing
    behind.
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


class RemoteJudge:
    """One judge, in one event loop. Raises BadInput for settings that name no server."""

    def __init__(
        self, settings: JudgeConfig, key: Secret | None, metrics: Metrics, clock: Clock
    ) -> None:
        self._model = settings.model
        self._timeout_s = settings.timeout_ms / 1000
        self._metrics = metrics
        self._clock = clock
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)
        self._breaker = Breaker()
        later_s = self._timeout_s + 1.0  # so that there is one deadline, ours
        self._upstream = Upstream(
            UpstreamSettings(
                name="judge",
                base_url=settings.url,
                key=key,
                pool_max=ASKED_AT_ONCE,
                connect_s=later_s,
                first_byte_s=later_s,
                idle_s=later_s,
                total_s=later_s,
            )
        )

    async def ask(self, text: str, role: str, context: str = "") -> Scores | None:
        """What the judge thinks of a text; None if it gave no answer that we understand in time.

        `role` and `context` have no place in this API: the text is judged as it stands.
        """
        began_s = self._clock.monotonic()
        if not self._breaker.admits(began_s):
            return None
        outcome: JudgeOutcome = "failed"
        scores = None
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                scores = parse_scores(await self._send(text))
            outcome = "failed" if scores is None else "answered"
        except TimeoutError:
            outcome = "late"
        except Trouble:
            outcome = "failed"
        now_s = self._clock.monotonic()
        self._metrics.judge_called(outcome, now_s - began_s)
        if scores is None:
            self._breaker.failed(now_s)
        else:
            self._breaker.succeeded()
        return scores

    async def close(self) -> None:
        """Close all connections; questions that are open end with None."""
        await self._upstream.close()

    async def _send(self, text: str) -> bytes:
        """The judge's answer. Raises Trouble, also for a status other than 200."""
        body = msgspec.json.encode({"model": self._model, "input": _mend(text)})
        reply = await self._upstream.send("POST", "/moderations", _HEADERS, body)
        if reply.status != 200:
            reply.abort()
            raise UpstreamTrouble(f"the judge answered with status {reply.status}")
        return await reply.read_all(_ANSWER_BYTES_MAX)


def parse_scores(body: bytes) -> Scores | None:
    """The scores in an endpoint's answer, or None where rule 2 holds.

    Where a category is flagged without a score, it counts as 1.
    """
    try:
        (result,) = _decode(body).results
    except (msgspec.DecodeError, ValueError, RecursionError):  # ValueError: not UTF-8
        return None
    given = {name: float(flag) for name, flag in result.categories.items() if flag is not None}
    given |= {name: at for name, at in result.category_scores.items() if at is not None}
    if not all(0.0 <= score <= 1.0 for score in given.values()):
        return None
    scores: dict[str, float] = {}
    for name, score in given.items():
        if ours := CATEGORIES.get(name):
            scores[ours] = max(score, scores.get(ours, 0.0))
    named = any(CATEGORIES.get(name) for name, flag in result.categories.items() if flag)
    if result.flagged and not named:
        return None
    return Scores(max(scores.values(), default=0.0), scores, screened=False)


def _mend(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
