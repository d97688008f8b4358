"""How an exchange with an upstream ends (cut, stale, aborted, cancelled): nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kit.upstream import LOOPS, OK, STREAM, Peer, answering, chunk, client, run, saying, serving
from licet.gateway.upstream import STALE_S
from licet.gateway.upstream_trouble import (
    UpstreamClosed,
    UpstreamTotalTimeout,
)

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# Ends


def test_an_answer_cut_at_any_byte_is_never_taken_for_whole(loop: str) -> None:
    whole = STREAM + chunk(b"one") + chunk(b"two") + b"0\r\n\r\n"
    plain = HEAD + b"content-length: 5\r\n\r\nhello"

    async def work(answer: bytes) -> None:
        cuts = iter(range(len(answer)))

        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(answer[: next(cuts)])

        async with serving(script) as server, client(server) as upstream:
            for _ in range(len(answer)):
                with pytest.raises(UpstreamClosed):
                    await (await upstream.send("GET", "/", [])).read_all(99)
            assert len(server.peers) == len(answer)

    run(loop, work(whole))
    run(loop, work(plain))


@pytest.mark.parametrize("behind", [b"x", OK, b"HTTP/1.1 200 OK\r\n", chunk(b"more")])
@pytest.mark.parametrize("late", [False, True])
def test_a_connection_with_bytes_left_behind_never_serves_again(
    loop: str, behind: bytes, late: bool
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK if late else OK + behind)
        if late:
            await asyncio.sleep(0.02)
            await peer.send(behind)
        await peer.gone()

    async def work() -> None:
        async with serving(script) as server, client(server) as upstream:
            for _ in range(2):
                reply = await upstream.send("GET", "/", [])
                assert await reply.read_all(99) == b"hi"
                await asyncio.sleep(0.05)
            assert [len(peer.requests) for peer in server.peers] == [1, 1]

    run(loop, work())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nhi",
    ],
)
def test_a_connection_that_says_close_is_closed(loop: str, answer: bytes) -> None:
    async def work() -> None:
        async with serving(saying(answer)) as server, client(server) as upstream:
            for _ in range(2):
                assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            await asyncio.sleep(0.02)
            assert (len(server.peers), server.open_now) == (2, 0)

    run(loop, work())


def test_an_answer_before_the_request_was_read_is_given_and_the_connection_dropped(
    loop: str,
) -> None:
    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await asyncio.sleep(0.1)

    async def work() -> None:
        async with serving(script) as server, client(server) as upstream:
            reply = await upstream.send("POST", "/", [], b"x" * (32 << 20))
            assert (reply.status, await reply.read_all(9)) == (413, b"no")
            assert upstream.unused_count == 0

    run(loop, work())


# Stale connections


def hanging_up(how: Callable[[Peer], None], answer: bytes = OK) -> Any:
    """Answers once, reads a second request and hangs up on it without a byte."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.request()
        how(peer)

    return script


@pytest.mark.parametrize("how", [Peer.reset, lambda peer: peer.writer.close()])
def test_a_stale_connection_is_replaced_once_and_unseen(loop: str, how: Any) -> None:
    async def work() -> None:
        scripts = (hanging_up(how), hanging_up(how), answering(OK))
        async with serving(*scripts) as server, client(server) as upstream:
            first = await asyncio.gather(*(upstream.send("GET", "/1", []) for _ in range(2)))
            assert [await reply.read_all(9) for reply in first] == [b"hi", b"hi"]
            reply = await upstream.send("POST", "/2", [], b"body")
            assert await reply.read_all(9) == b"hi"
            asked = [r.line for r in server.requests if b"/2" in r.line]
            assert len(asked) == 2  # the stale one, then a new one; the other stale one is spared
            assert [len(peer.requests) for peer in server.peers][2] == 1

    run(loop, work())


def test_a_connection_closed_while_unused_is_not_even_tried(loop: str) -> None:
    async def work() -> None:
        hangs_up = answering(OK, then_close=True)
        async with serving(hangs_up) as server, client(server) as upstream:
            for _ in range(3):
                assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
                await asyncio.sleep(0.02)
                assert upstream.open_count == 0
            assert len(server.requests) == 3

    run(loop, work())


def test_a_stale_connection_is_replaced_even_where_the_pool_is_full(loop: str) -> None:
    async def work() -> None:
        scripts = (hanging_up(Peer.reset), answering(OK))
        async with serving(*scripts) as server, client(server, pool_max=1) as upstream:
            for _ in range(3):
                assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            assert upstream._places + upstream.open_count == 1

    run(loop, work())


def test_nothing_is_sent_twice_once_a_byte_came_back_or_on_a_new_connection(loop: str) -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"H")

    async def silent(peer: Peer) -> None:
        await peer.request()

    async def work() -> None:
        async with serving(half, silent) as server, client(server) as upstream:
            assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            for _ in range(2):
                with pytest.raises(UpstreamClosed) as caught:
                    await upstream.send("POST", "/", [], b"once")
                assert caught.value.code == "upstream_closed"
            assert [len(peer.requests) for peer in server.peers] == [2, 1]

    run(loop, work())


def test_nothing_is_sent_twice_that_a_server_may_have_worked_on(loop: str) -> None:
    async def dies_at_work(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await asyncio.sleep(STALE_S + 0.2)
        peer.reset()

    async def work() -> None:
        async with (
            serving(dies_at_work, answering(OK)) as server,
            client(server, first_byte_s=10) as upstream,
        ):
            assert await (await upstream.send("GET", "/", [])).read_all(9) == b"hi"
            with pytest.raises(UpstreamClosed):
                await upstream.send("POST", "/", [], b"once")
            assert len(server.peers) == 1
            assert await (await upstream.send("POST", "/", [], b"anew")).read_all(9) == b"hi"

    run(loop, work())


# Leaving


async def leaving(leave: Callable[[Any], Awaitable[None]], answer: bytes) -> float:
    """Seconds from `leave` until the server has seen the connection close."""
    now = asyncio.get_running_loop().time
    async with serving(saying(answer)) as server, client(server) as upstream:
        await leave(upstream)
        left_at = now()
        while server.peers[0].closed_at is None:
            await asyncio.sleep(0.001)
        assert upstream.open_count == 0
        assert upstream._places == 4096
        return server.peers[0].closed_at - left_at


def test_abort_is_seen_by_the_server_within_50_ms(loop: str) -> None:
    async def leave(upstream: Any) -> None:
        reply = await upstream.send("GET", "/", [])
        assert await reply.read() == b"one"
        reply.abort()
        reply.abort()
        with pytest.raises(UpstreamClosed):
            reply.take()
        assert not reply.finished

    assert run(loop, leaving(leave, STREAM + chunk(b"one"))) < 0.05


def test_abort_gives_up_what_was_not_read(loop: str) -> None:
    async def leave(upstream: Any) -> None:
        reply = await upstream.send("GET", "/", [])
        await asyncio.sleep(0.02)
        reply.abort()
        with pytest.raises(UpstreamClosed):
            await reply.read()

    assert run(loop, leaving(leave, STREAM + chunk(b"one"))) < 0.05


@pytest.mark.parametrize("answer", [b"", HEAD, STREAM + chunk(b"one")])
def test_a_cancelled_task_leaves_no_connection(loop: str, answer: bytes) -> None:
    async def leave(upstream: Any) -> None:
        async def read() -> None:
            reply = await upstream.send("GET", "/", [])
            while True:
                await reply.read()

        task = asyncio.create_task(read())
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert run(loop, leaving(leave, answer)) < 0.05


def test_a_reader_that_waits_is_woken_by_an_abort_from_elsewhere(loop: str) -> None:
    async def leave(upstream: Any) -> None:
        reply = await upstream.send("GET", "/", [])
        reading = asyncio.create_task(reply.read())
        await asyncio.sleep(0.01)
        reply.abort()
        with pytest.raises(UpstreamClosed):
            await reading

    assert run(loop, leaving(leave, STREAM)) < 0.05


# Memory


def test_a_slow_reader_stops_the_upstream_and_loses_nothing(loop: str) -> None:
    part = bytes(range(256)) * 256  # 64 KiB

    async def work() -> None:
        sent = 0

        async def script(peer: Peer) -> None:
            nonlocal sent
            await peer.request()
            await peer.send(STREAM)
            for _ in range(400):
                await peer.send(chunk(part))
                sent += len(part)
            await peer.send(b"0\r\n\r\n")
            await peer.gone()

        async with (
            serving(script) as server,
            client(server, idle_s=0.1, buffer_bytes_max=128 << 10) as upstream,
        ):
            reply = await upstream.send("GET", "/", [])
            await asyncio.sleep(0.3)  # longer than idle_s: the silence is ours
            assert sum(map(len, reply.parts)) <= (128 << 10) + (256 << 10)
            assert sent < 400 * len(part)
            assert await reply.read_all(1 << 30) == part * 400
            assert upstream.unused_count == 1

    run(loop, work())


def test_an_answer_nobody_reads_ends_by_the_total_wait(loop: str) -> None:
    async def work() -> None:
        flood = answering(STREAM + chunk(b"x" * 65536) * 200)
        async with (
            serving(flood) as server,
            client(server, total_s=0.3, buffer_bytes_max=4096) as upstream,
        ):
            reply = await upstream.send("GET", "/", [])
            await asyncio.sleep(0.4)
            assert upstream.open_count == 0
            assert await reply.read() != b""
            with pytest.raises(UpstreamTotalTimeout):
                await reply.read()

    run(loop, work())
