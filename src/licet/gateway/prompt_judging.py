"""Judges what a request says, before anything is asked of a model: its texts, the pictures in it,
what stands in those.

It refuses to answer: what is refused is told by `serving`.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from licet.base.trouble import BadInput, TooMuch, Trouble
from licet.gateway.admission import Target
from licet.gateway.asking import ASK_AGAIN_S, JudgeUnavailable, judged_within
from licet.gateway.clearance import NotServed
from licet.gateway.dialects.model import Ask
from licet.gateway.media_answering import look_at_sent, looks_at
from licet.gateway.outcome import BUG, Outcome
from licet.gateway.parts import Parts
from licet.gateway.prompting import PromptJudgement, judge_texts
from licet.gateway.refusing import Refusal, refusal_of
from licet.gateway.trace import Trace
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding


async def judge_prompt(
    parts: Parts, ask: Ask, guard: Guard, target: Target, trace: Trace
) -> tuple[Refusal | None, tuple[Finding, ...]]:
    """Why a request is refused (or None), and what is noted of it. Raises JudgeUnavailable,
    NotServed, and BadInput and TooMuch for what is sent as a picture and is none; one that failed
    is on record."""
    outcome: Outcome | None = Outcome("abandoned", code="client_gone")
    try:
        judgement = await _judge_texts(parts, ask, guard, target, trace)
        refusal, flags = refusal_of(judgement, ask), tuple(judgement.flags)
        if refusal is None and ask.pictures and looks_at(parts, ask):
            refusal, noted = await _judge_pictures(parts, ask, guard, target, trace)
            flags += noted
        outcome = None
    except (BadInput, TooMuch):
        outcome = None
        raise
    except (JudgeUnavailable, NotServed) as trouble:
        outcome = Outcome("failed", code=trouble.code)
        raise
    except Exception:
        outcome = Outcome("failed", code=BUG)
        raise
    finally:
        if outcome is not None:
            with contextlib.suppress(Trouble):
                parts.recorder.record(trace, outcome)
    return refusal, flags


async def _judge_pictures(
    parts: Parts, ask: Ask, guard: Guard, target: Target, trace: Trace
) -> tuple[Refusal | None, tuple[Finding, ...]]:
    """The pictures of a request, and what stands in them."""
    async with judged_within(parts, None):
        refusal, flags, texts = await look_at_sent(parts, ask, guard, trace)
    if refusal is None and texts:
        seen = msgspec.structs.replace(ask, texts=texts)
        judgement = await _judge_texts(parts, seen, guard, target, trace)
        refusal = refusal_of(judgement, seen)
        flags += tuple(judgement.flags)
    return refusal, flags


async def _judge_texts(
    parts: Parts, ask: Ask, guard: Guard, target: Target, trace: Trace
) -> PromptJudgement:
    """A judge that is held for has a deadline, like everything here (`idle_s`)."""
    judging = judge_texts(
        ask, guard, parts.memory, audience=trace.audience,
        on_failure=guard.policy.on_judge_failure["whole"],
    )  # fmt: skip
    judgement = parts.turns.begin(judging)
    if judgement is None:
        judgement = await parts.turns.finish(judging)
    if judgement.waiting:
        async with judged_within(parts, target.upstream.idle_s):
            while judgement.waiting and judgement.questions:
                await _ask_judge(parts, judgement, trace.audience)
    return judgement


async def _ask_judge(parts: Parts, judgement: PromptJudgement, audience: str) -> None:
    """Put all open questions about the prompt at once."""
    assert parts.judge is not None
    questions, judgement.questions = judgement.questions, []
    answers = await asyncio.gather(
        *(
            parts.judge.ask(
                question.text, "prompt", question.context, audience=audience, harm=question.harm
            )
            for question in questions
        )
    )
    for question, scores in zip(questions, answers, strict=True):
        judgement.judged(question, scores)
    if judgement.questions:  # held: asked again, a little later
        await asyncio.sleep(ASK_AGAIN_S)
