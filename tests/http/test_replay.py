"""The replay upstream through real sockets: disconnects, counters, pace, errors, limits."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from kit.serve import serve
from licet.base.trouble import BadInput
from licet.gateway.replay import load_answers, replay_app
from licet.gateway.replay.app import BODY_BYTES_MAX, MODELS

ANSWERS = load_answers()
LONG = next(answer for answer in ANSWERS if answer.id == "en-lighthouse-long")


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with serve(replay_app(ANSWERS, pace_ms=0)) as url:
        yield url


def send(
    root: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """The status and the body of one request; a body that is JSON is parsed."""
    host = urlsplit(root).netloc
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, headers or {})
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json" and raw
    return response.status, json.loads(raw) if is_json else raw


def chat(message: str, **more: Any) -> dict[str, Any]:
    return {"model": "replay", "messages": [{"role": "user", "content": message}], **more}


def start_stream(root: str, message: str) -> socket.socket:
    """A socket on which a streamed reply has begun to arrive."""
    url = urlsplit(root)
    body = json.dumps(chat(message, stream=True)).encode()
    client = socket.create_connection((url.hostname or "", url.port or 0), timeout=10)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)
    seen = b""
    while seen.count(b"data: ") < 10:
        seen += client.recv(4096)
    return client


def eventually(holds: Callable[[], bool], within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_client_that_goes_stops_the_generation() -> None:
    app = replay_app(ANSWERS, pace_ms=5)
    with serve(app) as root:
        client = start_stream(root, f"answer:{LONG.id}")
        client.close()
        assert eventually(lambda: app.stats.streams_aborted == 1)
        stats = send(root, "GET", "/replay/stats")[1]
        total = stats["tokens_generated"] + stats["tokens_saved"]
        assert stats["streams_open"] == 0
        assert 0 < stats["tokens_generated"] < total / 2
        time.sleep(0.05)
        assert app.stats.tokens_generated == stats["tokens_generated"]


def test_a_stream_that_ends_saves_nothing() -> None:
    app = replay_app(ANSWERS, pace_ms=0)
    with serve(app) as root:
        send(root, "POST", "/v1/chat/completions", chat("answer:en-river-walk", stream=True))
        assert eventually(lambda: app.stats.streams_completed == 1)
    assert app.stats.tokens_saved == app.stats.streams_aborted == app.stats.streams_open == 0
    assert app.stats.tokens_generated > 200


def test_a_stream_keeps_its_pace() -> None:
    with serve(replay_app(ANSWERS, pace_ms=10)) as root:
        body = chat("answer:en-river-walk", stream=True, max_tokens=30)
        began = time.monotonic()
        status, raw = send(root, "POST", "/v1/chat/completions", body)
        assert time.monotonic() - began >= 0.28
    assert status == 200
    assert raw.endswith(b"data: [DONE]\n\n")
    assert all(part.startswith(b"data: ") for part in raw.split(b"\n\n") if part)


def test_a_client_that_goes_before_a_whole_reply_saves_it() -> None:
    app = replay_app(ANSWERS, pace_ms=300)
    with serve(app) as root:
        url = urlsplit(root)
        body = json.dumps(chat("answer:en-river-walk")).encode()
        with socket.create_connection((url.hostname or "", url.port or 0)) as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}"
            client.sendall(head.encode() + b"\r\n\r\n" + body)
            assert eventually(lambda: app.stats.requests == 1)
        assert eventually(lambda: app.stats.tokens_saved > 200)
    assert app.stats.tokens_generated == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/chat/completions", b"not json", 400),
        ("POST", "/v1/chat/completions", b"[]", 400),
        ("POST", "/v1/chat/completions", b'{"model": "\xff"}', 400),
        ("POST", "/v1/chat/completions", b"[" * 100_000, 400),
        ("POST", "/v1/chat/completions", {"model": "replay", "messages": []}, 400),
        ("POST", "/v1/chat/completions", chat("answer:en-no-such"), 404),
        ("POST", "/v1/chat/completions", b" " * (BODY_BYTES_MAX + 1), 413),
        ("GET", "/v1/chat/completions", None, 405),
        ("POST", "/v1/models", b"{}", 405),
        ("GET", "/v1/unknown", None, 404),
        ("POST", "/v1/audio/transcriptions", b"{}", 404),
        ("POST", "/v1/audio/speech", b"{}", 400),
        ("POST", "/v1/images/generations", {"model": "m", "prompt": "a", "size": "9x9"}, 400),
    ],
)
def test_a_refusal_is_an_openai_error(
    root: str, method: str, path: str, body: Any, status: int
) -> None:
    got, value = send(root, method, path, body)
    assert got == status
    assert value["error"]["message"]
    assert set(value["error"]) == {"message", "type", "param", "code"}


def test_a_refusal_of_messages_is_an_anthropic_error(root: str) -> None:
    status, value = send(root, "POST", "/v1/messages", b"{}")
    assert (status, value["type"]) == (400, "error")
    assert value["error"]["type"] == "invalid_request_error"


def test_models_are_listed_in_the_dialect_that_asks(root: str) -> None:
    openai_form = send(root, "GET", "/v1/models")[1]
    anthropic_form = send(root, "GET", "/v1/models", headers={"anthropic-version": "x"})[1]
    assert openai_form["object"] == "list"
    assert anthropic_form["has_more"] is False
    for listed in (openai_form, anthropic_form):
        assert [model["id"] for model in listed["data"]] == list(MODELS)


def test_the_answers_can_be_listed(root: str) -> None:
    listed = send(root, "GET", "/replay/answers")[1]
    assert {"en-river-walk", "zh-fraud-call"} <= {entry["id"] for entry in listed}


def test_ids_come_from_the_chance_that_is_given() -> None:
    with serve(replay_app(ANSWERS, pace_ms=0, chance=lambda n: b"\x07" * n)) as root:
        value = send(root, "POST", "/v1/chat/completions", chat("hello"))[1]
    assert value["id"] == "chatcmpl-" + "07" * 12


def test_no_answers_is_refused_at_once() -> None:
    with pytest.raises(BadInput):
        replay_app(())
