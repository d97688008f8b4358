"""A whole Anthropic message, read and, where its text was stopped, rewritten.

It refuses to know verdicts.

Rules
1. A tool's use of which anything was cut is taken out: half a call must not be run. So is a block
   of which nothing is left.
2. With a cut text goes what vouches for it or repeats it: signature, citations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.json_strict import dump, kind_of, load_object
from licet.gateway.dialects.json_texts import Slot, find_member, put_texts, spans_of
from licet.gateway.dialects.model import Notice, Usage
from licet.gateway.dialects.unreadable import Unreadable

_ELSEWHERE = frozenset({"content"})


class MessagesReply:
    """One message. Raises Unreadable where `body` is none."""

    def __init__(self, body: bytes) -> None:
        self._value = load_object(body)
        self._content = self._value.get("content")
        if type(self._content) is not list:
            raise Unreadable(f"expected a list, not {kind_of(self._content)}", where="content")
        self._slots: list[Slot] = []
        for at, block in enumerate(self._content):
            if type(block) is not dict:
                raise Unreadable("expected an object", where=f"content[{at}]")
            for name, item in block.items():
                find_member(block, name, item, f"{at}.{name}", self._slots)
        for name, item in self._value.items():
            if name not in _ELSEWHERE:
                find_member(self._value, name, item, f"x.{name}", self._slots)
        self.spans = spans_of(self._slots)
        usage = self._value.get("usage")
        self.usage = (
            usage_of(usage, "input_tokens", "output_tokens") if type(usage) is dict else Usage()
        )

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        changed = {slot.channel.partition(".")[0] for slot in put_texts(self._slots, texts)}
        self._value["content"] = [
            block
            for at, block in enumerate(self._content or [])
            if str(at) not in changed or _remains(block)
        ]
        self._value["stop_reason"] = "refusal"
        self._value["stop_sequence"] = None
        self._value["licet"] = notice.as_object()
        return dump(self._value)


def _remains(block: dict[str, Any]) -> bool:
    """Strips what went with a cut text, and says whether the block is still worth sending."""
    kind = block.get("type")
    if kind == "text":
        if "citations" in block:
            block["citations"] = None
        return bool(block.get("text"))
    if kind == "thinking":
        block["signature"] = ""
        return bool(block.get("thinking"))
    return False
