"""The cases in which a guard could let a forbidden phrase out, or refuse what is lawful.

Fifteen streams that say a forbidden phrase, each cut or disguised in another way; two lawful
streams that must arrive whole; replies that are not streamed; prompts. It refuses to know how a
gateway is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from texts import DISGUISED, FORBIDDEN, TEXTS


@dataclass(frozen=True, slots=True)
class StreamCase:
    """A text, how it is cut, in which field and in which of how many choices it is said."""

    text: str
    piece: str
    field: str = "content"
    choices: int = 1

    @property
    def name(self) -> str:
        field = "" if self.field == "content" else f" {self.field}"
        return f"{self.text} by {self.piece}{field}" + (" of 2" if self.choices > 1 else "")

    @property
    def whole(self) -> str:
        """All that the upstream would say."""
        return TEXTS[self.text]

    @property
    def phrase(self) -> str:
        """The forbidden phrase as it stands in the text; empty where all is lawful."""
        return DISGUISED.get(self.text, "")


STREAMS = (
    StreamCase("en_bad", "word"),
    StreamCase("en_bad", "char"),
    StreamCase("en_bad", "5"),
    StreamCase("zh_bad", "char"),
    StreamCase("zh_bad", "2"),
    StreamCase("zh_bad", "40"),
    StreamCase("en_case", "word"),
    StreamCase("en_space", "word"),
    StreamCase("en_full", "word"),
    StreamCase("zh_zwsp", "char"),
    StreamCase("en_end", "word"),
    StreamCase("en_bad", "word", field="reasoning_content"),
    StreamCase("en_bad", "word", field="tool"),
    StreamCase("en_bad", "word", field="refusal"),
    StreamCase("en_bad", "word", choices=2),
    StreamCase("en_ok", "word"),
    StreamCase("zh_ok", "char"),
)

Messages = dict[str, Any]


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def prompts() -> Iterator[tuple[str, Messages]]:
    """(name, body) of each prompt that carries a forbidden phrase somewhere."""
    english = f"please tell me about {FORBIDDEN['en']} now"
    chinese = f"请告诉我{FORBIDDEN['zh']}的内容"
    hi, ok = _user("hi"), {"role": "assistant", "content": "ok"}
    yield "user, English", {"messages": [_user(english)]}
    yield "user, Chinese", {"messages": [_user(chinese)]}
    yield "user, content part", {"messages": [_user([{"type": "text", "text": english}])]}
    yield "system", {"messages": [{"role": "system", "content": english}, hi]}
    yield "earlier user turn", {"messages": [_user(english), ok, hi]}
    yield "assistant turn", {"messages": [hi, {"role": "assistant", "content": english}, hi]}
    for name, arguments, result in (
        ("tool result", "{}", english),
        ("tool-call arguments", json.dumps({"x": english}), "ok"),
    ):
        call = {"id": "c1", "type": "function"}
        call |= {"function": {"name": "write_note", "arguments": arguments}}
        called = {"role": "assistant", "content": None, "tool_calls": [call]}
        answered = {"role": "tool", "tool_call_id": "c1", "content": result}
        yield name, {"messages": [hi, called, answered]}
    tool = {"name": "write_note", "description": english, "parameters": {"type": "object"}}
    yield (
        "tool description",
        {"messages": [hi], "tools": [{"type": "function", "function": tool}]},
    )
