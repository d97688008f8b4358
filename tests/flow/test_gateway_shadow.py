"""A staged bundle judges beside the one that serves: it is heard, and changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kit import plain
from kit.bundles import RULES, write_rules
from kit.gateway import Served, running_gateway
from kit.scripted import chat_events, upstream
from kit.upstream import STREAM, Peer, Server, chunk
from licet.cli.main import licet
from licet.gateway import staging
from licet.gateway.bundlefile import STAGED, save_bundle
from licet.gateway.bundlekey import load_bundle_key
from licet.gateway.bundling import draft_bundle
from licet.gateway.shadow import Shadow
from licet.gateway.shadowbook import DIFFERENCES, SUMMARY, read_differences, read_summary
from licet.guard.bundle import build_bundle
from licet.ledger.entry import parse_entry
from licet.rulebook import load_pack

NEWT = RULES.replace("purple walrus", "yellow newt")
ANSWER = ["Then came a yellow ", "newt and sat down. ", "Nobody knew why."]


async def _tell(peer: Peer) -> None:
    await peer.request()
    await peer.send(STREAM + b"".join(map(chunk, chat_events(ANSWER))) + b"0\r\n\r\n")


@pytest.fixture
def behind() -> Iterator[Server]:
    with upstream(_tell) as server:
        yield server


@pytest.fixture
def served(behind: Server, tmp_path: Path) -> Iterator[Served]:
    with running_gateway(tmp_path / "home", behind.url, rules=RULES) as served:
        yield served


def entries(served: Served, kind: str) -> list[dict[str, Any]]:
    log = served.gateway.log
    found = [parse_entry(entry) for entry in served.call(lambda: log.entries(0, log.size))]
    return [dict(entry.pub) for entry in found if entry.kind == kind]


def until(reached: Callable[[], bool], within_s: float = 60.0) -> None:
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < within_s
        time.sleep(0.05)


def bundle(served: Served, folder: Path, text: str) -> Path:
    """A bundle of these rules, signed with the gateway's own key."""
    rules = write_rules(folder / "new.toml", text)
    draft = draft_bundle(load_pack("cn-genai-2023"), [rules], shipped=False)
    path = folder / "new.licet"
    save_bundle(path, build_bundle(draft, load_bundle_key(served.home / "keys")))
    return path


def run(served: Served, *words: str) -> str:
    done = CliRunner().invoke(licet, ["bundle", *words, "--home", str(served.home)])
    assert done.exit_code == 0, done.output
    return done.output


def stream(served: Served) -> str:
    response = plain.post(
        f"{served.url}/chat/completions", headers=served.headers, timeout=20,
        json={"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]},
    )  # fmt: skip
    return response.text


def summary(served: Served) -> Any:
    return read_summary(served.home / staging.FOLDER)


def is_running(served: Served) -> bool:
    found = summary(served)
    return found is not None and found.state == "running"


def test_a_staged_bundle_is_heard_and_changes_nothing(served: Served, tmp_path: Path) -> None:
    assert "staged" in run(served, "stage", str(bundle(served, tmp_path, NEWT)))
    until(lambda: is_running(served))
    heard = stream(served)
    assert "newt" in heard
    assert "content_filter" not in heard
    until(lambda: summary(served).texts >= 2)  # the prompt and the answer

    shown = json.loads(run(served, "shadow", "--json"))
    assert shown["kinds"] == {"pass→halt": 1}
    assert shown["rules"] == {"walrus": 1}
    assert shown["differences"][0]["old"] == ["pass"]
    assert shown["differences"][0]["new"][0] == "halt"
    written = (served.home / staging.FOLDER / DIFFERENCES).read_text()
    assert "newt" not in written
    assert "pass→halt: 1" in run(served, "shadow")
    metrics = plain.get(f"{served.url.removesuffix('/v1')}/metrics").text
    assert 'licet_shadow_texts_total{kind="pass→halt"} 1.0' in metrics

    run(served, "promote")
    until(lambda: bool(entries(served, "bundle.loaded")))
    until(lambda: "content_filter" in stream(served))
    until(lambda: len(entries(served, "bundle.shadowed")) >= 2)
    begun, *_, ended = entries(served, "bundle.shadowed")
    assert begun["state"] == "begun"
    assert (ended["state"], ended["stricter"], ended["milder"]) == ("ended", 1, 0)


def test_a_dropped_bundle_is_tried_no_longer(served: Served, tmp_path: Path) -> None:
    run(served, "stage", str(bundle(served, tmp_path, NEWT)))
    until(lambda: is_running(served))
    assert served.gateway.parts.guard.listener is not None
    run(served, "drop")
    until(lambda: served.gateway.parts.guard.listener is None)
    assert not (served.home / "bundles" / STAGED).exists()
    until(lambda: summary(served).state == "ended")


def test_a_shadow_that_dies_is_noticed_and_serving_goes_on(served: Served, tmp_path: Path) -> None:
    run(served, "stage", str(bundle(served, tmp_path, NEWT)))
    until(lambda: is_running(served))
    until(lambda: served.gateway.parts.guard.listener is not None)
    shadow = served.gateway.parts.guard.listener
    assert isinstance(shadow, Shadow)
    os.kill(shadow.process_id, signal.SIGKILL)
    until(lambda: summary(served).state == "failed")
    until(lambda: served.gateway.parts.guard.listener is None)
    assert "newt" in stream(served)
    assert entries(served, "bundle.shadowed")[-1]["state"] == "failed"
    assert read_differences(served.home / staging.FOLDER, 5) == []


def is_barred(path: Path) -> bool:
    """No file can be written where a folder is; there may be one just now."""
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    return path.is_dir()


def test_a_folder_that_cannot_be_written_ends_the_shadow_and_nothing_else(
    served: Served, tmp_path: Path
) -> None:
    run(served, "stage", str(bundle(served, tmp_path, NEWT)))
    until(lambda: is_running(served))
    until(lambda: is_barred(served.home / staging.FOLDER / f".{SUMMARY}"))
    until(lambda: any("is not tried" in note for note in served.notes))
    until(lambda: served.gateway.parts.guard.listener is None)
    run(served, "drop")
    assert "newt" in stream(served)


def test_a_bundle_of_somebody_else_is_not_staged(served: Served, tmp_path: Path) -> None:
    path = bundle(served, tmp_path, NEWT)
    (served.home / "keys" / "bundle.pub").write_text("00" * 32 + "\n")
    done = CliRunner().invoke(licet, ["bundle", "stage", str(path), "--home", str(served.home)])
    assert done.exit_code == 2
    assert "does not count" in done.output
