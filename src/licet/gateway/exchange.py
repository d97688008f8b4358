"""One streamed answer, from the upstream's first byte to the client's last: a machine without I/O.

It refuses to know sockets, time and who pays. The driver tells it what happened; each method
returns the bytes that go to the client now.

    driver calls                         machine answers
    receive(bytes)  ended()  failed(…)   bytes to send
    judged(question, scores or None)     bytes to send
    client_gone()   adopt(guard)         bytes to send (none; what the new guard lets go)
    then looks at `questions`, `outcome`: once `outcome` is set the exchange is over, and the
    driver sends what it was given, closes the upstream if `cancels`, and records the outcome.

Rules
1. No text leaves but what a TextStream let go (`guard/stream.py` has its own rules).
2. Bytes of an event whose text left whole are forwarded as they came.
3. Every end is lawful in the client's API: its own "filtered", its own error, its own last event.
4. When a channel is stopped, the others end too; what was lawful in them is not lost.
5. An event that ends a channel leaves after that channel's text. While a judge outside is awaited,
   it and all that follow wait; that queue is bounded, and past its bound the exchange fails.
6. After `outcome` is set no byte is produced.
"""

from __future__ import annotations

from collections import deque

import msgspec

from licet.base.trouble import BadInput, TooMuch, Trouble
from licet.gateway.dialects.model import Frame, Reader, Span
from licet.gateway.event_line import EventLine
from licet.gateway.outcome import OpenCase, Outcome, Question
from licet.gateway.sse import SseEvent, SseParser
from licet.guard.classifier import Scores
from licet.guard.guarding import Guard
from licet.guard.policy import Tier
from licet.guard.stream import TextStream, Ticket
from licet.guard.verdict import Finding

WAITING_BYTES_MAX = 4 << 20
"""What may wait behind a judge outside, a stream; enough for any answer that people read."""
CHANNELS_MAX = 256
"""Texts side by side in one answer (choices × fields × tool calls)."""


class Exchange:
    """One streamed answer. Not shared between threads."""

    def __init__(
        self, reader: Reader, guard: Guard, open_case: OpenCase, *, tier: Tier | None = None,
        audience: str = "default", context: str = "", flags: tuple[Finding, ...] = (),
    ) -> None:  # fmt: skip
        self._reader = reader
        self._guard = guard
        self._open_case = open_case
        self._tier = tier
        self._audience = audience
        self._context = context
        self._parser = SseParser()
        self._channels: dict[str, TextStream] = {}
        self._asked: dict[int, tuple[str, Ticket]] = {}
        self._numbers = 0
        self._queue: deque[Frame] = deque()  # events that wait for a channel to end (rule 5)
        self._queued_bytes = 0
        self._line: EventLine | None = None  # from the first atomic event on
        self._over = False  # the upstream has said all it had to say
        self._flags = list(flags)
        self.pieces = 0
        """Events that came, each about a token."""
        self.questions: list[Question] = []
        self.outcome: Outcome | None = None
        self.cancels = False
        """Whether the upstream is still generating and must be cut off."""

    # What happens

    def receive(self, data: bytes) -> bytes:
        """Bytes of the upstream's body."""
        if self.outcome is not None:
            return b""
        try:
            events = self._parser.feed(data)
            if len(events) == 1 and not self._queue:  # nearly always
                return self._event(events[0])
            return self._events(events)
        except (BadInput, TooMuch) as trouble:
            return self.failed(trouble)

    def ended(self) -> bytes:
        """The upstream's body is over."""
        if self.outcome is not None:
            return b""
        try:
            events, _rest = self._parser.end()
            out = self._events(events)
        except (BadInput, TooMuch) as trouble:
            return self.failed(trouble)
        self._over = True
        return out + self._break_off()

    def failed(self, trouble: Trouble) -> bytes:
        """The upstream (or its bytes) went wrong."""
        if self.outcome is not None:
            return b""
        self.cancels = True
        return self._fail(trouble.code, "The model's answer broke off.")

    def client_gone(self) -> None:
        """Nobody listens any more."""
        if self.outcome is None:
            self.cancels = True
            self._finish(Outcome("abandoned", usage=self._reader.usage, code="client_gone"))

    def judged(self, question: Question, scores: Scores | None) -> bytes:
        """A judge outside answered, or failed (None)."""
        channel_ticket = self._asked.pop(question.number, None)
        if self.outcome is not None or channel_ticket is None:
            return b""
        name, ticket = channel_ticket
        stream = self._channels[name]
        out = self._flush(name, stream.answer(ticket, scores))
        self._take_questions(name, stream)
        if stream.stopped:
            return out + self._halt(name)
        return out + self._drain()

    def adopt(self, guard: Guard) -> bytes:
        """An urgent bundle: text that has not left yet is judged by it, and all that follows."""
        if self.outcome is not None:
            return b""
        self._guard = guard
        out = b""
        for name, old in list(self._channels.items()):
            held = old.take_held()
            self._note_flags(old)
            stream = self._new_stream(old.json)
            self._channels[name] = stream
            out += self._flush(name, stream.feed(held) if held else "")
            self._take_questions(name, stream)
            if stream.stopped:
                return out + self._halt(name)
        return out

    @property
    def is_over(self) -> bool:
        return self.outcome is not None

    def unrecorded(self) -> bytes:
        """The end of a lawful stream that could not be put on record: it is not served to its end.
        (The one method that may be called when the exchange is over.)"""
        return self._reader.fail("ledger_unavailable", "The decision could not be recorded.")

    @property
    def held_characters(self) -> int:
        return sum(stream.held_characters for stream in self._channels.values())

    # Events

    def _events(self, events: list[SseEvent]) -> bytes:
        out = []
        for event in events:
            out.append(self._event(event))
            if self.outcome is not None:
                break
        return b"".join(out)

    def _event(self, event: SseEvent) -> bytes:
        if not event.data:
            return event.raw if not self._queue else b""  # a comment keeps the line alive
        self.pieces += 1
        frame = self._reader.read(event)
        if frame.last and frame.ends is None:
            frame = msgspec.structs.replace(frame, ends=("",))  # whatever is open ends here
        if self._queue:
            return self._enqueue(frame)
        return self._frame(frame)

    def _frame(self, frame: Frame) -> bytes:
        for span in frame.repeats:
            finding = self._unlawful_repeat(span)
            if finding is not None:
                return self._halt(span.channel, finding)
        if frame.atomic or self._line is not None:
            return self._stand_in_line(frame)
        if frame.spans:
            out = self._spans(frame)
        else:
            out = b""
            if frame.ends is not None:
                out = self._end_channels(frame.ends)
                if self.outcome is not None:
                    return out
                if self._is_waiting(frame.ends):
                    return out + self._enqueue(frame)
            out += self._reader.render(frame, ()) if self._reader.renumbers else frame.raw
        if frame.last and self.outcome is None:
            self._serve()
        return out

    def _spans(self, frame: Frame) -> bytes:
        """Text of one event; cut where some of it must wait."""
        spans = frame.spans
        texts = []
        changed = False
        for span in spans:
            stream = self._channels.get(span.channel) or self._open_channel(span)
            text = stream.feed(span.text)
            if stream.tickets:
                self._take_questions(span.channel, stream)
            changed = changed or text is not span.text
            texts.append(text)
            if stream.halted is not None:
                texts += [""] * (len(spans) - len(texts))
                return self._reader.render(frame, texts) + self._halt(span.channel)
        if frame.ends is not None:
            return self._ending_spans(frame, texts)
        if changed or self._reader.renumbers:
            return self._reader.render(frame, texts)
        return frame.raw

    def _ending_spans(self, frame: Frame, texts: list[str]) -> bytes:
        """An event with the last text of a channel and its end: the text takes the rest along."""
        assert frame.ends is not None
        out = b""
        for name, stream in self._channels.items():
            if name.startswith(frame.ends):
                rest = stream.end()
                self._take_questions(name, stream)
                at = _last_index(frame.spans, name)
                if at is None:
                    out += self._flush(name, rest)
                else:
                    texts[at] += rest
                if stream.stopped:
                    return out + self._texts_only(frame, texts) + self._halt(name)
        if self._is_waiting(frame.ends):
            bare = [""] * len(texts)
            out += self._texts_only(frame, texts)
            rendered = self._reader.render(frame, bare)
            return out + self._enqueue(Frame(rendered, ends=frame.ends, last=frame.last))
        return out + self._reader.render(frame, texts)

    def _texts_only(self, frame: Frame, texts: list[str]) -> bytes:
        """The texts of an event as events of their own: what ends in it must not end yet."""
        pairs = zip(frame.spans, texts, strict=True)
        return b"".join(self._flush(span.channel, text) for span, text in pairs)

    def _flush(self, name: str, text: str) -> bytes:
        """Text that no event of the upstream's carries."""
        if not text:
            return b""
        if self._line is not None:
            self._line.release(name, len(text))
            return self._leave(self._line)
        return self._reader.flush(name, text)

    # Channels

    def _open_channel(self, span: Span) -> TextStream:
        if len(self._channels) >= CHANNELS_MAX:
            raise TooMuch(f"an answer has more than {CHANNELS_MAX} texts side by side.")
        stream = self._new_stream(span.kind == "json")
        self._channels[span.channel] = stream
        return stream

    def _new_stream(self, json: bool) -> TextStream:
        return self._guard.stream(
            json=json, tier=self._tier, audience=self._audience, context=self._context
        )

    def _end_channels(self, prefixes: tuple[str, ...]) -> bytes:
        """These channels are over: what they held leaves, unless it is a match after all."""
        out = b""
        for name, stream in self._channels.items():
            if name.startswith(prefixes):
                out += self._flush(name, stream.end())
                self._take_questions(name, stream)
                if stream.stopped:
                    return out + self._halt(name)
        return out

    def _is_waiting(self, prefixes: tuple[str, ...]) -> bool:
        return bool(self._asked) and any(
            stream.waiting for name, stream in self._channels.items() if name.startswith(prefixes)
        )

    def _take_questions(self, name: str, stream: TextStream) -> None:
        for ticket in stream.tickets:
            self._numbers += 1
            self._asked[self._numbers] = (name, ticket)
            self.questions.append(Question(self._numbers, ticket.text, "reply", self._context))
        stream.tickets.clear()

    def _unlawful_repeat(self, span: Span) -> Finding | None:
        """Text given once more in full: it may differ from what was streamed."""
        verdict = self._guard.judge(
            span.text, "reply", self._context, json=span.kind == "json", audience=self._audience,
            by_meaning=span.channel not in self._channels,  # else it was judged as it came
        )  # fmt: skip
        return verdict.ground if verdict.action == "halt" else None

    # Waiting for a judge outside (rule 5)

    def _enqueue(self, frame: Frame) -> bytes:
        self._queue.append(frame)
        self._queued_bytes += len(frame.raw)
        if self._queued_bytes > WAITING_BYTES_MAX:
            raise TooMuch("a judge is slower than the model for too long.")
        return b""

    def _drain(self) -> bytes:
        out = b""
        while self._queue and self.outcome is None:
            ends = self._queue[0].ends
            if ends is not None and self._is_waiting(ends):
                break
            frame = self._queue.popleft()
            self._queued_bytes -= len(frame.raw)
            out += self._frame(frame)
        return out + (self._break_off() if self._over else b"")

    def _break_off(self) -> bytes:
        """The upstream is over: nothing that is still missing will come."""
        if self.outcome is not None or self._queue or (self._line and self._asked):
            return b""
        return self._fail("upstream_closed", "The model's answer broke off.")

    # Events that leave whole or not at all

    def _stand_in_line(self, frame: Frame) -> bytes:
        if self._line is None:
            self._line = EventLine(self._reader, WAITING_BYTES_MAX)
        line = self._line
        line.join(frame)
        for span in frame.spans:
            stream = self._channels.get(span.channel) or self._open_channel(span)
            line.release(span.channel, len(stream.feed(span.text)))
            self._take_questions(span.channel, stream)
            if stream.stopped:
                return self._leave(line) + self._halt(span.channel)
        out = b""
        if frame.ends is not None:
            out = self._end_channels(frame.ends)
            if self.outcome is not None:
                return out
        return out + self._leave(line)

    def _leave(self, line: EventLine) -> bytes:
        out, last = line.leave(self._is_blocked)
        if last:
            self._serve()
        return out

    def _is_blocked(self, frame: Frame) -> bool:
        return frame.ends is not None and self._is_waiting(frame.ends)

    # Ends

    def _halt(self, stopped: str, finding: Finding | None = None) -> bytes:
        """Rule 4, then the API's own end."""
        stream = self._channels.get(stopped)
        ground = finding or (stream.halted if stream else None)
        assert ground is not None
        out = b""
        for name, other in self._channels.items():
            if other is not stream:
                out += self._flush(name, other.end())
        if self._line is not None:
            out += self._line.leave_partly()
        notice = self._open_case(ground, "")
        out += self._reader.halt(notice)
        self.cancels = True
        excerpt = stream.excerpt if stream and finding is None else ""
        usage = self._reader.usage
        self._finish(Outcome("halted", notice, ground, self._all_flags(), excerpt, usage))
        return out

    def _fail(self, code: str, message: str) -> bytes:
        out = b""
        for name, stream in self._channels.items():
            if not stream.stopped:
                out += self._flush(name, stream.end())
        if self._line is not None:
            out += self._line.leave_partly()
        out += self._reader.fail(code, message)
        self._finish(
            Outcome("failed", flags=self._all_flags(), usage=self._reader.usage, code=code)
        )
        return out

    def _serve(self) -> None:
        self._finish(Outcome("served", flags=self._all_flags(), usage=self._reader.usage))

    def _finish(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.questions.clear()
        self._queue.clear()
        self._line = None

    def _note_flags(self, stream: TextStream) -> None:
        self._flags += stream.noted()

    def _all_flags(self) -> tuple[Finding, ...]:
        for stream in self._channels.values():
            self._note_flags(stream)
        return tuple(self._flags)


def _last_index(spans: tuple[Span, ...], channel: str) -> int | None:
    for at in range(len(spans) - 1, -1, -1):
        if spans[at].channel == channel:
            return at
    return None
