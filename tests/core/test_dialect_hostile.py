"""What an upstream may do wrong: the readers stay sound, bounded and quick."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.dialects import NAMES, NOTICE, events_of, payloads, reader_for, recorded
from licet.base.trouble import BadInput
from licet.gateway.dialects.json_texts import find_slots
from licet.gateway.dialects.moulds import CHANNELS_MAX, Moulds
from licet.gateway.dialects.responses_sent import KEPT_CHARS_MAX
from licet.gateway.sse import SseEvent


def _event(value: Any, name: bytes = b"") -> SseEvent:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return SseEvent(b"data: " + data + b"\n\n", name, data)


def _chunk(delta: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, **choice}]}


def _mutated(value: Any, draw: Any) -> Any:
    """The value with one thing somewhere replaced, dropped or added."""
    junk = st.sampled_from([None, True, -1, 2**70, 0.5, "", "text", [], {}, [[]], {"x": "y"}])
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        deed = draw(st.integers(0, 3))
        if deed == 0:
            return value | {name: draw(junk)}
        if deed == 1:
            return {k: v for k, v in value.items() if k != name}
        return value | {name: _mutated(value[name], draw)}
    if isinstance(value, list) and value:
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _mutated(value[at], draw), *value[at + 1 :]]
    return draw(junk)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_spoilt_stream_is_read_or_refused_and_can_be_halted(name: str, data: Any) -> None:
    reader = reader_for(name)
    for event in events_of(recorded(name)):
        if event.data.startswith(b"{") and data.draw(st.booleans()):
            event = _event(_mutated(json.loads(event.data), data.draw), event.event)
        try:
            frame = reader.read(event)
        except BadInput:
            continue
        texts = [span.text[: len(span.text) // 2] for span in frame.spans]
        reader.render(frame, texts if data.draw(st.booleans()) else [s.text for s in frame.spans])
    list(payloads(reader.halt(NOTICE)))
    list(payloads(reader.fail("upstream_malformed", "The upstream sent what is no event.")))


@pytest.mark.parametrize(
    "spoilt",
    [
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"bad","content":"ok"}}]}',
        b'{"id":"c","choices":[{"index":0,"delta":{"content":"ok"}}],"choices":[]}',
        b'{"id":"c","choices":[{"index":0,"delta":"ok"}]}',
        b'{"id":"c","choices":[{"index":"0","delta":{}}]}',
        b'{"id":"c","choices":{"0":{}}}',
        b'{"id":"c","choices":["ok"]}',
        b'{"id":"c","choices":[{"index":0,"delta":{"a sentence":"ok"}}]}',
        b"[" * 500 + b"]" * 500,
        b"ok",
    ],
)
def test_an_event_that_can_be_read_in_two_ways_is_refused(spoilt: bytes) -> None:
    reader = reader_for("chat")
    for _ in range(3):
        reader.read(_event(_chunk({"content": "hello"})))
        with pytest.raises(BadInput):
            reader.read(_event(spoilt))


@pytest.mark.parametrize(
    ("delta", "channel"),
    [
        ({"content": "ok", "thoughts": "bad"}, "0.thoughts"),
        ({"content": "ok", "deep": {"er": ["bad"]}}, "0.deep.er[0]"),
        ({"tool_calls": [{"index": 2, "function": {"arguments": "bad"}}]}, "0.tool.2.arguments"),
        ({"tool_calls": [{"index": 2, "function": {"name": "bad"}}]}, "0.tool.2.name"),
        ({"tool_calls": [{"function": {"arguments": {"a": "bad"}}}]}, "0.tool.0.arguments"),
        ({"tool_calls": [{"index": 0, "custom": {"input": "bad"}}]}, "0.tool.0.input"),
        ({"function_call": {"arguments": "bad"}}, "0.function_call.arguments"),
        ({"audio": {"transcript": "bad"}}, "0.audio.transcript"),
        ({"role": "bad as it is"}, "0.role"),
    ],
)
def test_a_stream_that_changes_its_form_hides_nothing(delta: Any, channel: str) -> None:
    reader = reader_for("chat")
    for _ in range(3):
        reader.read(_event(_chunk({"content": "hello"})))
    found = {span.channel: span.text for span in reader.read(_event(_chunk(delta))).spans}
    assert "bad" in found[channel]
    assert json.dumps(found[channel])[1:-1].encode() in reader.flush(channel, found[channel])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=8), st.text(max_size=8), st.booleans())
def test_a_mould_reads_what_full_decoding_reads(first: str, second: str, escape: bool) -> None:
    def find(value: Any) -> Any:
        slots: list[Any] = []
        find_slots(value, "x", slots)
        return slots

    def event(text: str) -> bytes:
        value = {"id": "a", "words": text, "n": {"index": 1, "id": "b"}}
        return json.dumps(value, ensure_ascii=escape).encode("utf-8", "replace")

    moulds = Moulds()
    moulds.learn(event(first), find(json.loads(event(first))), find)
    for mould in moulds.known:
        text = mould.text(event(second))
        assert text in (json.loads(event(second))["words"], None)
        assert mould.text(event(second) + b"}") is None
        assert mould.text(event(second).replace(b"}}", b',"x":"y"}}')) is None


def test_channels_are_bounded() -> None:
    reader = reader_for("chat")
    reader.read(_event(_chunk({f"field_{at}": "text" for at in range(CHANNELS_MAX)})))
    with pytest.raises(BadInput, match="channels"):
        reader.read(_event(_chunk({"one_more": "text"})))


def test_what_is_kept_of_a_response_is_bounded() -> None:
    reader = reader_for("responses")
    where = {"item_id": "m", "output_index": 0, "content_index": 0}
    item = {"type": "message", "id": "m", "role": "assistant", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    words = "word " * 20_000
    events = [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **where, "part": part},
        *[{"type": "response.output_text.delta", **where, "delta": words}] * 12,
    ]
    for event in events:
        frame = reader.read(_event(event))
        reader.render(frame, [span.text for span in frame.spans])
    assert len(words) * 12 > KEPT_CHARS_MAX
    halted = reader.halt(NOTICE)
    assert len(halted) < 10_000
    assert b'"response.incomplete"' in halted


def test_an_items_type_may_be_any_json_value() -> None:
    reader = reader_for("responses")
    item = {"type": [], "id": {}, "role": 1}
    frame = reader.read(
        _event({"type": "response.output_item.added", "output_index": 0, "item": item})
    )
    reader.render(frame, [])
    *_, last = payloads(reader.halt(NOTICE))
    assert last["response"]["output"] == []


def test_a_plain_delta_is_read_in_microseconds() -> None:
    """Held loosely, for machines differ: the full way takes some ten times as long."""
    reader = reader_for("chat")
    events = [_event(_chunk({"content": f" word{at % 7}"})) for at in range(2000)]
    reader.read(events[0])
    began = time.process_time()
    for event in events:
        reader.read(event)
    assert (time.process_time() - began) / len(events) < 10e-6
