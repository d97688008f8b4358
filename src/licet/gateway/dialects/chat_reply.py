"""A whole answer made of choices, read and, where its text was stopped, rewritten.

It refuses to know verdicts.

Rules
1. A tool call of which anything was cut is taken out: half a call must not be run, and clients
   crash on arguments that are not JSON.
2. With a cut text goes what repeats it: logprobs, audio, annotations.
3. Every choice that was cut ends with `content_filter`; if none was, all do.
4. The fast way for plain answers and the full way find the same texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from licet.gateway.dialects.chat_texts import CHAT, Form, find_choices, index_of, is_counts
from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import Slot, is_mark, put_texts, spans_of
from licet.gateway.dialects.model import Notice, Usage

_HEAD_MARKS: Final = frozenset({"id", "object", "model", "system_fingerprint", "service_tier"})
_HEAD_REST: Final = frozenset({"created", "choices", "usage"})
_CHOICE: Final = frozenset({"index", "message", "finish_reason", "logprobs"})
_MESSAGE: Final = frozenset({"role", "content", "refusal", "annotations"})
_REPEATING: Final = ("audio", "annotations")


class ChatReply:
    """A chat completion or plain completion. Raises Unreadable where `body` is neither."""

    def __init__(self, body: bytes, form: Form) -> None:
        self._value = load_object(body)
        plain = plain_slots(self._value) if form is CHAT else None
        if plain is None:
            self._slots: list[Slot] = []
            self._choices, _ = find_choices(form, self._value, self._slots, self._slots)
        else:
            self._slots, self._choices = plain, self._value["choices"]
        self.is_plain = plain is not None
        """Whether it holds nothing but text, marks and counts."""
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


def plain_slots(value: dict[str, Any]) -> list[Slot] | None:
    """The texts of a chat completion that says nothing but `content`, as nearly all do; None
    where a closer look is needed."""
    for name, item in value.items():
        if name in _HEAD_MARKS:
            if item is not None and (type(item) is not str or not is_mark(name, item)):
                return None
        elif name not in _HEAD_REST:
            return None
    if "usage" in value and not is_counts(value["usage"]):
        return None
    created, choices = value.get("created"), value.get("choices")
    if type(choices) is not list or not (created is None or type(created) is int):
        return None
    slots = []
    for at, choice in enumerate(choices):
        if type(choice) is not dict or not choice.keys() <= _CHOICE or choice.get("logprobs"):
            return None
        index, message, reason = choice.get("index"), choice.get("message"), _reason(choice)
        if type(index) is not int or index != at or type(message) is not dict or reason is None:
            return None
        content = message.get("content")
        if not message.keys() <= _MESSAGE or message.get("role") != "assistant":
            return None
        if type(content) is not str or message.get("refusal") or message.get("annotations"):
            return None
        if content:
            slots.append(Slot(message, "content", f"{at}.content"))
    return slots


def _reason(choice: dict[str, Any]) -> str | None:
    """An ordinary `finish_reason`."""
    reason = choice.get("finish_reason")
    return reason if reason == "stop" or reason == "length" else None


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
