"""A gateway that is stopped ends what runs itself: told in the API's words, on record as its own
(`draining`)."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from kit.gateway import CONFIG, Served, running_gateway
from kit.scripted import chat_events, reply, upstream
from kit.upstream import STREAM, Peer, chunk
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


def asking(served: Served, head: bytes = b"", *, streamed: bool = False) -> socket.socket:
    """A client that has asked."""
    said = {"model": "m", "stream": streamed, "messages": [{"role": "user", "content": "hello"}]}
    body = json.dumps(said).encode()
    host, port = served.root.removeprefix("http://").split(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(20)
    sock.connect((host, int(port)))
    sock.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %b\r\n%b"
        b"content-length: %d\r\n\r\n%b" % (served.key.encode(), head, len(body), body)
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
