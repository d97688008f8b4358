"""Whatever an upstream does wrong, the client gets its own API's error, soon, and no secret.

One gateway and one upstream; the model's name says what that upstream does.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from kit import plain
from kit.clients import anthropic_client, openai_client, raised
from kit.gateway import Served, running_gateway
from kit.scripted import answer, chat_events, reply, stream, upstream
from kit.upstream import STREAM, Peer, Server, chunk

KEY = "upstream-secret-9f8e7d6c"
Fault = Callable[[Peer], Awaitable[None]]


def sending(*parts: bytes, stay: bool = False) -> Fault:
    async def fault(peer: Peer) -> None:
        for part in parts:
            await peer.send(part)
        if stay:
            await peer.gone()

    return fault


async def reset(peer: Peer) -> None:
    await peer.send(STREAM + chunk(chat_events(["hello "])[1]))
    await asyncio.sleep(0.05)
    peer.reset()


def problem(message: str, status: str, *headers: bytes) -> Fault:
    body = json.dumps({"error": {"message": message, "type": "x", "code": "y"}}).encode()
    return sending(answer(body, status, "application/json", *headers))


BEGUN = STREAM + b"".join(map(chunk, chat_events(["hello ", "you "], finish=None)))
DEEP = b'{"error":' * 30_000

WHOLE: Mapping[str, tuple[Fault, int, str]] = {
    "denied": (problem(f"Incorrect API key provided: {KEY}", "401 No"), 502, "upstream_denied"),
    "forbidden": (problem(f"{KEY} may not", "403 No"), 502, "upstream_denied"),
    "busy": (problem("slow down", "429 Slow", b"retry-after: 7"), 429, "upstream_error"),
    "broken": (problem("it broke", "500 Broke"), 500, "upstream_error"),
    "telling": (problem(f"bad key {KEY} in use", "500 Broke"), 500, "upstream_error"),
    "unfit": (problem("max_tokens is too large", "400 Bad"), 400, "upstream_error"),
    "page": (sending(answer(b"<h1>Bad gateway</h1>", "502 Bad", "text/html")), 502,
             "upstream_error"),
    "deep error": (sending(answer(DEEP[:60_000], "500 Broke")), 500, "upstream_error"),
    "moved": (sending(answer(b"", "302 Found", "text/plain", b"location: http://a/")), 502,
              "upstream_error"),
    "not json": (sending(answer(b"{not json")), 502, "upstream_malformed"),
    "deep": (sending(answer(b'{"a":' * 20_000)), 502, "upstream_malformed"),
    "other json": (sending(answer(b'["hello"]')), 502, "upstream_malformed"),
    "html": (sending(answer(b"<p>hi</p>", kind="text/html")), 502, "upstream_malformed"),
    "not utf-8": (sending(reply("hi").replace(b"hi", b"\xff\xfe")), 502, "upstream_malformed"),
    "compressed": (sending(answer(b"\x1f\x8b", "200 OK", "application/json",
                                  b"content-encoding: gzip")), 502, "upstream_malformed"),
    "not http": (sending(b"SSH-2.0-OpenSSH_9.2\r\n"), 502, "upstream_malformed"),
    "silent": (sending(stay=True), 504, "upstream_timeout_first_byte"),
    "hangs up": (sending(), 502, "upstream_closed"),
    "half": (sending(reply("hi")[:-9]), 502, "upstream_closed"),
    "stops": (sending(reply("hi")[:-9], stay=True), 504, "upstream_timeout_idle"),
}  # fmt: skip
BROKEN_STREAMS: Mapping[str, Fault] = {
    "stream cut": sending(BEGUN),
    "stream reset": reset,
    "stream stops": sending(BEGUN, stay=True),
    "stream ends early": sending(BEGUN + b"0\r\n\r\n"),
    "stream of no json": sending(BEGUN + chunk(b"data: {nonsense\n\n"), stay=True),
    "stream of deep json": sending(BEGUN + chunk(b"data: " + b"[" * 9000 + b"\n\n"), stay=True),
    "stream of other json": sending(BEGUN + chunk(b'data: {"choices":7}\n\n'), stay=True),
    "stream of no chunks": sending(BEGUN + b"zzz\r\n"),
    "stream of one event": sending(BEGUN, *[chunk(b"data: " + b"x" * 65536)] * 40, stay=True),
    "stream of no end": sending(BEGUN, *[chunk(b": " + b"x" * 65536)] * 40, stay=True),
    "stream of half a letter": sending(BEGUN + chunk(b'data: {"choices":[{"index":0,"delta":'
                                                     b'{"content":"\xe4\xbd"}}]}\n\n'), stay=True),
}  # fmt: skip


async def as_asked(peer: Peer) -> None:
    while True:
        request = await peer.request()
        model = json.loads(request.body)["model"]
        if model in WHOLE:
            await WHOLE[model][0](peer)
        elif model in BROKEN_STREAMS:
            await BROKEN_STREAMS[model](peer)
        else:
            await peer.send(stream(["fine"]))
            continue
        return


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with upstream(as_asked) as behind:
        yield behind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, behind: Server) -> Iterator[Served]:
    settings = 'key_env = "UP_KEY"\nfirst_byte_s = 0.4\nidle_s = 0.4\ntotal_s = 5'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UP_KEY", KEY)
        home = tmp_path_factory.mktemp("home")
        with running_gateway(home, behind.url, upstream_settings=settings) as served:
            yield served


def post(served: Served, model: str, *, path: str = "chat/completions", **members: Any) -> Any:
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    return plain.post(
        f"{served.url}/{path}", json=body | members, headers=served.headers, timeout=10
    )


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", WHOLE)
def test_a_fault_becomes_an_error_of_the_clients_api(
    model: str, streamed: bool, served: Served
) -> None:
    _, status, code = WHOLE[model]
    began_s = time.monotonic()
    response = post(served, model, stream=streamed)
    assert time.monotonic() - began_s < 5, "never a hang"
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert KEY not in response.text
    assert KEY not in repr(response.headers)
    if model == "busy":
        assert response.headers["retry-after"] == "7"
        assert "slow down" in error["message"]
    claude = post(served, model, path="messages", stream=streamed)
    assert claude.status_code == status
    assert (claude.json()["type"], KEY in claude.text) == ("error", False)


@pytest.mark.parametrize("model", BROKEN_STREAMS)
def test_a_stream_that_breaks_ends_as_its_api_ends(model: str, served: Served) -> None:
    began_s = time.monotonic()
    response = post(served, model, stream=True)
    assert time.monotonic() - began_s < 5
    assert response.status_code == 200
    assert "hello " in response.text
    events = [event for event in response.text.split("\n\n") if event.startswith("data: ")]
    assert response.text.endswith("\n\n")
    told = [json.loads(event[6:]) for event in events if event != "data: [DONE]"]
    assert any("error" in value for value in told), "a broken answer is not taken for a whole one"


def test_official_clients_raise_what_they_raise_for_such_faults(served: Served) -> None:
    hello: Any = [{"role": "user", "content": "hello"}]
    kinds = {"busy": openai.RateLimitError, "broken": openai.InternalServerError,
             "unfit": openai.BadRequestError}  # fmt: skip
    with openai_client(served.url, served.key) as client:
        for model, kind in kinds.items():
            raised(kind, lambda m=model: client.chat.completions.create(model=m, messages=hello))
        raised(
            openai.APIError,
            lambda: list(
                client.chat.completions.create(model="stream cut", messages=hello, stream=True)
            ),
        )
    with anthropic_client(served.url, served.key) as claude:
        raised(
            anthropic.RateLimitError,
            lambda: claude.messages.create(model="busy", max_tokens=9, messages=hello),
        )


def test_a_client_that_was_told_of_a_fault_keeps_its_connection(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    line = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=20)
    headers = {"authorization": f"Bearer {served.key}", "content-type": "application/json"}
    for model, (_, status, _) in sorted(WHOLE.items()):
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]})
        line.request("POST", "/v1/chat/completions", body, headers)
        reply = line.getresponse()
        reply.read()
        assert (model, reply.status) == (model, status)
        assert not reply.will_close, model
    line.close()
    assert "Exception in ASGI application" not in caplog.text


def test_a_connection_that_is_refused_is_a_502(tmp_path: Any) -> None:
    with running_gateway(tmp_path, "http://127.0.0.1:9/v1") as served:
        for path in ("chat/completions", "messages"):
            response = post(served, "m", path=path)
            assert response.status_code == 502
            assert "127.0.0.1" not in response.text, "where models stand is nobody's business"
        ready = plain.get(f"{served.root}/readyz")
        assert ready.status_code == 200


def test_the_upstream_key_is_seen_by_the_upstream_alone(served: Served, behind: Server) -> None:
    response = post(served, "fine", stream=True)
    assert f"Bearer {KEY}" in str(dict(behind.requests[-1].headers)[b"authorization"])
    seen = [response.text, repr(response.headers), *served.notes, repr(served.gateway.parts)]
    for path in ("/", "/metrics", "/readyz", "/ledger/checkpoint"):
        got = plain.get(served.root + path)
        seen += [got.text, repr(got.headers)]
    seen += [repr(each) for each in served.gateway.parts.upstreams.values()]
    log = served.gateway.log
    seen += [str(entry) for entry in served.call(lambda: log.entries(0, log.size))]
    for text in seen:
        assert KEY not in text


def test_what_failed_is_on_record_as_failed(served: Served) -> None:
    post(served, "broken")
    log = served.gateway.log
    time.sleep(0.1)
    entries = served.call(lambda: log.entries(0, log.size))
    assert any(b"upstream_500" in entry for entry in entries)
