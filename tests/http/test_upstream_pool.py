"""The upstream client's connections: used again, bounded, waited for, and under TLS."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from kit.tls import throwaway_tls
from kit.upstream import LOOPS, OK, STREAM, Peer, answering, chunk, client, run, serving
from licet.gateway.upstream_trouble import (
    UpstreamBusy,
    UpstreamClosed,
    UpstreamConnect,
    UpstreamMalformed,
)


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


def test_what_was_cut_off_is_not_asked_again(loop: str) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.gone()

    async def work() -> None:
        async with serving(once, answering(OK)) as server, client(server) as upstream:
            await (await upstream.send("GET", "/", [])).read_all(9)
            waiting = asyncio.ensure_future(upstream.send("GET", "/", []))
            while len(server.requests) < 2:
                await asyncio.sleep(0.001)
            upstream.cut_off()
            with pytest.raises(UpstreamClosed):
                await waiting
            assert len(server.requests) == 2

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
