"""An upstream of the Responses API that says events in a few forms, as Hypothesis draws them.

Some are odd, and some hostile. It refuses to know what a reader makes of them.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from licet.gateway.sse import SseEvent

WHERE = '"item_id":"m","output_index":0,"content_index":0'
TYPE = '"type":"response.output_text.delta"'
SAID = TYPE + ',WHERE,"delta":TEXT'
DELTAS = [
    '"type":"response.output_text.delta",NTH,WHERE,"delta":TEXT,"logprobs":[],"obfuscation":PAD',
    '"content_index":0,"delta":TEXT,"logprobs":[],"output_index":0,NTH,' + TYPE,
    SAID,
    SAID + ',"logprobs":[]',
    '"obfuscation":PAD,"type":"response.refusal.delta",WHERE,"delta":TEXT,NTH',
    '"type":"response.function_call_arguments.delta","output_index":1,"delta":TEXT,NTH',
    '"type":"response.reasoning_summary_text.delta","output_index":2,"delta":TEXT,NTH',
    '"type":"response.output_audio.delta","output_index":3,"delta":TEXT,NTH',
    '"type":"response.output_item.delta","output_index":4,"item":{"type":"message"},"delta":TEXT',
]
ITEM = '"output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[]}'
OTHERS = [
    '"type":"response.created","response":{"id":"r","status":"in_progress"},NTH',
    '"type":"response.output_item.added",NTH,' + ITEM,
    '"type":"response.content_part.added",WHERE,"part":{"type":"output_text","text":""},NTH',
    '"type":"response.content_part.added",WHERE,"part":{"type":"output_text","text":TEXT},NTH',
    '"type":"response.output_text.done",WHERE,"text":TEXT,NTH',
    '"type":"response.content_part.done",WHERE,"part":{"type":"output_text","text":TEXT},NTH',
    SAID + ',"logprobs":[{"token":TEXT}],NTH',
    SAID + ',"note":TEXT,NTH',
    '"type":"response.output_text.delta",WHERE,"delta":[TEXT],NTH',
    '"type":"response.audio.delta","output_index":3,"delta":TEXT,NTH',
    SAID + ',NTH,"inner":{NTH}',
    SAID + ',"inner":{NTH}',
    SAID + ',"\\u0073equence_number":N',
    SAID + ',"delta":TEXT',
    '"type":"response.completed","response":{"id":"r","output":[]},NTH',
]
TEXTS = ["a", "b c", "", "QUJD", "好", '"', "image", "\ud83d", '","obfuscation":"x"}', "word"]
PADS = ['"aB3"', '"x"', '"0Yz"', '""', '"a sentence"', '"a-b"', '"\\u0061"', '"é"', "7", "null",
        '"ab","x":"said"', '"a","obfuscation":"b"', f'"{"a" * 200}"']  # fmt: skip
NUMBERS = ["0", "-1", "-0", "1.5", "1e3", "007", "true", '"1"', "null", "9" * 15, "9" * 16,
           "9" * 30, '3,"note":"said"', '4,"sequence_number":5']  # fmt: skip


class Upstream:
    """Says events of a few forms; now and then another."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.number = draw(st.sampled_from([0, 5]))
        self.forms = draw(st.lists(st.sampled_from(DELTAS), min_size=1, max_size=2))
        self.named = draw(st.booleans())

    def _event(self) -> SseEvent:
        draw = self.draw
        odd = not draw(st.integers(0, 3))
        members = draw(st.sampled_from(OTHERS + DELTAS if odd else self.forms))
        source = "{" + members.replace("WHERE", WHERE).replace("NTH", '"sequence_number":N') + "}"
        kind = source.partition('"type":"')[2].partition('"')[0]
        while "TEXT" in source:
            text = json.dumps(draw(st.sampled_from(TEXTS)))
            source = source.replace("TEXT", text.replace("\\u597d", "好"), 1)
        hostile = not draw(st.integers(0, 9))
        number = draw(st.sampled_from(NUMBERS)) if hostile else str(self.number)
        self.number += 1
        source = source.replace('_number":N', f'_number":{number}')
        pad = draw(st.sampled_from(PADS if hostile else PADS[:3]))
        data = source.replace(":PAD", f":{pad}").encode()
        name = kind if self.named and not (odd and draw(st.booleans())) else ""
        if odd and draw(st.booleans()):
            data += draw(st.sampled_from([b" ", b"}"]))
        raw = (f"event: {name}\n" if name else "").encode() + b"data: " + data + b"\n\n"
        return SseEvent(raw, name.encode(), data)

    def stream(self) -> list[SseEvent]:
        """The events of one stream."""
        return [self._event() for _ in range(self.draw(st.integers(2, 14)))]
