"""Clients that leave, clients that do not read, and many that are slow: all within bounds."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.scripted import chat_events, reply, upstream
from kit.upstream import STREAM, Peer, chunk

FLOOD_BYTES = 50 << 20
GROWTH_BYTES_MAX = 24 << 20
"""What one stream may cost: buffers of two sockets, of uvicorn and of our client, with slack."""


def raw_request(served: Served, *, streamed: bool) -> bytes:
    body = json.dumps(
        {"model": "m", "stream": streamed, "messages": [{"role": "user", "content": "hello"}]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {served.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def connect(served: Served, **options: Any) -> socket.socket:
    host, port = served.root.removeprefix("http://").split(":")
    sock = socket.socket()
    if "receive_bytes" in options:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["receive_bytes"])
    sock.settimeout(20)
    sock.connect((host, int(port)))
    return sock


def until(reached: Callable[[], bool], within_s: float = 10.0) -> float:
    """Seconds until something is so."""
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < within_s
        time.sleep(0.002)
    return time.monotonic() - began_s


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_a_client_that_leaves_cuts_off_the_upstream(
    streamed: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = chat_events([f"word {n} " for n in range(3)], finish=None)

    async def slowly(peer: Peer) -> None:
        await peer.request()
        if streamed:
            await peer.send(STREAM + b"".join(map(chunk, events)))
        await peer.gone()

    with upstream(slowly) as behind, running_gateway(tmp_path, behind.url, rules=RULES) as served:
        waits = []
        for number in range(5):
            with connect(served) as sock:
                sock.sendall(raw_request(served, streamed=streamed))
                until(lambda n=number: len(behind.requests) == n + 1)
                if streamed:
                    assert sock.recv(4096)
                time.sleep(0.05)
            waits.append(until(lambda n=number: behind.peers[n].closed_at is not None))
        print("upstream closed after (ms):", [round(1000 * wait) for wait in sorted(waits)])
        assert sorted(waits)[2] < 1.0, "typically a few milliseconds"
        log = served.gateway.log
        until(
            lambda: sum(
                b"client_gone" in e for e in served.call(lambda: log.entries(0, log.size))
            ) == 5
        )  # fmt: skip
    assert not caplog.records, "who leaves is no error of ours"


def test_a_client_that_never_reads_costs_bounded_memory(tmp_path: Path) -> None:
    line = chunk(b"".join(chat_events(["lorem ipsum dolor sit amet " * 40] * 20, finish=None)[1:]))
    sent = 0

    async def flood(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(STREAM)
        while sent < FLOOD_BYTES:
            await peer.send(line)
            sent += len(line)

    process = psutil.Process(os.getpid())
    with upstream(flood) as behind, running_gateway(tmp_path, behind.url) as served:
        before = process.memory_info().rss
        with connect(served, receive_bytes=4096) as sock:
            sock.sendall(raw_request(served, streamed=True))
            most, still, last = 0, 0, -1
            while still < 10 and sent < FLOOD_BYTES:
                time.sleep(0.05)
                most = max(most, process.memory_info().rss - before)
                still, last = (still + 1, sent) if sent == last else (0, sent)
            assert sent < FLOOD_BYTES, "the upstream is not read ahead of the client"
            assert most < GROWTH_BYTES_MAX
        until(lambda: behind.open_now == 0)


def test_a_slow_client_gets_every_byte(tmp_path: Path) -> None:
    texts = [f"piece {number} " * 40 for number in range(2000)]
    body = b"".join(chat_events(texts))

    async def all_at_once(peer: Peer) -> None:
        await peer.request()
        await peer.send(STREAM + chunk(body) + b"0\r\n\r\n")

    with upstream(all_at_once) as behind, running_gateway(tmp_path, behind.url) as served:
        heard = bytearray()
        with connect(served, receive_bytes=8192) as sock:
            sock.sendall(raw_request(served, streamed=True))
            while not heard.endswith(b"0\r\n\r\n"):
                got = sock.recv(16384)
                assert got
                heard += got
                time.sleep(0.0005)
    said = "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content", "")
        for line in bytes(heard).split(b"\n")
        if line.startswith(b"data: {")
    )
    assert said == "".join(texts)


async def _read_stream(address: tuple[str, int], request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    heard = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 120)
    writer.close()
    return heard


@pytest.mark.parametrize(
    "count",
    [200, pytest.param(2000, marks=pytest.mark.slow)],
)
def test_many_open_slow_streams_are_held_without_loss(count: int, tmp_path: Path) -> None:
    """Every stream is open at the same time: none ends before the last has begun."""
    if count > 1000 and "slow" not in os.environ.get("LICET_TESTS", ""):
        pytest.skip("set LICET_TESTS=slow to hold 2,000 streams")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * count + 500:
        pytest.skip(f"this machine allows {hard} open files, {4 * count + 500} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * count + 500), hard))
    texts = [f"word {number} " for number in range(20)]
    events = chat_events(texts)
    begun, all_begun = 0, asyncio.Event()

    async def slow(peer: Peer) -> None:
        nonlocal begun
        await peer.request()
        await peer.send(STREAM + chunk(events[0]))
        begun += 1
        if begun == count:
            all_begun.set()
        await all_begun.wait()
        for event in events[1:]:
            await peer.send(chunk(event))
            await asyncio.sleep(0.02)
        await peer.send(b"0\r\n\r\n")

    async def clients(served: Served) -> list[bytes]:
        host, port = served.root.removeprefix("http://").split(":")
        request = raw_request(served, streamed=True)
        return await asyncio.gather(
            *(_read_stream((host, int(port)), request) for _ in range(count))
        )

    try:
        with upstream(slow) as behind, running_gateway(tmp_path, behind.url) as served:
            heard = asyncio.run(clients(served))
            assert behind.open_most == count
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for stream in heard:
        said = "".join(
            json.loads(line[6:])["choices"][0]["delta"].get("content", "")
            for line in stream.split(b"\n")
            if line.startswith(b"data: {")
        )
        assert said == "".join(texts)
        assert b"[DONE]" in stream


def test_a_whole_answer_is_bounded(tmp_path: Path) -> None:
    """An upstream that declares or sends more than an answer may hold is cut off."""

    async def endless(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply("x").replace(b"content-length: ", b"content-length: 9999999"))
        await peer.gone()

    with upstream(endless) as behind, running_gateway(tmp_path, behind.url) as served:
        with connect(served) as sock:
            sock.sendall(raw_request(served, streamed=False))
            heard = sock.recv(4096)
        assert b"502" in heard
        assert b"upstream_too_large" in heard
        until(lambda: behind.open_now == 0)
