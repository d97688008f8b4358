"""`kill -9` at random moments under load: every case that a client was given is on record."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import sqlite3
from pathlib import Path

import httpx2

from kit import plain
from kit.bundles import RULES, write_rules
from kit.command import Running, licet, up
from licet.base.ids import case_mark
from licet.ledger.entry import parse_entry
from licet.ledger.log import LogView
from licet.ledger.note import parse_vkey
from licet.ledger.store_sqlite import SqliteStore

ROUNDS = 5
CLIENTS = 8
_CASE = re.compile(r'"case":\s*"(LC-[^"]+)"')
ASKED: tuple[dict[str, object], ...] = (
    {"messages": [{"role": "user", "content": "answer:en-bank-call"}]},
    {"messages": [{"role": "user", "content": "answer:zh-fraud-call"}], "stream": True},
    {"messages": [{"role": "user", "content": "the purple walrus"}]},
    {"messages": [{"role": "user", "content": "answer:en-river-walk"}], "stream": True},
)


async def load(running: Running, given: set[str], rng: random.Random) -> None:
    """Clients that ask until the gateway is gone; every case that they were given is noted."""

    async def one(client: httpx2.AsyncClient) -> None:
        while True:
            heard = ""
            try:
                async with client.stream(
                    "POST", f"{running.url}/chat/completions",
                    json={"model": "replay"} | rng.choice(ASKED),
                ) as response:  # fmt: skip
                    async for piece in response.aiter_text():
                        heard += piece
            except httpx2.TransportError:
                return
            finally:
                given.update(_CASE.findall(heard))

    async def kill() -> None:
        await asyncio.sleep(rng.uniform(0.15, 1.2))
        running.send(signal.SIGKILL)

    async with plain.async_client(headers=running.headers, timeout=20) as client:
        await asyncio.gather(kill(), *(one(client) for _ in range(CLIENTS)))


def recorded(home: Path) -> tuple[set[str], list[str]]:
    """Marks of case numbers, and kinds, of all entries."""
    store = SqliteStore(home / "ledger" / "ledger.db", read_only=True)
    log = LogView(store, parse_vkey((home / "ledger" / "vkey").read_text(encoding="ascii")))
    try:
        found = [parse_entry(entry) for entry in log.entries(0, log.size)]
    finally:
        log.close()
    return {str(e.pub["case"]) for e in found if "case" in e.pub}, [e.kind for e in found]


def test_no_case_number_outlives_its_record(tmp_path: Path) -> None:
    home, rng, given = tmp_path / "home", random.Random(20261124), set[str]()
    rules = write_rules(tmp_path / "mine.toml", RULES)
    for number in range(ROUNDS):
        with up(home, "--rules", rules, "--pace-ms", "1") as running:
            asyncio.run(load(running, given, rng))
            assert running.wait() == -signal.SIGKILL
        cases, kinds = recorded(home)
        lost = sorted(case for case in given if case_mark(case) not in cases)
        assert not lost, f"round {number}: lost {lost}"
        verified = licet("ledger", "verify", home / "ledger")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert kinds.count("gateway.started") == number + 1
    assert len(given) > ROUNDS
    with sqlite3.connect(home / "cases.db") as db:
        kept = {row[0] for row in db.execute("SELECT id FROM stopped")}
    db.close()
    assert given <= kept, "and the page of each case can be read"
    with up(home, "--rules", rules) as running:
        assert plain.get(f"{running.root}/readyz").status_code == 200
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert recorded(home)[1][-1] == "gateway.stopped"
