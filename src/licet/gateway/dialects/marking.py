"""The mark of generated text, put into answers as if the model had written it.

It refuses to know when a mark is due and what it says. GB 45438-2025, 5.1.

Rules
1. An event is changed before it is read and judged: whatever reads, cuts and repeats it afterwards
   sees one text. A whole answer is marked when it was judged, and perhaps cut.
2. Marked is what people read: the content of each choice, the first (at the end: the last) text of
   a message or response. Not reasoning, and not tools' arguments.
3. An answer that was asked for as JSON bears none in its text: it would be JSON no more.
4. A response (Responses API) is marked at its start wherever marks stand: it repeats its texts, by
   number, in events that may not be put in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from licet.base.trouble import BadInput
from licet.gateway.dialects.chat_texts import ends_choice
from licet.gateway.dialects.frames import Frame
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.model import Ask, Notice, Reader, Usage
from licet.gateway.dialects.server_events import event_bytes
from licet.gateway.sse import SseEvent

MARKED = frozenset(("chat", "completions", "messages", "responses"))
_FORMATS = ("json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class TextMark:
    """What is put before or behind a text. `words` are the pack's, in brackets."""

    words: str
    place: Literal["start", "end"]

    def on(self, text: str) -> str:
        """The text with its mark."""
        return f"{self.words}\n{text}" if self.place == "start" else f"{text}\n{self.words}"

    def reader(self, dialect: str, ask: Ask, inner: Reader) -> Reader:
        """Whoever reads a stream, and puts the mark into it."""
        if dialect not in MARKED or asks_for_json(ask):
            return inner
        return MarkingReader(self, dialect, ask, inner)

    def whole(self, dialect: str, ask: Ask, body: bytes) -> bytes:
        """A whole answer with the mark; one that cannot be read is left to whoever reads it."""
        if dialect not in MARKED or asks_for_json(ask):
            return body
        try:
            value = load_object(body)
            holders = list(_texts_of(dialect, value, last=self.place == "end"))
        except (BadInput, KeyError, TypeError, AttributeError):
            return body
        mark = TextMark(self.words, "start") if dialect == "responses" else self
        for holder, name in holders:
            holder[name] = mark.on(holder[name])
        return dump(value) if holders else body


def asks_for_json(ask: Ask) -> bool:
    """Whether the answer is to be JSON (rule 3)."""
    if b"json" not in ask.body:
        return False
    value = load_object(ask.body, depth_max=256)
    text = value.get("text")
    wishes = [value.get("response_format"), text.get("format") if type(text) is dict else None]
    return any(type(wish) is dict and wish.get("type") in _FORMATS for wish in wishes)


class MarkingReader:
    """A reader that marks. Everything else is the inner reader's."""

    def __init__(self, mark: TextMark, dialect: str, ask: Ask, inner: Reader) -> None:
        self._mark = mark
        self._inner = inner
        self._begun: dict[int, str] = {}  # choices with text, and their channels
        self._ended: set[int] = set()
        self._blocks = 0
        self._calls = False
        self._place: tuple[Any, Any] | None = None  # of the marked text of a response
        self._change = {
            "chat": self._choices, "completions": self._choices, "messages": self._message,
            "responses": self._response,
        }[dialect]  # fmt: skip

    @property
    def usage(self) -> Usage:
        return self._inner.usage

    @usage.setter
    def usage(self, usage: Usage) -> None:
        self._inner.usage = usage

    @property
    def renumbers(self) -> bool:
        return self._inner.renumbers

    def read(self, event: SseEvent) -> Frame:
        data = event.data.strip()
        if not data.startswith(b"{"):
            return self._inner.read(event)
        value = load_object(data)
        before = b""
        try:
            changed, before = self._change(value)
        except (KeyError, TypeError, AttributeError):
            changed = False  # strange: the inner reader says what of it
        if changed:
            event = SseEvent(event_bytes(value, event.event), event.event, dump(value))
        if before:
            event = SseEvent(before + event.raw, event.event, event.data)
        return self._inner.read(event)

    def render(self, frame: Frame, texts: Sequence[str]) -> bytes:
        return self._inner.render(frame, texts)

    def flush(self, channel: str, text: str) -> bytes:
        return self._inner.flush(channel, text)

    def halt(self, notice: Notice) -> bytes:
        """What left of a halted answer was generated, too."""
        out = b""
        if self._mark.place == "end":
            for index, channel in self._begun.items():
                if index not in self._ended:
                    out += self._inner.flush(channel, f"\n{self._mark.words}")
        return out + self._inner.halt(notice)

    def fail(self, code: str, message: str) -> bytes:
        return self._inner.fail(code, message)

    def _choices(self, value: dict[str, Any]) -> tuple[bool, bytes]:
        """A chunk of a chat or completion: whether it was changed, and what goes before it."""
        changed = False
        for at, choice in enumerate(value.get("choices") or []):
            index = choice.get("index", at)
            chat = "text" not in choice
            holder = choice.get("delta") or {} if chat else choice
            name = "content" if chat else "text"
            text = holder.get(name) or ""
            first = bool(text) and index not in self._begun
            if first:
                self._begun[index] = f"{index}.{name}"
            over = ends_choice(choice.get("finish_reason")) and index not in self._ended
            if over:
                self._ended.add(index)
            if self._mark.place == "start" and first:
                holder[name] = self._mark.on(text)
            elif self._mark.place == "end" and over and index in self._begun:
                holder[name] = self._mark.on(text)
                if chat:
                    choice["delta"] = holder
            else:
                continue
            changed = True
            if choice.get("logprobs"):
                choice["logprobs"] = None  # they name every token of another text
        return changed, b""

    def _message(self, value: dict[str, Any]) -> tuple[bool, bytes]:
        """An event of an Anthropic message; at the end the mark is a block of its own, but not
        behind the call of a tool, which must be the last."""
        kind = value.get("type")
        if kind == "content_block_start":
            self._blocks = max(self._blocks, value["index"] + 1)
        if kind in ("content_block_start", "content_block_delta"):
            holder = value["delta" if kind == "content_block_delta" else "content_block"]
            self._calls = self._calls or holder.get("type") == "tool_use"
            if holder.get("text") and not self._begun:
                self._begun[value["index"]] = f"{value['index']}.text"
                if self._mark.place == "start":
                    holder["text"] = self._mark.on(holder["text"])
                    return True, b""
        elif kind == "content_block_stop":
            self._ended.add(value["index"])
        elif kind == "message_delta" and self._begun and self._mark.place == "end":
            return False, b"" if self._calls else self._block()
        return False, b""

    def _block(self) -> bytes:
        at = {"index": self._blocks}
        words = f"\n{self._mark.words}"
        events: tuple[dict[str, Any], ...] = (
            {"type": "content_block_start", **at, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", **at, "delta": {"type": "text_delta", "text": words}},
            {"type": "content_block_stop", **at},
        )
        return b"".join(event_bytes(event, event["type"].encode()) for event in events)

    def _response(self, value: dict[str, Any]) -> tuple[bool, bytes]:
        """An event of the Responses API: its first text, and wherever that is repeated."""
        kind = value.get("type", "")
        place = (value.get("output_index"), value.get("content_index"))
        if kind == "response.output_text.delta" and self._place is None and value.get("delta"):
            self._place = place
            value["delta"] = self._first(value["delta"])
            value["logprobs"] = []
            return True, b""
        if self._place is None:
            return False, b""
        parts: list[Any] = []
        if kind == "response.output_text.done" and place == self._place:
            value["text"] = self._first(value["text"])
            return True, b""
        if kind == "response.content_part.done" and place == self._place:
            parts = [value["part"]]
        elif kind == "response.output_item.done" and place[0] == self._place[0]:
            parts = [value["item"]["content"][self._place[1]]]
        elif "response" in value and value["response"].get("output"):
            parts = [value["response"]["output"][self._place[0]]["content"][self._place[1]]]
        for part in parts:
            part["text"] = self._first(part["text"])
        return bool(parts), b""

    def _first(self, text: str) -> str:
        return TextMark(self._mark.words, "start").on(text)


def _texts_of(
    dialect: str, value: dict[str, Any], *, last: bool
) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the texts stand that bear a mark (rule 2)."""
    if dialect in ("chat", "completions"):
        for choice in value["choices"]:
            holder, name = (choice, "text") if "text" in choice else (choice["message"], "content")
            if type(holder.get(name)) is str and holder[name]:
                yield holder, name
                if choice.get("logprobs"):
                    choice["logprobs"] = None
        return
    if dialect == "messages":
        blocks = [block for block in value["content"] if block.get("type") == "text"]
    else:
        blocks, last = (
            [
                part
                for item in value["output"]
                if item.get("type") == "message"
                for part in item["content"]
                if part.get("type") == "output_text"
            ],
            False,
        )
    if blocks:
        yield blocks[-1 if last else 0], "text"
