"""The fields of a request, read as the dialects agree on them. Pure; it knows no route.

Rules
1. What this upstream does not use passes unread; what it uses must have its right type.
2. Every refusal is a BadInput that names the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from licet.base.trouble import BadInput
from licet.gateway.replay.tokens import split_tokens

Body = dict[str, Any]

_TEXT_PARTS = ("text", "input_text", "output_text")  # tuples: a field may hold a list
_TOOL_ROLES = ("tool", "function")
_STOPS_MAX = 16


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation as far as this model listens: what the user said last, whether tools have
    answered since, and how long the whole is."""

    message: str
    tools_answered: bool
    prompt_tokens: int


def string(body: Body, key: str) -> str:
    """The text under `key`, which must be there. Raises BadInput."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise BadInput(f"{key} must be text", hint=f"Give {key}.")
    return value


def flag(body: Body, key: str) -> bool:
    """The truth under `key`; absent is false. Raises BadInput."""
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise BadInput(f"{key} must be true or false")
    return bool(value)


def integer(body: Body, key: str, low: int = 0) -> int | None:
    """The whole number under `key`, `low` or more; None where absent. Raises BadInput."""
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise BadInput(f"{key} must be a whole number, {low} or more")
    return value


def table(body: Body, key: str) -> Body:
    """The object under `key`; absent is empty. Raises BadInput."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadInput(f"{key} must be an object")
    return value


def tables(body: Body, key: str) -> list[Body]:
    """The list of objects under `key`; absent is empty. Raises BadInput."""
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadInput(f"{key} must be a list of objects")
    return value


def stops(body: Body, key: str) -> tuple[str, ...]:
    """The stop sequences under `key`: one text or a list of at most 16. Raises BadInput."""
    value = body.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise BadInput(f"{key} must be text or a list of texts")
    if len(value) > _STOPS_MAX:
        raise BadInput(f"{key} has more than {_STOPS_MAX} entries")
    return tuple(value)


def only(offered: frozenset[str], wanted: Any) -> frozenset[str]:
    """`offered`, narrowed to the tool of that name where one is `wanted`."""
    return frozenset(name for name in offered if wanted is None or name == wanted)


def hear(messages: list[Body], instructions: str = "") -> Heard:
    """What `messages` say. A message that holds only a tool's result is not the user's word."""
    message, answered, count = "", False, len(split_tokens(instructions))
    for entry in messages:
        text, results = _content(entry.get("content"))
        if entry.get("type") == "function_call_output" or entry.get("role") in _TOOL_ROLES:
            results = True
        if results:
            answered = True
        elif entry.get("role") == "user":
            message, answered = text, False
        count += len(split_tokens(text)) + 3  # a message costs its framing too
    return Heard(message, answered, count)


def content_text(content: Any) -> str:
    """The text of a message's content, be it a text or a list of parts; other parts are silent."""
    return _content(content)[0]


def _content(content: Any) -> tuple[str, bool]:
    if isinstance(content, str):
        return content, False
    parts = list(_parts(content))
    return (
        "\n".join(
            part["text"]
            for part in parts
            if part.get("type") in _TEXT_PARTS and isinstance(part.get("text"), str)
        ),
        any(part.get("type") == "tool_result" for part in parts),
    )


def _parts(content: Any) -> Iterator[Body]:
    if content is None:
        return
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise BadInput("content must be text or a list of parts")
    yield from content
