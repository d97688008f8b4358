"""Where generated text stands in a choice: of chat completions, and of plain completions.

One table for each API, for streams (`delta`) and whole answers (`message`) alike. It refuses to
know events and halting.

Rules
1. Text stands in choices, and under every other member too: what a server says in `error`, and
   strings in `usage`, are read like what a model says.
2. What leaves whole or not at all (an error) is found apart from what may be cut.
3. Tokens that spell a choice's text are judged as that text. Where they spell something else, that
   is a text of its own. What else stands in `logprobs`, as value or name, is what the model might
   have said: each such token is found apart, for literal rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from licet.gateway.dialects.json_strict import kind_of
from licet.gateway.dialects.json_texts import Slot, find_member, is_plain_name
from licet.gateway.dialects.logprobs import alternatives
from licet.gateway.dialects.unreadable import Unreadable

TOKENS: Final = ".x.logprobs"
"""How the channel of what logprobs spell ends, where it is not their choice's text."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one of the two APIs builds its answers."""

    event: str
    """`object` of a stream's events."""
    prefix: str
    """What ids begin with."""
    texts: Callable[[dict[str, Any], str, list[Slot]], None]
    """Finds the texts of a choice; the string is the choice's index."""
    tokens: Callable[[Any], list[str]]
    """The tokens of the text that a choice's `logprobs` spell."""
    nothing: Callable[[], dict[str, Any]]
    """The members of a choice of a stream that says nothing."""


def find_choices(
    form: Form, value: dict[str, Any], slots: list[Slot], apart: list[Slot]
) -> tuple[list[dict[str, Any]], bool]:
    """The choices of an event or answer, and whether any has logprobs. The texts go into `slots`,
    those that are not to be cut into `apart` (rule 2), which may be the same list: then each
    choice's stand behind its texts.

    Raises Unreadable where the choices are not a list of objects.
    """
    choices = value.get("choices") or []
    if type(choices) is not list:
        raise Unreadable(f"expected a list, not {kind_of(choices)}", where="choices")
    aligned = False
    for at, choice in enumerate(choices):
        if type(choice) is not dict:
            raise Unreadable(f"expected an object, not {kind_of(choice)}", where=f"choices[{at}]")
        index = str(index_of(choice, at))
        begin = len(slots)
        form.texts(choice, index, slots)
        logprobs = choice.get("logprobs")
        if logprobs:
            aligned = True
            _find_tokens(form, logprobs, index, slots, begin, apart)
    for name, item in value.items():
        if name == "choices" or _is_nothing(name, item):
            continue
        if name != "usage" or not is_counts(item):
            find_member(value, name, item, f"x.{name}", apart if name == "error" else slots)
    return choices, aligned


def is_counts(usage: Any) -> bool:
    """Whether a `usage` is numbers under plain names and nothing else, as nearly all are."""
    if type(usage) is not dict:
        return type(usage) is not str and type(usage) is not list
    for name, item in usage.items():
        if type(item) is not int and not is_counts(item):
            return False
        if not is_plain_name(name):
            return False
    return True


def _find_tokens(
    form: Form, logprobs: Any, index: str, slots: list[Slot], begin: int, apart: list[Slot]
) -> None:
    """Rule 3. `slots[begin:]` are the texts of the choice. What is found stands in lists of its
    own: logprobs are never cut, they go with their text."""
    plain = [slot for slot in slots[begin:] if slot.channel in _aligned(index)]
    tokens = form.tokens(logprobs)
    spelt = "".join(tokens)
    if spelt and spelt != "".join([slot.text for slot in plain]):
        slots.append(Slot([spelt], 0, index + TOKENS))
    channel = plain[0].channel if plain else index + TOKENS
    apart += alternatives(logprobs, tokens, channel)


def ends_choice(reason: Any) -> bool:
    """Whether a `finish_reason` says that its choice is over. Some servers send an empty one, or
    the word null, with every event."""
    return type(reason) is str and reason != "" and reason != "null"


def _is_nothing(name: str, item: Any) -> bool:
    """Whether a member says nothing, by its name neither."""
    return (item is None or item == "") and is_plain_name(name)


def index_of(holder: dict[str, Any], at: int) -> int:
    """The `index` of a choice or tool call; its position where none is given."""
    index = holder.get("index")
    if index is None:
        return at
    if type(index) is not int or index < 0:
        raise Unreadable("expected a number from 0", where="choices.index")
    return index


def message_texts(message: Any, index: str, slots: list[Slot]) -> None:
    """The texts of a chat `message` or `delta`: `0.content`, `0.tool.1.arguments`, …"""
    if type(message) is not dict:
        raise Unreadable(f"expected an object, not {kind_of(message)}", where="choices.message")
    for name, item in message.items():
        if name == "tool_calls" and type(item) is list:
            for at, call in enumerate(item):
                _tool_texts(call, at, index, slots)
        elif not _is_nothing(name, item):
            find_member(message, name, item, f"{index}.{name}", slots)


def _tool_texts(call: Any, at: int, index: str, slots: list[Slot]) -> None:
    if type(call) is not dict:
        raise Unreadable(f"expected an object, not {kind_of(call)}", where="tool_calls")
    channel = f"{index}.tool.{index_of(call, at)}"
    for name, item in call.items():
        if name in ("function", "custom") and type(item) is dict:
            for inner, value in item.items():
                find_member(item, inner, value, f"{channel}.{inner}", slots)
        elif not _is_nothing(name, item):
            find_member(call, name, item, f"{channel}.x.{name}", slots)


def _chat_texts(choice: dict[str, Any], index: str, slots: list[Slot]) -> None:
    for name, item in choice.items():
        if name in ("delta", "message"):
            if item is not None:
                message_texts(item, index, slots)
        elif name != "logprobs" and not _is_nothing(name, item):
            find_member(choice, name, item, f"{index}.x.{name}", slots)


def _chat_tokens(logprobs: Any) -> list[str]:
    if type(logprobs) is not dict:
        return []
    lists = [logprobs.get("content"), logprobs.get("refusal")]
    return [_token(item) for given in lists if type(given) is list for item in given]


def _token(item: Any) -> str:
    token = item.get("token") if type(item) is dict else None
    return token if type(token) is str else ""


def _completion_texts(choice: dict[str, Any], index: str, slots: list[Slot]) -> None:
    for name, item in choice.items():
        if name == "text":
            find_member(choice, name, item, f"{index}.text", slots)
        elif name != "logprobs" and not _is_nothing(name, item):
            find_member(choice, name, item, f"{index}.x.{name}", slots)


def _completion_tokens(logprobs: Any) -> list[str]:
    tokens = logprobs.get("tokens") if type(logprobs) is dict else None
    return [t for t in tokens if type(t) is str] if type(tokens) is list else []


def _aligned(index: str) -> tuple[str, ...]:
    """The channels of a choice with which its logprobs are aligned."""
    return (f"{index}.content", f"{index}.refusal", f"{index}.text")


CHAT: Final = Form(
    "chat.completion.chunk", "chatcmpl-", _chat_texts, _chat_tokens, lambda: {"delta": {}}
)
COMPLETIONS: Final = Form(
    "text_completion", "cmpl-", _completion_texts, _completion_tokens,
    lambda: {"text": "", "logprobs": None},
)  # fmt: skip
