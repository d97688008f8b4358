"""A stream is read as if no other had been read before it, whatever its kin have said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.choice_events import TEXTS, Upstream
from kit.dialects import NAMES, NOTICE, ask_for, events_of, found_in, payloads, recorded
from licet.base.trouble import BadInput
from licet.gateway.dialects.chat_texts import CHAT, COMPLETIONS
from licet.gateway.dialects.choice_stream import ChoiceReader
from licet.gateway.dialects.frames import Frame
from licet.gateway.dialects.known_events import FORMS_MAX, KnownEvents, prove_head
from licet.gateway.sse import SseEvent

FEW = settings(max_examples=12, deadline=None)


class Side:
    """One of the readers that must agree."""

    def __init__(self, reader: Any, in_full: bool = False) -> None:
        self.reader = reader
        self.in_full = in_full

    def read(self, event: SseEvent) -> Frame | str:
        if self.in_full:
            self.reader._moulds.known = ()
            self.reader._heads = 99
            self.reader._kin = None
        try:
            frame: Frame = self.reader.read(event)
        except BadInput as trouble:
            return repr(trouble)
        return frame


def _worth(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_worth(item) for name, item in value.items() if name not in ("index", "type"))
    if isinstance(value, list):
        return any(map(_worth, value))
    return isinstance(value, str) and value != ""


def _heard(data: bytes) -> list[Any]:
    """What a client hears: choices that say nothing, and logprobs of nothing, are not heard."""
    heard = []
    for payload in payloads(data):
        for choice in payload.get("choices") or []:
            if not choice.get("logprobs"):
                choice.pop("logprobs", None)
        if "choices" in payload:
            payload["choices"] = [c for c in payload["choices"] or [] if _worth(c)]
        heard.append(payload)
    return heard


def _agree(
    known: KnownEvents, events: Sequence[SseEvent], form: Any, media: bool, draw: Any
) -> None:
    ask = ask_for("chat", n=draw(st.sampled_from([1, 2])), stream_options={"include_usage": True})
    if media:
        ask = type(ask)(ask.model, True, (), ask.body, takes_media=True)
    sides = [
        Side(ChoiceReader(ask, form, known)),
        Side(ChoiceReader(ask, form, KnownEvents())),
        Side(ChoiceReader(ask, form, KnownEvents()), in_full=True),
    ]
    channels: set[str] = set()
    for event in events:
        frames = [side.read(event) for side in sides]
        found = [found_in(frame) for frame in frames]
        assert found[0] == found[1] == found[2], event
        states = [(side.reader.renumbers, side.reader.usage) for side in sides]
        assert states[0] == states[1] == states[2]
        read = frames[2]
        if isinstance(read, str):
            break
        channels.update(span.channel for span in read.spans)
        cut = draw(st.sampled_from([0, 1, 99]))
        texts = [span.text[:cut] for span in read.spans]
        if draw(st.booleans()):
            out = [s.reader.render(f, texts) for s, f in zip(sides, frames, strict=True)]
            assert _heard(out[0]) == _heard(out[1]) == _heard(out[2])
            if texts == [span.text for span in read.spans]:
                assert out[0] == read.raw
        for channel in sorted(channels):
            text = draw(st.sampled_from(TEXTS))
            flushed = [side.reader.flush(channel, text) for side in sides]
            assert flushed[0] == flushed[1] == flushed[2]
    for end in (lambda r: r.halt(NOTICE), lambda r: r.fail("code", "Broken.")):
        assert end(sides[0].reader) == end(sides[1].reader) == end(sides[2].reader)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_kin_have_said_changes_nothing(data: Any) -> None:
    known = KnownEvents()
    upstream = Upstream(data.draw)
    for _ in range(data.draw(st.integers(2, 4))):
        form = data.draw(st.sampled_from([CHAT, CHAT, CHAT, COMPLETIONS]))
        media = data.draw(st.sampled_from([False, False, False, True]))
        _agree(known, upstream.stream(), form, media, data.draw)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("chat", "compl"))])
@FEW
@given(st.data())
def test_a_recorded_stream_is_read_the_same_again(name: str, data: Any) -> None:
    known = KnownEvents()
    form = CHAT if name.startswith("chat") else COMPLETIONS
    for number in range(3):
        said = recorded(name).replace(b'"id":"chatcmpl-', b'"id":"chatcmpl-%d' % number)
        _agree(known, events_of(said), form, False, data.draw)


def _said(head: str, *rests: str) -> list[SseEvent]:
    data = [f'{{"id":"{head},{rest}}}'.encode() for rest in rests]
    return [SseEvent(b"data: " + one + b"\n\n", b"", one) for one in data]


WORD = '"choices":[{"index":0,"delta":{"content":"x"}}]'
STOP = '"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]'
ROLE = '"choices":[{"index":0,"delta":{"role":"assistant"}}]'
TWO = '"choices":[{"delta":{"content":"x","thoughts":"x"}}]'
SHOWN = '"choices":[{"index":0,"delta":{"inline_data":"a picture"}}]'
FAMILIES = {
    "a text behind its end": [_said('a"', WORD, STOP, WORD), _said('b"', WORD, STOP, WORD)],
    "a name that the head has": [
        _said('a"', ROLE + ',"provider":null'),
        _said('b","provider":"p"', ROLE + ',"provider":null'),
    ],
    "a member of a later head": [
        _said('a"', ROLE),
        _said('a","service_tier":"x"', ROLE),
        _said('b"', ROLE + ',"service_tier":null'),
        _said('b"', ROLE + ',"service_tier":null'),
    ],
    "a form that is not the first": [_said('a"', WORD), _said('b"', TWO, WORD), _said('b"', TWO)],
    "a head that changes": [
        _said('a","model":"a_b"', WORD, ROLE),
        _said('b","model":"a_b"', WORD, ROLE) + _said('c","model":"a_b"', WORD, ROLE),
        _said('b","model":"a_b"', ROLE) + _said('b","model":"a b"', WORD, ROLE),
        _said('b","model":"a_b"', ROLE) + _said('b","model":"a\\"b"', WORD, ROLE),
    ],
    "counts that come again": [
        _said('a"', *[WORD + f',"usage":{{"prompt_tokens":{n}}}' for n in (1, 2, 1)])
    ],
}


@pytest.mark.parametrize("family", FAMILIES)
@FEW
@given(st.data())
def test_kin_that_differ_are_told_apart(family: str, data: Any) -> None:
    known = KnownEvents()
    for events in FAMILIES[family]:
        _agree(known, events, CHAT, False, data.draw)


@FEW
@given(st.data())
def test_what_may_be_shown_to_one_is_not_shown_to_another(data: Any) -> None:
    known = KnownEvents()
    for head, media in (('a"', True), ('b"', False), ('c"', True)):
        _agree(known, _said(head, SHOWN), CHAT, media, data.draw)
    with pytest.raises(BadInput):
        ChoiceReader(ask_for("chat"), CHAT, known).read(_said('d"', SHOWN)[0])


def _plain(number: int) -> list[SseEvent]:
    head = b'{"id":"c-xyzzy%d","object":"o","created":%d,"model":"m","choices":[' % (
        number,
        number,
    )
    choices = [
        b'{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
        b'{"index":0,"delta":{"content":"xyzzy"},"finish_reason":null}]}',
        b'{"index":0,"delta":{"content":" xyzzy"},"finish_reason":null}]}',
        b'{"index":0,"delta":{"tool_calls":[{"index":0,"id":"xyzzy"}]},"finish_reason":null}]}',
        b'{"index":0,"delta":{"content":"","n":77},"finish_reason":null}]}',
        b'{"index":0,"delta":{},"finish_reason":"stop"}]}',
    ]
    data = [head + choice for choice in choices]
    return [SseEvent(b"data: " + one + b"\n\n", b"", one) for one in data]


def test_a_second_stream_learns_nothing_anew() -> None:
    known = KnownEvents()
    tries = []
    for number in range(2):
        reader: Any = ChoiceReader(ask_for("chat"), CHAT, known)
        frames = [reader.read(event) for event in _plain(number)]
        assert [len(frame.spans) for frame in frames] == [0, 1, 1, 0, 0, 0]
        tries.append(reader._moulds._tries)
    assert tries == [1, 0]


def test_nothing_that_a_model_wrote_is_kept() -> None:
    known: Any = KnownEvents()
    for number in range(2):
        reader = ChoiceReader(ask_for("chat"), CHAT, known)
        for event in _plain(number):
            reader.read(event)
    (kin,) = known._kins.values()
    assert len(kin.rests) == 2
    assert len(kin.forms) == 1
    kept = list(kin.rests)
    for form in kin.forms:
        kept += [form.mould.cast(""), form.least.cast("")]
    assert not any(b"xyzzy" in rest or b"77" in rest for rest in kept)


def test_what_is_known_is_bounded() -> None:
    known: Any = KnownEvents()
    for number in range(1200):
        reader = ChoiceReader(ask_for("chat"), CHAT, known)
        for delta in ("{}", '{"content":"x"}'):
            data = f'{{"id":"a","choices":[{{"index":{number},"delta":{delta}}}]}}'.encode()
            reader.read(SseEvent(b"", b"", data))
    (kin,) = known._kins.values()
    assert len(kin.rests) <= 256
    assert len(kin.forms) == FORMS_MAX
    long = f'{{"id":"a","choices":[{{"index":0,"delta":{{{" " * 600}}}}}]}}'.encode()
    kin.rests.clear()
    ChoiceReader(ask_for("chat"), CHAT, known).read(SseEvent(b"", b"", long))
    assert not kin.rests


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices":[]}',
        b'{"id":"a","choices":[],"choices":[]}'.replace(b'"choices":[],', b'"choices" :[],', 1),
        b'{"id":"a","id":"b","choices":[]}',
        b'{"id":"a","model":"a sentence","choices":[]}',
        b'{"id":"a","note":"word","choices":[]}',
        b'{"id":"a","object":{"choices":[]}}',
        b'{"id":"a","a\\"choices":[]}',
        b'{"id":"a\\"choices":[]}',
        b'{"id":"\\u0061","choices":[]}',
        b'["id","choices":[]]',
        b'{"id":"a" "choices":[]}',
        b'{"id":"a","created":1.5,"choices":[]}',
        b'{"id":"%s","choices":[]}' % (b"a" * 600),
        b'{"id":"a"}',
        b"",
    ],
)
def test_what_is_no_plain_head_is_not_taken_for_one(data: bytes) -> None:
    assert prove_head(data) is None


def test_a_plain_head_is_proven() -> None:
    head = prove_head(b'{"id": "a", "created": 7, "model": null, "choices": [{"delta": {}}]}')
    assert head is not None
    assert head.data == b'{"id": "a", "created": 7, "model": null, '
    assert head.members == {"id": "a", "created": 7, "model": None}


def test_a_head_is_within_one_line() -> None:
    assert prove_head(b'{"id":"a","choices":[]}') is not None
    assert prove_head(b'{"id":"a",\n"choices":[]}') is None
