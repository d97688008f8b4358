"""Takes an answer from the upstream to the client, judged on the way.

It refuses to decide what may leave: `Exchange` and `WholeAnswer` do.

Rules
1. A slow client slows the reading down: what lies between is bounded by the upstream's buffer.
2. When the exchange is over and the upstream is not, the upstream is cut off before anything else.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from licet.base.trouble import BadInput, Trouble
from licet.gateway.asgi import EVENT_STREAM, JSON, Answer, Send
from licet.gateway.asking import ASK_AGAIN_S, AskingRelay, judged_within
from licet.gateway.clearance import NotServed
from licet.gateway.dialects.chat_reply import ChatReply
from licet.gateway.dialects.model import Ask, Dialect
from licet.gateway.dialects.model import Reply as Said
from licet.gateway.dialects.shown import refuse_shown_whole
from licet.gateway.dialects.unreadable import Unlooked
from licet.gateway.exchange import Exchange
from licet.gateway.outcome import Outcome, Question
from licet.gateway.parts import Parts
from licet.gateway.relay import Relay
from licet.gateway.trace import Trace
from licet.gateway.upstream import Reply
from licet.gateway.whole_answer import WholeAnswer, judge_answer
from licet.guard.classifier import Scores
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding

ANSWER_BYTES_MAX: Final = 64 << 20
"""A whole answer is in memory while it is judged."""
TOKENS_MAX: Final = 10_000_000
"""A limit beyond it is none: nothing was saved that a model could have written."""
CONTEXT_CHARACTERS_MAX: Final = 4000
"""Of a prompt, as a judge outside is given it with each piece of the answer."""
_LIMIT_FIELDS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")


async def answer_whole(
    parts: Parts, dialect: Dialect, ask: Ask, guard: Guard, reply: Reply, trace: Trace,
    flags: tuple[Finding, ...], send: Send,
) -> Outcome:  # fmt: skip
    """A non-streamed answer: nothing leaves before all of it was judged."""
    urgent = parts.urgent
    body = await reply.read_all(ANSWER_BYTES_MAX)
    said: Said | None
    try:
        said = dialect.reply(body)
        is_plain = isinstance(said, ChatReply) and said.is_plain
        if not ask.takes_media and not is_plain:
            refuse_shown_whole(body)
    except BadInput as trouble:
        said, code = None, "upstream_malformed"
        message = "The model's answer is not of this API."
        if isinstance(trouble, Unlooked):
            code, message = trouble.code, str(trouble)
    if said is None:
        await Answer(502, dialect.error(502, code, message)).send(send)
        return Outcome("failed", flags=flags, code=code)
    whole = await judge_whole(parts, ask, said, guard, urgent, trace, flags)
    out, outcome = whole.finish(body, parts.recorder.open_case)
    if parts.text_mark is not None:
        out = parts.text_mark.whole(dialect.name, ask, out)
    trace.first_out = parts.clock.monotonic()
    durable = parts.recorder.record(trace, outcome)
    if durable is not None:
        await durable
    await Answer(200, out, (JSON, (b"x-request-id", trace.id.encode()))).send(send)
    return outcome


async def judge_whole(
    parts: Parts, ask: Ask, said: Said, guard: Guard, urgent: int, trace: Trace,
    flags: tuple[Finding, ...],
) -> WholeAnswer:  # fmt: skip
    """All that an answer says, judged by `guard`; by the one that holds now, if an urgent bundle
    has come since there were `urgent` of them. Raises NotServed after a suspension."""
    while True:
        if urgent != parts.urgent:
            parts.clearance.check()
            urgent, guard = parts.urgent, parts.guard
            trace.bundle = guard.name
        judging = judge_answer(
            said, guard, audience=trace.audience,
            on_failure=guard.policy.on_judge_failure["whole"], flags=flags,
        )  # fmt: skip
        whole = parts.turns.begin(judging)
        if whole is None:
            whole = await parts.turns.finish(judging)
        if whole.waiting:
            async with judged_within(parts, parts.config.find_upstream(trace.upstream).idle_s):
                await ask_until_judged(parts, whole, prompt_of(ask), trace.audience)
        if urgent == parts.urgent:
            return whole


async def answer_stream(
    parts: Parts, dialect: Dialect, ask: Ask, guard: Guard, reply: Reply, trace: Trace,
    flags: tuple[Finding, ...], send: Send,
) -> Outcome:  # fmt: skip
    """A streamed answer: each event leaves as soon as its text may."""
    urgent = parts.urgent  # as of `guard`; one that comes while the head is sent is heeded
    reader = dialect.reader(ask)
    if parts.text_mark is not None:
        reader = parts.text_mark.reader(dialect.name, ask, reader)
    exchange = Exchange(
        reader, guard, parts.recorder.open_case, audience=trace.audience, flags=flags
    )  # fmt: skip
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                EVENT_STREAM,
                (b"cache-control", b"no-cache"),
                (b"x-accel-buffering", b"no"),
                (b"x-request-id", trace.id.encode()),
            ],
        }
    )
    parts.metrics.stream_opened()
    try:
        if guard.remote_judge:
            await _relay_asking(parts, ask, exchange, reply, trace, send, urgent)
        else:
            out = await Relay(parts, exchange, reply, trace, send, urgent).run()
            await _close(parts, ask, exchange, reply, trace, send, out)
    except asyncio.CancelledError:
        exchange.client_gone()
        raise
    finally:
        parts.metrics.stream_closed()
        reply.abort()  # nothing is left to read, or nobody to read it for
    assert exchange.outcome is not None
    return exchange.outcome


async def _relay_asking(
    parts: Parts, ask: Ask, exchange: Exchange, reply: Reply, trace: Trace, send: Send, urgent: int
) -> None:
    """The same with a judge outside."""

    async def write(out: bytes) -> None:
        if not trace.first_out:
            trace.first_out = parts.clock.monotonic()
        await send({"type": "http.response.body", "body": out, "more_body": True})

    def fresh_guard() -> Guard | None:
        nonlocal urgent
        if trace.over is not None:
            raise trace.over
        if urgent == parts.urgent:
            return None
        parts.clearance.check()
        urgent, trace.bundle = parts.urgent, parts.guard.name
        return parts.guard

    assert parts.judge is not None
    upstream = parts.config.find_upstream(trace.upstream)
    relay = AskingRelay(
        exchange, reply, parts.judge, write, fresh_guard, waits=parts.waits,
        deadline_s=upstream.idle_s, context=prompt_of(ask), audience=trace.audience,
    )  # fmt: skip
    try:
        out = await relay.run()
    except NotServed as lost:
        out = exchange.failed(lost, lost.message)
    await _close(parts, ask, exchange, reply, trace, send, out)


async def _close(
    parts: Parts, ask: Ask, exchange: Exchange, reply: Reply, trace: Trace, send: Send, out: bytes
) -> None:
    """The last bytes: rule 2, then the record, then the client."""
    if exchange.cancels:
        reply.abort()
    outcome = exchange.outcome
    trace.held_characters = exchange.held_most
    assert outcome is not None
    if not trace.first_out:
        trace.first_out = parts.clock.monotonic()
    if outcome.kind == "halted":
        trace.tokens_saved = tokens_saved(ask, exchange.pieces)
    if outcome.kind in ("served", "halted"):  # the others are recorded where they are known
        try:
            durable = parts.recorder.record(trace, outcome)
            if durable is not None:
                await durable
        except Trouble:
            if outcome.kind == "served":
                out = exchange.unrecorded()
    await send({"type": "http.response.body", "body": out, "more_body": False})


async def ask_until_judged(parts: Parts, whole: WholeAnswer, prompt: str, audience: str) -> None:
    """Ask whoever judges outside until every text of an answer is judged."""
    while whole.waiting and whole.questions:
        questions, whole.questions = whole.questions, []
        for question, scores in await _ask_all(parts, questions, prompt, audience):
            whole.judged(question, scores)
        if whole.questions:
            await asyncio.sleep(ASK_AGAIN_S)


async def _ask_all(
    parts: Parts, questions: list[Question], prompt: str, audience: str
) -> list[tuple[Question, Scores | None]]:
    judge = parts.judge
    assert judge is not None
    answers = await asyncio.gather(
        *(
            judge.ask(q.text, q.role, q.context or prompt, audience=audience, harm=q.harm)
            for q in questions
        )
    )
    return list(zip(questions, answers, strict=True))


def prompt_of(ask: Ask) -> str:
    """What the answer answers, for a judge outside: the end of the user's last words."""
    said = next((text.text for text in reversed(ask.texts) if text.role == "user"), "")
    return said[-CONTEXT_CHARACTERS_MAX:]


def tokens_saved(ask: Ask, pieces: int) -> int:
    """Tokens that a model was spared, by the limit that the client had set; 0 without one.

    Upstreams send about one token an event; nobody can know where the model would have stopped.
    """
    try:
        body = msgspec.json.decode(ask.body)
    except msgspec.DecodeError:
        return 0
    limits = [body.get(name) for name in _LIMIT_FIELDS]
    limit = next((value for value in limits if type(value) is int and value < TOKENS_MAX), 0)
    return max(0, limit - pieces)
