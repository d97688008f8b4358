"""A whole answer that is written at once is what uvicorn would have written, and leaves the
connection as uvicorn would have left it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kit.serve import serve
from licet.credentials.measures import Measure
from licet.gateway.asgi import JSON, Answer, Sender, quick
from licet.gateway.front import bounded_http
from licet.gateway.measures import Notice, bearing

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\nhi"
CLOSE = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\nhost: a\r\n\r\n"
OLD_KEPT = b"GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n"
BORNE = [(b"date", b"Tue, 24 Nov 2026 02:19:57 GMT"), (b"licet-licence", b"lab")]
OK = Answer(200, b'{"ok":true}', (JSON, (b"x-request-id", b"ex_1-1f")))
LATER = Answer(429, b"{}", (JSON, (b"retry-after", b"3")))
Do = Callable[[Any], None]


class Line(asyncio.Transport):
    """A transport that writes down what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.done: list[str] = []

    def write(self, data: Any) -> None:
        self.done += ["write"] * (self.done[-1:] != ["write"])
        self.said += data

    def is_closing(self) -> bool:
        return "close" in self.done

    def close(self) -> None:
        self.done.append("close")

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        self.done.append("pause")

    def resume_reading(self) -> None:
        self.done.append("resume")


@dataclass
class Came:
    """What came of some requests on one connection."""

    said: bytes = b""
    done: list[str] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    at_once: int = 0
    """How many answers were written without a coroutine."""
    again: list[str] = field(default_factory=list)
    """What those heard who answered a second time."""


def nothing(_: Any) -> None:
    """Happens meanwhile."""


async def came_of(
    asked: bytes, answers: list[Answer], *, quickly: bool, meanwhile: Do = nothing,
    borne: list[tuple[bytes, bytes]] = BORNE,
) -> Came:  # fmt: skip
    came, line, cycles = Came(), Line(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        cycles.append(send.__self__)
        await receive()
        number = len(cycles) - 1
        if not number:
            meanwhile(protocol)
        sender = quick(scope, send)
        assert isinstance(sender, Sender)
        whole = sender.whole
        assert whole is not None

        def written(*told: Any) -> bool:
            done = whole(*told)
            came.at_once += done
            return done

        sender = Sender(send, sender.piece, written) if quickly else send
        await answers[number % len(answers)].send(sender)
        try:
            await answers[number % len(answers)].send(sender)
        except RuntimeError as error:
            came.again.append(str(error))

    config = uvicorn.Config(
        app, http=bounded_http(4096), ws="none", lifespan="off", access_log=False, log_config=None,
    )  # fmt: skip
    config.load()
    state = uvicorn.server.ServerState()
    state.default_headers = borne
    protocol = config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[operator,call-arg]
    protocol.connection_made(line)
    protocol.data_received(asked)
    for _ in range(40):
        await asyncio.sleep(0)
    came.said, came.done = line.said, line.done
    for cycle in cycles:
        names = (
            "response_started", "response_complete", "chunked_encoding", "keep_alive",
            "expected_content_length", "waiting_for_100_continue", "disconnected",
        )  # fmt: skip
        came.states.append({name: getattr(cycle, name) for name in names})
        came.states[-1]["told"] = cycle.message_event.is_set()
    came.states.append({"requests": state.total_requests, "waiting": len(protocol.pipeline)})
    protocol.connection_lost(None)
    return came


def both_ways(asked: bytes, answers: list[Answer], **more: Any) -> int:
    """How many answers were written at once; what came of them is the same in both ways."""
    sent = asyncio.run(came_of(asked, answers, quickly=False, **more))
    written = asyncio.run(came_of(asked, answers, quickly=True, **more))
    assert written.said == sent.said
    assert written.done == sent.done
    assert written.states == sent.states
    assert written.again == sent.again
    assert not sent.at_once
    return written.at_once


def shut_down(protocol: Any) -> None:
    protocol.shutdown()


def client_leaves(protocol: Any) -> None:
    protocol.connection_lost(None)


def client_is_slow(protocol: Any) -> None:
    protocol.pause_writing()
    asyncio.get_running_loop().call_later(0, protocol.resume_writing)


@pytest.mark.parametrize("answer", [OK, LATER, Answer(400, b""), Answer(503, b"x" * 70_000)])
@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (GET, 1),
        (POST, 1),
        (CLOSE, 1),
        (OLD, 1),
        (OLD_KEPT, 1),
        (GET * 3, 3),
        (GET + POST + CLOSE, 3),
        (HEAD, 0),
        (HEAD + GET, 1),
        (GET + HEAD + GET, 2),
        (GET * 20, 20),
    ],
)
def test_what_is_written_at_once_is_what_would_have_been_sent(
    asked: bytes, count: int, answer: Answer
) -> None:
    assert both_ways(asked, [answer]) == count
    assert both_ways(asked, [answer, LATER]) == count


@pytest.mark.parametrize("asked", [GET, POST, CLOSE, OLD, GET * 3])
@pytest.mark.parametrize(
    ("meanwhile", "first"), [(shut_down, 1), (client_leaves, 0), (client_is_slow, 0)]
)
def test_whatever_happened_meanwhile(asked: bytes, meanwhile: Do, first: int) -> None:
    assert both_ways(asked, [OK], meanwhile=meanwhile) >= first


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (Answer(204, b"", ()), 1),
        (Answer(299, b"no phrase", ()), 1),
        (Answer(200, b"", ((b"connection", b"close"),)), 0),
        (Answer(200, b"", ((b"connection", b"keep-alive"),)), 0),
        (Answer(200, b"", ((b"content-length", b"0"),)), 0),
        (Answer(200, b"", ((b"Content-Type", b"text/plain"),)), 0),
        (Answer(200, b"", ((b"x-words", "今天".encode()),)), 1),
        (Answer(200, b"", ((b"x-tab", b"a\tb"),)), 1),
    ],
)
def test_what_is_unusual_is_left_to_the_server(answer: Answer, first: int) -> None:
    assert both_ways(GET, [answer]) == first
    assert both_ways(GET + CLOSE, [answer, OK], borne=[]) >= first
    assert both_ways(GET, [answer], borne=[(b"connection", b"close")]) == 0


@pytest.mark.parametrize("status", [99, 600])
@pytest.mark.parametrize("headers", [(), ((b"a b", b"c"),), ((b"a", b"b\r\nc: d"),)])
def test_what_uvicorn_refuses_is_not_written(
    status: int, headers: tuple[tuple[bytes, bytes], ...], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sender = quick(scope, send)
        assert isinstance(sender, Sender)
        assert sender.whole is not None
        told.append(sender.whole(status if not headers else 200, headers, b"body"))

    with caplog.at_level(logging.CRITICAL), serve(app, http=bounded_http(4096)) as root:
        assert b"500 Internal Server Error" in exchange(root, GET, b"Error")
    assert told == [False]


def test_an_answer_that_bears_a_notice_goes_through_whoever_adds_it() -> None:
    heard: list[Any] = []

    async def send(message: Any) -> None:
        heard.append(message)

    def written(*told: Any) -> bool:
        raise AssertionError("it would leave without the notice")

    held = Measure(
        "LM-20261120-0123456789AB", "s", "warn", {}, "notice", "r", "why", 2_000_000_000
    )
    notice = Notice(held, "https://desk.example")
    asyncio.run(OK.send(bearing(Sender(send, written, written), notice)))
    assert set(notice.headers) <= set(heard[0]["headers"])
    assert heard[1]["body"] == OK.body


BYTES = st.sampled_from([b"", b"a", b"text/plain", b"\t", b"\r\n", b"\0", b"\x7f", b"\x80\xff"])
NAMES = st.sampled_from([b"a", b"x-b", b"retry-after", b"X-C", b"", b"a:", b"connection", b"d_e"])
ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 201, 204, 304, 400, 401, 413, 429, 431, 499, 502, 503]),
    st.binary(max_size=20),
    st.lists(st.tuples(NAMES, BYTES), max_size=4).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([GET, HEAD, POST]), max_size=3), ANSWERS)
@example([GET], Answer(200, b"", ((b"a", b"\x80"),)))
def test_any_answer_is_the_same_in_both_ways(asked: list[bytes], answer: Answer) -> None:
    refused = any(
        name in (b"", b"a:") or value in (b"\r\n", b"\0", b"\x7f")
        for name, value in answer.headers
    )
    if not refused:
        both_ways(b"".join([*asked, GET]), [answer])


def exchange(root: str, asked: bytes, ends: bytes) -> bytes:
    host, port = root.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(asked)
        said = b""
        while ends not in said and (piece := sock.recv(65536)):
            said += piece
        return said


@pytest.mark.parametrize("size", [0, 10, 5_000_000])
def test_a_client_that_reads_late_gets_all_of_it(size: int) -> None:
    """Several large answers, asked for at once, on a real connection."""
    at_once = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sender = quick(scope, send)
        assert isinstance(sender, Sender)
        whole = sender.whole
        assert whole is not None
        if whole(200, (JSON,), b"x" * size):
            at_once.set()
        else:
            await Answer(200, b"x" * size).send(send)

    with serve(app, http=bounded_http(4096)) as root:
        said = exchange(root, GET * 4 + CLOSE, b"never")
    assert at_once.is_set()
    assert said.count(b"HTTP/1.1 200 OK\r\n") == said.count(b"\r\n\r\n") == 5
    assert said.count(b"connection: close\r\n") == 1
    assert said.count(b"x") == 5 * size
