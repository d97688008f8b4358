"""What strangers may send: what is taken, what is refused, and that nothing else is passed on."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.scripted import reply, upstream
from kit.upstream import Server, answering

HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with upstream(answering(reply("hi"))) as behind:
        yield behind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, behind: Server) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with running_gateway(home, behind.url, rules=RULES, server="body_bytes_max = 65536") as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx2.Client]:
    with plain.client(headers=served.headers, base_url=served.root, timeout=10) as client:
        yield client


def code_of(response: httpx2.Response) -> Any:
    return response.json()["error"]["code"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/files", 404),
        ("GET", "/v1/fine_tuning/jobs", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("POST", "/v1/chat/completions/../files", 404),
        ("POST", "/V1/chat/completions", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models/gpt", 404),
        ("PUT", "/v1/embeddings", 405),
        ("POST", "//v1/chat/completions", 404),
        ("GET", "/ledger/../keys.db", 404),
        ("GET", "/ledger/ledger.db", 404),
        ("GET", "/ledger/tile/0/x000/000", 404),
    ],
)
def test_an_unknown_route_is_refused_not_forwarded(
    method: str, path: str, status: int, client: httpx2.Client, behind: Server
) -> None:
    asked = len(behind.requests)
    response = client.request(method, path, json={"model": "m", "messages": HELLO})
    assert response.status_code == status
    assert len(behind.requests) == asked


def test_where_a_refusal_sends_one_stands_what_is_served(client: httpx2.Client) -> None:
    told = client.get("/v1/files").json()["error"]["message"]
    named = told.partition("See GET ")[2].split()[0]
    assert "POST /v1/chat/completions" in client.get(named).json()["serves"]
    assert named.startswith("/v1/"), "where a portal stands beside us, / is its front page"


def test_unknown_fields_pass_to_the_byte(client: httpx2.Client, behind: Server) -> None:
    body = (
        b'{ "model":"m",\n "messages":[{"role":"user","content":"hello \\u4f60"}],'
        b'  "x_new":{"deep":[1,2.50,{"a":null}]},"seed":12345678901234567890,'
        b'"temperature":1e-1, "\xe4\xbd\xa0":true }'
    )
    response = client.post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 200
    assert behind.requests[-1].body == body


def test_an_answer_passes_to_the_byte(client: httpx2.Client, behind: Server) -> None:
    response = client.post("/v1/chat/completions", json={"model": "m", "messages": HELLO})
    assert response.content == reply("hi").partition(b"\r\n\r\n")[2]


def test_the_clients_own_headers_and_key_stay_here(
    client: httpx2.Client, served: Served, behind: Server
) -> None:
    client.post(
        "/v1/chat/completions",
        json={"model": "m", "messages": HELLO},
        headers={"cookie": "a=b", "x-forwarded-for": "192.0.2.1", "x-secret": "s"},
    )
    sent = repr(behind.requests[-1].headers)
    for private in (served.key, "a=b", "192.0.2.1", "x-secret"):
        assert private not in sent


def test_a_body_that_is_too_large_is_refused(client: httpx2.Client, behind: Server) -> None:
    asked = len(behind.requests)
    large = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 70_000}]})
    declared = client.post("/v1/chat/completions", content=large)
    assert (declared.status_code, code_of(declared)) == (413, "body_too_large")

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(large), 4096):
            yield large[at : at + 4096].encode()

    chunked = client.post("/v1/chat/completions", content=pieces())
    assert (chunked.status_code, code_of(chunked)) == (413, "body_too_large")
    assert len(behind.requests) == asked


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b'{"model":"m","messages":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"model":"m","messages":' + b'{"a":' * 3_000,
        b'{"model":"m","model":"n","messages":[]}',
        b'{"model":"m"}',
        b'{"model":"m","messages":[{"role":"user","content":7}]}',
        b'{"messages":[{"role":"user","content":"hello"}]}',
        b"[1,2,3]",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_body_that_is_not_of_the_api_is_a_bad_request(
    body: bytes, client: httpx2.Client, behind: Server
) -> None:
    asked = len(behind.requests)
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/moderations"):
        response = client.post(path, content=body)
        assert response.status_code == 400, path
        assert response.json()["error"]["message"]
    assert len(behind.requests) == asked


def test_a_compressed_body_is_refused(client: httpx2.Client) -> None:
    response = client.post(
        "/v1/chat/completions", content=b"\x1f\x8b", headers={"content-encoding": "gzip"}
    )
    assert response.status_code == 400


def test_too_many_headers_are_refused(client: httpx2.Client) -> None:
    many = {f"x-{number}": "v" for number in range(150)}
    response = client.post(
        "/v1/chat/completions", json={"model": "m", "messages": HELLO}, headers=many
    )
    assert (response.status_code, code_of(response)) == (431, "headers_too_large")


def test_a_head_without_end_is_cut_off(served: Served) -> None:
    """A client that sends headers for ever is not listened to for ever."""
    host, port = served.root.removeprefix("http://").split(":")
    line = b"x-padding: " + b"p" * 1000 + b"\r\n"
    sent = 0
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 20_000_000:
                sock.sendall(line * 50)
                sent += 50 * len(line)
    assert sent < 20_000_000


IMAGE = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
]


def test_images_are_refused_by_default(client: httpx2.Client, behind: Server) -> None:
    asked = len(behind.requests)
    body = {"model": "m", "messages": [{"role": "user", "content": IMAGE}]}
    response = client.post("/v1/chat/completions", json=body)
    assert (response.status_code, code_of(response)) == (400, "image_not_judged")
    assert len(behind.requests) == asked


def test_images_pass_where_the_operator_says_so(tmp_path: Any) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": IMAGE}]}
    with (
        upstream(answering(reply("a cat"))) as behind,
        running_gateway(tmp_path, behind.url, guard='images = "pass"') as served,
    ):
        response = plain.post(f"{served.url}/chat/completions", json=body, headers=served.headers)
        assert response.status_code == 200
        assert json.loads(behind.requests[-1].body) == body


def test_a_huge_limit_of_tokens_keeps_no_halt_off_the_record(tmp_path: Any) -> None:
    with running_gateway(tmp_path, rules=RULES) as served:
        response = plain.post(
            f"{served.url}/chat/completions",
            headers=served.headers,
            json={
                "model": "m", "stream": True, "max_tokens": 10**18,
                "messages": [{"role": "user", "content": "answer:en-bank-call"}],
            },
        )  # fmt: skip
        assert "content_filter" in response.text
        log = served.gateway.log
        entries = served.call(lambda: log.entries(0, log.size))
    assert any(b"exchange.halted" in entry for entry in entries)


def is_closed(sock: socket.socket) -> bool:
    try:
        for _ in range(100):
            sock.sendall(b"t" * 4096)
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize(
    "tail",
    [
        b"0\r\n" + b"x-late: " + b"t" * 900_000,
        b"1;" + b"e" * 900_000,
        b"0\r\n" + b"a: b\r\n" * 99_999,
    ],
    ids=["trailer", "extension", "trailers"],
)
def test_framing_without_content_is_bounded(tail: bytes, served: Served) -> None:
    host, port = served.root.removeprefix("http://").split(":")
    head = f"POST /v1/embeddings HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {served.key}\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(head.encode() + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")
        with contextlib.suppress(ConnectionError):
            sock.sendall(tail)
            while sock.recv(65536):
                pass
        assert is_closed(sock)
