"""The upstream client with a server that misbehaves: a named error in time, and nothing left."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.upstream import (
    LOOPS,
    OK,
    STREAM,
    Peer,
    Wire,
    answering,
    chunk,
    client,
    run,
    saying,
    serving,
)
from licet.gateway.upstream_arrivals import Arrivals
from licet.gateway.upstream_protocol import Connection
from licet.gateway.upstream_reply import Headers
from licet.gateway.upstream_settings import UpstreamSettings
from licet.gateway.upstream_trouble import (
    UpstreamClosed,
    UpstreamFirstByteTimeout,
    UpstreamIdleTimeout,
    UpstreamMalformed,
    UpstreamTooLarge,
    UpstreamTotalTimeout,
    UpstreamTrouble,
)

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def failure(script: Any, **values: Any) -> tuple[UpstreamTrouble, bytes, float]:
    """The trouble that a request ends in, the body read before it, and the seconds it took."""
    now = asyncio.get_running_loop().time
    async with serving(script) as server, client(server, **values) as upstream:
        began, parts = now(), list[bytes]()

        async def read() -> None:
            reply = await upstream.send("GET", "/", [])
            while part := await reply.read():
                parts.append(part)

        with pytest.raises(UpstreamTrouble) as caught:
            await read()
        took_s = now() - began
        await asyncio.sleep(0.01)
        assert upstream.open_count == 0
        assert upstream._places == 4096
        return caught.value, b"".join(parts), took_s


# Time


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (saying(b""), UpstreamFirstByteTimeout),
        (saying(HEAD + b"x: half a hea"), UpstreamFirstByteTimeout),
        (saying(b"HTTP/1.1 100 Continue\r\n\r\n"), UpstreamFirstByteTimeout),
        (saying(HEAD + b"x: y\r\n" * 200, size=2, gap_s=0.01), UpstreamFirstByteTimeout),
        (saying(HEAD + b"content-length: 9\r\n\r\n"), UpstreamIdleTimeout),
        (saying(STREAM + chunk(b"ab") + b"9\r\nhalf"), UpstreamIdleTimeout),
        (saying(HEAD + b"\r\nab"), UpstreamIdleTimeout),
        (saying(STREAM + chunk(b"a") * 200, size=6, gap_s=0.01), UpstreamTotalTimeout),
    ],
)
def test_each_wait_ends_in_time_and_by_its_name(
    loop: str, script: Any, trouble: type[UpstreamTrouble]
) -> None:
    waits = {"first_byte_s": 0.2, "idle_s": 0.2, "total_s": 0.5}
    error, body, took_s = run(loop, failure(script, **waits))
    assert type(error) is trouble
    assert 0.15 < took_s < 0.75
    assert error.message.startswith("upstream test did not")
    assert (trouble is UpstreamFirstByteTimeout) <= (body == b"")


def test_a_stream_that_goes_on_outlives_the_idle_wait(loop: str) -> None:
    async def work() -> None:
        slow = saying(STREAM + chunk(b"a") * 15 + b"0\r\n\r\n", size=6, gap_s=0.01)
        async with serving(slow) as server, client(server, idle_s=0.15) as upstream:
            reply = await upstream.send("GET", "/", [])
            assert (await reply.read_all(99)).count(b"a") == 15

    run(loop, work())


def test_the_wait_for_the_first_byte_is_renewed_with_each_request(loop: str) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.1)
            await peer.send(OK)

    async def work() -> None:
        async with serving(script) as server, client(server, first_byte_s=0.15) as upstream:
            for _ in range(4):
                assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            assert len(server.peers) == 1

    run(loop, work())


def test_time_spent_waiting_for_a_connection_counts_to_the_total(loop: str) -> None:
    async def work() -> None:
        now = asyncio.get_running_loop().time
        waits = {"first_byte_s": 9.0, "idle_s": 9.0, "total_s": 0.4, "pool_max": 1}
        scripts = (saying(STREAM), saying(b""))
        async with serving(*scripts) as server, client(server, **waits) as upstream:
            first = await upstream.send("GET", "/", [])
            began = now()
            asyncio.get_running_loop().call_later(0.3, first.abort)
            with pytest.raises(UpstreamTotalTimeout):
                await upstream.send("GET", "/", [])
            assert 0.35 < now() - began < 0.6

    run(loop, work())


# Form


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x00\xa5",
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200\r\nno colon\r\n\r\n",
        b"HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/0.9 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.1 099 No\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.1 999 No\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.1 101 Switch\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        HEAD + b"content-length: 2\r\ncontent-length: 2\r\n\r\nhi",
        HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\nhi!",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: 99999999999999999999999999\r\n\r\n",
        HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\nhi",
        HEAD + b"content-length: 2\r\ncontent-encoding: br\r\n\r\nhi",
        HEAD + b"x: a\r\n folded\r\ncontent-length: 2\r\n\r\nhi",
        HEAD + b"x: a\0b\r\ncontent-length: 2\r\n\r\nhi",
        HEAD + b": no name\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_is_not_http_as_we_accept_it_is_refused(loop: str, answer: bytes, size: int) -> None:
    error, body, _ = run(loop, failure(saying(answer, size)))
    assert type(error) is UpstreamMalformed
    assert body == b""


@pytest.mark.parametrize(
    "chunks",
    [b"fffffffffffffffff\r\n", b"-1\r\n", b"zz\r\n", b"2\r\nabc\r\n", b"2\nab\r\n", b"\r\n"],
)
def test_a_broken_chunk_fails_after_what_came_before_it(loop: str, chunks: bytes) -> None:
    error, body, _ = run(loop, failure(saying(STREAM + chunk(b"before ") + chunks)))
    assert type(error) is UpstreamMalformed
    assert body.startswith(b"before ")


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"x: " + b"a" * 70_000,
        HEAD + b"a" * 70_000,
        HEAD + b"x: y\r\n" * 12_000,
        b"HTTP/1.1 200 " + b"a" * 70_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000,
        STREAM + b"2;" + b"x" * 500_000,
        STREAM + b"2\r\nhi\r\n0\r\n" + b"x: y\r\n" * 100_000,
        STREAM + b"2\r\nhi\r\n0\r\nx: " + b"y" * 500_000,
    ],
)
def test_endless_heads_trailers_and_extensions_are_refused(loop: str, answer: bytes) -> None:
    error, _, _ = run(loop, failure(saying(answer, size=50_000)))
    assert type(error) in {UpstreamTooLarge, UpstreamMalformed}  # the parser has limits as well
    assert error.code in {"upstream_too_large", "upstream_malformed"}


def test_a_large_body_right_behind_a_head_is_not_counted_as_head(loop: str) -> None:
    async def work() -> None:
        body = b"x" * 200_000
        answer = HEAD + b"content-length: 200000\r\n\r\n" + body
        async with serving(answering(answer)) as server, client(server) as upstream:
            assert await (await upstream.send("GET", "/", [])).read_all(200_000) == body

    run(loop, work())


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n", b"content-length: 3\r\n"),
                *(b"transfer-encoding: chunked\r\n", b"\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n"),
                *(b"connection: close\r\n", b"HTTP/1.1 204 N\r\n", b"x: y\r\n", b"abc", b"\r"),
                *(b"content-encoding: gzip\r\n", b"HTTP/1.0 200 OK\r\n", STREAM, OK),
            ]
        ),
        st.binary(max_size=8),
    ),
    max_size=12,
)
STARTS = st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", STREAM, OK])


def outcome(pieces: list[bytes]) -> tuple[int, Headers, bytes, type[UpstreamTrouble] | None]:
    """Status, headers, body and trouble of an answer that arrives in these pieces, then ends."""
    loop = asyncio.new_event_loop()
    options = UpstreamSettings(name="test", base_url="http://test")
    freed: list[Connection] = []
    connection = Connection(options, loop, Arrivals(loop), freed.append, lambda _: None)
    wire = Wire()
    connection.connection_made(cast("asyncio.Transport", wire))
    reply = connection.ask((b"",), bodiless=False, since=loop.time())
    body = b""
    with contextlib.suppress(UpstreamTrouble):
        for piece in pieces:
            if not wire.closed:
                connection.data_received(piece)
            body += reply.take() or b""
    if not wire.closed:
        connection.eof_received()
    connection.connection_lost(None)
    loop.close()
    assert reply.finished or not freed
    try:
        body += reply.take() or b""
        return reply.status, reply.headers, body, None
    except UpstreamTrouble as error:
        return reply.status, reply.headers if reply.status else [], body, type(error)


@given(STARTS, PIECES, st.lists(st.integers(0, 500), max_size=10))
def test_how_an_answer_is_cut_changes_nothing_of_what_is_read(
    start: bytes, pieces: list[bytes], places: list[int]
) -> None:
    answer = start + b"".join(pieces)
    marks = [0, *sorted(place % (len(answer) + 1) for place in places), len(answer)]
    whole = outcome([answer])
    assert whole[3] in {None, UpstreamClosed, UpstreamMalformed}
    assert outcome([answer[a:b] for a, b in itertools.pairwise(marks) if a < b]) == whole
    assert outcome([bytes([byte]) for byte in answer]) == whole


@settings(max_examples=40, deadline=None)
@given(PIECES)
def test_any_bytes_end_in_an_answer_or_a_named_trouble(pieces: list[bytes]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
            await asyncio.sleep(0)

    async def work() -> None:
        async with serving(script) as server, client(server) as upstream:
            with contextlib.suppress(UpstreamClosed, UpstreamMalformed):
                reply = await upstream.send("GET", "/", [])
                await reply.read_all(1000)
                assert reply.finished
            await asyncio.sleep(0.005)
            assert upstream._places + upstream.open_count == 4096

    run("uvloop", work())
