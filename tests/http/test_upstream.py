"""The upstream client with a server that behaves: what it sends and what it gives back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.upstream import LOOPS, OK, STREAM, Peer, answering, chunk, client, run, serving
from licet.base.trouble import BadInput
from licet.gateway.upstream import Secret
from licet.gateway.upstream_trouble import (
    UpstreamClosed,
    UpstreamTooLarge,
)

KEY = "sk-never-to-be-seen-0123456789"


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# What goes out


def test_a_request_goes_out_as_meant_with_our_key_and_not_the_clients(loop: str) -> None:
    async def work() -> None:
        extra = ((b"openai-organization", b"org-1"),)
        async with (
            serving(answering(OK)) as server,
            client(server, key=Secret(KEY), extra_headers=extra) as upstream,
        ):
            theirs = [
                (b"Content-Type", b"application/json"),
                (b"Authorization", b"Bearer licet_client"),
                (b"x-api-key", b"licet_client"),
                (b"Content-Length", b"999"),
                (b"transfer-encoding", b"chunked"),
                (b"accept-encoding", b"gzip"),
                (b"host", b"elsewhere"),
                (b"cookie", b"a=b"),
            ]
            reply = await upstream.send("POST", "/chat?x=1", theirs, b"{}")
            assert (reply.status, await reply.read_all(100)) == (200, b"hi")
            (request,) = server.requests
            assert request.line == b"POST /chat?x=1 HTTP/1.1"
            assert request.body == b"{}"
            assert request.headers == [
                (b"host", server.url.removeprefix("http://").encode()),
                (b"user-agent", b"licet"),
                (b"accept-encoding", b"identity"),
                (b"openai-organization", b"org-1"),
                (b"authorization", b"Bearer " + KEY.encode()),
                (b"content-type", b"application/json"),
                (b"content-length", b"2"),
            ]

    run(loop, work())


def test_each_request_has_its_own_head_however_alike_they_are(loop: str) -> None:
    asked = [
        ("POST", "/chat", [(b"accept", b"a")], b"{}"),
        ("POST", "/chat", [(b"accept", b"b")], b"{}"),
        ("POST", "/chat", [(b"accept", b"a")], b"longer"),
        ("POST", "/chat", [(b"accept", b"a"), (b"authorization", b"Bearer theirs")], b""),
        ("POST", "/text", [(b"accept", b"a")], b"{}"),
        ("PUT", "/chat", [(b"accept", b"a")], b"{}"),
        *(("POST", "/chat", [(b"accept", b"%d" % number)], b"{}") for number in range(70)),
    ]

    async def work() -> None:
        async with serving(answering(OK)) as server, client(server) as upstream:
            for method, path, headers, body in asked * 2:
                reply = await upstream.send(method, path, headers, body)
                assert await reply.read_all(100) == b"hi"
                with pytest.raises(BadInput):
                    await upstream.send(method, path, [*headers, (b"x", b"a\r\nb: c")], body)
            for request, (method, path, headers, body) in zip(
                server.requests, asked * 2, strict=True
            ):
                assert request.line == f"{method} {path} HTTP/1.1".encode()
                assert request.body == body
                ends = [headers[0], (b"content-length", b"%d" % len(body))]
                assert request.headers[-2:] == ends

    run(loop, work())


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ("bearer", (b"authorization", b"Bearer " + KEY.encode())),
        ("x-api-key", (b"x-api-key", KEY.encode())),
        ("api-key", (b"api-key", KEY.encode())),
        ("none", None),
    ],
)
def test_the_key_travels_in_the_form_asked_for(
    form: Any, header: tuple[bytes, bytes] | None
) -> None:
    async def work() -> None:
        async with (
            serving(answering(OK)) as server,
            client(server, key=Secret(KEY)) as upstream,
        ):
            await upstream.send("GET", "/", [], key_form=form)
            found = [pair for pair in server.requests[0].headers if KEY.encode() in pair[1]]
            assert found == ([header] if header else [])

    run("asyncio", work())


def test_a_large_body_arrives_whole(loop: str) -> None:
    async def work() -> None:
        async with serving(answering(OK)) as server, client(server) as upstream:
            body = bytes(range(256)) * (8 << 12)
            reply = await upstream.send("POST", "/", [], body)
            assert await reply.read_all(10) == b"hi"
            assert server.requests[0].body == body

    run(loop, work())


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/a b", []),
        ("GET", "/a\r\nx: y", []),
        ("GET", "a", []),
        ("GET", "/河", []),
        ("GET", "/a\t", []),
        ("GE T", "/", []),
        ("GÉT", "/", []),
        ("GET", "/", [(b"a", b"b\r\nc: d")]),
        ("GET", "/", [(b"a", b"b\nc: d")]),
        ("GET", "/", [(b"a", b"b\0")]),
        ("GET", "/", [(b"a: b\r\nc", b"d")]),
        ("GET", "/", [(b"content-length ", b"5")]),
        ("GET", "/", [(b"", b"d")]),
    ],
)
def test_no_part_of_a_request_breaks_out_of_its_place(
    method: str, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    async def work() -> None:
        async with serving(answering(OK)) as server, client(server) as upstream:
            with pytest.raises(BadInput):
                await upstream.send(method, path, headers)
            assert server.peers == []

    run("asyncio", work())


# What comes back


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"hi"),
        (STREAM + chunk(b"a") + chunk(b"bc") + b"0\r\n\r\n", b"abc"),
        (STREAM + b"2;ext=1\r\nab\r\n0\r\nx-trailer: 1\r\n\r\n", b"ab"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil close", b"until close"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil close", b"until close"),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nlink: x\r\n\r\n" + OK, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nwait", b"wait"),
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 7, 1000])
def test_every_lawful_framing_gives_its_body(
    loop: str, answer: bytes, body: bytes, piece_bytes: int
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.drip(answer, size=piece_bytes)

    async def work() -> None:
        async with serving(script) as server, client(server) as upstream:
            reply = await upstream.send("GET", "/", [])
            assert await reply.read_all(100) == body
            assert reply.finished
            assert await reply.read() == b""
            assert (b"link", b"x") not in reply.headers

    run(loop, work())


def test_head_has_no_body_whatever_its_length_says(loop: str) -> None:
    async def work() -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"
        async with serving(answering(head)) as server, client(server) as upstream:
            reply = await upstream.send("HEAD", "/", [])
            assert (reply.status, await reply.read_all(10)) == (200, b"")

    run(loop, work())


def test_headers_come_in_lower_case_and_trimmed(loop: str) -> None:
    async def work() -> None:
        answer = b"HTTP/1.1 200 OK\r\nX-A:  b c \t\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
        async with serving(answering(answer)) as server, client(server) as upstream:
            reply = await upstream.send("GET", "/", [])
            assert reply.headers == [(b"x-a", b"b c"), (b"x-a", b"2"), (b"content-length", b"0")]
            assert reply.header(b"x-a") == b"b c"
            assert reply.header(b"x-b") is None

    run(loop, work())


def test_a_stream_is_read_as_it_comes_and_taken_without_waiting(loop: str) -> None:
    async def work() -> None:
        go = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(STREAM)
            await go.wait()
            await peer.send(chunk(b"one"))
            await asyncio.sleep(0.02)
            await peer.send(chunk(b"two") + chunk(b"three") + b"0\r\n\r\n")
            await peer.gone()

        async with serving(script) as server, client(server) as upstream:
            reply = await upstream.send("GET", "/", [])
            assert reply.take() is None
            go.set()
            assert await reply.read() == b"one"
            assert (reply.take(), reply.finished) == (None, False)
            assert await reply.read() == b"twothree"
            assert (reply.take(), reply.finished) == (b"", True)
            assert upstream.unused_count == 1

    run(loop, work())


def test_a_body_over_the_readers_limit_is_refused_and_aborted(loop: str) -> None:
    async def work(answer: bytes) -> None:
        async with serving(answering(answer)) as server, client(server) as upstream:
            reply = await upstream.send("GET", "/", [])
            with pytest.raises(UpstreamTooLarge):
                await reply.read_all(9)
            with pytest.raises(UpstreamClosed):
                await reply.read()

    run(loop, work(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789"))
    run(loop, work(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n01"))
    run(loop, work(STREAM + chunk(b"01234") + chunk(b"56789")))
