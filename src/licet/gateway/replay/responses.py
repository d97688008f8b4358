"""OpenAI's Responses, as the model's side of them. Pure; nothing is kept between requests.

Source: OpenAI API reference, "Responses" and "Streaming events".

Rules
1. Events are numbered from 0 without a gap (`sequence_number`).
2. What a `done` event holds is what its `delta` events, joined, have said.
3. An item appears in the same form in its last event and in the whole reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.chat import token_logprobs
from licet.gateway.replay.fields import Body
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, sse

_LOGPROBS = "message.output_text.logprobs"


@dataclass(frozen=True, slots=True)
class ResponsesAsk:
    """The request, and the fields of it that the reply repeats."""

    ask: Ask
    echo: Body


def parse(body: Body) -> ResponsesAsk:
    """The request in `body`. Raises BadInput."""
    given = body.get("input")
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else None
    messages = fields.tables(body, "input") if messages is None else messages
    if not messages:
        raise BadInput("input is empty", hint="Give input.")
    heard = fields.hear(messages, fields.content_text(body.get("instructions")))
    reasoning = fields.table(body, "reasoning")
    include = body.get("include")
    logprobs = isinstance(include, list) and _LOGPROBS in include
    ask = Ask(
        model=fields.string(body, "model"),
        message=heard.message,
        prompt_tokens=heard.prompt_tokens,
        stream=fields.flag(body, "stream"),
        tools=frozenset() if heard.tools_answered else _offered(body),
        calls_max=1 if body.get("parallel_tool_calls") is False else 8,
        reasoning=bool(reasoning.get("summary")) or reasoning.get("effort") not in (None, "none"),
        tokens_max=fields.integer(body, "max_output_tokens", 1),
        logprobs=(fields.integer(body, "top_logprobs") or 0) if logprobs else None,
    )
    return ResponsesAsk(ask, _echo(body))


def render(request: ResponsesAsk, said: Said, stamp: Stamp) -> Body:
    """The whole reply as one JSON object."""
    items = [item.done() for item in _items(request.ask, said, stamp)]
    return _closed(_opened(request, stamp), request.ask, said, items, stamp)


def stream(request: ResponsesAsk, said: Said, stamp: Stamp) -> Iterator[Step]:
    """The reply as events: created, in_progress, the items one by one, completed or incomplete."""
    for number, (event, tokens) in enumerate(_events(request, said, stamp)):
        yield Step(sse(event | {"sequence_number": number}, event["type"]), tokens)


def _events(request: ResponsesAsk, said: Said, stamp: Stamp) -> Iterator[tuple[Body, int]]:
    opened = _opened(request, stamp)
    yield {"type": "response.created", "response": opened}, 0
    yield {"type": "response.in_progress", "response": opened}, 0
    items = _items(request.ask, said, stamp)
    for index, item in enumerate(items):
        place = {"output_index": index}
        yield {"type": "response.output_item.added", **place, "item": item.added()}, 0
        yield from item.events({"item_id": item.id, **place})
        yield {"type": "response.output_item.done", **place, "item": item.done()}, 0
    whole = _closed(opened, request.ask, said, [item.done() for item in items], stamp)
    yield {"type": f"response.{whole['status']}", "response": whole}, 0


@dataclass(frozen=True, slots=True)
class _Reasoning:
    id: str
    tokens: tuple[str, ...]

    def added(self) -> Body:
        return {"id": self.id, "type": "reasoning", "summary": []}

    def done(self) -> Body:
        return self.added() | {"summary": [self._part("".join(self.tokens))]}

    def events(self, place: Body) -> Iterator[tuple[Body, int]]:
        base, text = "response.reasoning_summary", "".join(self.tokens)
        place = place | {"summary_index": 0}
        yield {"type": f"{base}_part.added", **place, "part": self._part("")}, 0
        for token in self.tokens:
            yield {"type": f"{base}_text.delta", **place, "delta": token}, 1
        yield {"type": f"{base}_text.done", **place, "text": text}, 0
        yield {"type": f"{base}_part.done", **place, "part": self._part(text)}, 0

    def _part(self, text: str) -> Body:
        return {"type": "summary_text", "text": text}


@dataclass(frozen=True, slots=True)
class _Message:
    id: str
    tokens: tuple[str, ...]
    logprobs: list[Body] = field(default_factory=list)
    status: str = "completed"

    def added(self) -> Body:
        return self._item("in_progress", [])

    def done(self) -> Body:
        return self._item(self.status, [self._part("".join(self.tokens), self.logprobs)])

    def events(self, place: Body) -> Iterator[tuple[Body, int]]:
        text = "".join(self.tokens)
        place = place | {"content_index": 0}
        yield {"type": "response.content_part.added", **place, "part": self._part("", [])}, 0
        for at, token in enumerate(self.tokens):
            shown = self.logprobs[at : at + 1]
            event = {"type": "response.output_text.delta", **place}
            yield event | {"delta": token, "logprobs": shown}, 1
        ending = {"text": text, "logprobs": self.logprobs}
        yield {"type": "response.output_text.done", **place, **ending}, 0
        part = self._part(text, self.logprobs)
        yield {"type": "response.content_part.done", **place, "part": part}, 0

    def _item(self, status: str, content: list[Body]) -> Body:
        frame = {"id": self.id, "type": "message", "role": "assistant"}
        return frame | {"status": status, "content": content}

    def _part(self, text: str, logprobs: list[Body]) -> Body:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


@dataclass(frozen=True, slots=True)
class _Call:
    id: str
    call_id: str
    name: str
    tokens: tuple[str, ...]
    status: str = "completed"

    def added(self) -> Body:
        return self._item("in_progress", "")

    def done(self) -> Body:
        return self._item(self.status, "".join(self.tokens))

    def events(self, place: Body) -> Iterator[tuple[Body, int]]:
        base = "response.function_call_arguments"
        for token in self.tokens:
            yield {"type": f"{base}.delta", **place, "delta": token}, 1
        ending = {"name": self.name, "arguments": "".join(self.tokens)}
        yield {"type": f"{base}.done", **place, **ending}, 0

    def _item(self, status: str, arguments: str) -> Body:
        return {
            "id": self.id,
            "type": "function_call",
            "call_id": self.call_id,
            "name": self.name,
            "arguments": arguments,
            "status": status,
        }


def _items(ask: Ask, said: Said, stamp: Stamp) -> list[_Reasoning | _Message | _Call]:
    status = "incomplete" if said.finish == "length" else "completed"
    items: list[_Reasoning | _Message | _Call] = []
    if said.reasoning:
        items.append(_Reasoning(stamp.make_id("rs_"), said.reasoning))
    if said.text:
        shown: list[Body] = []
        if ask.logprobs is not None:
            shown = [token_logprobs(t, at, ask.logprobs) for at, t in enumerate(said.text)]
        items.append(_Message(stamp.make_id("msg_"), said.text, shown, status))
    for call, tokens in said.calls:
        ids = stamp.make_id("fc_"), stamp.make_id("call_")
        items.append(_Call(*ids, call.name, tokens, status))
    return items


def _opened(request: ResponsesAsk, stamp: Stamp) -> Body:
    return {
        "id": stamp.make_id("resp_"),
        "object": "response",
        "created_at": stamp.created_s,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": request.ask.model,
        "output": [],
        "usage": None,
        **request.echo,
    }


def _closed(opened: Body, ask: Ask, said: Said, items: list[Body], stamp: Stamp) -> Body:
    usage = {
        "input_tokens": ask.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said.tokens,
        "output_tokens_details": {"reasoning_tokens": len(said.reasoning)},
        "total_tokens": ask.prompt_tokens + said.tokens,
    }
    if said.finish == "length":
        ending: Body = {
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
        }
    else:
        ending = {"status": "completed", "completed_at": stamp.created_s}
    return opened | ending | {"output": items, "usage": usage}


def _echo(body: Body) -> Body:
    tools = [
        {"parameters": None, "strict": None, **tool} if tool.get("type") == "function" else tool
        for tool in fields.tables(body, "tools")
    ]
    return {
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": fields.table(body, "metadata"),
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "temperature": body.get("temperature"),
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": tools,
        "top_p": body.get("top_p"),
    }


def _offered(body: Body) -> frozenset[str]:
    choice: Any = body.get("tool_choice")
    if choice == "none":
        return frozenset()
    offered = frozenset(
        name
        for tool in fields.tables(body, "tools")
        if tool.get("type") == "function" and isinstance(name := tool.get("name"), str)
    )
    wanted = choice.get("name") if isinstance(choice, dict) else None
    return fields.only(offered, wanted)
