"""The SSE parser: nothing lost, no matter how the bytes are cut, and bounded whatever comes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import TooMuch
from licet.gateway.sse import SseEvent, SseParser, SseTooLarge

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
LINES = st.sampled_from(
    [
        b"",
        b": ping",
        b"data",
        b"data:",
        b"data: ",
        b'data: {"a":1}',
        b"data:x",
        b"data:  two",
        b"data: [DONE]",
        b"event: delta",
        b"event:",
        b"id: 7",
        b"retry: 10",
        b"dat",
        b"a:b",
        "data: 河流".encode(),
        b"data: \xff\x00",
    ]
)
STREAMS = st.builds(
    lambda mark, lines, tail: mark + b"".join(line + end for line, end in lines) + tail,
    st.sampled_from([b"", b"data: 0\n\n", b"\xef\xbb\xbf", b"\xef\xbb"]),
    st.lists(st.tuples(LINES, ENDS), max_size=30),
    st.sampled_from([b"", b"data: cut", b"\r", b"ev"]),
)
NOISE = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"\r", b"\n", b"data: ", b"x", b":", b"event: "]), max_size=80).map(
        b"".join
    ),
)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(marks)]


def parsed(pieces: list[bytes], **limits: int) -> tuple[list[SseEvent], bytes]:
    parser = SseParser(**limits)
    events = [event for piece in pieces for event in parser.feed(piece)]
    last, rest = parser.end()
    return events + last, rest


def slow_reading(stream: bytes) -> list[tuple[bytes, bytes]]:
    """The standard, read aloud: an interpreter of lines with none of the parser's shortcuts."""
    out: list[tuple[bytes, bytes]] = []
    event, data = b"", []
    for line in stream.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True):
        if line[-1:] not in {b"\r", b"\n"}:
            break
        line = line.rstrip(b"\r\n")
        if not line:
            out.append((event, b"\n".join(data)))
            event, data = b"", []
            continue
        name, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value
    return [pair for pair in out if pair[1]]


@given(st.one_of(STREAMS, NOISE), st.lists(st.integers(0, 10_000), max_size=40))
def test_no_byte_is_lost_and_no_cut_changes_the_events(stream: bytes, places: list[int]) -> None:
    whole, rest = parsed([stream])
    assert b"".join(event.raw for event in whole) + rest == stream
    assert parsed([b"data: 0\n\n", stream])[0][1:] == parsed([b"data: 0\n\n" + stream])[0][1:]
    assert parsed(cut(stream, places)) == (whole, rest)
    assert parsed([bytes([byte]) for byte in stream]) == (whole, rest)


@given(st.one_of(STREAMS, NOISE))
def test_events_are_those_of_the_standard(stream: bytes) -> None:
    whole, _ = parsed([stream])
    assert [(event.event, event.data) for event in whole if event.data] == slow_reading(stream)


@given(st.lists(st.binary(max_size=40), max_size=60), st.integers(1, 64))
def test_what_is_held_never_passes_the_limit(pieces: list[bytes], limit: int) -> None:
    parser = SseParser(event_bytes_max=limit)
    try:
        for piece in pieces:
            for event in parser.feed(piece):
                assert len(event.raw) <= limit
            assert len(parser._held) <= limit
    except SseTooLarge:
        assert not parser._held
        with pytest.raises(SseTooLarge):
            parser.feed(b"data: x\n\n")
        with pytest.raises(SseTooLarge):
            parser.end()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [(b"", b"a")]),
        (b"data: a\r\n\r\n", [(b"", b"a")]),
        (b"data: a\r\r", [(b"", b"a")]),
        (b"data: a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
        (b"event: x\ndata: a\n\n", [(b"x", b"a")]),
        (b"event: x\r\ndata: a\r\n\r\n", [(b"x", b"a")]),
        (b"data: a\nevent: x\n\n", [(b"x", b"a")]),
        (b": ping\n\ndata: a\n\n", [(b"", b""), (b"", b"a")]),
        (b": ping\ndata: a\n\n", [(b"", b"a")]),
        (b"\n\ndata: a\n\n", [(b"", b""), (b"", b""), (b"", b"a")]),
        (b"data: a\n\n\n", [(b"", b"a"), (b"", b"")]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [(b"", b"a"), (b"", b"")]),
        (b"data\n\n", [(b"", b"")]),
        (b"data:a\n\n", [(b"", b"a")]),
        (b"data:  a\n\n", [(b"", b" a")]),
        (b"event: x\n\n", [(b"x", b"")]),
    ],
)
def test_events_by_example(stream: bytes, events: list[tuple[bytes, bytes]]) -> None:
    opening = [(b"", b"0")] if not stream.startswith(b"\xef") else []
    before = b"data: 0\n\n" if opening else b""
    parser = SseParser()
    found = parser.feed(before) + parser.feed(stream)
    last, rest = parser.end()
    assert [(e.event, e.data) for e in found + last] == opening + events
    assert rest == b""


def test_an_event_comes_out_with_its_blank_line_and_not_later() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\n") == []
    assert [event.data for event in parser.feed(b"\n")] == [b"a"]
    assert [event.data for event in parser.feed(b"data: b\n\ndata: c")] == [b"b"]
    assert [event.data for event in parser.feed(b"\r\n\r\n")] == [b"c"]


def test_an_event_that_ends_in_cr_waits_for_its_lf_and_no_further() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\r\n\r") == []
    assert [event.raw for event in parser.feed(b"\n")] == [b"data: a\r\n\r\n"]
    assert parser.feed(b"data: b\r\r") == []
    assert [event.raw for event in parser.feed(b"d")] == [b"data: b\r\r"]
    assert parser.feed(b"ata: c\r\r") == []
    assert parser.end() == ([SseEvent(b"data: c\r\r", b"", b"c")], b"")


def test_a_cut_event_is_given_back_as_the_rest() -> None:
    parser = SseParser()
    parser.feed(b"data: a\n\ndata: half")
    assert parser.end() == ([], b"data: half")


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096])
def test_an_endless_event_is_refused_in_linear_time(piece_bytes: int) -> None:
    parser = SseParser(event_bytes_max=64 << 10)
    for _ in range((64 << 10) // piece_bytes):
        parser.feed(b"x" * piece_bytes)
    with pytest.raises(TooMuch) as caught:
        parser.feed(b"x" * piece_bytes)
    assert caught.value.code == "sse_too_large"
    assert caught.value.hint


def test_a_whole_event_over_the_limit_is_refused_too() -> None:
    whole = b"data: " + b"x" * 93 + b"\n\n"
    assert len(SseParser(event_bytes_max=101).feed(whole)) == 1
    with pytest.raises(SseTooLarge):
        SseParser(event_bytes_max=100).feed(whole)
