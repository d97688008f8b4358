"""A client that is slow to ask, or never does, is let go of; one that waits for us is not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kit.serve import serve
from licet.gateway.asgi import Sender, quick
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


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    """Streams what the path says, ten times, the quick way where that is open."""
    sender = quick(scope, send)
    assert isinstance(sender, Sender)
    said = scope["path"][1:].encode()
    assert not sender.piece(said), "no piece before the head"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(10):
        if not sender.piece(said):
            await send({"type": "http.response.body", "body": said, "more_body": True})
        await asyncio.sleep(0.001)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    assert not sender.piece(said), "no piece behind the end"


def test_pieces_of_pipelined_answers_stay_with_their_own_answer() -> None:
    with serve(streaming, http=bounded_http(4096, REQUEST_S)) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            names = ("one", "two", "three")
            sock.sendall(
                b"".join(b"GET /%b HTTP/1.1\r\nhost: a\r\n\r\n" % n.encode() for n in names)
            )
            said = b""
            while said.count(b"0\r\n\r\n") < len(names):
                piece = sock.recv(4096)
                assert piece, said
                said += piece
        answers = said.split(b"0\r\n\r\n")
        for name, answer in zip(names, answers, strict=False):
            body = answer.split(b"\r\n\r\n", 1)[1]
            assert body.split(b"\r\n")[1::2] == [name.encode()] * 10


def test_what_cannot_be_read_is_refused_but_not_in_the_middle_of_an_answer() -> None:
    with serve(streaming, http=bounded_http(4096, REQUEST_S)) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET /piece HTTP/1.1\r\nhost: a\r\n\r\n")
            said = sock.recv(4096)
            while b"piece" not in said:
                said += sock.recv(4096)
            sock.sendall(b"GET /behind HTTP/1.1\r\nhost: a\r\n\r\n\0\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while piece := sock.recv(4096):
                    said += piece
        assert said.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("served", [app, streaming])
def test_an_older_client_gets_no_chunks(served: Any) -> None:
    with serve(served, http=bounded_http(4096, REQUEST_S)) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET /ok HTTP/1.0\r\n\r\n")
            said = b""
            while piece := sock.recv(4096):
                said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == b"ok" * (10 if served is streaming else 1)


def test_an_older_client_is_not_told_to_go_on() -> None:
    with serve(app, http=bounded_http(4096, REQUEST_S)) as root:
        host, port = root.removeprefix("http://").split(":")
        for version, begins in ((b"1.0", b"HTTP/1.1 200"), (b"1.1", b"HTTP/1.1 100")):
            with socket.create_connection((host, int(port)), timeout=10) as sock:
                head = b"POST /waits HTTP/%b\r\nhost: a\r\nexpect: 100-continue\r\n" % version
                sock.sendall(head + b"content-length: 1\r\n\r\n")
                if version == b"1.0":
                    sock.sendall(b"a")
                assert sock.recv(4096).startswith(begins)


@pytest.mark.parametrize("more", [0, 1, 3])
def test_who_is_answered_learns_that_the_client_left_whatever_it_asked_meanwhile(
    more: int,
) -> None:
    begun, left = threading.Semaphore(0), threading.Event()

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        begun.release()
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    with serve(waiting, http=bounded_http(4096, 30.0)) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * (1 + more))
            assert begun.acquire(timeout=10)
        assert left.wait(10)
        assert not begun.acquire(blocking=False), "nobody begins to answer one that has left"


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


MIB = 1 << 20


async def much(scope: Any, receive: Any, send: Any) -> None:
    """More than lines hold: a whole answer that is written at once, or one that waits."""
    while (await receive()).get("more_body"):
        pass
    size, count = (1, 64) if scope["path"] == "/piecemeal" else (64, 1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(count):
        piece = {"type": "http.response.body", "body": bytes(size * MIB)}
        await send(piece | {"more_body": number + 1 < count})


@pytest.mark.parametrize("path", [b"piecemeal", b"whole"])
@pytest.mark.parametrize("more", [b"", b"connection: close\r\n"], ids=["kept", "closing"])
def test_who_takes_nothing_of_an_answer_is_cut_off(path: bytes, more: bytes) -> None:
    lost = threading.Event()

    class Noted(bounded_http(4096, REQUEST_S)):  # type: ignore[misc]
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    with serve(much, http=Noted) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET /%b HTTP/1.1\r\nhost: a\r\n%b\r\n" % (path, more))
            assert lost.wait(20), "nobody keeps a line that he does not read"


@pytest.mark.parametrize("path", [b"piecemeal", b"whole"])
def test_who_takes_an_answer_slowly_is_served_to_the_end(path: bytes) -> None:
    taken, looked = threading.Semaphore(0), threading.Semaphore(0)

    class Between(bounded_http(4096, 0.001)):  # type: ignore[misc]
        """Looks only when the client has taken more than the kernel holds for it."""

        def _watch(self) -> None:
            if taken.acquire(blocking=False):
                super()._watch()
                looked.release()
            else:
                self._timer = self.loop.call_later(0.001, self._watch)

    with serve(much, http=Between) as root:
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(b"GET /%b HTTP/1.1\r\nhost: a\r\n\r\n" % path)
            heard, step = 0, 16 * MIB
            while heard < 64 * MIB:
                got = sock.recv(MIB)
                assert got, "cut off though it reads"
                heard += len(got)
                if step <= heard < 64 * MIB:
                    step += 16 * MIB
                    taken.release()
                    assert looked.acquire(timeout=20)
