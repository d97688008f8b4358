"""Anthropic's messages, as the model's side of them. Pure.

Source: Anthropic API reference, "Messages" and "Streaming messages".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.answer import ToolCall
from licet.gateway.replay.fields import Body
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, sse

_STOP = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
}


def parse(body: Body) -> Ask:
    """The request in `body`. Raises BadInput."""
    messages = fields.tables(body, "messages")
    if not messages:
        raise BadInput("messages: at least one message is required")
    limit = fields.integer(body, "max_tokens", 1)
    if limit is None:
        raise BadInput("max_tokens: field required")
    heard = fields.hear(messages, fields.content_text(body.get("system")))
    choice = fields.table(body, "tool_choice")
    return Ask(
        model=fields.string(body, "model"),
        message=heard.message,
        prompt_tokens=heard.prompt_tokens,
        stream=fields.flag(body, "stream"),
        tools=frozenset() if heard.tools_answered else _offered(body, choice),
        calls_max=1 if choice.get("disable_parallel_tool_use") is True else 8,
        reasoning=fields.table(body, "thinking").get("type") in ("enabled", "adaptive"),
        tokens_max=limit,
        stops=fields.stops(body, "stop_sequences"),
    )


def render(ask: Ask, said: Said, stamp: Stamp) -> Body:
    """The whole reply as one JSON object."""
    content: list[Body] = []
    if said.reasoning:
        thinking = "".join(said.reasoning)
        content.append({"type": "thinking", "thinking": thinking, "signature": _sign(thinking)})
    if said.text:
        content.append({"type": "text", "text": "".join(said.text)})
    content.extend(
        _tool_use(call, stamp) | {"input": _input(arguments)} for call, arguments in said.calls
    )
    return _message(ask, stamp) | {
        "content": content,
        "stop_reason": _STOP[said.finish],
        "stop_sequence": said.stop,
        "usage": _usage(ask, said.tokens),
    }


def stream(ask: Ask, said: Said, stamp: Stamp) -> Iterator[Step]:
    """The reply as events: message_start, the blocks one by one, message_delta, message_stop."""
    yield _event("message_start", message=_message(ask, stamp))
    blocks = _blocks(said, stamp)
    for index, (block, deltas) in enumerate(blocks):
        yield _event("content_block_start", index=index, content_block=block)
        if index == 0:
            yield _event("ping")
        for delta, tokens in deltas:
            yield _event("content_block_delta", tokens, index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    ending = {"stop_reason": _STOP[said.finish], "stop_sequence": said.stop}
    yield _event("message_delta", delta=ending, usage={"output_tokens": said.tokens})
    yield _event("message_stop")


def _blocks(said: Said, stamp: Stamp) -> Iterator[tuple[Body, Iterator[tuple[Body, int]]]]:
    if said.reasoning:
        yield {"type": "thinking", "thinking": "", "signature": ""}, _thought(said.reasoning)
    if said.text:
        yield {"type": "text", "text": ""}, _deltas("text_delta", "text", said.text)
    for call, arguments in said.calls:
        deltas = _deltas("input_json_delta", "partial_json", arguments)
        yield _tool_use(call, stamp), deltas


def _thought(tokens: tuple[str, ...]) -> Iterator[tuple[Body, int]]:
    yield from _deltas("thinking_delta", "thinking", tokens)
    yield {"type": "signature_delta", "signature": _sign("".join(tokens))}, 0


def _deltas(kind: str, key: str, tokens: tuple[str, ...]) -> Iterator[tuple[Body, int]]:
    for token in tokens:
        yield {"type": kind, key: token}, 1


def _event(kind: str, tokens: int = 0, **rest: Any) -> Step:
    return Step(sse({"type": kind, **rest}, kind), tokens)


def _message(ask: Ask, stamp: Stamp) -> Body:
    return {
        "id": stamp.make_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(ask, 1),
    }


def _usage(ask: Ask, said: int) -> Body:
    return {
        "input_tokens": ask.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": said,
    }


def _tool_use(call: ToolCall, stamp: Stamp) -> Body:
    return {"type": "tool_use", "id": stamp.make_id("toolu_"), "name": call.name, "input": {}}


def _input(arguments: tuple[str, ...]) -> Body:
    """The arguments as an object; none where the limit on tokens cut them short."""
    try:
        return msgspec.json.decode("".join(arguments), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _sign(thinking: str) -> str:
    """Stands for the provider's seal on the thinking: opaque, and the same for the same text."""
    return base64.b64encode(hashlib.sha256(thinking.encode()).digest()).decode()


def _offered(body: Body, choice: Body) -> frozenset[str]:
    if choice.get("type") == "none":
        return frozenset()
    offered = frozenset(
        name for tool in fields.tables(body, "tools") if isinstance(name := tool.get("name"), str)
    )
    return fields.only(offered, choice.get("name"))
