"""A whole response of the Responses API, read and, where its text was stopped, rewritten.

It refuses to know verdicts.

Rules
1. Of items of which anything was cut only what is read remains (messages, reasoning); a tool call
   is taken out, for half a call must not be run.
2. With a cut text goes what repeats it or vouches for it: logprobs, annotations, the encrypted
   form of reasoning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from licet.gateway.dialects.choice_stream import usage_of
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import Slot, put_texts, spans_of
from licet.gateway.dialects.model import Notice, Usage
from licet.gateway.dialects.responses_texts import find_response


class ResponsesReply:
    """One response. Raises Unreadable where `body` is none."""

    def __init__(self, body: bytes) -> None:
        self._value = load_object(body)
        self._slots: list[Slot] = []
        find_response(self._value, self._slots)
        self.spans = spans_of(self._slots)
        usage = self._value.get("usage")
        self.usage = (
            usage_of(usage, "input_tokens", "output_tokens") if type(usage) is dict else Usage()
        )

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        changed = {slot.channel.partition(".")[0] for slot in put_texts(self._slots, texts)}
        items = self._value.get("output") or []
        self._value["output"] = [
            item for at, item in enumerate(items) if str(at) not in changed or _remains(item)
        ]
        self._value["status"] = "incomplete"
        self._value["incomplete_details"] = {"reason": "content_filter"}
        self._value["licet"] = notice.as_object()
        return dump(self._value)


def _remains(item: dict[str, Any]) -> bool:
    """Strips what went with a cut text, and says whether the item can still be sent."""
    kind = item.get("type")
    if kind not in ("message", "reasoning"):
        return False
    item["status"] = "incomplete"
    item.pop("encrypted_content", None)
    for name in ("content", "summary"):
        parts = item.get(name)
        for part in parts if type(parts) is list else ():
            if type(part) is dict:
                part |= {name: [] for name in ("annotations", "logprobs") if name in part}
    return True
