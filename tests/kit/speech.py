"""What a model says in each API, byte by byte, and what a client of that API hears.

Both sides are written from the APIs' references and use nothing of the product: a speaker and a
listener that agree with each other and disagree with the gateway show a fault of the gateway.

Rules
1. A speaker's events are what the API's own server sends: in order, numbered, repeated where the
   API repeats. A channel is (index, field): a choice's, a block's or an item's.
2. A listener is strict: what is no SSE, no JSON, out of order, after the end, for an index that is
   not open, or repeated with another text, is a Fault.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kit.speech_heard import Fault, Heard, hear

__all__ = ["FIELDS", "Channel", "Fault", "Heard", "Speaker", "hear", "speaker"]

Channel = tuple[int, str]
"""(index, field)"""
FIELDS = {
    "chat": ("content", "reasoning_content", "tool", "refusal"),
    "completions": ("text",),
    "responses": ("output_text", "reasoning_summary_text", "tool", "refusal"),
    "messages": ("text", "thinking", "tool"),
}
"""The fields of each API that a model writes; `tool` is the arguments of a call."""


@dataclass(slots=True)
class Speaker:
    """One answer as it is streamed. Each method gives the bytes of events, one item an event."""

    escaped: bool = False
    """Whether JSON is written in ASCII, all else in `\\uXXXX` escapes."""
    said: dict[Channel, str] = field(default_factory=lambda: defaultdict(str))

    def begin(self, choices: int = 1) -> list[bytes]:
        raise AssertionError("which API?")

    def say(self, channel: Channel, text: str, *, logprobs: bool = False) -> list[bytes]:
        raise AssertionError("which API?")

    def finish(self, index: int) -> list[bytes]:
        """This choice, block or item is over."""
        raise AssertionError("which API?")

    def end(self) -> list[bytes]:
        """All is over; whatever is open is finished first."""
        raise AssertionError("which API?")

    def _event(self, value: dict[str, Any], name: str = "") -> bytes:
        text = json.dumps(value, ensure_ascii=self.escaped, separators=(",", ":"))
        data = b"data: " + text.encode("utf-8", "surrogatepass") + b"\n\n"
        return (b"event: " + name.encode() + b"\n" if name else b"") + data


@dataclass(slots=True)
class Choices(Speaker):
    """Chat completions and completions."""

    chat: bool = True
    open: list[int] = field(default_factory=list)
    tools: set[int] = field(default_factory=set)

    def begin(self, choices: int = 1) -> list[bytes]:
        self.open = list(range(choices))
        if not self.chat:
            return []
        return [self._chunk(i, {"role": "assistant", "content": ""}) for i in self.open]

    def say(self, channel: Channel, text: str, *, logprobs: bool = False) -> list[bytes]:
        index, name = channel
        out = []
        if name == "tool":
            if index not in self.tools:
                self.tools.add(index)
                call = {"index": 0, "id": f"call_{index}", "type": "function"}
                call |= {"function": {"name": "write_note", "arguments": ""}}
                out.append(self._chunk(index, {"tool_calls": [call]}))
            call = {"index": 0, "function": {"arguments": text}}
            delta: dict[str, Any] = {"tool_calls": [call]}
        else:
            delta = {name: text}
        self.said[channel] += text
        tokens = None
        if logprobs and self.chat:
            token = {"token": text, "logprob": -0.5, "bytes": None, "top_logprobs": []}
            tokens = {"content": [token], "refusal": None}
        elif logprobs:
            tokens = {"tokens": [text], "token_logprobs": [-0.5], "top_logprobs": None,
                      "text_offset": [0]}  # fmt: skip
        return [*out, self._chunk(index, delta, logprobs=tokens)]

    def finish(self, index: int) -> list[bytes]:
        if index not in self.open:
            return []
        self.open.remove(index)
        return [self._chunk(index, {}, "tool_calls" if index in self.tools else "stop")]

    def end(self) -> list[bytes]:
        out = [event for index in list(self.open) for event in self.finish(index)]
        return [*out, b"data: [DONE]\n\n"]

    def _chunk(
        self, index: int, delta: dict[str, Any], reason: str | None = None, logprobs: Any = None
    ) -> bytes:
        choice: dict[str, Any] = {"index": index}
        choice |= {"delta": delta} if self.chat else {"text": delta.get("text", "")}
        choice |= {"logprobs": logprobs, "finish_reason": reason}
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        head = {"id": "cmpl-1", "object": kind, "created": 1, "model": "m"}
        return self._event({**head, "choices": [choice]})


@dataclass(slots=True)
class Blocks(Speaker):
    """Messages: blocks in a row; saying something in a later one closes those before."""

    now: Channel | None = None

    def begin(self, choices: int = 1) -> list[bytes]:
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                   "content": [], "stop_reason": None, "stop_sequence": None,
                   "usage": {"input_tokens": 3, "output_tokens": 1}}  # fmt: skip
        return [self._named({"type": "message_start", "message": message})]

    def say(self, channel: Channel, text: str, *, logprobs: bool = False) -> list[bytes]:
        index, name = channel
        out = []
        if self.now != channel:
            out = self._close()
            self.now = channel
            block = {
                "text": {"type": "text", "text": ""},
                "thinking": {"type": "thinking", "thinking": "", "signature": ""},
                "tool": {"type": "tool_use", "id": "toolu_1", "name": "write_note", "input": {}},
            }[name]
            start = {"type": "content_block_start", "index": index, "content_block": block}
            out.append(self._named(start))
        delta = {
            "text": {"type": "text_delta", "text": text},
            "thinking": {"type": "thinking_delta", "thinking": text},
            "tool": {"type": "input_json_delta", "partial_json": text},
        }[name]
        self.said[channel] += text
        out.append(self._named({"type": "content_block_delta", "index": index, "delta": delta}))
        return out

    def cite(self, text: str) -> list[bytes]:
        """A quotation in the text block that is open."""
        assert self.now is not None
        citation = {
            "type": "char_location",
            "cited_text": text,
            "document_index": 0,
            "document_title": None,
            "start_char_index": 0,
            "end_char_index": 1,
        }
        delta = {"type": "citations_delta", "citation": citation}
        event = {"type": "content_block_delta", "index": self.now[0], "delta": delta}
        return [self._named(event)]

    def finish(self, index: int) -> list[bytes]:
        return self._close() if self.now and self.now[0] == index else []

    def end(self) -> list[bytes]:
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        end = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}
        return [*self._close(), self._named(end), self._named({"type": "message_stop"})]

    def _close(self) -> list[bytes]:
        if self.now is None:
            return []
        index, self.now = self.now[0], None
        return [self._named({"type": "content_block_stop", "index": index})]

    def _named(self, value: dict[str, Any]) -> bytes:
        return self._event(value, value["type"])


@dataclass(slots=True)
class Items(Speaker):
    """Responses: numbered events, items in a row, every text repeated in full at its end."""

    number: int = 0
    now: Channel | None = None
    output: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, choices: int = 1) -> list[bytes]:
        response = self._response("in_progress")
        return self._numbered(
            [
                {"type": "response.created", "response": response},
                {"type": "response.in_progress", "response": response},
            ]
        )

    def say(self, channel: Channel, text: str, *, logprobs: bool = False) -> list[bytes]:
        out = []
        if self.now != channel:
            out = self._close()
            self.now = channel
            out += self._numbered(self._opening())
        self.said[channel] += text
        what = "function_call_arguments" if channel[1] == "tool" else channel[1]
        delta: dict[str, Any] = {"type": f"response.{what}.delta", **self._place(), "delta": text}
        if what == "output_text":
            token = {"token": text, "logprob": -0.5, "top_logprobs": []}
            delta["logprobs"] = [token] if logprobs else []
        return out + self._numbered([delta])

    def finish(self, index: int) -> list[bytes]:
        return self._close() if self.now and self.now[0] == index else []

    def end(self) -> list[bytes]:
        out = self._close()
        done = {"type": "response.completed", "response": self._response("completed")}
        return out + self._numbered([done])

    def _response(self, status: str) -> dict[str, Any]:
        usage = {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12,
                 "input_tokens_details": {"cached_tokens": 0},
                 "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
        return {
            "id": "resp_1", "object": "response", "created_at": 1, "status": status,
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "model": "m", "output": list(self.output), "parallel_tool_calls": True,
            "tool_choice": "auto", "tools": [],
            "usage": usage if status == "completed" else None,
        }  # fmt: skip

    def _item(self, text: str, status: str) -> dict[str, Any]:
        assert self.now is not None
        index, name = self.now
        head = {"id": f"item_{index}", "status": status}
        if name == "tool":
            return head | {"type": "function_call", "call_id": f"call_{index}",
                           "name": "write_note", "arguments": text}  # fmt: skip
        if name == "reasoning_summary_text":
            parts = [self._part(text)] if status == "completed" else []
            return {"id": f"item_{index}", "type": "reasoning", "summary": parts}
        content = [self._part(text)] if status == "completed" else []
        return head | {"type": "message", "role": "assistant", "content": content}

    def _part(self, text: str) -> dict[str, Any]:
        assert self.now is not None
        if self.now[1] == "refusal":
            return {"type": "refusal", "refusal": text}
        if self.now[1] == "output_text":
            return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        return {"type": "summary_text", "text": text}

    def _place(self) -> dict[str, Any]:
        assert self.now is not None
        index, name = self.now
        place = {"item_id": f"item_{index}", "output_index": index}
        if name == "tool":
            return place
        return place | {
            "summary_index" if name == "reasoning_summary_text" else "content_index": 0
        }

    def _opening(self) -> Iterable[dict[str, Any]]:
        assert self.now is not None
        index, name = self.now
        item = self._item("", "in_progress")
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        if name != "tool":
            kind = "reasoning_summary_part" if name == "reasoning_summary_text" else "content_part"
            yield {"type": f"response.{kind}.added", **self._place(), "part": self._part("")}

    def _close(self) -> list[bytes]:
        if self.now is None:
            return []
        index, name = self.now
        text, place = self.said[self.now], self._place()
        events: list[dict[str, Any]] = []
        if name == "tool":
            kind = "response.function_call_arguments.done"
            events.append({"type": kind, **place, "name": "write_note", "arguments": text})
        else:
            said = {"type": f"response.{name}.done", **place}
            said["refusal" if name == "refusal" else "text"] = text
            events.append(said | ({"logprobs": []} if name == "output_text" else {}))
            kind = "reasoning_summary_part" if name == "reasoning_summary_text" else "content_part"
            events.append({"type": f"response.{kind}.done", **place, "part": self._part(text)})
        item = self._item(text, "completed")
        self.output.append(item)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        self.now = None
        return self._numbered(events)

    def _numbered(self, events: Iterable[dict[str, Any]]) -> list[bytes]:
        out = []
        for event in events:
            out.append(self._event(event | {"sequence_number": self.number}, event["type"]))
            self.number += 1
        return out


def speaker(dialect: str, *, escaped: bool = False) -> Any:
    """A speaker of that API."""
    if dialect == "messages":
        return Blocks(escaped)
    if dialect == "responses":
        return Items(escaped)
    return Choices(escaped, chat=dialect == "chat")
