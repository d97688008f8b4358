"""Requests that two readers could understand differently are refused, and their connection closed.

What stands behind a proxy must not be talked into seeing a request that the proxy did not see.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator

import pytest

from kit import plain
from kit.gateway import Served, running_gateway
from kit.scripted import reply, upstream
from kit.upstream import Server, answering

BODY = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'
LINE = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
HIDDEN = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with upstream(answering(reply("hi"))) as behind:
        yield behind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, behind: Server) -> Iterator[Served]:
    with running_gateway(tmp_path_factory.mktemp("home"), behind.url) as served:
        yield served


def spoken_to(served: Served, *pieces: bytes, then_end: bool = True) -> bytes:
    """All that the gateway answers to these bytes, sent a piece at a time."""
    host, port = served.root.removeprefix("http://").split(":")
    heard = b""
    with (
        socket.create_connection((host, int(port)), timeout=10) as sock,
        contextlib.suppress(ConnectionError),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        if then_end:
            sock.shutdown(socket.SHUT_WR)
        while got := sock.recv(65536):
            heard += got
    return heard


@pytest.mark.parametrize(
    "head",
    [
        LENGTH + b"transfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\n" + LENGTH,
        LENGTH + b"content-length: 5\r\n",
        b"content-length: +5\r\n",
        b"content-length: 5, 5\r\n",
        b"content-length: -1\r\n",
        b"content-length: 99999999999999999999999\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding : chunked\r\n",
        LENGTH + b"x: a\x00b\r\n",
        LENGTH + b" folded: yes\r\n",
        LENGTH + b"no colon here\r\n",
        LENGTH + b"x: a\rb: c\r\n",
        LENGTH + b"host: b\r\n",
        b"transfer-encoding: gzip, chunked\r\n",
    ],
    ids=repr,
)
def test_a_head_with_two_readings_is_refused(head: bytes, served: Served, behind: Server) -> None:
    asked = len(behind.requests)
    key = b"authorization: Bearer " + served.key.encode() + b"\r\n"
    heard = spoken_to(served, LINE + key + head + b"\r\n" + BODY + HIDDEN, then_end=False)
    assert heard.startswith(b"HTTP/1.1 400")
    assert heard.count(b"HTTP/1.1 ") == 1, "nothing behind it is answered"
    assert len(behind.requests) == asked


@pytest.mark.parametrize(
    "line",
    [
        b"POST /v1/chat/completions HTTP/3.0\r\nhost: a\r\n",
        b"POST /v1/chat/completions\r\nhost: a\r\n",
        b"PO ST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: a\r\n",
        b"GET http://127.0.0.1/healthz?x HTTP/1.1\r\nhost: b\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\n",
        b"GET /healthz\x00 HTTP/1.1\r\nhost: a\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n",
    ],
    ids=repr,
)
def test_odd_first_lines_are_answered_or_refused_and_harm_nobody(
    line: bytes, served: Served, behind: Server
) -> None:
    asked = len(behind.requests)
    heard = spoken_to(served, line + b"\r\n")
    assert heard == b"" or heard.startswith(b"HTTP/1.1 ")
    assert not heard.startswith(b"HTTP/1.1 5")
    assert len(behind.requests) == asked
    assert plain.get(f"{served.root}/healthz").status_code == 200


def test_random_bytes_harm_nobody(served: Served, behind: Server) -> None:
    asked, rng = len(behind.requests), random.Random(20261124)
    request = LINE + LENGTH + b"\r\n" + BODY
    for _ in range(300):
        data = bytearray(request)
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(6))
        heard = spoken_to(served, bytes(data))
        assert not heard.startswith(b"HTTP/1.1 5"), bytes(data)
    assert len(behind.requests) == asked
    assert plain.get(f"{served.root}/readyz").status_code == 200


UPGRADE = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
"""As Java's HttpClient begins by default."""


def asking(served: Served, framing: bytes) -> bytes:
    return LINE + b"authorization: Bearer " + served.key.encode() + b"\r\n" + framing


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"anything"])
def test_who_asks_for_another_protocol_is_answered_in_this_one(
    protocol: bytes, size: int, served: Served, behind: Server
) -> None:
    upgrade = UPGRADE.replace(b"h2c", protocol)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    data = b"".join(
        (
            asking(served, LENGTH + upgrade + b"\r\n" + BODY),
            asking(served, b"transfer-encoding: chunked\r\n" + upgrade + b"\r\n" + chunked),
            HIDDEN.replace(b"host: a\r\n", b"host: a\r\ncontent-length: 0\r\n" + upgrade),
            HIDDEN.replace(b"host: a\r\n", b"host: a\r\n" + upgrade),
            HIDDEN.replace(b"host: a", b"host: a\r\nconnection: close"),
        )
    )
    asked = len(behind.requests)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    heard = spoken_to(served, *pieces, then_end=False)
    assert heard.count(b"HTTP/1.1 200 OK") == heard.count(b"HTTP/1.1 ") == 5
    assert [request.body for request in behind.requests[asked:]] == [BODY, BODY]


def test_the_content_of_one_who_asks_for_another_protocol_is_no_request(served: Served) -> None:
    hidden = b"content-length: %d\r\n" % len(HIDDEN)
    head = asking(served, hidden + UPGRADE + b"\r\n")
    last = HIDDEN.replace(b"host: a", b"host: a\r\nconnection: close")
    heard = spoken_to(served, head, HIDDEN, last, then_end=False)
    assert heard.count(b"HTTP/1.1 ") == 2, "the request and the last, not what was its content"


def test_nothing_is_read_behind_a_connect(served: Served) -> None:
    heard = spoken_to(
        served, b"CONNECT a:22 HTTP/1.1\r\nhost: a:22\r\n\r\n", HIDDEN, then_end=False
    )
    assert heard.count(b"HTTP/1.1 ") == 1


def test_a_request_without_a_host_is_refused(served: Served) -> None:
    bare = HIDDEN.replace(b"host: a\r\n", b"")
    assert spoken_to(served, bare, then_end=False).startswith(b"HTTP/1.1 400")
    old = bare.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert spoken_to(served, old, then_end=False).startswith(b"HTTP/1.1 200"), "that had none"


def test_strangers_cannot_fill_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    for data in (b"\x16\x03\x01\r\n", HIDDEN.replace(b"host: a\r\n", b"host: a\r\n" + UPGRADE)):
        spoken_to(served, data)
    assert caplog.records == []


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    last = HIDDEN.replace(b"host: a", b"host: a\r\nconnection: close")
    heard = spoken_to(served, HIDDEN * 49 + last, then_end=False)
    assert heard.count(b"HTTP/1.1 200 OK") == 50


def test_a_body_is_passed_on_as_what_it_was_read_as(served: Served, behind: Server) -> None:
    for said in ("application/json; charset=utf-7", "text/plain", None):
        headers = dict(served.headers) | ({"content-type": said} if said else {})
        url = f"{served.url}/chat/completions"
        assert plain.post(url, content=BODY, headers=headers).status_code == 200
        passed = [value for name, value in behind.requests[-1].headers if name == b"content-type"]
        assert passed == [b"application/json"]
