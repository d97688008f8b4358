"""An urgent bundle judges every answer that has not left, wherever it finds it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kit.gateway import Served, running_gateway
from kit.guards import PHRASE, make_guard
from kit.leak_cases import Case
from kit.leak_rig import ask, events_of, reply_body
from kit.upstream import STREAM, Peer, chunk, serving

CASE = Case(
    number=1, dialect="chat", stream=True, channel=(0, "content"), choices=1, prefix="so ",
    evaded=PHRASE, suffix=" and more", disguise="plain", pieces=(f"so {PHRASE} and more",),
    others=(), escaped=False, logprobs=False, writes="all", ends=True, seed=0,
)  # fmt: skip


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("when", ["before the head", "before the body"])
def test_an_urgent_bundle_that_comes_while_the_model_thinks_judges_its_answer(
    tmp_path: Path, stream: bool, when: str
) -> None:
    case = replace(CASE, stream=stream)
    served: list[Served] = []

    async def make_urgent() -> None:
        await asyncio.sleep(0.1)  # the gateway has read whatever was sent
        gateway = served[0].gateway

        def change() -> None:
            gateway.parts.guard = make_guard()
            gateway.parts.guard.name = "an-urgent-one"
            gateway.parts.urgent += 1

        await asyncio.to_thread(served[0].call, change)

    async def script(peer: Peer) -> None:
        await peer.request()
        if when == "before the head":
            await make_urgent()
        if stream:
            await peer.send(STREAM)
        else:
            await peer.send(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n" % len(reply_body(case))
            )
        if when == "before the body":
            await make_urgent()
        if stream:
            await peer.send(chunk(b"".join(events_of(case)[0])) + b"0\r\n\r\n")
        else:
            await peer.send(reply_body(case))
        await peer.gone()

    async def play() -> tuple[int, bytes]:
        async with serving(script) as upstream:
            with running_gateway(tmp_path / "home", f"{upstream.url}/v1") as gateway:
                served.append(gateway)
                return await ask(gateway.url, gateway.key, case, "m")

    status, body = asyncio.run(play())
    assert status == 200, body
    assert PHRASE.encode() not in body
    assert body.count(b'"rule":"r1"') == 1
    assert b"so " in body
