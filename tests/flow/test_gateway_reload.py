"""A new bundle under a running gateway: new text at once, running streams only where urgent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kit import plain
from kit.bundles import RULES, small_bundle, write_rules
from kit.gateway import Served, running_gateway
from kit.scripted import chat_events, upstream
from kit.upstream import STREAM, Peer, Server, chunk
from licet.gateway.bundlefile import CURRENT, save_bundle
from licet.gateway.bundlekey import load_bundle_key
from licet.gateway.bundling import draft_bundle
from licet.guard.bundle import build_bundle
from licet.ledger.entry import parse_entry
from licet.rulebook import load_pack

NEWT = RULES.replace("purple walrus", "yellow newt")
HELLO = [{"role": "user", "content": "hello"}]
FIRST = ["It was a quiet morning. ", "The sea lay still. "]
SECOND = ["Then came a yellow ", "newt and sat down. ", "Nobody knew why."]


class Story:
    """An upstream that tells the second half when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        await peer.request()
        await peer.send(STREAM + b"".join(map(chunk, chat_events(FIRST, finish=None))))
        await self.go_on.wait()
        await peer.send(b"".join(map(chunk, chat_events(SECOND)[1:])) + b"0\r\n\r\n")


@pytest.fixture
def story() -> Iterator[tuple[Story, Server]]:
    story = Story()
    with upstream(story) as behind:
        yield story, behind


@pytest.fixture
def served(story: tuple[Story, Server], tmp_path: Path) -> Iterator[Served]:
    with running_gateway(tmp_path / "home", story[1].url, rules=RULES) as served:
        yield served


def install(served: Served, data: bytes) -> None:
    folder = served.home / "bundles"
    folder.mkdir(exist_ok=True)
    save_bundle(folder / CURRENT, data)


def bundle(served: Served, folder: Path, text: str, *, urgent: bool = False) -> bytes:
    """A bundle of these rules, signed with the gateway's own key."""
    rules = write_rules(folder / "new.toml", text)
    draft = draft_bundle(load_pack("cn-genai-2023"), [rules], shipped=False, urgent=urgent)
    return build_bundle(draft, load_bundle_key(served.home / "keys"))


def entries(served: Served, kind: str) -> list[dict[str, Any]]:
    log = served.gateway.log
    found = [parse_entry(entry) for entry in served.call(lambda: log.entries(0, log.size))]
    return [dict(entry.pub) for entry in found if entry.kind == kind]


def refuses(served: Served, text: str) -> bool:
    response = plain.post(
        f"{served.url}/moderations", json={"input": text}, headers=served.headers
    )
    return bool(response.json()["results"][0]["flagged"])


def until(reached: Callable[[], bool], within_s: float = 15.0) -> None:
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < within_s
        time.sleep(0.02)


def read_story(
    served: Served, behind: Server, story: Story, between: Callable[[], None]
) -> tuple[str, str]:
    """Text and finish reason of one stream, with something done in the middle of it."""
    with (
        plain.client(headers=served.headers, timeout=20) as client,
        client.stream(
            "POST",
            f"{served.url}/chat/completions",
            json={"model": "m", "stream": True, "messages": HELLO},
        ) as response,
    ):
        pieces = response.iter_text()
        heard = next(pieces)
        while "still" not in heard:
            heard += next(pieces)
        between()
        loop = behind.peers[-1].writer.transport._loop
        loop.call_soon_threadsafe(story.go_on.set)
        heard += "".join(pieces)
    text, reason = "", ""
    for event in heard.split("\n\n"):
        if event.startswith("data: {"):
            choice = json.loads(event[6:])["choices"][0]
            text += choice["delta"].get("content") or ""
            reason = choice["finish_reason"] or reason
    return text, reason


def test_new_text_is_judged_by_a_new_bundle_and_running_streams_keep_theirs(
    served: Served, story: tuple[Story, Server], tmp_path: Path
) -> None:
    assert not refuses(served, "a yellow newt")

    def change() -> None:
        install(served, bundle(served, tmp_path, NEWT))
        until(lambda: refuses(served, "a yellow newt"))
        assert not refuses(served, "a purple walrus")

    told = read_story(served, story[1], story[0], change)
    assert told == ("".join(FIRST + SECOND), "stop")
    (loaded,) = entries(served, "bundle.loaded")
    assert loaded["urgent"] is False
    assert loaded["bundle"] == served.gateway.parts.guard.name


def test_an_urgent_bundle_judges_running_streams_too(
    served: Served, story: tuple[Story, Server], tmp_path: Path
) -> None:
    def change() -> None:
        install(served, bundle(served, tmp_path, NEWT, urgent=True))
        until(lambda: refuses(served, "a yellow newt"))

    text, reason = read_story(served, story[1], story[0], change)
    assert reason == "content_filter"
    assert "".join(FIRST) in text
    assert "yellow" not in text
    (halted,) = entries(served, "exchange.halted")
    assert halted["rule"] == "walrus"  # that rule's id, which now names the newt
    (loaded,) = entries(served, "bundle.loaded")
    assert loaded["urgent"] is True


def _of_a_stranger(served: Served, folder: Path) -> bytes:
    write_rules(folder / "rules.toml", NEWT)
    draft = draft_bundle(load_pack("cn-genai-2023"), [folder / "rules.toml"], shipped=False)
    return build_bundle(draft, Ed25519PrivateKey.from_private_bytes(b"s" * 32))


FAULTS: dict[str, Callable[[Served, Path], bytes]] = {
    "no bundle": lambda served, folder: b"nothing of the kind",
    "empty": lambda served, folder: b"",
    "cut off": lambda served, folder: bundle(served, folder, NEWT)[:-700],
    "changed": lambda served, folder: bundle(served, folder, NEWT).replace(b"yellow", b"ochre!"),
    "of a stranger": _of_a_stranger,
    "another stranger": lambda served, folder: small_bundle(folder, NEWT),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_bundle_changes_nothing_and_is_on_record(
    fault: str, served: Served, tmp_path: Path
) -> None:
    before = served.gateway.parts.guard
    install(served, FAULTS[fault](served, tmp_path))
    until(lambda: bool(entries(served, "bundle.refused")))
    assert served.gateway.parts.guard is before
    assert refuses(served, "a purple walrus")
    assert plain.get(f"{served.root}/readyz").status_code == 200
    assert "refused" in "".join(served.notes)
    install(served, bundle(served, tmp_path, NEWT))
    until(lambda: refuses(served, "a yellow newt"))


def test_streams_go_on_while_a_large_bundle_is_made_ready(served: Served, tmp_path: Path) -> None:
    """Ten thousand literals take some 0.3 s to prepare: nobody may wait for that."""
    lines = [
        f'[[rule]]\nid = "n{n}"\ncategory = "operator"\naction = "halt"\n'
        f'literal = ["quartz lantern {n:05d} drifting"]\nauthor = "A"\nreason = "R"\n'
        for n in range(10_000)
    ]
    install(served, bundle(served, tmp_path, "\n".join(lines)))
    longest = 0.0
    began_s = time.monotonic()
    with plain.client() as client:
        while not entries(served, "bundle.loaded"):
            asked_s = time.monotonic()
            assert client.get(f"{served.root}/healthz").status_code == 200
            longest = max(longest, time.monotonic() - asked_s)
            assert time.monotonic() - began_s < 30
    print(f"longest wait while a bundle was loaded: {longest * 1000:.0f} ms")
    assert refuses(served, "a quartz lantern 09999 drifting by")
