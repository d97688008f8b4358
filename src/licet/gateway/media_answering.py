"""Pictures and sound of an exchange: judged before they are passed on and before they leave, then
marked and labelled.

It refuses to decide what a picture shows: `media.studio` looks, the guard judges.

Rules
1. A picture that was sent is looked at before the model is asked; the text in it is judged as a
   prompt. A picture that was made is looked at before it leaves; the text in it as an answer.
2. What is stopped ends as a refusal of the whole answer: HTTP 400 `content_filter`, with its case.
3. What leaves was labelled, and numbered `EXCHANGE-n`: a label leads to the ledger's entry.
4. A copy without a mark is on record before it leaves. law:cn-genai-2023/unlabelled_copy_log
5. Nothing of it is kept: a client that asks for a URL is given one that holds the picture.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from licet.base.trouble import BadInput, TooMuch
from licet.gateway.admission import Denial
from licet.gateway.answering import judge_whole
from licet.gateway.asgi import JSON, Answer, Headers, Scope, Send, header
from licet.gateway.asking import judged_within
from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.media import MediaAsk, PicturesReply
from licet.gateway.dialects.model import Ask, Dialect, Notice, PromptText, Usage
from licet.gateway.dialects.speech import SpokenReply
from licet.gateway.media.sound import MEDIA_TYPES
from licet.gateway.outcome import Outcome
from licet.gateway.parts import Parts
from licet.gateway.refusing import Refusal
from licet.gateway.trace import Trace
from licet.gateway.upstream import Reply
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding

if TYPE_CHECKING:  # loaded where pictures and sound are served, and nowhere else
    from licet.gateway.media.studio import Looked, Studio

ANSWER_BYTES_MAX = 64 << 20
PICTURES_MAX = 64
"""In one conversation; each is looked at again at every turn."""
UNMARKED = b"licet-unmarked"
"""The header by which a copy without a mark is asked for; it names the agreement."""
_AGREEMENT = re.compile(r"[A-Za-z0-9_.:/@+~-]{1,96}")


@dataclass(frozen=True, slots=True)
class Made:
    """What is to leave: a body with its headers, and the numbers of what is in it."""

    body: bytes
    headers: Headers
    contents: tuple[str, ...]


@dataclass(slots=True)
class _Said:
    """All text of an answer, in it and in its pictures. It is never cut: see rule 2."""

    spans: tuple[Span, ...]
    usage: Usage

    def render(self, texts: object, notice: Notice) -> bytes:
        return b""


def refuse_images(parts: Parts, ask: Ask) -> Denial | None:
    """Why a conversation with pictures, sound or files goes no further; None where it does."""
    guard = parts.config.guard
    if guard.images == "pass":
        return None
    seen = {picture.where for picture in ask.pictures} if guard.images == "judge" else set()
    unseen = next((where for where in ask.images if where not in seen), None)
    if unseen is not None and guard.unlooked != "pass":
        message = f"{unseen}: pictures, sound and files cannot be judged here."
        if guard.images == "judge":
            message = (
                f"{unseen}: sound, files, and pictures that lie elsewhere cannot be judged, so"
                " they are not passed on. Send a picture in the message, as base64."
            )
        return Denial(400, "image_not_judged", message)
    if len(seen) > PICTURES_MAX:
        message = f"A request may hold up to {PICTURES_MAX} pictures."
        return Denial(400, "too_many_pictures", message)
    return _refuse_unclassified(parts) if seen else None


def takes_media(parts: Parts) -> bool:
    """Whether pictures and sound in a conversation's answers pass unjudged and unlabelled."""
    return "pass" in (parts.config.guard.images, parts.config.guard.unlooked)


def looks_at(parts: Parts, ask: Ask) -> bool:
    """Whether the pictures of a request are looked at."""
    return isinstance(ask, MediaAsk) or parts.config.guard.images == "judge"


def refuse_media(parts: Parts, ask: MediaAsk, scope: Scope) -> Denial | None:
    """Why pictures or sound are not served here, or not so; None where they are."""
    studio = parts.studio
    if studio is None:
        return Denial(
            404, "media_not_served",
            "Pictures and sound are not served here: the operator has no table [media].",
        )  # fmt: skip
    if ask.medium == "image" and (no := _refuse_unclassified(parts)) is not None:
        return no
    forms = studio.labeller.sounds.forms
    if ask.medium == "audio" and ask.form and ask.form not in forms:
        return Denial(
            400, "format_not_served",
            f"response_format: sound can be had as {', '.join(forms)} here.",
        )  # fmt: skip
    return _refuse_unmarked(studio, ask, header(scope, UNMARKED))


def _refuse_unclassified(parts: Parts) -> Denial | None:
    """law:cn-genai-2023/art4.1, by the pack's tier."""
    studio = parts.studio
    assert studio is not None
    if studio.settings.classifier is not None:
        return None
    rule = parts.pack.tiers[parts.guard.policy.judged.tier].pictures_unclassified
    if studio.settings.without_classifier == "serve" and rule != "refuse":
        return None
    message = "No classifier for pictures is configured here, so no pictures are served."
    return Denial(403, "image_not_judged", message)


def _refuse_unmarked(studio: Studio, ask: MediaAsk, agreement: bytes | None) -> Denial | None:
    """The pack's conditions: the user asks, an agreement fixes what they must do, and both are
    known."""
    if agreement is None:
        return None
    if studio.settings.unlabelled == "refuse":
        return Denial(403, "mark_required", "Copies without a mark are not given here.")
    if not _AGREEMENT.fullmatch(agreement.decode("latin-1")):
        return Denial(400, "agreement_unnamed", "licet-unmarked must name the user's agreement.")
    if not ask.end_user:
        return Denial(
            400, "user_unnamed",
            "A copy without a mark is given to a named user: send safety_identifier.",
        )  # fmt: skip
    return None


async def look_at_sent(
    parts: Parts, ask: Ask, guard: Guard, trace: Trace
) -> tuple[Refusal | None, tuple[Finding, ...], tuple[PromptText, ...]]:
    """The pictures of a request: why it is refused (or None), what is noted, the text in them.

    Raises BadInput and TooMuch for what is no picture.
    """
    studio = parts.studio
    assert studio is not None
    flags: list[Finding] = []
    texts: list[PromptText] = []
    for picture in ask.pictures:
        data = picture.data
        if isinstance(data, str):
            (data,) = await studio.bring([("b64_json", data)])
        looked = await _look(studio, data, guard, trace)
        flags += [one for one in looked.findings if one.action == "flag"]
        if looked.halting is not None:
            refusal = Refusal(looked.halting, picture.where, tuple(flags), looked.about)
            return refusal, tuple(flags), ()
        if looked.text:
            texts.append(PromptText(f"{picture.where}.text", "user", looked.text))
    return None, tuple(flags), tuple(texts)


async def answer_media(
    parts: Parts, dialect: Dialect, ask: MediaAsk, guard: Guard, reply: Reply, trace: Trace,
    flags: tuple[Finding, ...], scope: Scope, send: Send,
) -> Outcome:  # fmt: skip
    """An answer of pictures or sound: nothing leaves before all of it was judged and labelled."""
    studio = parts.studio
    assert studio is not None
    agreement = (header(scope, UNMARKED) or b"").decode("latin-1")
    async with studio.turn:
        urgent = parts.urgent
        body = await reply.read_all(ANSWER_BYTES_MAX)
        if urgent != parts.urgent:
            parts.clearance.check()
            guard = parts.guard
            trace.bundle = guard.name
        making = _Making(parts, studio, ask, guard, trace, flags, marked=not agreement)
        try:
            async with judged_within(parts, None):
                outcome = await making.judge(body)
            made = None if outcome.kind == "halted" else await making.make()
        except (BadInput, TooMuch) as trouble:
            message = f"The model's answer cannot be used: {trouble}"
            await Answer(502, dialect.error(502, "upstream_malformed", message)).send(send)
            return Outcome("failed", flags=flags, code="upstream_malformed")
    if made is not None and agreement:
        await studio.in_thread(partial(_put_on_record, parts, ask, trace, agreement, made))
    trace.first_out = parts.clock.monotonic()
    durable = parts.recorder.record(trace, outcome)
    if durable is not None:
        await durable
    number = (b"x-request-id", trace.id.encode())
    if made is not None:
        await Answer(200, made.body, (*made.headers, number)).send(send)
    else:
        await Answer(400, halted_error(dialect, outcome), (JSON, number)).send(send)
    return outcome


def halted_error(dialect: Dialect, outcome: Outcome) -> bytes:
    """What a client is told of an answer that was stopped."""
    notice = outcome.notice
    assert notice is not None
    message = f"The answer was stopped: {notice.reason.get('en', '')} Case {notice.case}."
    return dialect.error(400, "content_filter", message, None, notice)


def _put_on_record(
    parts: Parts, ask: MediaAsk, trace: Trace, agreement: str, made: Made
) -> None:  # fmt: skip
    """Rule 4. Raises Unavailable: then nothing leaves."""
    assert parts.copies is not None
    parts.copies.add(
        made.contents, given=trace.now, medium=ask.medium, agreement=agreement,
        recipient=ask.end_user or "",
    )  # fmt: skip


async def _look(studio: Studio, data: bytes, guard: Guard, trace: Trace) -> Looked:
    on_failure = guard.policy.on_judge_failure["whole"]
    return await studio.look(data, guard.thresholds(trace.audience), on_failure)


class _Making:
    """One answer: `judge` it, and where it was not halted `make` what leaves."""

    def __init__(
        self, parts: Parts, studio: Studio, ask: MediaAsk, guard: Guard, trace: Trace,
        flags: tuple[Finding, ...], *, marked: bool,
    ) -> None:  # fmt: skip
        self._parts, self._studio, self._ask, self._guard = parts, studio, ask, guard
        self._trace, self._flags, self._marked = trace, flags, marked
        self._reply: PicturesReply | None = None
        self._given: list[bytes] = []

    async def judge(self, body: bytes) -> Outcome:
        """What the answer comes to. Raises BadInput and TooMuch where it is none."""
        if self._ask.medium == "audio":
            self._given = [body]
            return await self._judge_text(_Said(SpokenReply(self._ask).spans, Usage()))
        reply = self._reply = await self._studio.in_thread(partial(PicturesReply, body))
        self._given = await self._studio.bring(reply.given)
        spans = list(reply.spans)
        for at, data in enumerate(self._given):
            looked = await _look(self._studio, data, self._guard, self._trace)
            noted = tuple(one for one in looked.findings if one.action == "flag")
            self._flags += noted
            if (finding := looked.halting) is not None:
                notice = self._parts.recorder.open_case(finding, "")
                return Outcome(
                    "halted", notice, finding, self._flags, looked.about, reply.usage
                )  # fmt: skip
            if looked.text:
                spans.append(Span(f"{at}.picture", looked.text))
        return await self._judge_text(_Said(tuple(spans), reply.usage))

    async def _judge_text(self, said: _Said) -> Outcome:
        parts = self._parts
        whole = await judge_whole(
            parts, self._ask, said, self._guard, parts.urgent, self._trace, self._flags
        )
        return whole.finish(b"", parts.recorder.open_case)[1]

    async def make(self) -> Made:
        """What leaves (rule 3). Raises BadInput and TooMuch for what cannot be labelled."""
        labeller = self._studio.labeller
        if self._ask.medium == "audio":
            form = self._ask.form or labeller.sounds.usual()
            content = f"{self._trace.id}-1"
            sound = await self._studio.in_thread(
                partial(labeller.sound, self._given[0], form, content, marked=self._marked)
            )
            headers = [(b"content-type", MEDIA_TYPES[form]), (b"licet-content", content.encode())]
            return Made(sound, headers, (content,))
        contents = tuple(f"{self._trace.id}-{at + 1}" for at in range(len(self._given)))
        pictures = [
            await self._studio.in_thread(partial(self._picture, data, content))
            for data, content in zip(self._given, contents, strict=True)
        ]
        assert self._reply is not None
        render = partial(
            self._reply.render_pictures, pictures, self._ask.form, self._licet(contents)
        )
        return Made(await self._studio.in_thread(render), [JSON], contents)

    def _picture(self, data: bytes, content: str) -> str:
        """A picture as it leaves, in base64 or as a URL that holds it."""
        labeller = self._studio.labeller
        out = labeller.picture(data, content, marked=self._marked)
        text = base64.b64encode(out).decode()
        if self._ask.form == "url":
            return f"data:{labeller.media_type(out)};base64,{text}"
        return text

    def _licet(self, contents: tuple[str, ...]) -> dict[str, Any]:
        """The `licet` object: what the label says, the numbers, the licence of the service."""
        labeller = self._studio.labeller
        label = {
            "notice": dict(labeller.rules.degrees["generated"].notice),
            "mark": labeller.words if self._marked else None,
            "producer": labeller.settings.producer,
            "contents": list(contents),
            "c2pa": labeller.signer is not None,
        }
        return {"label": label, **self._parts.recorder.shown}
