"""Streams of Anthropic messages: blocks that open, say something and close.

It refuses to know verdicts: it says where text stands, and writes what it is told to.

Rules
1. The fast way (moulds) and the full way find the same texts.
2. What has been sent is known from `render` alone, so every event passes through it
   (`renumbers`): `halt` must close the blocks that the client saw open, and no others.
3. `halt` ends with `stop_reason: "refusal"`, which is Anthropic's own word for an answer that a
   classifier stopped; the `licet` object stands in the same `message_delta`.
4. What a delta says is said in pieces, known to us or not, and a block may begin to say it; but a
   citation is whole, and so is the text of every other event, an error's too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.frames import Frame, Span
from licet.gateway.dialects.json_strict import kind_of, load_object
from licet.gateway.dialects.json_texts import Slot, find_member, put_texts, spans_of
from licet.gateway.dialects.model import Ask, Notice, Usage
from licet.gateway.dialects.moulds import Moulds, Shapes
from licet.gateway.dialects.server_events import event_bytes
from licet.gateway.dialects.shown import refuse_shown
from licet.gateway.dialects.unreadable import Unreadable
from licet.gateway.sse import SseEvent

_FIELDS = {"text": "text", "thinking": "thinking", "partial_json": "input"}
"""A member of a block or delta that is said in pieces, and its channel's name."""
_BEGUN = ("text", "thinking")
"""Members of a known block with which it can begin to say what its deltas go on to say."""
_KNOWN = ("text", "thinking", "redacted_thinking", "container_upload")
_KNOWN_ENDS = ("tool_use", "_result")
_KEPT = ("type", "index")
"""Members of a delta that an event of ours repeats."""
_NAMES = ("type", "id", "name")
"""Members of any block that no delta continues."""
_ENDS = frozenset({"message_delta", "message_stop", "error"})


class MessagesReader:
    """Reads one stream of an Anthropic message."""

    renumbers = True

    def __init__(self, ask: Ask) -> None:
        self.usage = Usage()
        self._model = ask.model
        self._takes_media = ask.takes_media
        self._open: list[int] = []  # blocks that the client has seen begin, and not end
        self._started = False
        self._stopped = False
        self._moulds = Moulds()
        self._shapes = Shapes(outer=_KEPT, inner=_KEPT)

    def read(self, event: SseEvent) -> Frame:
        data = event.data
        for mould in self._moulds.known:
            text = mould.text(data)
            if text:
                return Frame(event.raw, (Span(mould.channel, text, mould.kind),))
        return self._read_in_full(event)

    def render(self, frame: Frame, texts: Sequence[str]) -> bytes:
        event = frame.value
        if type(event) is dict:
            self._note_sent(event)
        if all(span.text == text for span, text in zip(frame.spans, texts, strict=True)):
            return frame.raw
        if event is None or event["type"] == "content_block_delta":
            if frame.ends:
                return b""  # a citation cut short quotes nothing
            return b"".join(
                self.flush(span.channel, text)
                for span, text in zip(frame.spans, texts, strict=True)
                if text
            )
        put_texts(_find(event), texts)
        return event_bytes(event, event["type"].encode())

    def flush(self, channel: str, text: str) -> bytes:
        return event_bytes(self._shapes.cast(channel, text), b"content_block_delta")

    def halt(self, notice: Notice) -> bytes:
        out = b"" if self._started else _said(_empty_message(self._model, notice.case))
        out += b"".join(
            _said({"type": "content_block_stop", "index": index}) for index in self._open
        )
        note = {"licet": notice.as_object()}
        stop: dict[str, Any] = {"type": "message_stop"}
        if self._stopped:
            return out + _said(stop | note)
        end = {
            "type": "message_delta",
            "delta": {"stop_reason": "refusal", "stop_sequence": None},
            "usage": {"output_tokens": self.usage.completion_tokens or 0},
        }
        return out + _said(end | note) + _said(stop)

    def fail(self, code: str, message: str) -> bytes:
        error = {"type": "api_error", "message": message, "code": code}
        return _said({"type": "error", "error": error})

    def _read_in_full(self, event: SseEvent) -> Frame:
        if not event.data.strip():
            return Frame(event.raw)
        value = load_object(event.data)
        if not self._takes_media:
            refuse_shown(event.data, value)
        kind = value.get("type")
        if type(kind) is not str:
            raise Unreadable(f"expected the event's type, not {kind_of(kind)}", where="type")
        slots = _find(value)
        self._note_usage(value)
        last = kind in ("message_stop", "error")
        ends = _whole(value, kind, slots)
        whole = bool(ends)  # a name, a citation, a search result: not said in pieces
        if kind == "content_block_delta":
            if any(slot.name in _KEPT for slot in slots):
                raise Unreadable("a text stands where a mark belongs", where="delta")
            self._shapes.note(value, slots)
            if not whole and all(slot.name in _FIELDS for slot in slots):
                self._moulds.learn(event.data, slots, _find)
        elif kind == "content_block_start":
            self._note_block(value)
        elif kind == "content_block_stop":
            ends.append(f"{_index(value)}.")
        elif kind in _ENDS:
            ends.append("")
        return Frame(event.raw, spans_of(slots), tuple(ends) or None, (), whole, last, value)

    def _note_block(self, value: dict[str, Any]) -> None:
        """A block that begins with some text: its channel's shape is that of a delta."""
        index = _index(value)
        block: Any = value.get("content_block")
        for name in _begun(block):
            if block[name]:
                delta = {"type": f"{name}_delta", name: "…"}
                like = {"type": "content_block_delta", "index": index, "delta": delta}
                self._shapes.note(like, _find(like))

    def _note_usage(self, value: dict[str, Any]) -> None:
        message = value.get("message")
        for holder in (message if type(message) is dict else {}, value):
            usage = holder.get("usage")
            if type(usage) is dict:
                new = usage_of(usage, "input_tokens", "output_tokens")
                old = self.usage
                self.usage = Usage(
                    old.prompt_tokens if new.prompt_tokens is None else new.prompt_tokens,
                    old.completion_tokens
                    if new.completion_tokens is None
                    else new.completion_tokens,
                )

    def _note_sent(self, value: dict[str, Any]) -> None:
        kind = value["type"]
        if kind == "message_start":
            self._started = True
        elif kind == "content_block_start":
            self._open.append(_index(value))
        elif kind == "content_block_stop" and _index(value) in self._open:
            self._open.remove(_index(value))
        elif kind == "message_delta":
            self._stopped = True


def _find(value: Any) -> list[Slot]:
    """The texts of an event: `0.text`, `0.thinking`, `0.input`; others after their path."""
    slots: list[Slot] = []
    if type(value) is not dict:
        return slots
    for name, item in value.items():
        if name in ("delta", "content_block") and type(item) is dict and "index" in value:
            index = _index(value)
            for inner, said in item.items():
                field = _FIELDS.get(inner, f"x.{inner}")
                find_member(item, inner, said, f"{index}.{field}", slots)
        else:
            find_member(value, name, item, f"x.{name}", slots)
    return slots


def _whole(value: dict[str, Any], kind: str, slots: list[Slot]) -> list[str]:
    """The channels of the texts of an event that are not said in pieces (rule 4)."""
    if not slots or kind not in ("content_block_delta", "content_block_start"):
        return [slot.channel for slot in slots]
    place = f"{_index(value)}."
    if kind == "content_block_start":
        names = _begun(value.get("content_block"))
        begun = [place + _FIELDS.get(name, f"x.{name}") for name in names]
        return [slot.channel for slot in slots if slot.channel not in begun]
    cited = f"{place}x.citation"
    return [
        slot.channel
        for slot in slots
        if not slot.channel.startswith(place)
        or slot.channel.startswith(cited)
        or type(slot.holder[slot.name]) is not str  # an object cannot be cut
    ]


def _begun(block: Any) -> list[str]:
    """The members of a block that deltas may continue: in one of an unknown kind any string."""
    if type(block) is not dict:
        return []
    kind = str(block.get("type"))
    known = kind in _KNOWN or kind.endswith(_KNOWN_ENDS)
    return [
        name
        for name, said in block.items()
        if type(said) is str and (name in _BEGUN if known else name not in _NAMES)
    ]


def _index(value: dict[str, Any]) -> int:
    index = value.get("index")
    if type(index) is not int or index < 0:
        raise Unreadable(f"expected a number from 0, not {kind_of(index)}", where="index")
    return index


def _empty_message(model: str, case: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": f"msg_{case}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
    return {"type": "message_start", "message": message}


def _said(value: dict[str, Any]) -> bytes:
    return event_bytes(value, value["type"].encode())
