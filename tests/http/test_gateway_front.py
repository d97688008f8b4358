"""A client that is slow to ask, or never does, is let go of; one that waits for us is not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kit.serve import serve
from licet.gateway.front import bounded_http

REQUEST_S = 0.3


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the request whole, thinks for longer than a request may take, answers."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(3 * REQUEST_S)
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serve(app, http=bounded_http(4096, REQUEST_S)) as root:
        host, port = root.removeprefix("http://").split(":")
        yield host, int(port)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST / HTTP/1.1\r\nhost:",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "half a chunked body"],
)
def test_a_request_that_never_comes_whole_is_cut_off(
    sent: bytes, address: tuple[str, int]
) -> None:
    with socket.create_connection(address, timeout=10) as sock:
        sock.sendall(sent)
        assert b"408" in sock.recv(4096)
        assert sock.recv(4096) == b""


def test_a_connection_that_asks_no_more_is_let_go(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        said = b""
        while not said.endswith(b"ok"):
            said += sock.recv(4096)
        answered_s = time.monotonic()
        assert sock.recv(4096) == b""
        assert time.monotonic() - answered_s > 0.9 * REQUEST_S


def test_a_request_that_drips_is_cut_off(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as sock:
        began_s = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began_s < 100 * REQUEST_S:
                sock.sendall(b"G")
                time.sleep(REQUEST_S / 5)
    assert time.monotonic() - began_s < 100 * REQUEST_S


def test_time_that_we_take_to_answer_does_not_count(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as sock:
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            heard = b""
            while not heard.endswith(b"ok"):
                heard += sock.recv(4096)
            assert b"200 OK" in heard
