"""OpenAI's older completions: a prompt continued, no roles, no tools. Pure.

Source: OpenAI API reference, "Completions (legacy)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.chat import DONE, usage
from licet.gateway.replay.fields import Body
from licet.gateway.replay.tokens import alternatives, split_tokens
from licet.gateway.replay.turn import Ask, Said, Stamp, Step, check_choices, interleave, sse


def parse(body: Body) -> tuple[Ask, ...]:
    """One Ask for each prompt in `body`. Raises BadInput."""
    options = fields.table(body, "stream_options")
    prompts = _prompts(body.get("prompt"))
    choices = fields.integer(body, "n", 1) or 1
    check_choices(choices * len(prompts))
    return tuple(
        Ask(
            model=fields.string(body, "model"),
            message=prompt,
            prompt_tokens=len(split_tokens(prompt)),
            stream=fields.flag(body, "stream"),
            choices=choices,
            tokens_max=fields.integer(body, "max_tokens", 1),
            stops=fields.stops(body, "stop"),
            usage=fields.flag(options, "include_usage"),
            logprobs=fields.integer(body, "logprobs"),
        )
        for prompt in prompts
    )


def render(ask: Ask, turns: Sequence[Said], stamp: Stamp) -> Body:
    """The whole reply as one JSON object."""
    return {
        **_head(ask, stamp),
        "choices": [
            _choice(index, "".join(said.text), _logprobs(ask, said.text), _finish(said))
            for index, said in enumerate(turns)
        ],
        "usage": usage(ask, turns),
    }


def stream(ask: Ask, turns: Sequence[Said], stamp: Stamp) -> Iterator[Step]:
    """The reply as events: text by token, each choice's finish, then usage and `[DONE]`."""
    head = _head(ask, stamp)
    if ask.usage:
        head["usage"] = None
    yield from interleave(
        _choice_stream(index, head, ask, said) for index, said in enumerate(turns)
    )
    if ask.usage:
        yield Step(sse(head | {"choices": [], "usage": usage(ask, turns)}))
    yield DONE


def _prompts(prompt: Any) -> list[str]:
    if isinstance(prompt, str):
        return [prompt]
    if not isinstance(prompt, list) or not prompt:
        raise BadInput("prompt must be text or a list", hint="Give prompt.")
    if all(isinstance(entry, str) for entry in prompt):
        return prompt
    if all(isinstance(entry, int) for entry in prompt):  # one prompt, given as token ids
        return [" ".join(map(str, prompt))]
    if all(isinstance(entry, list) for entry in prompt):
        return [" ".join(map(str, entry)) for entry in prompt]
    raise BadInput("prompt mixes texts and numbers")


def _head(ask: Ask, stamp: Stamp) -> Body:
    return {
        "id": stamp.make_id("cmpl-"),
        "object": "text_completion",
        "created": stamp.created_s,
        "model": ask.model,
    }


def _finish(said: Said) -> str:
    return "length" if said.finish == "length" else "stop"


def _choice(index: int, text: str, logprobs: Body | None, finish: str | None) -> Body:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _choice_stream(index: int, head: Body, ask: Ask, said: Said) -> Iterator[Step]:
    offset = 0
    for at, token in enumerate(said.text):
        shown = _logprobs(ask, (token,), at, offset)
        yield Step(sse(head | {"choices": [_choice(index, token, shown, None)]}), 1)
        offset += len(token)
    yield Step(sse(head | {"choices": [_choice(index, "", None, _finish(said))]}))


def _logprobs(ask: Ask, tokens: Sequence[str], start: int = 0, offset: int = 0) -> Body | None:
    if ask.logprobs is None:
        return None
    shown: Body = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for at, token in enumerate(tokens, start):
        ranked = alternatives(token, at, max(ask.logprobs, 1))
        shown["tokens"].append(token)
        shown["token_logprobs"].append(ranked[0][1])
        shown["top_logprobs"].append(dict(ranked[: ask.logprobs]))
        shown["text_offset"].append(offset)
        offset += len(token)
    return shown
