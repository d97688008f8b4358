"""Minors at the gateway: asked before an exchange, signs during it, an end when time is up.

It refuses to decide who may do what: `licet.minors` does. Without [minors] nothing here runs.

Rules
1. Whoever may not begin is told why, when again and whom to ask; that counts nothing as use.
2. Help in a crisis is answered whatever the time and whatever is off, in the pack's words, without
   a model; that it was given is kept, without a word of what was said.
3. A minor's exchange gives a sign at its beginning, three in each gap, and one at its end with
   the reading. An answer that runs when time is up is ended after the profile's grace.
4. No reference to a user leaves this module but as a subject; nothing of a person is logged.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from licet.base.clock import rfc3339_ms
from licet.base.trouble import BadInput, Trouble, Unavailable
from licet.gateway.asgi import Headers, Message, Send
from licet.gateway.clearance import NotServed
from licet.gateway.config_minors import MinorsConfig
from licet.gateway.crisis import CrisisHelp
from licet.gateway.dialects.media import MediaAsk
from licet.gateway.dialects.model import Ask, Dialect
from licet.gateway.features import used_features
from licet.gateway.metrics import Metrics
from licet.gateway.minors_words import OVER, UNNAMED, features_words, refusal_words
from licet.gateway.real_name import RealName
from licet.gateway.sse import SseParser
from licet.gateway.trace import Trace
from licet.gateway.turns import Turns
from licet.gateway.upstream import Reply
from licet.guard.guarding import Guard
from licet.guard.memory import VerdictMemory
from licet.minors.service import Answer, MinorsService
from licet.minors.store import Subjects

COUNTED_ROUTES = frozenset(("chat", "completions", "responses", "messages", "images", "speech"))
AUDIENCE = "minor"
SIGNS_A_GAP = 3
TEXT = "text"
"""The kind of use that every exchange is, whatever features it uses besides."""
SWEEP_S = 3_600.0
_READ_BYTES_MAX = 64 << 10
"""Of an answer, to count its characters by: what is longer is read for longer than ever counts."""
_LONG = 1_000_000


@dataclass(slots=True)
class Seat:
    """What became of a request at the door: `send` bears the hints; a `refusal` is to be told,
    with the wait until it is over; `helped` was answered already; `sitting` is None for whoever is
    not limited."""

    send: Send
    refusal: NotServed | None = None
    wait_s: float = 0.0
    helped: bool = False
    sitting: Sitting | None = None

    async def leave(self) -> None:
        """The exchange is over, whatever became of it."""
        if self.sitting is not None:
            await self.sitting.leave()


class Minding:
    """Shared by all exchanges of a gateway."""

    def __init__(
        self, config: MinorsConfig, service: MinorsService, subjects: Subjects, metrics: Metrics,
        real_name: RealName | None = None,
    ) -> None:  # fmt: skip
        self._config = config
        self.service = service
        self.subjects = subjects
        self._metrics = metrics
        self._swept_s = float("-inf")
        self.real_name = real_name
        self.crisis = CrisisHelp(service.rules.crisis)

    async def seat(
        self, guard: Guard, memory: VerdictMemory, turns: Turns, dialect: Dialect, ask: Ask,
        trace: Trace, send: Send, features: bytes | None = None,
    ) -> Seat:  # fmt: skip
        """Ask for whoever sent this, and take note that they are here. `features`: those that the
        client names in its header."""
        if trace.route not in COUNTED_ROUTES:
            return Seat(send)
        if ask.end_user is None:
            if self._config.unknown == "adult":
                return Seat(send)
            return Seat(send, NotServed("user_unnamed", UNNAMED, status=400))
        subject = self.subjects.of(ask.end_user)
        try:
            answer = await self.service.ask(subject)
        except Unavailable as trouble:
            self._metrics.minor("unavailable")
            if self._config.when_down == "pass":
                return Seat(send)
            return Seat(send, NotServed("minors_unavailable", str(trouble), status=503))
        if answer.decision is None:
            return Seat(send)
        trace.audience = AUDIENCE
        used = used_features(features, ask)
        refusal = self._refusal(answer, used)
        bearing, media = _bearing(send, answer), isinstance(ask, MediaAsk)
        cry = "" if media else self.crisis.cried(ask)
        if cry:
            return await self._helped(subject, cry, dialect, ask, bearing)
        if refusal is None:
            self._metrics.minor("allowed")
            with contextlib.suppress(Trouble):  # a report with a gap costs the child nothing
                await self.service.note_kinds(subject, answer, frozenset((*used, TEXT)))
            sitting = Sitting(self, subject, answer, dialect, ask, trace, send)
            trace.sitting = sitting
            return Seat(sitting.send, sitting=sitting)
        category = await turns.finish(self.crisis.meant(ask, guard, memory))
        if category and not media:
            return await self._helped(subject, category, dialect, ask, bearing)
        self._metrics.minor(answer.decision.why if not answer.allowed else refusal.code)
        if category:  # neither a picture nor a sound can say it
            await self.note_help(subject, category)
            words = refusal.message + self.crisis.both()
            refusal = NotServed(refusal.code, words, status=refusal.status)
        next_ms = answer.decision.next_ms
        wait_s = 0.0 if next_ms is None else (next_ms - answer.at_ms) / 1000
        return Seat(bearing, refusal, wait_s)

    async def _helped(
        self, subject: str, category: str, dialect: Dialect, ask: Ask, send: Send
    ) -> Seat:
        """Answered with the help (rule 2)."""
        self._metrics.minor("helped")
        await self.note_help(subject, category)
        await self.crisis.answer(dialect, ask, send)
        return Seat(send, helped=True)

    async def note_help(self, subject: str, category: str) -> None:
        """Keep that help was given; a store that fails here keeps nobody from being helped."""
        with contextlib.suppress(Trouble):
            await self.service.note_help(subject, category)

    def _refusal(self, answer: Answer, used: frozenset[str]) -> NotServed | None:
        """Why a minor is not served: the time, or a feature that is off."""
        rules = self.service.rules
        if not answer.allowed:
            words = refusal_words(answer, rules.time_zone, rules.adult)
            return NotServed("minor_time_limit", words)
        if used - rules.features.keys():
            known = ", ".join(rules.features)
            named = f"licet-features: names a feature that the pack has not. There are: {known}."
            return NotServed("unknown_feature", named, status=400)
        off = used & answer.features_off
        return NotServed("minor_feature_off", features_words(off, rules.features)) if off else None

    async def tend(self) -> None:
        """Every second: write what waits, register whom the real-name service verified; every
        hour: remove counts that are kept long enough."""
        self.service.flush()
        at_s = asyncio.get_running_loop().time()
        if at_s - self._swept_s >= SWEEP_S:
            self._swept_s = at_s
            await self.service.sweep()
        if self.real_name is not None:
            await self.real_name.tend()

    async def close(self) -> None:
        """Let go of everything."""
        if self.real_name is not None:
            await self.real_name.close()
        await self.service.close()

    def ended(self) -> None:
        """Count an answer that was ended."""
        self._metrics.minor("ended")


class Sitting:
    """One exchange of a minor who may use the service. `leave` it when it is over."""

    def __init__(
        self, minding: Minding, subject: str, answer: Answer, dialect: Dialect, ask: Ask,
        trace: Trace, send: Send,
    ) -> None:  # fmt: skip
        self._minding = minding
        self._subject = subject
        self._dialect = dialect
        self._ask = ask
        self._trace = trace
        self._plain_send = send
        self._hints = _headers(answer)
        self._status = 0
        self._said = bytearray()
        self._reply: Reply | None = None
        self._until_ms: int | None = None
        self._heard_ms, self._heard_at = 0, 0.0
        self._heed(answer)
        self._attending = asyncio.ensure_future(self._attend())

    async def send(self, message: Message) -> None:
        """Passes a message on with the hints; keeps enough of the answer to count it."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message["headers"], *self._hints]
        elif len(self._said) < _READ_BYTES_MAX:
            self._said += message.get("body", b"")
        await self._plain_send(message)

    def watch(self, reply: Reply) -> None:
        """From now on this is what is cut off when time is up."""
        self._reply = reply
        if self._trace.over is not None:
            reply.abort()

    async def comfort(self, category: str) -> str:
        """Words of help to go with a refusal in a category of crisis; empty for any other."""
        words = self._minding.crisis.comfort(category)
        if words:
            await self._minding.note_help(self._subject, category)
        return words

    async def leave(self) -> None:
        """The last sign, with the reading. A store that fails here costs the child nothing."""
        self._attending.cancel()
        await asyncio.wait({self._attending})
        if not self._attending.cancelled() and (bug := self._attending.exception()):
            raise bug
        with contextlib.suppress(Trouble):
            await self._minding.service.sign(self._subject, self._characters())

    async def _attend(self) -> None:
        service = self._minding.service
        beat_s = service.rules.use.gap_s / SIGNS_A_GAP
        while True:
            with contextlib.suppress(Trouble):  # the next beat closes the gap
                self._heed(await service.sign(self._subject))
            left_s = self._left_s()
            if left_s is not None and left_s <= 0:
                break
            await asyncio.sleep(beat_s if left_s is None else min(beat_s, left_s))
            left_s = self._left_s()
            if left_s is not None and left_s <= 0:
                break
        self._minding.ended()
        self._trace.over = NotServed("minor_time_up", OVER)
        if self._reply is not None:
            self._reply.abort()

    def _heed(self, answer: Answer) -> None:
        """Until when this may go on, as of the store's clock."""
        decision = answer.decision
        self._heard_ms, self._heard_at = answer.at_ms, asyncio.get_running_loop().time()
        if decision is None:  # grown up meanwhile
            self._until_ms = None
        elif decision.allowed:
            self._until_ms = decision.ends_ms
        else:
            until = answer.at_ms if self._until_ms is None else self._until_ms
            self._until_ms = min(until, answer.at_ms)

    def _left_s(self) -> float | None:
        if self._until_ms is None:
            return None
        grace_ms = self._minding.service.profile.grace_s * 1000
        since_s = asyncio.get_running_loop().time() - self._heard_at
        return (self._until_ms + grace_ms - self._heard_ms) / 1000 - since_s

    def _characters(self) -> int:
        """How long the answer was, as far as the client got it."""
        if self._status != 200 or isinstance(self._ask, MediaAsk):
            return 0
        try:
            if not self._ask.stream:
                spans = self._dialect.reply(bytes(self._said)).spans
                return sum(len(span.text) for span in spans if span.by_meaning)
            reader, count = self._dialect.reader(self._ask), 0
            for event in SseParser().feed(bytes(self._said)):
                count += sum(len(span.text) for span in reader.read(event).spans)
        except BadInput:
            return _LONG if len(self._said) >= _READ_BYTES_MAX else 0
        return count


def _bearing(send: Send, answer: Answer) -> Send:
    """`send` that adds the hints to the head of an answer."""
    hints = _headers(answer)

    async def bearing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *hints]
        await send(message)

    return bearing


def _headers(answer: Answer) -> Headers:
    """What a client program can show: minutes left, reminders due, features off; or why not."""
    decision = answer.decision
    assert decision is not None
    out: list[tuple[str, str]] = []
    if answer.left_ms is not None:
        out.append(("licet-minutes-left", str(answer.left_ms // 60_000)))
    due = {"pause": decision.pause_reminders, "reality": decision.reality_reminders}
    if any(due.values()):
        told = ", ".join(f"{name}={count}" for name, count in due.items() if count)
        out.append(("licet-reminders", told))
    if answer.features_off:
        out.append(("licet-features-off", ", ".join(sorted(answer.features_off))))
    if not decision.allowed:
        out.append(("licet-why", decision.why))
        out.append(("licet-can-ask", "yes" if answer.can_ask else "no"))
        if decision.next_ms is not None:
            out.append(("licet-next", rfc3339_ms(decision.next_ms)))
    return [(name.encode(), value.encode()) for name, value in out]
