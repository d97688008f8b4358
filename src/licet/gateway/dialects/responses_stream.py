"""Streams of the Responses API: numbered events that say texts in pieces and then in full.

It refuses to know verdicts: it says where text stands, and writes what it is told to.

Rules
1. What has been sent is known from `render` and `flush` alone, so every event passes through
   `render` (`renumbers`). An event that needs neither another number nor another text leaves in
   its own bytes.
2. Events are numbered without gap or repetition of ours: an event put in moves the numbers of all
   that follow up, one left out moves them down.
3. `halt` ends what is open with the text that was released, then says `response.incomplete` with
   the reason `content_filter`. The `licet` object stands in the event and in its response, for a
   client may keep either.
4. A repeated text stands in the channel that streamed it, where it equals what was streamed.
5. The fast way (moulds) and the full way find, remember and write the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.frames import Frame, Span
from licet.gateway.dialects.json_strict import dump, load_object, load_string
from licet.gateway.dialects.json_texts import Slot, put_texts, spans_of
from licet.gateway.dialects.model import Ask, Notice, Usage
from licet.gateway.dialects.moulds import Mould, Moulds, Shapes
from licet.gateway.dialects.responses_repeats import Streamed
from licet.gateway.dialects.responses_sent import Sent
from licet.gateway.dialects.responses_texts import LAST, find_texts, says_a_piece, type_of
from licet.gateway.dialects.server_events import event_bytes
from licet.gateway.dialects.shown import refuse_shown
from licet.gateway.dialects.unreadable import Unreadable
from licet.gateway.sse import SseEvent

_KEPT: Final = ("type", "item_id", "output_index", "content_index", "summary_index", "response_id")
"""Members of a delta that an event of ours repeats."""


class _Read(NamedTuple):
    """What `render` wants to know of an event that was read."""

    event: dict[str, Any]
    slots: list[Slot]
    name: bytes


class _Heard:
    """The same of an event that was read fast. `parts`: what fills the holes of its form."""

    __slots__ = ("event", "mould", "parts")

    def __init__(self, event: SseEvent, mould: Mould, parts: list[bytes]) -> None:
        self.event = event
        self.mould = mould
        self.parts = parts


class ResponsesReader:
    """Reads one stream of a response."""

    renumbers = True

    def __init__(self, ask: Ask) -> None:
        self.usage = Usage()
        self._model = ask.model
        self._takes_media = ask.takes_media
        self._sent = Sent()
        self._streamed = Streamed()
        self._moulds = Moulds()
        self._odd: list[Mould] = []  # forms of events that are written in full when they are cut
        self._shapes = Shapes(outer=_KEPT, inner=("type",))
        self._shift = 0
        self._next: int | None = 0  # None: the upstream does not number its events

    def read(self, event: SseEvent) -> Frame:
        data = event.data
        for mould in self._moulds.known:
            parts = mould.split(data)
            text = load_string(parts[mould.at]) if parts is not None else None
            if parts is not None and text:
                channel = mould.channel
                self._streamed.note_piece(channel, text)
                span = Span(channel, text, mould.kind)
                return Frame(event.raw, (span,), value=_Heard(event, mould, parts))
        return self._read_in_full(event)

    def _read_in_full(self, event: SseEvent) -> Frame:
        data = event.data.strip()
        if not data:
            return Frame(event.raw)
        if data == b"[DONE]":
            return Frame(event.raw, ends=("",), last=True)
        value = load_object(data)
        if not self._takes_media:
            refuse_shown(data, value)
        found = find_texts(value)
        kind = type_of(value)
        if kind.endswith((".delta", "_part.added")):
            if any(slot.name in _KEPT for slot in found.slots):
                raise Unreadable("a text stands where a mark belongs", where=kind)
            self._shapes.note(value, found.slots)
        self._streamed.note(found.slots, found.ends)
        if says_a_piece(value, found):
            self._learn(data, value, found.slots)
        last = kind in LAST
        if last:
            self._note_usage(value)
        return Frame(
            event.raw,
            spans_of(found.slots),
            found.ends or None,
            self._streamed.repeated(found.repeats),
            found.atomic,
            last,
            _Read(value, found.slots, event.event),
        )

    def render(self, frame: Frame, texts: Sequence[str]) -> bytes:
        read = frame.value
        if read is None:
            return frame.raw
        if type(read) is _Heard:
            if read.mould not in self._odd or frame.says(texts):
                return self._render_heard(frame, read, texts[0])
            value = load_object(read.event.data)
            read = _Read(value, find_texts(value).slots, read.event.event)
        changed = [] if frame.atomic else put_texts(read.slots, texts)
        if changed and read.event["type"].endswith(".delta"):
            if not any(texts):
                self._shift -= 1
                return b""
            read.event.pop("logprobs", None)
            if read.event["type"] == "response.output_text.delta":
                read.event["logprobs"] = []
        number = read.event.get("sequence_number")
        moved = self._number(number)
        if moved:
            read.event["sequence_number"] = number + self._shift
        self._sent.note(read.event, read.slots, len(frame.raw))
        if moved or changed:
            return event_bytes(read.event, read.name)
        return frame.raw

    def _render_heard(self, frame: Frame, heard: _Heard, text: str) -> bytes:
        """Rule 5."""
        span, mould, parts = frame.spans[0], heard.mould, heard.parts
        changed = text != span.text and not frame.atomic
        if changed and not text:
            self._shift -= 1
            return b""
        number = int(parts[mould.number_at]) if mould.number_at >= 0 else None
        moved = self._number(number)
        self._sent.note_piece(span.channel, text if changed else span.text)
        if not changed and not moved:
            return frame.raw
        if changed:
            parts[mould.at] = dump(text)
        if number is not None:
            parts[mould.number_at] = b"%d" % (number + self._shift)
        name = heard.event.event
        data = b"data: " + mould.join(parts) + b"\n\n"
        return b"event: " + name + b"\n" + data if name else data

    def flush(self, channel: str, text: str) -> bytes:
        event = _as_delta(self._shapes.cast(channel, text), channel, text)
        self._sent.note(event, [Slot(event, "delta", channel)], len(text))
        return self._insert([event])

    def halt(self, notice: Notice) -> bytes:
        note = notice.as_object()
        response, out = self._begun(notice.case)
        out += self._insert(self._sent.endings())
        response |= {
            "status": "incomplete",
            "incomplete_details": {"reason": "content_filter"},
            "output": self._sent.output(),
            "licet": note,
        }
        return out + self._insert(
            [{"type": "response.incomplete", "response": response, "licet": note}]
        )

    def fail(self, code: str, message: str) -> bytes:
        error = {"type": "error", "code": code, "message": message, "param": None}
        response, out = self._begun(code)
        response |= {
            "status": "failed",
            "error": {"code": "server_error", "message": message},
            "output": self._sent.output(),
        }
        return out + self._insert([error, {"type": "response.failed", "response": response}])

    def _begun(self, mark: str) -> tuple[dict[str, Any], bytes]:
        """The response as the client knows it; if it knows none, the event that begins one."""
        if self._sent.response is not None:
            return dict(self._sent.response), b""
        response = _empty_response(self._model, f"resp_{mark}")
        return response, self._insert([{"type": "response.created", "response": dict(response)}])

    def _number(self, number: Any) -> bool:
        """An upstream's event with this number leaves; whether it needs another."""
        if type(number) is not int:
            self._next = None
            return False
        self._next = number + self._shift + 1
        return self._shift != 0

    def _insert(self, events: list[dict[str, Any]]) -> bytes:
        """Events of ours, numbered to follow what was sent (rule 2)."""
        out = b""
        for event in events:
            number = {}
            if self._next is not None:
                number = {"sequence_number": self._next}
                self._next += 1
                self._shift += 1
            out += event_bytes(event | number, event["type"].encode())
        return out

    def _learn(self, data: bytes, value: dict[str, Any], slots: list[Slot]) -> None:
        mould = self._moulds.learn(data, slots, _find_piece, "sequence_number" in value)
        if mould is not None:
            spoken = value["type"] == "response.output_text.delta"
            usual = value.get("logprobs") == [] if spoken else "logprobs" not in value
            if not usual:  # cut, it says other logprobs
                self._odd.append(mould)

    def _note_usage(self, value: dict[str, Any]) -> None:
        response = value.get("response")
        usage = response.get("usage") if type(response) is dict else None
        if type(usage) is dict:
            self.usage = usage_of(usage, "input_tokens", "output_tokens")


def _find_piece(value: Any) -> Sequence[Slot]:
    found = find_texts(value)
    return found.slots if says_a_piece(value, found) else ()


def _as_delta(shape: dict[str, Any], channel: str, text: str) -> dict[str, Any]:
    """The shape as a delta. A channel that began in a part's first event has the part's shape."""
    if "part" not in shape:
        event = dict(shape)
    else:
        what = channel.rpartition(".")[2]
        event = {name: item for name, item in shape.items() if name != "part"}
        event |= {"type": f"response.{what}.delta", "delta": text}
    if event["type"] == "response.output_text.delta":
        event["logprobs"] = []  # the official client reads it unasked
    return event


def _empty_response(model: str, identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "object": "response",
        "created_at": 0,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
