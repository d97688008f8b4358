"""Events that carry something of their own beside the text are read fast, and as in full."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.dialects import NOTICE, ask_for, events_of, found_in, payloads, reader_for, recorded
from kit.response_events import Upstream
from licet.base.trouble import BadInput
from licet.gateway.dialects.chat_texts import CHAT
from licet.gateway.dialects.choice_stream import ChoiceReader
from licet.gateway.dialects.json_strict import load_object
from licet.gateway.dialects.json_texts import find_slots
from licet.gateway.dialects.known_events import KnownEvents
from licet.gateway.dialects.moulds import DIGITS_MAX, PADDING_BYTES_MAX, TIME, Mould, Moulds
from licet.gateway.dialects.responses_stream import ResponsesReader
from licet.gateway.dialects.unreadable import Unreadable
from licet.gateway.sse import SseEvent

FORMS = [
    '{"words":TEXT,"obfuscation":"PAD"}',
    '{"obfuscation":"PAD","words":TEXT}',
    '{"words":TEXT,"sequence_number":NUMBER}',
    '{"sequence_number":NUMBER,"words":TEXT,"obfuscation":"PAD"}',
    '{"obfuscation": "PAD", "words": TEXT, "sequence_number": NUMBER }',
    '{"words":TEXT,"sequence_number":NUMBER,"obfuscation":"PAD","id":"a"}',
    '{"sequence_number":NUMBER,"obfuscation":"PAD","words":TEXT}',
]
ODD_FORMS = [
    '{"words":TEXT,"inner":{"obfuscation":"PAD"}}',
    '{"words":TEXT,"inner":{"sequence_number":NUMBER}}',
    '{"words":TEXT,"\\u006fbfuscation":"PAD","inner":{"obfuscation":"PAD"}}',
    '{"words":TEXT,"sequence_number":NUMBER,"inner":{"sequence_number":NUMBER}}',
    '{"words":TEXT,"sequence_numbe\\u0072":8,"inner":{"sequence_number":NUMBER}}',
    '{"words":TEXT,"a\\"sequence_number":NUMBER}',
]
TEXTS = ["a", "", "a word", 'with "quotes"', '","obfuscation":"a"}', "好\n", "\\", "π or not"]
PADS = ["", "a", "aB3xY", "word", "a b", "a-b", "\\u0061", "é", '","x":"y', '"', "a" * 128,
        "a" * 129, "a\\", "image"]  # fmt: skip
NUMBERS = ["0", "1", "7", "8", "12", "007", "-1", "-0", "1.0", "1e2", "9" * DIGITS_MAX,
           "1" + "0" * DIGITS_MAX, "", "true", '"7"', "7,\"x\":\"y\"", "٣", "1_0"]  # fmt: skip


def _find(value: Any) -> Any:
    slots: list[Any] = []
    find_slots(value, "x", slots)
    return slots


def _filled(form: str, text: str, pad: str, number: str) -> bytes:
    said = json.dumps(text, ensure_ascii=False)
    return form.replace("PAD", pad).replace("NUMBER", number).replace("TEXT", said).encode()


def _in_full(data: bytes) -> tuple[Any, Any]:
    """What the event is, and what it says; nothing for what is no JSON."""
    try:
        value = load_object(data)
        return value, [(slot.channel, slot.text) for slot in _find(value)]
    except Unreadable:
        return None, None


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_what_fits_a_mould_says_its_text_and_nothing_more(data: Any) -> None:
    draw = data.draw
    form = draw(st.sampled_from(FORMS) | st.sampled_from(ODD_FORMS))
    first = _filled(form, "a word of it", draw(st.sampled_from(PADS[:4])), "7")
    value, said = _in_full(first)
    moulds = Moulds()
    learned = moulds.learn(first, _find(value), _find)
    assert learned is not None
    for _ in range(3):
        other = draw(st.sampled_from([form, form, *FORMS]))
        text, pad = draw(st.sampled_from(TEXTS)), draw(st.sampled_from(PADS))
        event = _filled(other, text, pad, draw(st.sampled_from(NUMBERS)))
        if not draw(st.integers(0, 4)):
            at = draw(st.integers(0, len(event)))
            event = event[:at] + draw(st.sampled_from([b"", b'"', b",", b"0"])) + event[at + 1 :]
        heard = learned.text(event)
        if not heard:
            continue
        value, said = _in_full(event)
        assert said == [(learned.channel, heard)]
        parts = learned.split(event)
        assert parts is not None
        assert learned.join(parts) == event
        if learned.number_at >= 0:
            assert value["sequence_number"] == int(parts[learned.number_at])
        anew = learned.event(event, "π")
        assert anew.startswith(b"data: ")
        name = learned.channel[2:]
        assert _in_full(anew[6:])[0] == value | {name: "π"}


@pytest.mark.parametrize("form", FORMS)
def test_an_event_with_other_padding_and_number_fits(form: str) -> None:
    first = _filled(form, "a", "aB3", "7")
    mould = Moulds().learn(first, _find(json.loads(first)), _find)
    assert mould is not None
    assert (mould.number_at >= 0) == ("NUMBER" in form)
    for text, pad, number in (("b", "", "0"), ("c\n", "a" * 128, "9" * 15), ("d", "0", "8")):
        assert mould.text(_filled(form, text, pad, number)) == text
        assert mould.behind(b"{}").text(b"{}" + _filled(form, text, pad, number)) == text
    for pad in ("a b", "a-b", "é", "\\u0061", "a" * (PADDING_BYTES_MAX + 1), '","x":"y'):
        assert "PAD" not in form or mould.text(_filled(form, "b", pad, "8")) is None
    for number in ("007", "-1", "1.0", "", "true", "1" + "0" * DIGITS_MAX, '8,"x":"y"'):
        assert "NUMBER" not in form or mould.text(_filled(form, "b", "aB3", number)) is None


@pytest.mark.parametrize("form", ODD_FORMS)
def test_only_members_of_the_event_itself_are_holes(form: str) -> None:
    first = _filled(form, "a word", "aB3", "7")
    mould = Moulds().learn(first, _find(json.loads(first)), _find)
    assert mould is not None
    assert mould.text(_filled(form, "b c", "aB3", "7")) == "b c"
    assert mould.number_at < 0 or form.count("sequence_number") > 1
    if 'TEXT,"sequence_number"' not in form and "NUMBER" in form:
        assert mould.text(_filled(form, "b", "aB3", "8")) is None


def test_an_event_of_several_lines_is_not_written_by_a_mould() -> None:
    reader = reader_for("chat")
    for text in ("one", "two", "three"):
        choices = json.dumps([{"index": 0, "delta": {"content": text}}])
        lines = ['{"id":"c",', f'"choices":{choices}}}']
        raw = "".join(f"data: {line}\n" for line in lines).encode() + b"\n"
        (event,) = events_of(raw)
        out = reader.render(reader.read(event), ["t"])
        (said,) = payloads(out)
        assert said["choices"][0]["delta"]["content"] == "t"


# Chat streams


def _chat(text: str, pad: str, created: int = 7) -> SseEvent:
    data = (
        f'{{"id":"c","object":"chat.completion.chunk","created":{created},"model":"m",'
        f'"choices":[{{"index":0,"delta":{{"content":{json.dumps(text)}}},"logprobs":null,'
        f'"finish_reason":null}}],"obfuscation":"{pad}"}}'
    ).encode()
    return SseEvent(b"data: " + data + b"\n\n", b"", data)


def test_padded_events_are_read_and_cut_fast() -> None:
    reader: Any = ChoiceReader(ask_for("chat"), CHAT, KnownEvents())
    for at in range(40):
        frame = reader.read(_chat(f" word{at}", f"aB3{at}xY" * (at % 5)))
        assert [span.text for span in frame.spans] == [f" word{at}"]
        assert (type(frame.value) is tuple) == (at > 0)
        (said,) = payloads(reader.render(frame, [" w"]))
        assert said["choices"][0]["delta"] == {"content": " w"}
        assert said["obfuscation"] == f"aB3{at}xY" * (at % 5)
    assert reader._moulds._tries == 1


def test_a_sentence_in_the_padding_is_found() -> None:
    reader = reader_for("chat")
    for at in range(3):
        reader.read(_chat("hello", f"aB{at}"))
    found = {s.channel: s.text for s in reader.read(_chat("hello", "what is bad")).spans}
    assert found == {"0.content": "hello", "x.obfuscation": "what is bad"}
    with pytest.raises(BadInput):
        reader.read(_chat("hello", 'a","obfuscation":"b'))


def test_padded_forms_are_known_from_other_streams() -> None:
    known = KnownEvents()
    tries = []
    for _ in range(2):
        reader: Any = ChoiceReader(ask_for("chat"), CHAT, known)
        frames = [reader.read(_chat(text, text * 2)) for text in ("one", "two", "three")]
        assert [frame.spans[0].text for frame in frames] == ["one", "two", "three"]
        tries.append(reader._moulds._tries)
    assert tries == [1, 0]
    (kin,) = known._kins.values()
    (form,) = kin.forms
    assert b"oneone" not in form.mould._after + b"".join(form.mould._inner)


def test_a_clock_in_each_event_is_a_hole_once_forms_do_not_last() -> None:
    reader: Any = ChoiceReader(ask_for("chat"), CHAT, KnownEvents())
    for at in range(60):
        reader.read(_chat("word", "a", created=1700000000 + at))
    assert reader._moulds._tries <= 4
    plain: Any = ChoiceReader(ask_for("chat"), CHAT, KnownEvents())
    for at in range(60):
        plain.read(_chat(f"word{at}", "a"))
    assert not any(mould.has_hole(TIME) for mould in plain._moulds.known)


# Responses


class Side:
    """One of the readers that must agree."""

    def __init__(self, in_full: bool, media: bool) -> None:
        ask = ask_for("responses")
        ask = type(ask)(ask.model, True, (), ask.body, takes_media=media)
        self.reader: Any = ResponsesReader(ask)
        self.in_full = in_full

    def read(self, event: SseEvent) -> Any:
        if self.in_full:
            self.reader._moulds.known = ()
        try:
            return self.reader.read(event)
        except BadInput as trouble:
            return repr(trouble)


def _told(data: bytes) -> list[Any]:
    return [
        (event.event, json.loads(event.data) if event.data.startswith(b"{") else event.data)
        for event in events_of(data)
    ]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_response_is_read_and_written_as_in_full(data: Any) -> None:
    draw = data.draw
    media = draw(st.booleans())
    fast, full = Side(False, media), Side(True, media)
    sides = (fast, full)
    channels: set[str] = set()
    for event in Upstream(draw).stream():
        frames = [side.read(event) for side in sides]
        assert found_in(frames[0]) == found_in(frames[1]), event
        read = frames[1]
        if isinstance(read, str):
            break
        if read.atomic and not draw(st.integers(0, 2)):
            continue
        cut = draw(st.sampled_from([0, 1, 99, 99]))
        texts = [span.text if read.atomic else span.text[:cut] for span in read.spans]
        out = [s.reader.render(f, texts) for s, f in zip(sides, frames, strict=True)]
        assert _told(out[0]) == _told(out[1])
        assert (out[0] == read.raw) == (out[1] == read.raw)
        channels.update(span.channel for span in read.spans if not read.atomic)
        for channel in sorted(channels):
            if not draw(st.integers(0, 3)):
                flushed = [side.reader.flush(channel, "more") for side in sides]
                assert flushed[0] == flushed[1]
    for end in (lambda r: r.halt(NOTICE), lambda r: r.fail("code", "Broken.")):
        assert end(fast.reader) == end(full.reader)


def _delta(text: str, number: int, pad: str | None) -> SseEvent:
    value = {"type": "response.output_text.delta", "sequence_number": number, "item_id": "msg_1",
             "output_index": 0, "content_index": 0, "delta": text, "logprobs": []}  # fmt: skip
    if pad is not None:
        value["obfuscation"] = pad
    else:
        value = dict(sorted(value.items()))  # vLLM's order
    (event,) = events_of(
        b"event: response.output_text.delta\ndata: " + json.dumps(value).encode() + b"\n\n"
    )
    return event


@pytest.mark.parametrize("padded", [True, False])
def test_numbered_deltas_are_read_and_cut_fast(padded: bool) -> None:
    reader: Any = ResponsesReader(ask_for("responses"))
    numbers = []
    for at in range(40):
        event = _delta(f" word{at}", at, f"aB{at}" if padded else None)
        frame = reader.read(event)
        assert [(s.channel, s.text) for s in frame.spans] == [("0.0.output_text", f" word{at}")]
        assert (type(frame.value).__name__ == "_Heard") == (at > 0)
        if at % 4 == 3:
            assert reader.render(frame, [""]) == b""
            continue
        text = " w" if at % 4 == 2 else frame.spans[0].text
        out = reader.render(frame, [text])
        assert (out == event.raw) == (at < 2)
        (said,) = payloads(out)
        numbers.append(said.pop("sequence_number"))
        assert said.pop("delta") == text
        was = json.loads(event.data)
        assert said == {k: v for k, v in was.items() if k not in ("delta", "sequence_number")}
    assert numbers == list(range(30))
    assert reader._moulds._tries == 1


def test_a_recorded_response_is_read_fast_after_its_first_delta() -> None:
    reader = reader_for("responses-text.sse")
    frames = [reader.read(event) for event in events_of(recorded("responses-text.sse"))]
    kinds = [type(f.value).__name__ for f in frames if f.spans and not f.atomic]
    assert kinds.count("_Read") == 1
    assert isinstance(reader._moulds.known[0], Mould)  # type: ignore[attr-defined]


def test_what_was_read_fast_counts_as_streamed() -> None:
    reader = reader_for("responses-text.sse")
    frames = [reader.read(event) for event in events_of(recorded("responses-text.sse"))]
    repeats = [span.channel for frame in frames for span in frame.repeats]
    assert len(repeats) > 2
    assert set(repeats) == {"0.0.output_text"}


@pytest.mark.parametrize("number", ["-0", "-3", "1" + "0" * DIGITS_MAX])
def test_a_number_of_another_spelling_is_read_in_full_every_time(number: str) -> None:
    reader: Any = ResponsesReader(ask_for("responses"))
    for _ in range(3):
        event = _delta("word", 7, None)
        data = event.data.replace(b'"sequence_number": 7', f'"sequence_number": {number}'.encode())
        assert data != event.data
        frame = reader.read(SseEvent(event.raw, event.event, data))
        reader.render(frame, ["word"])
        assert reader._next == int(number) + 1
    assert not reader._moulds.known
