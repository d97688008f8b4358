"""Somebody who was stopped asks for erasure while the gateway runs; an excerpt is ordered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from kit import plain
from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.scripted import reply, upstream
from kit.upstream import Peer
from licet.base.clock import SystemClock
from licet.cli.main import licet
from licet.gateway.casestore import ExcerptGone
from licet.gateway.erasing import erase_due
from licet.ledger.custody import pass_share, read_envelope, read_with, unlock, unpack
from licet.ledger.entry import parse_entry

ANNA = "anna@example.com"


async def walrus(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.send(reply("Once there was a purple walrus at sea."))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with (
        upstream(walrus) as behind,
        running_gateway(home, behind.url, rules=RULES) as found,
    ):
        yield found


def halted(served: Served, user: str) -> str:
    """The number of a case of theirs."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "user": user}
    answer = plain.post(f"{served.url}/chat/completions", json=body, headers=served.headers)
    return str(answer.json()["licet"]["case"])


def run(served: Served, *words: object, said: str = "", fails: bool = False) -> str:
    env = {"LICET_HOME": str(served.home)}
    done = CliRunner().invoke(licet, [str(word) for word in words], input=said, env=env)
    assert (done.exit_code != 0) == fails, done.output
    return done.output


def told(served: Served) -> list[Any]:
    log = served.gateway.log
    found = served.call(lambda: log.entries(0, log.size))
    return [one for e in found if (one := parse_entry(e)).kind == "erasure.executed"]


def test_a_request_erases_what_is_theirs_and_the_gateway_says_so_once(served: Served) -> None:
    hers, his = [halted(served, ANNA) for _ in range(2)], halted(served, "boris")
    parts, now = served.gateway.parts, SystemClock().now()
    assert "purple" in parts.cases.read_excerpt(hers[0], now).text
    run(served, "erase", "hold", hers[0], "--basis", "order_1", "--until", "2099-01-01")
    said = run(served, "erase", "request", "--user", ANNA)
    assert "it is erased when the hold ends" in said
    assert "purple" in parts.cases.read_excerpt(hers[0], now).text
    with pytest.raises(ExcerptGone):
        parts.cases.read_excerpt(hers[1], now)
    assert "waits for a hold" in run(served, "erase", "list")
    assert "1 destroyed" not in run(served, "erase", "list").split("waits")[1]
    said = run(served, "erase", "lift", hers[0])
    assert "the gateway writes the ledger's entry at its next round" in said
    with pytest.raises(ExcerptGone):
        parts.cases.read_excerpt(hers[0], now)
    assert "purple" in parts.cases.read_excerpt(his, now).text
    for _ in range(2):
        served.call(lambda: erase_due(parts, served.gateway.writer.submit, SystemClock().now()))
        until_s = time.monotonic() + 10
        while "done, in the ledger" not in run(served, "erase", "list"):
            assert time.monotonic() < until_s
    (entry,) = told(served)
    assert entry.pub["items"] == 2
    assert "nothing is kept" in run(served, "erase", "request", "--user", ANNA, fails=True)


def test_an_excerpt_that_an_order_names_is_sealed_for_two_at_the_authority(
    served: Served, tmp_path: Path
) -> None:
    from licet.cli.order import KeyFile

    case, keys = halted(served, "carl"), []
    for name in ("a", "b", "reader"):
        words = f"what opens the box of {name}\n"
        run(served, "order", "key", "make", "--name", name, "--side", "authority",
            "-o", tmp_path / name, said=words * 2)  # fmt: skip
        file = msgspec.json.decode((tmp_path / name).read_bytes(), type=KeyFile)
        keys.append((file.card, unlock(file.card, file.locked, words.strip())))
    found = tmp_path / "found.json"
    run(served, "order", "excerpt", case, "--card", tmp_path / "a.card",
        "--card", tmp_path / "b.card", "-o", found)  # fmt: skip
    sealed = msgspec.json.decode(found.read_bytes(), type=dict[str, bytes])[case]
    assert b"purple" not in sealed
    envelope, (reader, reader_key) = read_envelope(sealed), keys[2]
    given = [pass_share(envelope, key, reader, "order_1") for _, key in keys[:2]]
    text = unpack(read_with(envelope, given, reader_key, "order_1"))[1].decode()
    assert "purple" in text
    run(served, "order", "excerpt", case, "--card", tmp_path / "a.card", "-o", found, fails=True)
