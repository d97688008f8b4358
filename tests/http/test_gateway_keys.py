"""Keys and limits before a running gateway: whoever may not is told so, and nothing is asked."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest

from kit import plain
from kit.gateway import CONFIG, Served, running_gateway
from kit.scripted import reply, upstream
from kit.upstream import Peer, Server, answering
from licet.base.clock import SystemClock
from licet.gateway.app import Gateway
from licet.gateway.keyring import KeyRing, KeyStore
from licet.gateway.keys import Grant
from licet.ledger.entry import parse_entry

HELLO = [{"role": "user", "content": "hello"}]
REVOKED_S = 3.0
"""Keys are looked at once a second; a busy machine is given more."""


@pytest.fixture(scope="module")
def behind() -> Iterator[Server]:
    with upstream(answering(reply("hi"))) as behind:
        yield behind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, behind: Server) -> Iterator[Served]:
    with running_gateway(tmp_path_factory.mktemp("home"), behind.url) as served:
        yield served


def key_for(served: Served, **grant: Any) -> tuple[str, str]:
    """(id, text) of a new key that the gateway knows already."""

    def make() -> tuple[str, str]:
        clock = SystemClock()
        key, text = served.gateway.keystore.create("another", Grant(**grant), clock.now())
        served.gateway.parts.keyring.refresh(clock.monotonic())
        return key.id, text

    return served.call(make)


def ask(served: Served, key: str | None, *, model: str = "m", **options: Any) -> Any:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return plain.post(
        f"{served.url}/chat/completions",
        json={"model": model, "messages": HELLO},
        headers=headers | options.pop("headers", {}),
        timeout=10,
    )


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "No API key"),
        ({"authorization": "Bearer"}, "No API key"),
        ({"authorization": "Bearer sk-of-another-house"}, "not an API key"),
        ({"authorization": "Basic bGljZXQ6eA=="}, "No API key"),
        ({"authorization": "Bearer licet_" + "A" * 42}, ""),
        ({"authorization": "Bearer licet_" + "A" * 5000}, "not an API key"),
        ({"authorization": b"Bearer licet_\xff\xfe"}, "not an API key"),
        ({"x-api-key": "nonsense"}, "not an API key"),
    ],
)
def test_without_a_good_key_nothing_is_asked(
    headers: Any, said: str, served: Served, behind: Server
) -> None:
    asked = len(behind.requests)
    response = ask(served, None, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert said in response.json()["error"]["message"]
    assert len(behind.requests) == asked


def test_every_route_but_the_public_ones_wants_a_key(served: Served) -> None:
    for path in ("chat/completions", "completions", "responses", "messages", "embeddings",
                 "moderations"):  # fmt: skip
        assert plain.post(f"{served.url}/{path}", json={}).status_code == 401, path
    for path in ("models", "models/m"):
        assert plain.get(f"{served.url}/{path}").status_code == 401
    for path in ("/", "/healthz", "/readyz", "/ledger/checkpoint", "/ledger/vkey"):
        assert plain.get(served.root + path).status_code == 200


def test_a_revoked_key_ends_while_the_gateway_runs(served: Served) -> None:
    key_id, key = key_for(served)
    assert ask(served, key).status_code == 200
    served.call(lambda: served.gateway.keystore.revoke(key_id, SystemClock().now()))
    began_s = time.monotonic()
    while (status := ask(served, key).status_code) == 200:
        assert time.monotonic() - began_s < REVOKED_S
        time.sleep(0.05)
    assert status == 401
    assert "revoked" in ask(served, key).json()["error"]["message"]


def test_a_key_opens_its_routes_and_models_only(served: Served, behind: Server) -> None:
    _, narrow = key_for(served, routes=frozenset({"chat"}), models=("gpt-*", "qwen"))
    asked = len(behind.requests)
    assert ask(served, narrow, model="claude").status_code == 403
    assert ask(served, narrow, model="qwen2").status_code == 403
    headers = {"authorization": f"Bearer {narrow}"}
    other = plain.post(
        f"{served.url}/embeddings", json={"model": "gpt-4", "input": "x"}, headers=headers
    )
    assert (other.status_code, other.json()["error"]["code"]) == (403, "route_not_allowed")
    assert plain.get(f"{served.url}/models", headers=headers).status_code == 403
    assert len(behind.requests) == asked
    assert ask(served, narrow, model="gpt-4").status_code == 200
    assert ask(served, narrow, model="qwen").status_code == 200


def test_a_rate_limit_says_when_to_come_back(served: Served, behind: Server) -> None:
    _, key = key_for(served, rate_per_minute=2)
    assert [ask(served, key).status_code for _ in range(2)] == [200, 200]
    asked = len(behind.requests)
    limited = ask(served, key)
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert len(behind.requests) == asked


def test_places_are_given_back_however_a_request_ends(tmp_path: Any) -> None:
    async def slow(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.4)
        await peer.send(reply("hi"))

    with upstream(slow) as behind, running_gateway(tmp_path, behind.url) as served:
        _, key = key_for(served, concurrency_max=1)
        headers = {"authorization": f"Bearer {key}"}

        async def at_once() -> list[int]:
            async with plain.async_client(timeout=10, headers=headers) as client:
                body = {"model": "m", "messages": HELLO}
                asked = (
                    client.post(f"{served.url}/chat/completions", json=body) for _ in range(3)
                )
                return sorted(r.status_code for r in await asyncio.gather(*asked))

        assert asyncio.run(at_once()) == [200, 429, 429]
        assert asyncio.run(at_once()) == [200, 429, 429]
        refused = plain.post(f"{served.url}/chat/completions", content=b"{", headers=headers)
        assert refused.status_code == 400
        with pytest.raises(httpx2.ReadTimeout):
            plain.post(
                f"{served.url}/chat/completions",
                json={"model": "m", "messages": HELLO}, headers=headers, timeout=0.15,
            )  # fmt: skip
        time.sleep(0.1)
        assert ask(served, key).status_code == 200


def test_without_its_store_of_limits_nothing_is_served(tmp_path: Any, behind: Server) -> None:
    pytest.importorskip("redis", reason="limits in Redis need its client")
    limits = '[limits]\nurl = "redis://127.0.0.1:9/0"\nrate_per_minute = 5'
    asked = len(behind.requests)
    with running_gateway(tmp_path, behind.url, more=limits) as served:
        response = ask(served, served.key)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "limits_unavailable")
    assert len(behind.requests) == asked


class BrokenStore:
    """A store of keys that is a bug."""

    def version(self) -> int:
        raise ZeroDivisionError("a bug")


def test_a_gateway_whose_upkeep_has_died_stops(tmp_path: Any, behind: Server) -> None:
    """No revoked key would be noticed any more, so nothing may be served."""

    def spoil(gateway: Gateway) -> None:
        gateway.parts.keyring = KeyRing(cast(KeyStore, BrokenStore()))

    with (
        pytest.raises(RuntimeError, match="failed") as raised,
        running_gateway(tmp_path, behind.url, prepare=spoil) as served,
    ):
        wait_until_refused(served.root)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def wait_until_refused(root: str) -> None:
    began_s = time.monotonic()
    with contextlib.suppress(httpx2.TransportError):
        while time.monotonic() - began_s < 10:
            plain.get(f"{root}/healthz")
    assert time.monotonic() - began_s < 10


@pytest.mark.parametrize(
    "fault", ["DROP TABLE api_key_version", "DELETE FROM api_key_version", "DROP TABLE api_key"]
)
def test_without_its_store_of_keys_serving_ends(fault: str, tmp_path: Any, behind: Server) -> None:
    config = CONFIG.replace('url = "sqlite:keys.db"', 'url = "sqlite:keys.db"\nstale_s = 1')
    with running_gateway(tmp_path, behind.url, config=config) as served:
        assert ask(served, served.key).status_code == 200
        with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as db, db:
            if "DROP TABLE api_key" in fault:
                db.execute("UPDATE api_key_version SET n = n + 1")
            db.execute(fault)
        began_s = time.monotonic()
        while (response := ask(served, served.key)).status_code == 200:
            assert time.monotonic() - began_s < 10
            time.sleep(0.1)
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "keys_unavailable"
        assert plain.get(f"{served.root}/readyz").status_code == 503


@pytest.mark.parametrize(
    ("configured", "named", "holds"),
    [("default", "default", "default"), ("minor", "default", "minor"),
     ("default", "minor", "minor")],
)  # fmt: skip
def test_the_configuration_says_whose_thresholds_hold_for_keys_that_name_none(
    configured: str, named: str, holds: str, tmp_path: Any, behind: Server
) -> None:
    with running_gateway(tmp_path, behind.url, guard=f'audience = "{configured}"') as served:
        _, key = key_for(served, audience=named)
        assert ask(served, key).status_code == 200
        log = served.gateway.log
        while (
            last := parse_entry(served.call(lambda: log.entries(0, log.size))[-1])
        ).kind == "licence.changed":  # what comes of an exchange is written a little later
            time.sleep(0.02)
    assert last.pub["audience"] == holds
