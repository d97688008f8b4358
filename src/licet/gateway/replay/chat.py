"""OpenAI's chat completions, as the model's side of them. Pure.

Source: OpenAI API reference, "Chat completions"; `reasoning_content` is the field by which
DeepSeek, Qwen and vLLM show reasoning in the same dialect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.fields import Body
from licet.gateway.replay.tokens import alternatives
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, check_choices, interleave, sse

_FINISH = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
}
_FINGERPRINT = "fp_replay"
DONE = Step(b"data: [DONE]\n\n")


def parse(body: Body) -> Ask:
    """The request in `body`. Raises BadInput."""
    messages = fields.tables(body, "messages")
    if not messages:
        raise BadInput("messages is empty", hint="Send at least one message.")
    heard = fields.hear(messages)
    options = fields.table(body, "stream_options")
    limit = fields.integer(body, "max_completion_tokens", 1)
    return Ask(
        model=fields.string(body, "model"),
        message=heard.message,
        prompt_tokens=heard.prompt_tokens,
        stream=fields.flag(body, "stream"),
        choices=check_choices(fields.integer(body, "n", 1) or 1),
        tools=frozenset() if heard.tools_answered else _offered(body),
        calls_max=1 if body.get("parallel_tool_calls") is False else 8,
        reasoning=body.get("reasoning_effort") not in (None, "none"),
        tokens_max=limit if limit is not None else fields.integer(body, "max_tokens", 1),
        stops=fields.stops(body, "stop"),
        usage=fields.flag(options, "include_usage"),
        logprobs=(fields.integer(body, "top_logprobs") or 0)
        if fields.flag(body, "logprobs")
        else None,
    )


def render(ask: Ask, turns: Sequence[Said], stamp: Stamp) -> Body:
    """The whole reply as one JSON object."""
    return {
        "id": stamp.make_id("chatcmpl-"),
        "object": "chat.completion",
        "created": stamp.created_s,
        "model": ask.model,
        "choices": [_choice(index, ask, said, stamp) for index, said in enumerate(turns)],
        "usage": usage(ask, turns),
        "system_fingerprint": _FINGERPRINT,
    }


def stream(ask: Ask, turns: Sequence[Said], stamp: Stamp) -> Iterator[Step]:
    """The reply as events: each choice's role, deltas and finish, then usage and `[DONE]`."""
    head: Body = {
        "id": stamp.make_id("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": stamp.created_s,
        "model": ask.model,
        "system_fingerprint": _FINGERPRINT,
    }
    if ask.usage:
        head["usage"] = None
    yield from interleave(
        _choice_stream(index, head, ask, said, stamp) for index, said in enumerate(turns)
    )
    if ask.usage:
        yield Step(sse(head | {"choices": [], "usage": usage(ask, turns)}))
    yield DONE


def usage(ask: Ask, turns: Sequence[Said]) -> Body:
    """The tokens read and said, reasoning counted apart as well."""
    said = sum(turn.tokens for turn in turns)
    return {
        "prompt_tokens": ask.prompt_tokens,
        "completion_tokens": said,
        "total_tokens": ask.prompt_tokens + said,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": sum(len(t.reasoning) for t in turns)},
    }


def token_logprobs(token: str, position: int, count: int) -> Body:
    """One token's entry of `logprobs.content`, with `count` alternatives."""
    shown = [_logprob(text, value) for text, value in alternatives(token, position, count or 1)]
    return shown[0] | {"top_logprobs": shown[:count]}


def _logprob(text: str, value: float) -> Body:
    return {"token": text, "logprob": value, "bytes": list(text.encode())}


def _offered(body: Body) -> frozenset[str]:
    choice = body.get("tool_choice")
    if choice == "none":
        return frozenset()
    named = fields.table(body, "tool_choice") if isinstance(choice, dict) else {}
    wanted = fields.table(named, "function").get("name")
    offered = frozenset(
        name
        for tool in fields.tables(body, "tools")
        if isinstance(name := fields.table(tool, "function").get("name"), str)
    )
    return fields.only(offered, wanted)


def _choice(index: int, ask: Ask, said: Said, stamp: Stamp) -> Body:
    message: Body = {
        "role": "assistant",
        "content": "".join(said.text) or None,
        "refusal": None,
    }
    if said.reasoning:
        message["reasoning_content"] = "".join(said.reasoning)
    if said.calls:
        message["tool_calls"] = [
            {
                "id": stamp.make_id("call_"),
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(arguments)},
            }
            for call, arguments in said.calls
        ]
    logprobs: Body | None = None
    if ask.logprobs is not None:
        content = [token_logprobs(t, at, ask.logprobs) for at, t in enumerate(said.text)]
        logprobs = {"content": content, "refusal": None}
    return {
        "index": index,
        "message": message,
        "logprobs": logprobs,
        "finish_reason": _FINISH[said.finish],
    }


def _choice_stream(index: int, head: Body, ask: Ask, said: Said, stamp: Stamp) -> Iterator[Step]:
    def chunk(delta: Body, tokens: int = 0, logprobs: Any = None, finish: Any = None) -> Step:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish,
        }
        return Step(sse(head | {"choices": [choice]}), tokens)

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for token in said.reasoning:
        yield chunk({"reasoning_content": token}, 1)
    for at, token in enumerate(said.text):
        shown = None
        if ask.logprobs is not None:
            shown = {"content": [token_logprobs(token, at, ask.logprobs)], "refusal": None}
        yield chunk({"content": token}, 1, shown)
    for number, (call, arguments) in enumerate(said.calls):
        function = {"name": call.name, "arguments": ""}
        opening = {"id": stamp.make_id("call_"), "type": "function", "function": function}
        yield chunk({"tool_calls": [{"index": number, **opening}]})
        for token in arguments:
            part = {"index": number, "function": {"arguments": token}}
            yield chunk({"tool_calls": [part]}, 1)
    yield chunk({}, finish=_FINISH[said.finish])
