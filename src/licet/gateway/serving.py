"""Serves one exchange: from a request's head to the last byte of its answer, and the record of it.

It refuses to decide: dialects understand, the guard judges, `Exchange` holds the stream's rules.
Here is what touches the world, in order:

    key and limits → body → routing → prompt judged → upstream called → answer judged → record

Rules
1. Nothing is asked of a model before the prompt was judged, and nothing at all is served while
   the ledger takes no entries or the licence does not clear it; what runs when it is lost ends.
2. When text is stopped the upstream is cut off first; then the case is put on record; then the
   client is told.
3. A client that leaves cuts off the upstream. Whatever happens, the place among the key's limits
   is given back and the exchange is on record.
4. A whole answer that was asked for under an Idempotency-Key is made to its end, whoever has left:
   it waits for who asks again (`repeats`).
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Final

import msgspec

from licet.base.trouble import BadInput, Conflict, TooMuch, Trouble
from licet.gateway.admission import (
    Denial,
    Target,
    admit,
    audience_of,
    refuse_service,
    route_model,
    take_place,
    under_measure,
)
from licet.gateway.afterwards import whatever_comes
from licet.gateway.answering import answer_stream, answer_whole
from licet.gateway.asgi import (
    JSON,
    Answer,
    Headers,
    Receive,
    Scope,
    Send,
    TakenDown,
    check_head,
    header,
    read_body,
)
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft
from licet.gateway.clearance import NotServed
from licet.gateway.dialects.media import MediaAsk
from licet.gateway.dialects.model import Ask, Dialect
from licet.gateway.features import HEADER as FEATURES
from licet.gateway.keys import Key, Route
from licet.gateway.measures import bearing
from licet.gateway.media_answering import answer_media, refuse_images, refuse_media, takes_media
from licet.gateway.minding import Seat
from licet.gateway.outcome import BUG, Outcome
from licet.gateway.parts import Parts
from licet.gateway.prompt_judging import judge_prompt
from licet.gateway.refusing import Refusal
from licet.gateway.repeats import Name
from licet.gateway.trace import Trace
from licet.gateway.upstream import KeyForm, Reply
from licet.gateway.upstream_refusal import upstream_refusal
from licet.gateway.upstream_trouble import UpstreamTrouble

_PASSED_ON: Final = frozenset((b"accept", b"anthropic-version", b"anthropic-beta", b"openai-beta"))
IDEMPOTENCY_KEY: Final = b"idempotency-key"
FINAL: Final = frozenset((200, 400))
"""An answer, and a no that the same request would get again; any other may pass."""
_KEY_FORMS: Final[dict[str, KeyForm]] = {"x-api-key": "x-api-key", "api-key": "api-key"}


async def serve(
    parts: Parts, dialect: Dialect, route: Route, scope: Scope, receive: Receive, send: Send
) -> None:
    """One request of one of the judged APIs."""
    now = parts.clock.now()
    trace = Trace(parts.exchanges.take(), route, dialect.name, parts.clock.monotonic(), now)
    if not parts.clearance.is_open and (refusal := refuse_service(parts, scope)) is not None:
        await deny(dialect, refusal, trace, send)
        return
    key = admit(parts, scope, route)
    if isinstance(key, Denial):
        await deny(dialect, key, trace, send)
        return
    trace.key, trace.audience = key.id, audience_of(parts, key)
    place = await take_place(parts, key)
    if isinstance(place, Denial):
        await deny(dialect, place, trace, send)
        return
    work = _admitted(parts, dialect, key, trace, scope, receive, send)
    with contextlib.suppress(ClientLeft):
        await whatever_comes(work, partial(parts.limits.release, key.id, place))


async def deny(dialect: Dialect, denial: Denial, trace: Trace, send: Send) -> None:
    """Tell the client, in its API's words, that its request goes no further."""
    body = dialect.error(denial.status, denial.code, denial.message, None, denial.told)
    headers: Headers = [JSON, (b"x-request-id", trace.id.encode())]
    if denial.retry_after_s:
        headers.append((b"retry-after", b"%d" % max(1, round(denial.retry_after_s + 0.5))))
    if denial.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await Answer(denial.status, body, tuple(headers)).send(send)


async def _admitted(
    parts: Parts, dialect: Dialect, key: Key, trace: Trace,
    scope: Scope, receive: Receive, send: Send,
) -> None:  # fmt: skip
    """A request with a key and a place."""
    understood = await _understand(parts, dialect, key, trace, scope, receive)
    if isinstance(understood, Denial):
        await deny(dialect, understood, trace, send)
        return
    ask, target = understood
    measure = await under_measure(parts, ask.end_user)
    if isinstance(measure, Denial):
        await deny(dialect, measure, trace, send)
        return
    if measure is not None:
        send = bearing(send, measure)
    seat: Seat | None = None
    if parts.minors is not None:
        named = header(scope, FEATURES)
        seat = await parts.minors.seat(
            parts.guard, parts.memory, parts.turns, dialect, ask, trace, send, named
        )
        send = seat.send
        if (no := seat.refusal) is not None:
            await deny(dialect, Denial(no.status, no.code, no.message, seat.wait_s), trace, send)
        if no is not None or seat.helped:
            return
    once = header(scope, IDEMPOTENCY_KEY) if parts.repeats.heeded else None
    if once is None or ask.stream or isinstance(ask, MediaAsk):
        work = _unless_left(parts, dialect, ask, target, trace, scope, receive, send)
    else:
        work = _once(parts, dialect, ask, target, trace, scope, send, once)
    await (work if seat is None else whatever_comes(work, seat.leave))


async def _unless_left(
    parts: Parts, dialect: Dialect, ask: Ask, target: Target, trace: Trace,
    scope: Scope, receive: Receive, send: Send,
) -> None:  # fmt: skip
    """Rule 3."""
    departure = parts.departures.expect(scope, receive)
    try:
        await _answered(parts, dialect, ask, target, trace, scope, send)
    except asyncio.CancelledError:
        if not departure.left:
            raise
        # The client has left; whatever was open was aborted on the way here.
    finally:
        departure.close()


async def _once(
    parts: Parts, dialect: Dialect, ask: Ask, target: Target, trace: Trace,
    scope: Scope, send: Send, key: bytes,
) -> None:  # fmt: skip
    """Rule 4: the answer that was given under this key, or a new one."""

    async def work() -> tuple[Answer, bool]:
        taken = TakenDown()
        await _answered(parts, dialect, ask, target, trace, scope, taken)
        return taken.answer, taken.status in FINAL

    try:
        answer = await parts.repeats.once(
            Name(trace.key, dialect.path, key), ask.body, parts.guard.name, work
        )
    except (BadInput, Conflict) as trouble:
        status = 422 if isinstance(trouble, Conflict) else 400
        denial = Denial(status, "idempotency_key", str(trouble))
    else:
        await answer.send(send)
        return
    await deny(dialect, denial, trace, send)


async def _answered(
    parts: Parts, dialect: Dialect, ask: Ask, target: Target, trace: Trace,
    scope: Scope, send: Send,
) -> None:  # fmt: skip
    """Judged and answered, or told why not."""
    try:
        await _judged(parts, dialect, ask, target, trace, scope, send)
        return
    except NotServed as lost:
        denial = Denial(lost.status, lost.code, lost.message)
    except UpstreamTrouble as trouble:
        denial = _upstream_failed(trouble)
    except Trouble as trouble:
        denial = Denial(503, trouble.code, str(trouble))
    await deny(dialect, denial, trace, send)


async def _understand(
    parts: Parts, dialect: Dialect, key: Key, trace: Trace, scope: Scope, receive: Receive
) -> tuple[Ask, Target] | Denial:
    server = parts.config.server
    try:
        check_head(scope, bytes_max=server.head_bytes_max, headers_max=server.headers_max)
        body = await read_body(scope, receive, server.body_bytes_max)
        ask = dialect.parse(body, json_depth_max=server.json_depth_max)
    except BodyTooLarge as trouble:
        return Denial(413, trouble.code, str(trouble))
    except TooMuch as trouble:
        return Denial(431, "headers_too_large", str(trouble))
    except BadInput as trouble:
        return Denial(400, "invalid_request", str(trouble))
    trace.model, trace.stream, trace.end_user = ask.model, ask.stream, ask.end_user
    trace.characters = sum(len(text.text) for text in ask.texts)
    if not parts.recorder.healthy:
        return Denial(
            503, "ledger_unavailable", "Decisions cannot be recorded, so nothing is served."
        )
    target = route_model(parts, key, ask.model, dialect.family)
    if isinstance(target, Denial):
        return target
    if ask.images and (no := refuse_images(parts, ask)) is not None:
        return no
    if isinstance(ask, MediaAsk) and (no := refuse_media(parts, ask, scope)) is not None:
        return no
    trace.upstream = target.upstream.name
    if takes_media(parts):
        ask = msgspec.structs.replace(ask, takes_media=True)
    return ask, target


async def _judged(
    parts: Parts, dialect: Dialect, ask: Ask, target: Target, trace: Trace,
    scope: Scope, send: Send,
) -> None:  # fmt: skip
    unreadable: Denial | None = None
    try:
        while True:
            guard, urgent = parts.guard, parts.urgent
            trace.bundle = guard.name
            refusal, flags = await judge_prompt(parts, ask, guard, target, trace)
            if urgent == parts.urgent:  # else an urgent bundle came meanwhile: it is new text
                break
    except (BadInput, TooMuch) as trouble:  # what was sent as a picture cannot be looked at
        unreadable = Denial(400, "invalid_request", str(trouble))
    if unreadable is not None:
        await deny(dialect, unreadable, trace, send)
        return
    if refusal is not None:
        await _refuse(parts, dialect, refusal, trace, send)
        return
    outcome = Outcome("abandoned", flags=flags, code="client_gone")
    try:
        trace.sent_at = parts.clock.monotonic()
        parts.clearance.check()
        reply = await _call(parts, dialect, ask, target, scope)
        if trace.sitting is not None:
            trace.sitting.watch(reply)
        if urgent != parts.urgent:  # an urgent bundle came before the answer, or a suspension
            guard = parts.guard
            trace.bundle = guard.name
            if parts.clearance.refusal is not None:
                reply.abort()
                parts.clearance.check()
        trace.first_in = parts.clock.monotonic()
        if reply.status != 200:
            answer, outcome = await upstream_refusal(
                dialect, parts.upstreams[trace.upstream], reply, guard, flags
            )
            await answer.send(send)
        elif isinstance(ask, MediaAsk):
            outcome = await answer_media(
                parts, dialect, ask, guard, reply, trace, flags, scope, send
            )
        elif ask.stream and (reply.header(b"content-type") or b"").startswith(b"text/event-st"):
            outcome = await answer_stream(parts, dialect, ask, guard, reply, trace, flags, send)
        else:
            outcome = await answer_whole(parts, dialect, ask, guard, reply, trace, flags, send)
    except Trouble as trouble:
        lost = parts.clearance.lost() or trace.over  # then our cutting off is what went wrong
        outcome = Outcome("failed", flags=flags, code=(lost or trouble).code)
        raise (lost or trouble)
    except Exception:
        outcome = Outcome("failed", flags=flags, code=BUG)
        raise
    finally:
        if outcome.kind in ("failed", "abandoned"):
            with contextlib.suppress(Trouble):  # the ledger is down: the next request is refused
                parts.recorder.record(trace, outcome)
        if parts.spans is not None:
            parts.spans(trace, outcome)


async def _refuse(
    parts: Parts, dialect: Dialect, refusal: Refusal, trace: Trace, send: Send
) -> None:
    """The prompt is not passed on. law:cn-genai-2023/art14.1"""
    finding = refusal.finding
    notice = parts.recorder.open_case(finding, refusal.where)
    outcome = Outcome("refused", notice, finding, refusal.flags, refusal.excerpt)
    durable = parts.recorder.record(trace, outcome)
    if durable is not None:
        await durable
    message = f"The request was refused: {notice.reason.get('en', '')} Case {notice.case}."
    if trace.sitting is not None:
        message += await trace.sitting.comfort(finding.category)
    body = dialect.error(400, "content_filter", message, refusal.where or None, notice)
    await Answer(400, body, (JSON, (b"x-request-id", trace.id.encode()))).send(send)
    if parts.spans is not None:
        parts.spans(trace, outcome)


async def _call(parts: Parts, dialect: Dialect, ask: Ask, target: Target, scope: Scope) -> Reply:
    body = ask.body if target.model == ask.model else dialect.with_model(ask, target.model)
    headers = [(name, value) for name, value in scope["headers"] if name in _PASSED_ON]
    if isinstance(ask, MediaAsk):  # its body was written anew
        headers = [pair for pair in headers if pair[0] != b"accept"]
        headers.append((b"content-type", ask.content_type))
    else:  # it was read as JSON in UTF-8, and nobody is to read it otherwise, whatever was said
        headers.append(JSON)
    form: KeyForm | None = None
    if dialect.family == "anthropic" and target.upstream.key_form == "bearer":
        form = "x-api-key"  # Anthropic's own; an operator who set another keeps it
    upstream = parts.upstreams[target.upstream.name]
    return await upstream.send("POST", dialect.path, headers, body, key_form=form)


def _upstream_failed(trouble: UpstreamTrouble) -> Denial:
    late = "timeout" in trouble.code
    message = "The model did not answer in time." if late else "The model cannot be reached."
    return Denial(504 if late else 502, trouble.code, message)
