"""A strict client of the streaming APIs: what it hears, or the Fault that it finds.

It uses nothing of the product; see `kit.speech`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Channel = tuple[int, str]


class Fault(AssertionError):
    """What a client of this API would not have understood."""


def need(holds: bool, fault: str, about: object = "") -> None:
    if not holds:
        raise Fault(f"{fault}: {about!r}" if about != "" else fault)


@dataclass(slots=True)
class Heard:
    """What a stream said so far."""

    texts: dict[Channel, str] = field(default_factory=lambda: defaultdict(str))
    finishes: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    ended: str = ""
    """How the stream ended: `served`, `halted`, `failed`; empty while it goes on."""
    licet: dict[str, Any] | None = None
    tokens: dict[Channel, str] = field(default_factory=lambda: defaultdict(str))
    """The text that logprobs named."""

    def text(self, channel: Channel) -> str:
        """The text of a channel; halves of a code point that came one by one are whole."""
        return self.texts[channel].encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    def all(self) -> dict[Channel, str]:
        return {channel: text for channel, text in self.texts.items() if text}


def sse(data: bytes) -> Iterator[tuple[str, str]]:
    """(event, data) of every event. A stream must end with a whole one."""
    text = data.decode("utf-8")  # strict: half a character is a fault
    need(not text or text.endswith(("\n\n", "\r\n\r\n")), "the last event is cut", text[-40:])
    for block in text.replace("\r\n", "\n").split("\n\n"):
        name, lines = "", []
        for line in block.split("\n") if block else ():
            key, _, value = line.partition(":")
            need(key in ("event", "data", "", "id", "retry"), "no SSE field", line)
            if key == "event":
                name = value.removeprefix(" ")
            elif key == "data":
                lines.append(value.removeprefix(" "))
        if lines:
            yield name, "\n".join(lines)


def parse(data: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Fault(f"no JSON: {data[:80]!r}") from error
    need(type(value) is dict, "no object", data[:80])
    return value


def hear(dialect: str, data: bytes) -> Heard:
    """What the stream said. Raises Fault."""
    heard = Heard()
    listener = {"messages": _Messages, "responses": _Responses}.get(dialect, _Choices)(heard)
    for name, text in sse(data):
        need(not heard.ended, "an event after the end", text[:80])
        listener.take(name, text)
    return heard


class _Choices:
    """Chat completions and completions."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard

    def take(self, name: str, data: str) -> None:
        heard = self.heard
        if data == "[DONE]":
            heard.ended = heard.ended or self._kind()
            return
        chunk = parse(data)
        if chunk.get("error"):
            need(not self._failed, "two errors")
            self._failed = True
            return
        need(not self._failed, "an event after the error", data[:80])
        need(type(chunk.get("choices")) is list and "id" in chunk, "no chunk", data[:80])
        if chunk.get("licet"):
            need(heard.licet is None, "two licet objects")
            heard.licet = chunk["licet"]
        for choice in chunk["choices"]:
            self._choice(choice)

    _failed = False

    def _kind(self) -> str:
        if self._failed:
            return "failed"
        for index, reasons in self.heard.finishes.items():
            need(len(reasons) == 1, "a choice finished twice", (index, reasons))
        for index in {index for index, _ in self.heard.texts}:
            need(index in self.heard.finishes, "a choice never finished", index)
        if self.heard.licet is not None:
            return "halted"
        return "served"

    def _choice(self, choice: dict[str, Any]) -> None:
        heard, index = self.heard, choice["index"]
        delta = choice.get("delta") or {}
        said = {name: value for name, value in delta.items() if type(value) is str}
        said.pop("role", None)
        for call in delta.get("tool_calls") or ():
            said["tool"] = (call.get("function") or {}).get("arguments") or ""
        if "text" in choice:
            said["text"] = choice["text"]
        for name, text in said.items():
            need(not text or index not in heard.finishes, "text after the finish", text)
            heard.texts[index, name] += text
        tokens = choice.get("logprobs")
        if tokens:
            named = tokens.get("tokens") or [t["token"] for t in tokens.get("content") or ()]
            need("".join(named) == "".join(said.values()), "logprobs of another text", named)
        if choice.get("finish_reason"):
            heard.finishes[index].append(choice["finish_reason"])


class _Messages:
    """Anthropic messages."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.began = False
        self.open: dict[int, str] = {}
        self.next = 0
        self.stop: str | None = None

    def take(self, name: str, data: str) -> None:
        event = parse(data)
        kind = event["type"]
        need(name == kind, "the event's name is not its type", (name, kind))
        if kind == "error":
            self.heard.ended = "failed"
            return
        if kind == "message_start":
            need(not self.began, "two beginnings")
            self.began = True
            return
        need(self.began or kind == "ping", "an event before the beginning", kind)
        if kind == "content_block_start":
            index = event["index"]
            need(index == self.next, "a block out of order", index)
            self.next += 1
            self.open[index] = event["content_block"]["type"]
        elif kind == "content_block_delta":
            self._delta(event["index"], event["delta"])
        elif kind == "content_block_stop":
            need(event["index"] in self.open, "a block closed that is not open", event)
            del self.open[event["index"]]
        elif kind == "message_delta":
            need(not self.open, "the end while blocks are open", self.open)
            need(self.stop is None, "two ends")
            self.stop = event["delta"]["stop_reason"]
            self.heard.licet = event.get("licet")
            self.heard.finishes[0].append(self.stop or "")
        elif kind == "message_stop":
            need(self.stop is not None, "a stop without its reason")
            self.heard.licet = self.heard.licet or event.get("licet")
            self.heard.ended = "halted" if self.heard.licet else "served"

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        need(index in self.open, "a delta for a block that is not open", (index, delta))
        block = self.open[index]
        if "text" in delta:
            need(block == "text", "text in another block", block)
            self.heard.texts[index, "text"] += delta["text"]
        elif "thinking" in delta:
            need(block == "thinking", "thinking in another block", block)
            self.heard.texts[index, "thinking"] += delta["thinking"]
        elif "partial_json" in delta:
            need(block == "tool_use", "arguments in another block", block)
            self.heard.texts[index, "tool"] += delta["partial_json"]
        elif "citation" in delta:
            self.heard.texts[index, "citation"] += delta["citation"]["cited_text"]


class _Responses:
    """The Responses API."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.next = 0
        self.items: set[int] = set()

    def take(self, name: str, data: str) -> None:
        event = parse(data)
        kind = event["type"]
        need(name in ("", kind), "the event's name is not its type", (name, kind))
        need(event.get("sequence_number") == self.next, "number out of order", (self.next, event))
        self.next += 1
        if kind == "error":
            return
        what = kind.removeprefix("response.").rpartition(".")[0]
        what = "tool" if what == "function_call_arguments" else what
        if kind == "response.output_item.added":
            self.items.add(event["output_index"])
        elif kind.endswith(".delta"):
            need(event["output_index"] in self.items, "a delta for no item", event)
            self.heard.texts[event["output_index"], what] += event["delta"]
        elif kind == "response.output_item.done":
            self._repeated(event["output_index"], event["item"])
            self.items.discard(event["output_index"])
        elif kind.endswith("_part.done"):
            self._same(event["output_index"], event["part"])
        elif kind.endswith(".done"):
            text = event.get("text", event.get("refusal", event.get("arguments")))
            need(text == self.heard.texts[event["output_index"], what], "another text", event)
        elif "response" in event:
            self._life(kind, event)

    def _life(self, kind: str, event: dict[str, Any]) -> None:
        ends = {"completed": "served", "incomplete": "halted", "failed": "failed"}
        self.heard.ended = ends.get(kind.removeprefix("response."), "")
        if self.heard.ended:
            status = event["response"]["status"]
            need(status == kind.removeprefix("response."), "another status", status)
            self.heard.finishes[0].append(
                (event["response"].get("incomplete_details") or {}).get("reason") or status
            )
            self.heard.licet = event.get("licet")
            for item in event["response"]["output"]:
                self._repeated(int(item["id"].removeprefix("item_")), item)

    def _repeated(self, index: int, item: dict[str, Any]) -> None:
        if item["type"] == "function_call":
            need(item["arguments"] == self.heard.texts[index, "tool"], "other arguments", item)
        for part in (item.get("content") or []) + (item.get("summary") or []):
            self._same(index, part)

    def _same(self, index: int, part: dict[str, Any]) -> None:
        kind = {"summary_text": "reasoning_summary_text"}.get(part["type"], part["type"])
        text = part.get("text", part.get("refusal"))
        need(text == self.heard.texts[index, kind], "a repeated text that differs", part)
