"""Answers LiteLLM's guardrail API: our guard in front of somebody else's gateway.

It refuses to call a model, and to change a text.

Rules
1. What is stopped is on record before LiteLLM is told, and what it is told names case, reason and
   appeal. What passes is counted; it stands in the ledger only if something was noted in it.
2. Who cannot put a stop on record, or gets no verdict, does not say that a text may pass: 503,
   which LiteLLM takes as "fail closed" unless it was told otherwise.
3. Each question is judged by itself. A stream comes as ever longer beginnings of one text: each is
   judged as if it ended there.
4. The text is a service's like any other: without a licence that clears this gateway nothing is
   judged, so nothing passes. law:cn-genai-2023/art17
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from licet.base.piecemeal import Piecemeal
from licet.base.trouble import BadInput, Trouble
from licet.gateway.admission import (
    Denial,
    admit,
    audience_of,
    refuse_service,
    take_place,
    under_measure,
)
from licet.gateway.asgi import (
    JSON,
    Answer,
    Receive,
    Scope,
    Send,
    read_body,
)
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft
from licet.gateway.asking import ASK_AGAIN_S, judged_within
from licet.gateway.clearance import NotServed
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.guardrail import (
    GuardrailAsk,
    blocked,
    not_judged,
    parse_guardrail,
    passed,
    reply_of,
    turned_away,
)
from licet.gateway.dialects.model import Ask
from licet.gateway.outcome import Outcome, Question
from licet.gateway.parts import Parts
from licet.gateway.prompting import PromptJudgement, judge_texts
from licet.gateway.trace import Trace
from licet.gateway.whole_answer import WholeAnswer, judge_answer
from licet.guard.classifier import Scores
from licet.guard.guarding import PIECE_CHARACTERS, Guard
from licet.guard.lexicon import Lexicon
from licet.guard.stream import EXCERPT_CHARACTERS

WAIT_S = 30.0
"""How long a judge outside is asked again where `on_judge_failure` is `hold`."""


class _Judgement(Protocol):
    questions: list[Question]

    @property
    def waiting(self) -> bool: ...

    def judged(self, question: Question, scores: Scores | None) -> None: ...


_J = TypeVar("_J", bound=_Judgement)


async def guard_for_litellm(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """One question of LiteLLM's."""
    trace = Trace(
        parts.exchanges.take(), "guardrail", "litellm", parts.clock.monotonic(), parts.clock.now()
    )
    if (refusal := refuse_service(parts, scope)) is not None:  # rule 4
        await _deny(refusal, send)
        return
    key = admit(parts, scope, "guardrail")
    if isinstance(key, Denial):
        await _deny(key, send)
        return
    trace.key, trace.audience = key.id, audience_of(parts, key)
    place = await take_place(parts, key)
    if isinstance(place, Denial):
        await _deny(place, send)
        return
    try:
        body = await _answer(parts, trace, scope, receive)
        if isinstance(body, Denial):
            await _deny(body, send)
        else:
            await Answer(200, body, (JSON, (b"x-request-id", trace.id.encode()))).send(send)
    except ClientLeft:
        return
    finally:
        await parts.limits.release(key.id, place)


async def _deny(denial: Denial, send: Send) -> None:
    body = openai_error(denial.status, denial.code, denial.message)
    await Answer(denial.status, body, (JSON,)).send(send)


async def _answer(parts: Parts, trace: Trace, scope: Scope, receive: Receive) -> bytes | Denial:
    server = parts.config.server
    try:
        body = await read_body(scope, receive, server.body_bytes_max)
        ask = parse_guardrail(body, json_depth_max=server.json_depth_max)
    except BodyTooLarge as trouble:
        return Denial(413, trouble.code, str(trouble))
    except BadInput as trouble:
        return Denial(400, "invalid_request", str(trouble))
    trace.model, trace.end_user, trace.bundle = ask.model, ask.end_user, parts.guard.name
    trace.characters = sum(len(text.text) for text in ask.texts)
    if not parts.recorder.healthy:
        message = "Decisions cannot be recorded, so nothing may pass."
        return Denial(503, "ledger_unavailable", message)
    if ask.images and parts.config.guard.images != "pass":  # nobody looks at them here
        return not_judged(ask.images[0])
    measure = await under_measure(parts, ask.end_user)
    if isinstance(measure, Denial):
        return turned_away(measure.message, measure.told) if measure.told else measure
    try:
        if ask.input_type == "request":
            return await _judge_request(parts, ask, trace)
        return await _judge_response(parts, ask, trace)
    except Trouble as trouble:
        parts.recorder.record(trace, Outcome("failed", code=trouble.code))
        status = trouble.status if isinstance(trouble, NotServed) else 503
        return Denial(status, trouble.code, str(trouble))


async def _judge_request(parts: Parts, ask: GuardrailAsk, trace: Trace) -> bytes:
    asked = Ask(ask.model, False, ask.texts, b"")

    def judging(guard: Guard) -> Piecemeal[PromptJudgement]:
        return judge_texts(
            asked, guard, parts.memory, audience=trace.audience,
            on_failure=guard.policy.on_judge_failure["whole"],
        )  # fmt: skip

    judgement = await _judged(parts, trace, judging)
    finding, flags = judgement.finding, tuple(judgement.flags)
    if finding is None:
        _let_pass(parts, trace, Outcome("served", flags=flags))
        return passed()
    notice = parts.recorder.open_case(finding, judgement.where)
    text = next(text.text for text in ask.texts if text.where == judgement.where)
    excerpt = text[finding.start : finding.end][:EXCERPT_CHARACTERS]
    await _put_on_record(parts, trace, Outcome("refused", notice, finding, flags, excerpt))
    return blocked(notice)


async def _judge_response(parts: Parts, ask: GuardrailAsk, trace: Trace) -> bytes:
    said = reply_of(ask)

    def judging(guard: Guard) -> Piecemeal[WholeAnswer]:
        return judge_answer(
            said, guard, audience=trace.audience,
            on_failure=guard.policy.on_judge_failure["whole"],
        )  # fmt: skip

    whole = await _judged(parts, trace, judging)
    body, outcome = whole.finish(b"", parts.recorder.open_case)
    if outcome.kind == "halted":
        await _put_on_record(parts, trace, outcome)
        return body
    _let_pass(parts, trace, outcome)
    turns, lexicon = parts.turns, parts.guard.lexicon
    return passed(
        [await turns.finish(_held(lexicon, text.text)) for text in ask.texts[: ask.count]]
    )


def _held(lexicon: Lexicon, text: str) -> Piecemeal[int]:
    """Characters at the end of a text that are, as far as it goes, the start of a match."""
    watch = lexicon.watch(json=False)
    for at in range(0, len(text), PIECE_CHARACTERS):
        watch.feed(text[at : at + PIECE_CHARACTERS])
        yield
    return len(text) - watch.free


async def _judged(parts: Parts, trace: Trace, judging: Callable[[Guard], Piecemeal[_J]]) -> _J:
    """Judged by our guard and whoever it asks, anew where an urgent bundle has come meanwhile."""
    while True:
        guard, urgent = parts.guard, parts.urgent
        trace.bundle = guard.name
        judgement = await parts.turns.finish(judging(guard))
        await _ask_until_judged(parts, judgement, trace.audience)
        if urgent == parts.urgent:
            return judgement


async def _ask_until_judged(parts: Parts, judgement: _Judgement, audience: str) -> None:
    """Raises JudgeUnavailable where a judge is held for in vain, NotServed where the service is
    over meanwhile."""
    if not judgement.waiting:
        return
    judge = parts.judge
    assert judge is not None
    async with judged_within(parts, WAIT_S):
        while judgement.waiting and judgement.questions:
            questions, judgement.questions = judgement.questions, []
            answers = await asyncio.gather(
                *(
                    judge.ask(q.text, q.role, q.context, audience=audience, harm=q.harm)
                    for q in questions
                )
            )
            for question, scores in zip(questions, answers, strict=True):
                judgement.judged(question, scores)
            if judgement.questions:
                await asyncio.sleep(ASK_AGAIN_S)


def _let_pass(parts: Parts, trace: Trace, outcome: Outcome) -> None:
    if outcome.flags:
        parts.recorder.record(trace, outcome)
    else:
        parts.recorder.count(trace, outcome)


async def _put_on_record(parts: Parts, trace: Trace, outcome: Outcome) -> None:
    durable = parts.recorder.record(trace, outcome)
    if durable is not None:
        await durable
