"""The official clients, what the tests ask them for, and how to read what came.

Rules
1. What a client parsed leniently is validated again against its model (`valid`).
2. No client retries: what a server does once is what is judged.
3. None loads certificate authorities (60 ms a client): all that they talk to is on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import anthropic
import openai

from licet.gateway.replay import Answer, load_answers

MODEL = "replay"
ANSWERS: dict[str, Answer] = {answer.id: answer for answer in load_answers()}
WALK, RECIPE, PUZZLE = ANSWERS["en-river-walk"], ANSWERS["zh-mapo-tofu"], ANSWERS["en-two-doors"]
WEATHER, TRAIN = ANSWERS["en-weather-tool"], ANSWERS["zh-train-tool"]
LONG = ANSWERS["en-lighthouse-long"]


def ask(answer: Answer) -> list[Any]:
    """Messages that the replay upstream answers with `answer`."""
    return [
        {"role": "system", "content": "Answer in prose."},
        {"role": "user", "content": f"answer:{answer.id} please"},
    ]


def ask_anthropic(answer: Answer) -> list[Any]:
    return ask(answer)[1:]


def function(name: str) -> Any:
    """A tool of that name as chat completions offer it."""
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


def openai_client(base_url: str, api_key: str) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=base_url, api_key=api_key, max_retries=0, timeout=30,
        http_client=openai.DefaultHttpxClient(verify=False),
    )  # fmt: skip


def openai_async(base_url: str, api_key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=base_url, api_key=api_key, max_retries=0, timeout=30,
        http_client=openai.DefaultAsyncHttpxClient(verify=False),
    )  # fmt: skip


def anthropic_client(base_url: str, api_key: str) -> anthropic.Anthropic:
    root = base_url.removesuffix("/v1")
    return anthropic.Anthropic(
        base_url=root, api_key=api_key, max_retries=0, timeout=30,
        http_client=anthropic.DefaultHttpxClient(verify=False),
    )  # fmt: skip


def anthropic_async(base_url: str, api_key: str) -> anthropic.AsyncAnthropic:
    root = base_url.removesuffix("/v1")
    return anthropic.AsyncAnthropic(
        base_url=root, api_key=api_key, max_retries=0, timeout=30,
        http_client=anthropic.DefaultAsyncHttpxClient(verify=False),
    )  # fmt: skip


def valid(value: Any) -> Any:
    """`value`, once its own model has accepted what it holds."""
    type(value).model_validate(value.model_dump(mode="json", by_alias=True, exclude_unset=True))
    return value


def joined(chunks: Iterable[Any], field: str = "content") -> dict[int, str]:
    """The text of each choice, its deltas joined."""
    texts: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            piece = getattr(choice.delta, field, None)
            texts[choice.index] = texts.get(choice.index, "") + (piece or "")
    return texts


def finishes(chunks: Iterable[Any]) -> dict[int, list[str]]:
    """Every finish reason that each choice was given; one is right."""
    found: dict[int, list[str]] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            if choice.finish_reason is not None:
                found.setdefault(choice.index, []).append(choice.finish_reason)
    return found


def deltas(events: Iterable[Any], kind: str) -> list[str]:
    return [event.delta for event in events if event.type == kind]


def call_of(function_call: Any) -> tuple[str, Any]:
    return function_call.name, json.loads(function_call.arguments)


def wanted(answer: Answer) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in answer.tool_calls]


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def raised(kind: type[Exception], call: Callable[[], Any]) -> Any:
    """The error of that kind which `call` raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")
