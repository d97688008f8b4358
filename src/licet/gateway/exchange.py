"""One streamed answer, from the upstream's first byte to the client's last: a machine without I/O.

It refuses to know sockets, time and who pays. The driver tells it what happened; each method
returns the bytes that go to the client now.

    receive(bytes)  ended()  failed(…)  judged(question, scores or None)  adopt(guard)
    client_gone()

Then it looks at `questions` and `outcome`. Once `outcome` is set the exchange is over, and the
driver sends what it was given, closes the upstream if `cancels`, and records the outcome.

Rules
1. No text leaves but what a TextStream let go (`guard/stream.py` has its own rules).
2. Bytes of an event whose text left whole are forwarded as they came.
3. Every end is lawful in the client's API: its own "filtered", its own error, its own last event.
4. When a channel is stopped, the others end too; what was lawful in them is not lost. (What still
   waited behind a judge was not known to be lawful.)
5. An event that ends a channel leaves after that channel's text. While a judge outside is awaited,
   it and all that follow wait, in order and within a bound; past it the exchange fails.
6. After `outcome` is set no byte is produced.
7. How the upstream's bytes are cut changes nothing but when they leave.
"""

from __future__ import annotations

from typing import Final

from licet.base.trouble import BadInput, TooMuch, Trouble
from licet.gateway.asides import aside, has_asides, without_asides
from licet.gateway.channels import Channels
from licet.gateway.dialects.frames import Frame, Span
from licet.gateway.dialects.model import Reader
from licet.gateway.event_line import EventLine
from licet.gateway.event_queue import EventQueue
from licet.gateway.outcome import OpenCase, Outcome, Question
from licet.gateway.retold import judge_repeats
from licet.gateway.sse import SseEvent, SseParser
from licet.guard.classifier import Scores
from licet.guard.guarding import Guard
from licet.guard.policy import Tier
from licet.guard.stream import TextStream
from licet.guard.verdict import Finding

WAITING_BYTES_MAX: Final = 4 << 20
"""What may wait behind a judge outside, a stream; enough for any answer that people read."""


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
        self._channels = Channels(context, flags)
        self._queue = EventQueue(WAITING_BYTES_MAX)  # events that wait for a channel to end
        self._line: EventLine | None = None  # from the first atomic event on
        self._over = False  # the upstream has said all it had to say
        self.pieces = 0
        """Events that came, each about a token."""
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
        except TooMuch as trouble:
            return self.failed(trouble)
        return self._event(events[0]) if len(events) == 1 else self._events(events)

    def ended(self) -> bytes:
        """The upstream's body is over."""
        if self.outcome is not None:
            return b""
        try:
            events, _rest = self._parser.end()
        except TooMuch as trouble:
            return self.failed(trouble)
        self._over = True
        return self._events(events) + self._break_off()

    def failed(self, trouble: Trouble, message: str = "The model's answer broke off.") -> bytes:
        """The upstream (or its bytes) went wrong, or the service may not go on."""
        if self.outcome is not None:
            return b""
        self.cancels = True
        return self._fail(trouble.code, message)

    def client_gone(self) -> None:
        """Nobody listens any more."""
        if self.outcome is None:
            self.cancels = True
            self._finish(Outcome("abandoned", usage=self._reader.usage, code="client_gone"))

    def judged(self, question: Question, scores: Scores | None) -> bytes:
        """A judge outside answered, or failed (None)."""
        asked = self._channels.asked(question)
        if self.outcome is not None or asked is None:
            return b""
        name, stream, ticket = asked
        out = self._loose(name, stream.answer(ticket, scores))
        self._channels.ask(name, stream)
        if stream.stopped:
            return out + self._halt(name, stream)
        return out + self._drain()

    def adopt(self, guard: Guard) -> bytes:
        """An urgent bundle: text that has not left yet is judged by it, and all that follows."""
        if self.outcome is not None:
            return b""
        self._guard = guard
        out = b""
        for name, old in list(self._channels.streams.items()):
            has_ended, held = old.has_ended, old.take_held()
            stream = self._new_stream(old.json)
            self._channels.replace(name, stream)
            text = stream.feed(held) if held else ""
            out += self._loose(name, text + stream.end() if has_ended else text)
            self._channels.ask(name, stream)
            if stream.stopped:
                return out + self._halt(name, stream)
        return out + self._drain()

    @property
    def is_over(self) -> bool:
        return self.outcome is not None

    @property
    def questions(self) -> list[Question]:
        """Questions to a judge outside that the driver has not taken yet; it clears the list."""
        return self._channels.questions

    def unrecorded(self) -> bytes:
        """The end of a lawful stream that could not be put on record: it is not served to its end.
        (The one method that may be called when the exchange is over.)"""
        return self._reader.fail("ledger_unavailable", "The decision could not be recorded.")

    @property
    def held_most(self) -> int:
        """The most characters that one text ever held."""
        return self._channels.held_most

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
            return b"" if self._queue else aside(event, self._guard.lexicon)
        if has_asides(event):
            event = without_asides(event, self._guard.lexicon)
        self.pieces += 1
        try:
            frame = self._reader.read(event)
            if frame.last and frame.ends is None:
                frame = frame.ending_all()  # whatever is open ends here
            if self._queue:
                self._queue.put(frame)
                return b""
            return self._frame(frame)
        except (BadInput, TooMuch) as trouble:
            return self.failed(trouble)

    def _frame(self, frame: Frame) -> bytes:
        """One event whose turn it is."""
        if frame.repeats:
            frame, name, finding = judge_repeats(
                frame, self._guard, self._channels.streams, self._context, self._audience
            )
            if finding is not None:
                return self._halt(name, None, finding)
        if frame.atomic or self._line is not None:
            return self._stand_in_line(frame)
        if frame.spans:
            return self._spans(frame)
        return self._end(frame)

    def _spans(self, frame: Frame) -> bytes:
        """Text of one event; cut where some of it must wait."""
        streams, texts, changed, stopped = self._channels.streams, [], False, None
        for span in frame.spans:
            stream = streams.get(span.channel) or self._open(span)
            text = stream.feed(span.text)
            if stream.tickets:
                self._channels.ask(span.channel, stream)
            changed = changed or text is not span.text
            texts.append(text)
            if stream.halted is not None:
                stopped = stopped or span.channel
        if stopped is not None:
            cut = self._texts_only if frame.ends is not None else self._reader.render
            return cut(frame, texts) + self._halt(stopped, streams[stopped])
        if frame.ends is not None:
            return self._ending_spans(frame, texts)
        if changed or self._reader.renumbers:
            return self._reader.render(frame, texts)
        return frame.raw

    def _ending_spans(self, frame: Frame, texts: list[str]) -> bytes:
        """An event with the last text of a channel and its end: the text takes the rest along."""
        assert frame.ends is not None
        out = b""
        for name, stream in self._channels.streams.items():
            if name.startswith(frame.ends):
                rest = stream.end()
                self._channels.ask(name, stream)
                places = [at for at, span in enumerate(frame.spans) if span.channel == name]
                if places:
                    texts[places[-1]] += rest
                else:
                    out += self._loose(name, rest)
                if stream.stopped:
                    return out + self._texts_only(frame, texts) + self._halt(name, stream)
        if self._channels.is_waiting(frame.ends):
            self._queue.put_first(frame, said=True)
            return out + self._texts_only(frame, texts)
        return out + self._send(frame, texts)

    def _end(self, frame: Frame) -> bytes:
        """An event without text, or whose text has left: it may end channels, and leaves."""
        out, stopped = self._end_channels(frame.ends)
        if stopped is not None:
            return out + self._halt(stopped, self._channels.streams[stopped])
        if self._channels.is_waiting(frame.ends):
            self._queue.put_first(frame, said=True)
            return out
        whole = frame.ends or ()  # what `_texts_only` left in its event
        texts = [span.text if span.channel in whole else "" for span in frame.spans]
        return out + self._send(frame, texts)

    def _send(self, frame: Frame, texts: list[str]) -> bytes:
        """The event leaves; the last one with it all."""
        again = self._reader.renumbers or not frame.says(texts)
        out = self._reader.render(frame, texts) if again else frame.raw
        if frame.last:
            self._serve()
        return out

    def _texts_only(self, frame: Frame, texts: list[str]) -> bytes:
        """The texts of an event as events of their own: what ends in it must not end yet. A text
        that is whole or nothing (a tool's name) stays with its event."""
        out, whole = b"", frame.ends or ()
        for at, span in enumerate(frame.spans):
            if texts[at] and span.channel not in whole:
                out += self._reader.flush(span.channel, texts[at])
        return out

    def _loose(self, name: str, text: str) -> bytes:
        """Text that no event of the upstream's carries now."""
        if not text:
            return b""
        if self._line is not None:  # an event in the line does
            self._line.release(name, len(text))
            return b""
        return self._reader.flush(name, text)

    # Channels

    def _open(self, span: Span) -> TextStream:
        return self._channels.open(span.channel, self._new_stream(span.kind == "json"))

    def _new_stream(self, json: bool) -> TextStream:
        return self._guard.stream(
            json=json, tier=self._tier, audience=self._audience, context=self._context
        )

    def _end_channels(self, ends: tuple[str, ...] | None) -> tuple[bytes, str | None]:
        """These channels are over: what they held leaves, unless it is a match after all: then
        the second value names the channel that was stopped."""
        if ends is None:
            return b"", None
        out = b""
        for name, stream in self._channels.streams.items():
            if name.startswith(ends):
                out += self._loose(name, stream.end())
                self._channels.ask(name, stream)
                if stream.stopped:
                    return out, name
        return out, None

    # Waiting for a judge outside (rule 5)

    def _drain(self) -> bytes:
        """An answer came: whoever's turn it is may leave."""
        out = self._leave()
        while self._queue and self.outcome is None:
            frame, said = self._queue.first
            if self._channels.is_waiting(frame.ends):
                break
            self._queue.take()
            try:
                out += self._end(frame) if said else self._frame(frame)
            except (BadInput, TooMuch) as trouble:
                return out + self.failed(trouble)
        return out + (self._break_off() if self._over else b"")

    def _break_off(self) -> bytes:
        """The upstream is over: nothing that is still missing will come."""
        if self.outcome is not None or self._queue or (self._line and self._channels.awaiting):
            return b""
        return self._fail("upstream_closed", "The model's answer broke off.")

    # Events that leave whole or not at all

    def _stand_in_line(self, frame: Frame) -> bytes:
        if self._line is None:
            self._line = EventLine(self._reader, WAITING_BYTES_MAX, self._channels.streams)
            for name, stream in self._channels.streams.items():
                if stream.held:
                    self._line.hold(name, stream.held)
        stopped, whole = None, frame.ends or ()
        for span in frame.spans:
            known, text = self._channels.streams.get(span.channel), span.text
            stream = known or self._open(span)
            if known is not None and span.channel in whole:  # begun anew, behind another whole
                text = "\n" + text
                self._line.set_apart(span.channel)
            self._line.release(span.channel, len(stream.feed(text)))
            self._channels.ask(span.channel, stream)
            if stream.stopped:
                stopped = stopped or span.channel
        self._line.join(frame)
        if stopped is None:
            _, stopped = self._end_channels(frame.ends)
        if stopped is not None:
            return self._leave(before=frame) + self._halt(stopped, self._channels.streams[stopped])
        return self._leave()

    def _leave(self, before: Frame | None = None) -> bytes:
        """The events whose turn has come."""
        if self._line is None:
            return b""

        def blocked(frame: Frame) -> bool:
            return self._channels.is_waiting(frame.ends) or frame is before

        out, last = self._line.leave(blocked)
        if last:
            self._serve()
        return out

    # Ends

    def _halt(self, name: str, stream: TextStream | None, finding: Finding | None = None) -> bytes:
        """`stream` was stopped, or a repeated text of its channel. Rule 4, then the API's end."""
        ground = finding or (stream.halted if stream else None)
        assert ground is not None
        out = self._let_go(besides=name)
        notice = self._open_case(ground, "")
        out += self._reader.halt(notice)
        self.cancels = not self._over
        excerpt, late = (stream.excerpt, stream.late) if stream else ("", None)
        flags, usage = self._channels.flags(), self._reader.usage
        self._finish(Outcome("halted", notice, ground, flags, excerpt, usage, late=late))
        return out

    def _fail(self, code: str, message: str) -> bytes:
        out, stopped = self._end_channels(("",))
        if stopped is not None:  # it broke off right behind something unlawful
            return out + self._halt(stopped, self._channels.streams[stopped])
        out += self._let_go() + self._reader.fail(code, message)
        flags, usage = self._channels.flags(), self._reader.usage
        self._finish(Outcome("failed", flags=flags, usage=usage, code=code))
        return out

    def _let_go(self, besides: str | None = None) -> bytes:
        """Nothing more will come: what is free in the channels leaves."""
        out = b""
        for name, stream in self._channels.streams.items():
            if name != besides and not stream.stopped:
                out += self._loose(name, stream.end())
        return out + (self._line.leave_partly() if self._line is not None else b"")

    def _serve(self) -> None:
        self._finish(Outcome("served", flags=self._channels.flags(), usage=self._reader.usage))

    def _finish(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.questions.clear()
        self._queue.clear()
        self._line = None
