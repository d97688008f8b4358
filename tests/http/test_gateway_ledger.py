"""Where decisions cannot be put on record nothing is served, and what was stopped stays stopped.

The fault is in the ledger's store: its next commits fail, as on a full disk, until it is mended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.scripted import chat_events, reply, stream, upstream
from kit.upstream import STREAM, Peer, Server, chunk
from licet.base.trouble import Unavailable
from licet.gateway.app import Gateway
from licet.ledger.entry import parse_entry
from licet.ledger.note import parse_vkey
from licet.ledger.source import open_source
from licet.ledger.verify import verify_log

HELLO = [{"role": "user", "content": "hello"}]
WALRUS = ["Once there was a ", "purple ", "walrus ", "at sea."]


@dataclass(slots=True)
class Disk:
    """The log's append, with a disk that may be full."""

    append: Callable[..., Any]
    full: bool = False

    def __call__(self, entries: Sequence[bytes], now: Any) -> Any:
        if self.full:
            raise Unavailable("database or disk is full", hint="Make room.")
        return self.append(entries, now)


class FaultyLog:
    """A log whose disk can be filled; everything else is the log's own."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.disk = Disk(log.append)

    def append(self, entries: Sequence[bytes], now: Any) -> Any:
        return self.disk(entries, now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


async def tell(peer: Peer) -> None:
    """A walrus to who asks for one; else the event that begins, a pause, and the end."""
    while True:
        request = await peer.request()
        walrus, streamed = b'"walrus"' in request.body, b'"stream":true' in request.body
        if b'"slow"' in request.body:
            events = chat_events(["slow ", "and ", "lawful"])
            await peer.send(STREAM + chunk(events[0] + events[1]))
            await asyncio.sleep(0.6)
            await peer.send(chunk(b"".join(events[2:])) + b"0\r\n\r\n")
        elif streamed:
            await peer.send(stream(WALRUS if walrus else ["hi"]))
        else:
            await peer.send(reply("".join(WALRUS) if walrus else "hi"))


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with upstream(tell) as behind:
        yield behind


@pytest.fixture
def disk_and_served(tmp_path: Any, behind: Server) -> Iterator[tuple[Disk, Served]]:
    disks: list[Disk] = []

    def spoil(gateway: Gateway) -> None:
        faulty = FaultyLog(gateway.log)
        gateway.writer._log = faulty
        disks.append(faulty.disk)

    with running_gateway(tmp_path, behind.url, rules=RULES, prepare=spoil) as served:
        yield disks[0], served


def ask(served: Served, model: str = "m", *, streamed: bool = False) -> Any:
    body: dict[str, Any] = {"model": model, "messages": HELLO}
    if streamed:
        body["stream"] = True
    return plain.post(
        f"{served.url}/chat/completions", json=body, headers=served.headers, timeout=20
    )


def status_of_readiness(served: Served) -> int:
    return plain.get(f"{served.root}/readyz").status_code


def until(reached: Callable[[], bool], within_s: float = 15.0) -> None:
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < within_s
        time.sleep(0.05)


def test_nothing_is_served_while_the_ledger_takes_nothing(
    disk_and_served: tuple[Disk, Served], behind: Server
) -> None:
    disk, served = disk_and_served
    assert ask(served).status_code == 200
    disk.full = True
    ask(served)  # its entry is the one that finds out
    until(lambda: status_of_readiness(served) == 503)
    asked = len(behind.requests)
    for streamed in (False, True):
        refused = ask(served, streamed=streamed)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "ledger_unavailable"
    assert len(behind.requests) == asked
    assert plain.get(f"{served.root}/readyz").json()["missing"] == ["ledger"]
    assert plain.get(f"{served.root}/healthz").status_code == 200
    disk.full = False
    until(lambda: status_of_readiness(served) == 200)
    assert ask(served).status_code == 200
    log = served.gateway.log
    kinds = [parse_entry(e).kind for e in served.call(lambda: log.entries(0, log.size))]
    assert "ledger.resumed" in kinds


@pytest.mark.parametrize("streamed", [False, True])
def test_a_halt_stays_a_halt_while_the_ledger_fails(
    streamed: bool, disk_and_served: tuple[Disk, Served]
) -> None:
    disk, served = disk_and_served
    disk.full = True
    told = ask(served, "walrus", streamed=streamed)
    assert "purple" not in told.text
    assert "at sea" not in told.text
    assert told.status_code == 503 or "content_filter" in told.text


def test_a_running_stream_is_not_served_to_its_end_unrecorded(
    disk_and_served: tuple[Disk, Served],
) -> None:
    disk, served = disk_and_served
    with (
        plain.client(headers=served.headers, timeout=20) as client,
        client.stream(
            "POST",
            f"{served.url}/chat/completions",
            json={"model": "slow", "stream": True, "messages": HELLO},
        ) as response,
    ):
        pieces = response.iter_bytes()
        first = next(pieces)
        disk.full = True
        ask(served)
        text = (first + b"".join(pieces)).decode()
    assert "ledger_unavailable" in text
    assert '"finish_reason":"stop"' not in text.replace(" ", "")
    counted = plain.get(f"{served.root}/metrics").text
    slow = [line for line in counted.split("\n") if "licet_exchanges_total{" in line]
    assert any('outcome="failed"' in line for line in slow), slow  # and not as served


def test_what_was_recorded_verifies_after_the_fault(
    tmp_path: Any, disk_and_served: tuple[Disk, Served]
) -> None:
    disk, served = disk_and_served
    ask(served, "walrus")
    disk.full = True
    ask(served, "walrus")
    until(lambda: status_of_readiness(served) == 503)
    disk.full = False
    until(lambda: status_of_readiness(served) == 200)
    ask(served, "walrus", streamed=True)
    report = verify_log(open_source(f"{served.root}/ledger"), parse_vkey(served.gateway.log.vkey))
    assert report.ok, report
