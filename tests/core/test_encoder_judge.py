"""The encoder is asked beside the event loop, in time or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from kit.encoder import tiny
from kit.guards import WordClassifier
from licet.base.clock import SystemClock
from licet.gateway.cascade import Cascade
from licet.gateway.config_judge import EncoderConfig
from licet.gateway.encoder_judge import EncoderJudge
from licet.gateway.metrics import Metrics
from licet.guard.classifier import Scores
from licet.guard.encoder import Encoder
from licet.guard.encoder.model import GROUPS
from licet.guard.policy import Threshold, decide

THRESHOLDS = {
    "default": dict.fromkeys(GROUPS, Threshold(0.7, 0.6)),
    "minor": dict.fromkeys(GROUPS, Threshold(0.0, 0.0)),
}


class Undecided(WordClassifier):
    __slots__ = ()

    def strengths(self, text: str, role: str) -> tuple[float, float]:
        return 0.0, 0.0


class Waiting(Encoder):
    """Reads nothing before it is told to."""

    __slots__ = ("told",)

    def judge(self, texts: Sequence[str], *args: Any, **named: Any) -> list[Scores]:
        self.told.wait(5)
        return super().judge(texts, *args, **named)


def judge(encoder: Encoder, *, timeout_ms: int = 5_000) -> EncoderJudge:
    settings = EncoderConfig(timeout_ms=timeout_ms)
    return EncoderJudge(settings, encoder, Undecided(), THRESHOLDS, Metrics(), SystemClock())


def test_its_own_thresholds_decide() -> None:
    async def work() -> None:
        ours = judge(tiny())
        scores = await ours.ask("a harmharm morning", "reply")
        assert scores is not None
        (finding, *_) = decide(scores, {}, 0, 18, "judge")
        assert (finding.action, finding.rule) == ("halt", f"judge.encoder.{finding.category}")
        calm = await ours.ask("a quiet morning", "reply")
        assert calm is not None
        assert decide(calm, {}, 0, 15, "judge") == []
        await ours.close()

    asyncio.run(work())


def test_a_minor_is_judged_by_the_thresholds_of_minors() -> None:
    async def work() -> None:
        judges = Cascade([judge(tiny())])
        found = {}
        for audience in ("default", "minor"):
            scores = await judges.ask("a quiet morning", "reply", audience=audience, harm=0.5)
            assert scores is not None
            found[audience] = bool(decide(scores, {}, 0, 15, "judge"))
        assert found == {"default": False, "minor": True}
        await judges.close()

    asyncio.run(work())


def test_who_is_late_gives_no_answer_and_nobody_waits_for_it() -> None:
    async def work() -> None:
        known = tiny()
        slow = Waiting(known.session, known.header, known.words, known.digest)
        slow.told = threading.Event()
        ours = judge(slow, timeout_ms=20)
        assert await ours.ask("a harmharm morning", "prompt") is None
        slow.told.set()
        await ours.close()

    asyncio.run(work())


def test_it_is_asked_where_the_classifier_doubts() -> None:
    async def work() -> None:
        ours = judge(tiny())
        judges = Cascade([ours])
        assert await judges.ask("a harmharm morning", "reply", harm=0.01) is None
        found = await judges.ask("a harmharm morning", "reply", harm=0.5)
        assert found is not None
        assert found.judge == "encoder"
        await judges.close()

    asyncio.run(work())
