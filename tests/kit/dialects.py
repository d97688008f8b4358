"""A stand-in for the exchange, and the official clients fed from memory.

It keeps the contract between exchange and readers as simply as can be: text may be held back and
sent later, nothing may be lost, what a channel's end names must leave before it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai

from licet.gateway.dialects.frames import Frame
from licet.gateway.dialects.model import Ask, Notice, Reader
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.sse import SseEvent, SseParser

STREAMS = Path(__file__).parent.parent / "vectors" / "streams"
NAMES = sorted(path.name for path in STREAMS.glob("*.sse"))
WHOLE = [name for name in NAMES if "error" not in name]

NOTICE = Notice(
    case="case_0001",
    category="illegal_activity",
    rule="demo.1",
    reason={"zh": "示例", "en": "An example."},
    appeal="https://licet.example/appeal/case_0001",
)

Texts = dict[str, str]


def recorded(name: str) -> bytes:
    """The bytes of one recorded stream."""
    return (STREAMS / name).read_bytes()


def found_in(frame: Frame | str) -> Any:
    """What a frame holds, to be compared; a reader's refusal is itself."""
    if isinstance(frame, str):
        return frame
    spans = [
        [(span.channel, span.text, span.kind, span.by_meaning) for span in found]
        for found in (frame.spans, frame.repeats)
    ]
    return spans, frame.ends, frame.atomic, frame.last, frame.raw


def events_of(data: bytes) -> list[SseEvent]:
    """All events of a stream."""
    parser = SseParser()
    events = parser.feed(data)
    more, rest = parser.end()
    assert not rest, rest
    return events + more


def ask_for(name: str, **members: Any) -> Ask:
    """A streaming request in the dialect that the recording's name begins with."""
    dialect = DIALECTS[name.partition("-")[0]]
    body: dict[str, Any] = {"model": "m", "stream": True, **members}
    body |= {
        "completions": {"prompt": "hi"},
        "responses": {"input": "hi"},
    }.get(dialect.name, {"messages": [{"role": "user", "content": "hi"}]})
    return dialect.parse(json.dumps(body).encode(), json_depth_max=64)


def reader_for(name: str, **members: Any) -> Reader:
    """A fresh reader of the recording's dialect."""
    return DIALECTS[name.partition("-")[0]].reader(ask_for(name, **members))


def read_texts(name: str, data: bytes) -> Texts:
    """What a stream says, by channel."""
    reader = reader_for(name)
    said: Texts = defaultdict(str)
    for event in events_of(data):
        for span in reader.read(event).spans:
            said[span.channel] += span.text
    return {channel: whole(text) for channel, text in said.items() if text}


def whole(text: str) -> str:
    """Halves of an emoji that come together in one event are the emoji."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


class Play:
    """Sends frames on, holding back as many characters of each channel as `held` says."""

    def __init__(self, reader: Reader, held: Callable[[int], int]) -> None:
        self.reader = reader
        self.out = b""
        self.released: Texts = defaultdict(str)
        self._held: Texts = {}
        self._hold = held

    def send(self, frame: Frame, cut: int | None = None) -> None:
        """One frame. `cut`: only so many characters of it may leave, and nothing after."""
        if cut is not None and frame.atomic:
            return
        ends = tuple(frame.ends or ())
        begun = {span.channel for span in frame.spans}
        for channel in list(self._held):
            if frame.atomic if channel in begun else channel.startswith(ends):
                self._flush(channel)
        texts = []
        for span in frame.spans:
            text = self._held.pop(span.channel, "") + span.text
            if cut is not None:
                free = len(text[:cut])
            elif frame.atomic or (ends and span.channel.startswith(ends)):
                free = len(text)
            else:
                free = max(0, len(text) - self._hold(len(text)))
            texts.append(text[:free])
            self.released[span.channel] += text[:free]
            if text[free:]:
                self._held[span.channel] = text[free:]
        changed = any(span.text != text for span, text in zip(frame.spans, texts, strict=True))
        if changed or self.reader.renumbers:
            self.out += self.reader.render(frame, texts)
        else:
            self.out += frame.raw

    def _flush(self, channel: str) -> None:
        text = self._held.pop(channel)
        self.released[channel] += text
        self.out += self.reader.flush(channel, text)


def payloads(data: bytes) -> Iterator[dict[str, Any]]:
    """The JSON of every event."""
    for event in events_of(data):
        if event.data and event.data != b"[DONE]":
            yield json.loads(event.data)


def _client(data: bytes) -> httpx2.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=data)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def read_officially(name: str, data: bytes) -> Any:
    """What the official client makes of a stream: its final object. Raises what it raises."""
    kind = name.partition("-")[0]
    with _client(data) as http:
        if kind == "messages":
            claude = anthropic.Anthropic(
                api_key="k", base_url="http://x", http_client=http, max_retries=0
            )
            with claude.messages.stream(
                model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            ) as stream:
                return stream.get_final_message()
        gpt = openai.OpenAI(api_key="k", base_url="http://x/v1", http_client=http, max_retries=0)
        if kind == "responses":
            with gpt.responses.stream(model="m", input="hi") as events:
                return list(events)[-1]
        if kind == "completions":
            return list(gpt.completions.create(model="m", prompt="hi", stream=True))
        with gpt.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "hi"}]
        ) as chunks:
            for _ in chunks:
                pass
            return chunks.get_final_completion()
