"""Two gateways before one store: one count, one record, under streams that run at the same time.

The time is the store's own, so the profile is the one without hours: a guardian sets the total.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from kit.clients import LONG, MODEL, ask, openai_client
from kit.databases import postgres_schema
from kit.gateway import Served, running_gateway
from kit.minors_scene import post
from licet.gateway.app import Gateway
from licet.gateway.keys import Grant

REDIS_URL = os.environ.get("LICET_TEST_REDIS", "redis://127.0.0.1:6379/0")
KEY = b"s" * 32
TABLE = """
[minors]
url = "{url}"
profile = "education"
key_file = "keys/minors.key"
unknown = "adult"
when_down = "refuse"
"""


@pytest.fixture(params=["redis", "postgres"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgres":
        with postgres_schema() as found:
            yield found
        return
    redis = pytest.importorskip("redis", reason="the extra `redis` is not installed")
    try:
        redis.Redis.from_url(REDIS_URL, socket_timeout=0.5).ping()
    except redis.RedisError:
        pytest.skip("no Redis answers; set LICET_TEST_REDIS to one that does")
    yield REDIS_URL


class Pair:
    """Two gateways with the same key of subjects, and a user whom both know."""

    def __init__(self, one: Served, two: Served, desk_keys: list[str]) -> None:
        self.gateways = (one, two)
        self.user = f"child-{secrets.token_hex(8)}"
        self._keys = desk_keys

    def post(self, gateway: int, deed: str, **body: Any) -> Any:
        served, key = self.gateways[gateway], self._keys[gateway]
        status, said = post(served, key, deed, user=self.user, **body)
        assert status == 200, said
        return said

    def stream(self, gateway: int) -> None:
        served = self.gateways[gateway]
        with openai_client(served.url, served.key) as client:
            asked: Any = {"model": MODEL, "messages": ask(LONG), "safety_identifier": self.user}
            for _ in client.chat.completions.create(**asked, stream=True):
                pass

    def used_ms(self) -> int:
        """As both gateways have it; they must agree."""
        found = []
        for served in self.gateways:
            minding = served.gateway.parts.minors
            assert minding is not None
            report = minding.service._store.look(minding.subjects.of(self.user))
            seen = asyncio.run_coroutine_threadsafe(report, served.loop).result(5)
            found.append(sum(seen.usage.days.values()))
        assert found[0] == found[1]
        return found[0]


@pytest.fixture
def pair(url: str, tmp_path: Path) -> Iterator[Pair]:
    keys: list[str] = []

    def prepare(gateway: Gateway) -> None:
        now = gateway.parts.clock.now()
        keys.append(gateway.keystore.create("desk", Grant(frozenset({"minors"})), now)[1])
        gateway.parts.keyring.refresh(gateway.parts.clock.monotonic())

    for name in ("one", "two"):
        file = tmp_path / name / "keys" / "minors.key"
        file.parent.mkdir(mode=0o700, parents=True)
        file.write_bytes(KEY)
        file.chmod(0o600)
    options: Any = {"more": TABLE.format(url=url), "pace_ms": 5, "prepare": prepare}
    with (
        running_gateway(tmp_path / "one", **options) as one,
        running_gateway(tmp_path / "two", **options) as two,
    ):
        pair = Pair(one, two, keys)
        now = int(one.gateway.parts.clock.now().timestamp() * 1000)
        signal = {
            "method": "document", "assurance": "high", "over": 12, "under": 14,
            "issued_ms": now - 60_000, "expires_ms": now + 86_400_000, "source": "acme",
        }  # fmt: skip
        pair.post(0, "signal", signal=signal)
        yield pair
        pair.post(0, "forget")


def test_streams_at_once_on_two_gateways_are_one_use(pair: Pair) -> None:
    began = time.monotonic()
    streams = [threading.Thread(target=pair.stream, args=(n % 2,)) for n in range(6)]
    for stream in streams:
        stream.start()
    for stream in streams:
        stream.join(60)
    time.sleep(0.5)  # the last signs follow the answers
    elapsed_ms = (time.monotonic() - began) * 1000
    used = pair.used_ms()
    assert used <= elapsed_ms + 60_000, "counted once, and a minute of reading at most"
    assert used >= 60_000, "six answers were read at once"


def test_what_is_set_at_one_gateway_holds_at_the_other(pair: Pair) -> None:
    pair.stream(1)
    pair.post(0, "guardian", linked=True, consented=True)
    totals = {str(day): 0 for day in range(7)}
    pair.post(0, "settings", settings={"daily_min": totals})
    with pytest.raises(openai.PermissionDeniedError) as refused:
        pair.stream(1)
    assert refused.value.code == "minor_time_limit"
    pair.post(1, "more", minutes=10)
    pair.stream(0)


def test_a_heartbeat_at_one_gateway_goes_on_at_the_other(pair: Pair) -> None:
    for n in range(6):
        pair.post(n % 2, "heartbeat")
        time.sleep(0.2)
    assert 900 <= pair.used_ms() <= 6_000
