"""A whole answer made of choices, read and, where its text was stopped, rewritten.

It refuses to know verdicts.

Rules
1. A tool call of which anything was cut is taken out: half a call must not be run, and clients
   crash on arguments that are not JSON.
2. With a cut text goes what repeats it: logprobs, audio, annotations.
3. Every choice that was cut ends with `content_filter`; if none was, all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from licet.gateway.dialects.chat_texts import Form, find_choices, index_of
from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import Slot, put_texts, spans_of
from licet.gateway.dialects.model import Notice, Usage

_REPEATING = ("audio", "annotations")


class ChatReply:
    """A chat completion or plain completion. Raises Unreadable where `body` is neither."""

    def __init__(self, body: bytes, form: Form) -> None:
        self._value = load_object(body)
        self._slots: list[Slot] = []
        self._choices, _ = find_choices(form, self._value, self._slots)
        self.spans = spans_of(self._slots)
        usage = self._value.get("usage")
        self.usage = (
            usage_of(usage, "prompt_tokens", "completion_tokens")
            if type(usage) is dict
            else Usage()
        )

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        changed = {slot.channel for slot in put_texts(self._slots, texts)}
        cut = {channel.partition(".")[0] for channel in changed} - {"x"}
        for at, choice in enumerate(self._choices):
            index = str(index_of(choice, at))
            if index in cut or not cut:
                _end(choice, index, changed)
        self._value["licet"] = notice.as_object()
        return dump(self._value)


def _end(choice: dict[str, Any], index: str, changed: set[str]) -> None:
    choice["finish_reason"] = "content_filter"
    if "logprobs" in choice:
        choice["logprobs"] = None
    message = choice.get("message")
    if type(message) is not dict or not changed:
        return
    for name in _REPEATING:
        message.pop(name, None)
    calls = message.get("tool_calls")
    if type(calls) is list:
        message["tool_calls"] = [
            call
            for at, call in enumerate(calls)
            if not _starts(changed, f"{index}.tool.{index_of(call, at)}.")
        ]
        if not message["tool_calls"]:
            del message["tool_calls"]
    if _starts(changed, f"{index}.function_call."):
        message.pop("function_call", None)


def _starts(channels: set[str], prefix: str) -> bool:
    return any(channel.startswith(prefix) for channel in channels)
