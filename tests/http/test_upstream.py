"""The upstream client with a server that behaves: what it sends, what it gives back, the pool."""

from __future__ import annotations

import asyncio
import pickle
import socket
from pathlib import Path
from typing import Any

import pytest

from kit.tls import throwaway_tls
from kit.upstream import LOOPS, OK, STREAM, Peer, answering, chunk, client, run, serving
from licet.base.trouble import BadInput
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.gateway.upstream_trouble import (
    UpstreamBusy,
    UpstreamClosed,
    UpstreamConnect,
    UpstreamMalformed,
    UpstreamTooLarge,
)

KEY = "sk-never-to-be-seen-0123456789"


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(**values: Any) -> UpstreamSettings:
    return UpstreamSettings(**({"name": "test", "base_url": "http://127.0.0.1:9"} | values))


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


# The pool


def test_a_connection_serves_again_and_the_one_used_last_goes_first(loop: str) -> None:
    async def work() -> None:
        async with serving(answering(OK)) as server, client(server) as upstream:
            replies = await asyncio.gather(*(upstream.send("GET", "/", []) for _ in range(3)))
            assert [await reply.read_all(9) for reply in replies] == [b"hi"] * 3
            assert (upstream.open_count, upstream.unused_count) == (3, 3)
            for _ in range(4):
                await (await upstream.send("GET", "/", [])).read_all(9)
            assert sorted(len(peer.requests) for peer in server.peers) == [1, 1, 5]

    run(loop, work())


def test_connections_have_no_delay_and_close_when_unused_too_long(loop: str) -> None:
    async def work() -> None:
        async with (
            serving(answering(OK)) as server,
            client(server, pool_idle_s=0.05) as upstream,
        ):
            await upstream.send("GET", "/", [])
            (connection,) = upstream._unused
            sock = connection._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            await asyncio.sleep(0.15)
            assert upstream.open_count == 0
            assert server.open_now == 0

    run(loop, work())


def test_an_old_connection_is_closed_after_its_answer(loop: str) -> None:
    async def work() -> None:
        async with serving(answering(OK)) as server, client(server, pool_age_s=0.05) as upstream:
            for _ in range(2):
                reply = await upstream.send("GET", "/", [])
                assert await reply.read_all(9) == b"hi"
                await asyncio.sleep(0.08)
            assert len(server.peers) == 2

    run(loop, work())


def test_no_more_connections_than_allowed_and_who_waits_is_served_in_turn(loop: str) -> None:
    async def work() -> None:
        async def script(peer: Peer) -> None:
            while True:
                await peer.request()
                await asyncio.sleep(0.005)
                await peer.send(OK)

        async with serving(script) as server, client(server, pool_max=3) as upstream:
            done: list[int] = []

            async def ask(number: int) -> None:
                reply = await upstream.send("GET", f"/{number}", [])
                assert await reply.read_all(9) == b"hi"
                done.append(number)

            await asyncio.gather(*(ask(number) for number in range(30)))
            assert server.open_most == 3
            asked = sorted(int(r.line.split()[1][1:]) for r in server.requests)
            assert asked == list(range(30))
            assert max(abs(at - number) for at, number in enumerate(done)) <= 3

    run(loop, work())


def test_waiting_for_a_connection_has_a_bound_and_a_deadline(loop: str) -> None:
    async def work() -> None:
        async with (
            serving(answering(STREAM)) as server,
            client(server, pool_max=1, queue_max=1, connect_s=0.1) as upstream,
        ):
            reply = await upstream.send("GET", "/", [])
            late = asyncio.create_task(upstream.send("GET", "/", []))
            await asyncio.sleep(0)
            with pytest.raises(UpstreamBusy) as caught:
                await upstream.send("GET", "/", [])
            assert caught.value.hint
            with pytest.raises(UpstreamBusy):
                await late
            next_one = asyncio.create_task(upstream.send("GET", "/", []))
            await asyncio.sleep(0)
            reply.abort()
            assert (await next_one).status == 200
            assert len(server.peers) == 2

    run(loop, work())


def test_one_who_gives_up_waiting_costs_nobody_a_place(loop: str) -> None:
    async def work() -> None:
        async with serving(answering(STREAM)) as server, client(server, pool_max=1) as upstream:
            for _ in range(10):
                reply = await upstream.send("GET", "/", [])
                tasks = [asyncio.create_task(upstream.send("GET", "/", [])) for _ in range(3)]
                await asyncio.sleep(0)
                reply.abort()
                tasks[0].cancel()
                await asyncio.sleep(0)
                tasks[1].cancel()  # it may have been handed the place just now
                (await tasks[2]).abort()
            assert upstream._places + upstream.open_count == 1
            assert server.open_most <= 2  # the server may see the new one before the old one's end

    run(loop, work())


def test_close_leaves_no_socket_and_serves_nobody_more(loop: str) -> None:
    async def work() -> None:
        async with serving(answering(OK), answering(STREAM)) as server, client(server) as upstream:
            await upstream.send("GET", "/", [])
            both = await asyncio.gather(*(upstream.send("GET", "/", []) for _ in range(2)))
            await upstream.close()
            assert upstream.open_count == 0
            with pytest.raises(UpstreamClosed):
                await next(reply for reply in both if not reply.finished).read()
            with pytest.raises(UpstreamClosed):
                await upstream.send("GET", "/", [])

    run(loop, work())


# TLS


def test_tls_is_served_under_an_authority_that_we_are_told_of(loop: str, tmp_path: Path) -> None:
    ca_file, tls = throwaway_tls(tmp_path)

    async def work() -> None:
        stream = STREAM + chunk(b"x" * 300_000) + b"0\r\n\r\n"
        async with (
            serving(answering(OK, stream), tls=tls) as server,
            client(server, ca_file=ca_file, buffer_bytes_max=4096) as upstream,
        ):
            assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            reply = await upstream.send("GET", "/", [])
            assert await reply.read_all(300_000) == b"x" * 300_000
            assert len(server.peers) == 1

    run(loop, work())


def test_tls_is_refused_from_the_wrong_host_or_an_unknown_authority(
    loop: str, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    ca_file, wrong_host = throwaway_tls(tmp_path, host="elsewhere.test")
    _, unknown = throwaway_tls(tmp_path / "other")

    async def work(tls: Any) -> None:
        async with serving(answering(OK), tls=tls) as server:
            async with client(server, ca_file=ca_file) as upstream:
                with pytest.raises(UpstreamConnect) as caught:
                    await upstream.send("GET", "/", [])
                assert "ca_file" in caught.value.hint
                assert upstream.open_count == 0
            assert server.requests == []

    run(loop, work(wrong_host))
    run(loop, work(unknown))


def test_a_tls_body_that_may_have_been_cut_is_not_taken_for_whole(
    loop: str, tmp_path: Path
) -> None:
    ca_file, tls = throwaway_tls(tmp_path)

    async def work(answer: bytes, trouble: type[Exception]) -> None:
        async with (
            serving(answering(answer, then_close=True), tls=tls) as server,
            client(server, ca_file=ca_file) as upstream,
        ):
            with pytest.raises(trouble):
                await (await upstream.send("GET", "/", [])).read_all(100)

    run(loop, work(b"HTTP/1.1 200 OK\r\n\r\nhalf of it", UpstreamMalformed))
    run(loop, work(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf of it", UpstreamClosed))
    run(loop, work(STREAM + chunk(b"half of it"), UpstreamClosed))


# Settings and secrets


@pytest.mark.parametrize(
    "values",
    [
        {"base_url": "ftp://h"},
        {"base_url": "http://"},
        {"base_url": f"http://user:{KEY}@h/"},
        {"base_url": f"http://h/?key={KEY}"},
        {"base_url": "http://h:port/"},
        {"base_url": "http://h/a b"},
        {"key": Secret(KEY + "\n")},
        {"key": Secret("")},
        {"idle_s": 0},
        {"total_s": float("nan")},
        {"pool_max": 0},
        {"ca_file": Path("/nowhere.pem")},
        {"extra_headers": ((b"Content-Length", b"1"),)},
        {"extra_headers": ((b"x y", b"1"),)},
        {"extra_headers": ((b"x", b"1\r\ny: " + KEY.encode()),)},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_the_key(
    values: dict[str, Any],
) -> None:
    with pytest.raises(BadInput) as caught:
        settings(**values)
    assert KEY not in str(caught.value) + repr(caught.value)


def test_an_unreadable_authority_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(BadInput, match="ca_file"):
        Upstream(settings(base_url="https://h", ca_file=tmp_path / "ca.pem"))


def test_the_key_shows_itself_to_no_repr_and_no_pickle() -> None:
    extra = ((b"x-secret", KEY.encode()),)
    shown = settings(key=Secret(KEY), extra_headers=extra)
    for thing in (shown, shown.key, Upstream(shown)):
        assert KEY not in f"{thing!r} {thing!s} {thing}"
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret(KEY).reveal() == KEY


def test_the_key_is_in_no_error_log_or_traceback(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def echo(peer: Peer) -> None:
        request = await peer.request()
        await peer.send(b"GARBAGE " + repr(request.headers).encode())

    async def work() -> None:
        async with serving(echo) as server, client(server, key=Secret(KEY)) as upstream:
            with pytest.raises(Exception) as caught:  # noqa: PT011
                await upstream.send("GET", "/", [])
            error: BaseException | None = caught.value
            while error is not None:
                assert KEY not in f"{error} {error!r} {vars(error)}"
                error = error.__cause__ or error.__context__

    with caplog.at_level(0):
        run(loop, work())
    assert KEY not in caplog.text


def test_nobody_listening_is_told_as_such(loop: str) -> None:
    async def work() -> None:
        upstream = Upstream(settings(base_url="http://127.0.0.1:1"))
        with pytest.raises(UpstreamConnect) as caught:
            await upstream.send("GET", "/", [])
        assert caught.value.code == "upstream_connect"
        assert caught.value.hint
        assert upstream.open_count == 0
        await upstream.close()

    run(loop, work())
