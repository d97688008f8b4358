"""Texts that take long to judge: others are served meanwhile, and nothing of it goes unjudged."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.guards import PHRASE, make_guard
from kit.litellm import PATH, question
from kit.scripted import reply, upstream
from kit.upstream import Peer, Server
from licet.base.piecemeal import Piecemeal
from licet.gateway.app import Gateway
from licet.gateway.turns import Turns

T = TypeVar("T")
WAIT_S = 60


LONG = "".join(random.Random(1).choices([chr(i) for i in range(0x4E00, 0x9FA0)], k=300_000))
"""A text of no language, no two places alike: nothing that was read before helps."""


class Watched(Turns):
    """Says when a judgement begins, and which ones were broken off. However fast the machine is, a
    long one takes turn after turn until it may `end`; the first `passing` ones may at once."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.cancelled = threading.Event()
        self.end = threading.Event()
        self.passing = 0

    async def finish(self, work: Piecemeal[T]) -> T:
        self.begun.release()  # short ones are over before
        self.passing -= 1
        try:
            return await super().finish(work if self.passing >= 0 else self._long(work))
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    def _long(self, work: Piecemeal[T]) -> Piecemeal[T]:
        while not self.end.wait(0.001):  # lets the test's own thread go on, too
            yield
        return (yield from work)


@pytest.fixture
def behind() -> Iterator[Server]:
    async def model(peer: Peer) -> None:
        """Model `m` says hi; any other says a long text that begins with its name."""
        while True:
            name = json.loads((await peer.request()).body)["model"]
            await peer.send(reply("hi" if name == "m" else f"{name} {LONG}"))

    with upstream(model) as behind:
        yield behind


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def served(tmp_path: Path, behind: Server, watched: Watched) -> Iterator[Served]:
    def prepare(gateway: Gateway) -> None:
        gateway.parts.turns = watched

    with running_gateway(tmp_path, behind.url, rules=RULES, prepare=prepare) as served:
        yield served


def ask(
    served: Served, text: str, model: str = "m", *, timeout_s: float = WAIT_S
) -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return plain.post(
        f"{served.url}/chat/completions", json=body, headers=served.headers, timeout=timeout_s
    )


def begun_with(served: Served, watched: Watched, side: str, phrase: str) -> Any:
    """A request whose prompt, or whose answer, is long and has the phrase in it; it is being
    judged."""
    given = (f"{phrase} {LONG}",) if side == "prompt" else ("hello", phrase)
    pool = ThreadPoolExecutor(1)
    asked = pool.submit(ask, served, *given)
    assert watched.begun.acquire(timeout=WAIT_S)
    pool.shutdown(wait=False)
    return asked


def become_urgent(served: Served) -> None:
    def change() -> None:
        parts = served.gateway.parts
        parts.guard = make_guard()
        parts.guard.name = "an-urgent-one"
        parts.urgent += 1

    served.call(change)


def rule_of(response: httpx2.Response) -> Any:
    body = response.json()
    return (body.get("licet") or body["error"]["licet"])["rule"]


@pytest.mark.parametrize("side", ["prompt", "answer"])
def test_others_are_served_while_a_long_text_is_judged(
    served: Served, watched: Watched, side: str
) -> None:
    long = begun_with(served, watched, side, "lawful")
    assert ask(served, "hello").status_code == 200
    assert not long.done()
    watched.end.set()
    assert long.result(WAIT_S).status_code == 200


@pytest.mark.parametrize("side", ["prompt", "answer"])
def test_an_urgent_bundle_that_comes_meanwhile_judges_it_anew(
    served: Served, watched: Watched, side: str
) -> None:
    long = begun_with(served, watched, side, PHRASE)
    become_urgent(served)
    watched.end.set()
    response = long.result(WAIT_S)
    assert rule_of(response) == "r1"
    assert LONG[:9] not in response.text


@pytest.mark.parametrize("input_type", ["request", "response"])
def test_an_urgent_bundle_judges_what_a_guardrail_is_asked_anew(
    served: Served, watched: Watched, input_type: str
) -> None:
    asked = question(input_type, f"{PHRASE} {LONG}")
    headers = {"x-api-key": served.key}
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(
            plain.post, served.root + PATH, json=asked, headers=headers, timeout=WAIT_S
        )
        assert watched.begun.acquire(timeout=WAIT_S)
        become_urgent(served)
        watched.end.set()
        assert long.result(WAIT_S).json()["licet"]["rule"] == "r1"


def test_an_urgent_bundle_judges_what_is_moderated_anew(served: Served, watched: Watched) -> None:
    body = {"input": [PHRASE, LONG]}
    watched.passing = 1
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(
            plain.post, f"{served.url}/moderations", json=body, headers=served.headers,
            timeout=WAIT_S,
        )  # fmt: skip
        for _ in body["input"]:  # the phrase was judged, and not flagged
            assert watched.begun.acquire(timeout=WAIT_S)
        become_urgent(served)
        watched.end.set()
        results = long.result(WAIT_S).json()["results"]
    assert [one["flagged"] for one in results] == [True, False]


def test_a_client_that_leaves_is_not_judged_to_the_end(served: Served, watched: Watched) -> None:
    with pytest.raises(httpx2.TimeoutException):
        ask(served, LONG, timeout_s=0.3)
    assert watched.cancelled.wait(WAIT_S)
    assert ask(served, "hello").status_code == 200
