"""An upstream that says events of choices in a few forms, as Hypothesis draws them; some are odd.

It refuses to know what a reader makes of them.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from licet.gateway.sse import SseEvent

DONE = SseEvent(b"data: [DONE]\n\n", b"", b"[DONE]")
SECRET = "xyzzy"
"""Stands in all that a model says here, and in every id."""

HEADS = [
    [("id", "ID"), ("object", '"chat.completion.chunk"'), ("created", "7"), ("model", '"m"')],
    [("id", "ID"), ("created", "CREATED"), ("model", "MODEL"), ("system_fingerprint", "null")],
    [("model", "MODEL"), ("id", "ID")],
    [("id", "ID"), ("object", '""'), ("provider", '"Some"'), ("service_tier", "null")],
    [("id", "ID"), ("model", '"says a sentence"')],
    [("id", "ID"), ("choices", "[]")],
    [("id", "ID"), ("id", "ID")],
    [("\\u0069d", "ID")],
    [("id", "ID"), ("model", '"\\u0061"')],
    [("id", "ID"), ("note", '"a text"')],
    [("id", "ID"), ("note", '"word"')],
    [("id", "ID"), ("type", '"image"'), ("url", '"https://x.example/"')],
    [("id", "ID"), ("usage", '{"prompt_tokens":3}')],
    [("id", "ID"), ('a\\"choices', "1")],
    [("id", "ID"), ("created", "1.5"), ("model", "true")],
    [("created", "7")],
    [],
]
CHOICES = [
    '{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}',
    '{"index":0,"delta":{"role":"assistant","content":TEXT},"finish_reason":null}',
    '{"index":0,"delta":{"content":TEXT},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{"content":TEXT},"logprobs":{},"finish_reason":""}',
    '{"index":0,"delta":{"content":TEXT},"logprobs":{"content":[{"token":TEXT}]}}',
    '{"index":0,"delta":{"content":TEXT,"thoughts":TEXT}}',
    '{"index":0,"delta":{"content":TEXT,"content":""}}',
    '{"index":0,"delta":{"\\u0063ontent":TEXT}}',
    '{"index":0,"delta":{"reasoning_content":TEXT},"finish_reason":null}',
    '{"index":0,"delta":{"content":TEXT},"finish_reason":"stop"}',
    '{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}',
    '{"index":1,"delta":{"content":TEXT},"finish_reason":null}',
    '{"index":1,"delta":{},"finish_reason":"length"}',
    '{"index":200,"delta":{"content":""}}',
    '{"delta":{"content":TEXT}}',
    '{"index":0,"delta":{"tool_calls":[{"index":0,"id":ID,"function":{"name":TEXT}}]}}',
    '{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":TEXT}}]}}',
    '{"index":0,"delta":{"tool_calls":[{"index":1,"id":ID,"function":{"arguments":TEXT}}]}}',
    '{"index":0,"delta":{"role":TEXT}}',
    '{"index":0,"delta":{"type":TEXT,"url":"https://x.example/"}}',
    '{"index":0,"delta":{"parts":[{"type":TEXT}],"deep":{"er":[TEXT]}}}',
    '{"index":0,"delta":{"deep":{"er":TEXT}},"content_filter":{"filtered":false,"n":4}}',
    '{"index":0,"delta":{"inline_data":TEXT}}',
    '{"index":0,"delta":null}',
    '{"index":0,"text":TEXT,"logprobs":null,"finish_reason":null}',
    '{"index":0,"text":"","finish_reason":"stop"}',
    '{"index":0}',
    '{"index":-1}',
]
TAILS = [
    [],
    [],
    [],
    [("usage", "null")],
    [("usage", '{"prompt_tokens":3,"completion_tokens":NUMBER}')],
    [("system_fingerprint", '"fp"')],
    [("service_tier", "null")],
    [("provider", "null")],
    [("obfuscation", "ID")],
    [("obfuscation", "PAD")],
    [("usage", "null"), ("obfuscation", "PAD")],
    [("created", "TIME")],
    [("error", '{"message":TEXT}')],
    [("id", "ID")],
    [("mod\\u0065l", '"m"')],
    [("choices", "[]")],
    [("note", "TEXT")],
    [("x", '[{"type":"image","url":"https://x.example/"}]')],
]
TEXTS = [SECRET, f"{SECRET} said", "", "image", "assistant", "stop", f"好{SECRET}", "null", "a",
         f"\ud83d{SECRET}", f'"choices":[{SECRET}']  # fmt: skip
IDS = ['"chatcmpl-xyzzy1"', '"chatcmpl-xyzzy2"', '"a xyzzy"', "3"]
MODELS = ['"m"', '"m"', '"gpt-image"', '"says a sentence"', '"\\/"']
PADS = ['"aB3"', '"x"', '"0Yz"', '""', '"a xyzzy"', '"a-b"', '"\\u0061"', '"é"', "7", "null",
        '["xyzzy said"]', '"ab","x":"xyzzy said"', '"a","obfuscation":"b"',
        f'"{"a" * 200}"']  # fmt: skip
"""Paddings: what they should be, and what a hostile upstream writes there."""
TIMES = ["1", "2", "17", "0", "123456789012345", "1234567890123456", "-1", "1.5", "1e3", "007",
         "true", '"1"', '3,"note":"xyzzy said"', "4,\"created\":5"]  # fmt: skip
ENDS = [" ", "}", ""]


class Upstream:
    """Says events of a few forms, behind heads of a few forms; now and then another."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        usual = st.sampled_from(CHOICES[:12]) | st.sampled_from(CHOICES)
        self.choices = draw(st.lists(usual, min_size=1, max_size=3))
        self.tails = draw(st.lists(st.sampled_from(TAILS), min_size=1, max_size=2))
        self.heads = draw(st.lists(st.sampled_from(HEADS[:4]), min_size=1, max_size=2))
        self.marks = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
        self.escaped = draw(st.booleans())

    def _filled(self, source: str, name: str) -> str:
        while "TEXT" in source:
            text = json.dumps(self.draw(st.sampled_from(TEXTS)), ensure_ascii=True)
            if not self.escaped:
                text = text.replace("\\u597d", "好")
            source = source.replace("TEXT", text, 1)
        for word, values in (("CREATED", "12"), ("NUMBER", "56"), ("MODEL", MODELS)):
            if word in source:
                source = source.replace(word, self.draw(st.sampled_from(values)))
        for word, values in (("PAD", PADS), ("TIME", TIMES)):
            if word in source:
                usual = st.sampled_from(values[:3])
                source = source.replace(word, self.draw(usual | usual | st.sampled_from(values)))
        return source.replace("ID", name)

    def _event(self, head: list[tuple[str, str]], name: str) -> SseEvent:
        draw = self.draw
        odd = not draw(st.integers(0, 9))
        choices = draw(st.lists(st.sampled_from(CHOICES), max_size=2)) if odd else None
        tail = draw(st.sampled_from(TAILS if odd else self.tails))
        choices = [draw(st.sampled_from(self.choices))] if choices is None else choices
        members = [("choices", f"[{','.join(choices)}]"), *tail]
        said = [*head, *[self._member(*one, name) for one in members]]
        if odd and draw(st.booleans()):
            said = draw(st.permutations(said))
        text = "{" + self.marks[0].join(said) + "}" + (draw(st.sampled_from(ENDS)) if odd else "")
        data = text.encode()
        if odd and draw(st.booleans()):
            at = draw(st.integers(0, len(data)))
            spoilt = draw(st.sampled_from([b"", b'"', b"\\", b",", b"{"]))
            data = data[:at] + spoilt + data[at + 1 :]
        kind = b"chunk" if odd and draw(st.booleans()) else b""
        return SseEvent(b"data: " + data + b"\n\n", kind, data)

    def _member(self, name: str, source: str, stream: str) -> str:
        return f'"{name}"{self.marks[1]}{self._filled(source, stream)}'

    def stream(self) -> list[SseEvent]:
        draw = self.draw
        odd = not draw(st.integers(0, 4))
        name = draw(st.sampled_from(IDS if odd else IDS[:2]))
        members = draw(st.sampled_from(HEADS if odd else self.heads))
        head = [self._member(*one, name) for one in members]
        return [self._event(head, name) for _ in range(draw(st.integers(1, 6)))] + [DONE]
