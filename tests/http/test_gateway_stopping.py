"""A gateway that is stopped ends what runs itself: told in the API's words, on record as its own
(`draining`)."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kit.gateway import CONFIG, Served, running_gateway
from kit.judge import http as judge_answer
from kit.judge import verdict
from kit.litellm import PATH, question
from kit.media import b64, landscape, pictures_answer
from kit.scripted import chat_events, reply, stream, upstream
from kit.upstream import STREAM, Peer, chunk
from licet.gateway.clearance import Clearance
from licet.ledger.entry import Entry, parse_entry
from licet.ledger.log import LogView
from licet.ledger.note import parse_vkey
from licet.ledger.store_sqlite import SqliteStore

AT_ONCE = CONFIG.replace("drain_s = 2", "drain_s = 0")
ENDLESS = STREAM + b"".join(map(chunk, chat_events(["Well "], finish=None)))


def entries(home: Path) -> list[Entry]:
    """A ledger's, after its gateway has ended."""
    vkey = parse_vkey((home / "ledger/vkey").read_text(encoding="ascii"))
    log = LogView(SqliteStore(home / "ledger/ledger.db", read_only=True), vkey)
    try:
        return [parse_entry(entry) for entry in log.entries(0, log.size)]
    finally:
        log.close()


def asking(
    served: Served, head: bytes = b"", *, streamed: bool = False,
    path: str = "/v1/chat/completions", asked: dict[str, Any] | None = None,
) -> socket.socket:  # fmt: skip
    """A client that has asked."""
    hello = [{"role": "user", "content": "hello"}]
    body = json.dumps(asked or {"model": "m", "stream": streamed, "messages": hello}).encode()
    host, port = served.root.removeprefix("http://").split(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(20)
    sock.connect((host, int(port)))
    sock.sendall(
        b"POST %b HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %b\r\n%b"
        b"content-length: %d\r\n\r\n%b"
        % (path.encode(), served.key.encode(), head, len(body), body)
    )
    return sock


def rest(sock: socket.socket) -> bytes:
    """All that is said to a client, to the end."""
    heard = b""
    while piece := sock.recv(65536):
        heard += piece
    return heard


@pytest.mark.parametrize("how", ["stream", "whole", "once"])
def test_what_runs_is_told_and_on_record_as_ended_by_us(how: str, tmp_path: Path) -> None:
    asked = 0

    async def model(peer: Peer) -> None:
        """Answers the first request, and begins to answer the next on the same line."""
        nonlocal asked
        while await peer.request():
            asked += 1
            if asked == 1:
                await peer.send(reply("Good day."))
            elif how == "stream":
                await peer.send(ENDLESS)

    head = b"idempotency-key: k1\r\n" if how == "once" else b""
    with ExitStack() as clients, upstream(model) as behind:
        with running_gateway(tmp_path, behind.url, config=AT_ONCE) as served:
            first = clients.enter_context(asking(served))
            assert b"Good day." in first.recv(65536)
            sock = clients.enter_context(asking(served, head, streamed=how == "stream"))
            began_s = time.monotonic()
            while asked < 2:
                assert time.monotonic() - began_s < 20
                time.sleep(0.002)
            heard = b""
            while how == "stream" and b"Well" not in heard:
                heard += sock.recv(65536)
        heard += rest(sock)
    assert b"gateway_stopping" in heard
    if how == "stream":
        assert heard.endswith(b"0\r\n\r\n"), "an end, no cut"
    else:
        assert heard.startswith(b"HTTP/1.1 503 ")
    assert asked == 2, "nothing is asked again"
    *_, failed, stopped = entries(tmp_path)
    assert (failed.kind, stopped.kind) == ("exchange.failed", "gateway.stopped")
    assert (failed.pub["error"], failed.pub["side"]) == ("gateway_stopping", "gateway")


def test_who_does_not_take_the_last_words_keeps_nobody_waiting(tmp_path: Path) -> None:
    sent = 0

    async def flood(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(STREAM)
        line = chunk(b"".join(chat_events(["lorem ipsum " * 400], finish=None)[1:]))
        while True:
            await peer.send(line)
            sent += len(line)

    with ExitStack() as clients, upstream(flood) as behind:
        with running_gateway(tmp_path, behind.url, config=AT_ONCE) as served:
            clients.enter_context(asking(served, streamed=True))
            still, last = 0, -1
            while still < 20:
                time.sleep(0.02)
                still, last = (still + 1, sent) if sent == last and sent else (0, sent)
        assert entries(tmp_path)[-1].kind == "gateway.stopped"


DEEP = "mull it over"
JUDGE = """\
[[guard.judge]]
name = "near"
kind = "moderation"
url = "{judge}"
model = "a-guard"
timeout_ms = 20000

[ledger]
"""
LOOKING = """
[media]
producer = "001191110000000000000000010001"
without_classifier = "refuse"

[media.classifier]
kind = "moderation"
url = "{judge}"
model = "a-guard"
threshold = 0.9
timeout_ms = 20000
"""
CHAT = "/v1/chat/completions"
SHOWN = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{b64(landscape())['b64_json']}"},
}
ABOUT_DEEP = {"model": "m", "messages": [{"role": "user", "content": DEEP}]}
WAITING: dict[str, tuple[str, dict[str, Any] | None]] = {
    "moderations": ("/v1/moderations", {"input": DEEP}),
    "guardrail, a request": (PATH, question("request", DEEP)),
    "guardrail, a response": (PATH, question("response", DEEP)),
    "prompt": (CHAT, ABOUT_DEEP),
    "prompt, once": (CHAT, ABOUT_DEEP),
    "answer": (CHAT, None),
    "stream": (CHAT, None),
    "picture, sent": (CHAT, {"model": "m", "messages": [{"role": "user", "content": [SHOWN]}]}),
    "picture, made": ("/v1/images/generations", {"model": "m", "prompt": "A lake"}),
}
"""What is asked where: in it, or in its answer, is what the judge says nothing about."""


@pytest.mark.parametrize("what", WAITING)
def test_who_waits_for_a_judge_is_told_and_on_record_as_ended_by_us(
    what: str, tmp_path: Path
) -> None:
    path, asked = WAITING[what]
    mulling = threading.Event()

    async def judge(peer: Peer) -> None:
        while not re.search(b"mull it over|data:image", (await peer.request()).body):
            await peer.send(judge_answer(verdict(violence=0.01)))
        mulling.set()
        await peer.gone()

    async def model(peer: Peer) -> None:
        made = pictures_answer(b64(landscape())) if "picture" in what else reply(DEEP)
        while await peer.request():
            await peer.send(stream([DEEP]) if what == "stream" else made)

    head = b"idempotency-key: k1\r\n" if "once" in what else b""
    with ExitStack() as clients, upstream(judge) as thinker, upstream(model) as behind:
        config = AT_ONCE.replace("[ledger]\n", JUDGE.format(judge=thinker.url))
        guard, more = 'tier = "whole"', ""
        if "picture" in what:
            guard, more = (
                'images = "judge"\nunlooked = "refuse"',
                LOOKING.format(judge=thinker.url),
            )
        with running_gateway(
            tmp_path, behind.url, config=config, guard=guard, more=more
        ) as served:
            sock = clients.enter_context(
                asking(served, head, streamed=what == "stream", path=path, asked=asked)
            )
            assert mulling.wait(20)
        heard = rest(sock)
    assert b"gateway_stopping" in heard
    assert b"ask again" in heard
    if what == "stream":
        assert heard.endswith(b"0\r\n\r\n"), "an end, no cut"
    else:
        assert heard.startswith(b"HTTP/1.1 503 ")
    ended = [entry.pub for entry in entries(tmp_path) if entry.kind == "exchange.failed"]
    told = [(pub["error"], pub["side"]) for pub in ended]
    assert told == ([] if what == "moderations" else [("gateway_stopping", "gateway")])


def test_who_waits_for_a_judge_is_told_that_the_licence_is_lost(tmp_path: Path) -> None:
    path, asked = WAITING["moderations"]
    mulling = threading.Event()

    async def judge(peer: Peer) -> None:
        await peer.request()
        mulling.set()
        await peer.gone()

    lost = Clearance("revoked", ("licence_revoked", "This service may serve nobody.", 403))
    with ExitStack() as clients, upstream(judge) as thinker:
        config = AT_ONCE.replace("[ledger]\n", JUDGE.format(judge=thinker.url))
        with running_gateway(
            tmp_path, thinker.url, config=config, guard='tier = "whole"'
        ) as served:
            sock = clients.enter_context(
                asking(served, b"connection: close\r\n", streamed=False, path=path, asked=asked)
            )
            assert mulling.wait(20)
            served.call(lambda: served.gateway.parts.clear(lost))
            heard = rest(sock)
    assert heard.startswith(b"HTTP/1.1 403 ")
    assert b"licence_revoked" in heard
