"""Measures against persons before two real gateways that share pseudonyms: who is told what, how
soon it takes hold, and what holds while the desk is down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from kit.clients import MODEL, anthropic_client, openai_client
from kit.gateway import Served, running_gateway
from kit.measures import Desk, desk, measure
from licet.base.clock import SystemClock
from licet.cli.doctor_measures import check_measures
from licet.cli.doctor_scene import Scene
from licet.cli.home import Home

SAYS: Any = [{"role": "user", "content": "Good morning."}]
HOLDS_S = 5.0
PAGE = "https://desk.example/measure/LM-20261120-0123456789AB"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Served, Served]]:
    folder = tmp_path_factory.mktemp("desk")
    with (
        desk(folder) as served,
        running_gateway(folder / "one", more=served.config) as one,
        running_gateway(folder / "two", more=served.config) as two,
    ):
        yield served, one, two


def now_s() -> float:
    return SystemClock().now().timestamp()


def chat(served: Served, user: str | None) -> Any:
    asked: dict[str, Any] = {"model": MODEL, "messages": SAYS}
    if user is not None:
        asked["safety_identifier"] = user
    with openai_client(served.url, served.key) as client:
        return client.chat.completions.with_raw_response.create(**asked)


def held(served: Served, user: str) -> openai.APIStatusError | None:
    try:
        chat(served, user)
    except openai.APIStatusError as no:
        return no
    return None


def eventually(holds: Callable[[], Any]) -> Any:
    ends = time.monotonic() + HOLDS_S
    while not (found := holds()):
        assert time.monotonic() < ends, f"did not hold within {HOLDS_S} s"
        time.sleep(0.1)
    return found


def name_of(served: Served, user: str) -> str:
    return served.call(lambda: served.gateway.pseudonyms.of(user))


def test_a_suspension_holds_on_every_gateway_within_five_seconds_and_says_why(
    scene: tuple[Desk, Served, Served],
) -> None:
    served, one, two = scene
    assert name_of(one, "anna") == name_of(two, "anna"), "the gateways share the keys"
    assert held(one, "anna") is None
    served.put(measure(name_of(one, "anna")))
    for gateway in (one, two):
        no = eventually(lambda gateway=gateway: held(gateway, "anna"))
        assert isinstance(no, openai.PermissionDeniedError)
        assert no.code == "measure_in_force"
        told: Any = no.body
        assert told["licet"]["appeal"] == PAGE
        assert told["licet"]["rule"] == "base.fraud.en.1"
        assert told["licet"]["reason"] == "Three in a row."
        assert told["licet"]["step"] == "suspend"
        assert told["licet"]["until"].endswith("Z")
        assert PAGE in told["message"]
        assert held(gateway, "boris") is None
        assert chat(gateway, None).status_code == 200
        with (
            anthropic_client(gateway.url, gateway.key) as client,
            pytest.raises(anthropic.PermissionDeniedError),
        ):
            client.messages.create(
                model=MODEL, max_tokens=9, messages=SAYS, metadata={"user_id": "anna"}
            )
    served.put()
    for gateway in (one, two):
        eventually(lambda gateway=gateway: held(gateway, "anna") is None)


def test_a_warned_person_is_served_and_told_in_a_header(
    scene: tuple[Desk, Served, Served],
) -> None:
    served, one, _ = scene
    served.put(measure(name_of(one, "carol"), effect="none", step="warn"))
    headers = eventually(lambda: (h := chat(one, "carol").headers).get("licet-notice") and h)
    assert headers["licet-notice"] == PAGE
    assert headers["licet-measure"].startswith("warn; until=")
    assert "licet-notice" not in chat(one, "boris").headers


def test_a_restricted_person_is_served_slowly(scene: tuple[Desk, Served, Served]) -> None:
    served, one, _ = scene
    number = "LM-20261120-000000000002"
    slow = measure(
        name_of(one, "dora"), effect="slow", step="restrict", per_minute=2, number=number
    )
    served.put(slow)
    eventually(lambda: "licet-notice" in chat(one, "dora").headers)
    no = eventually(lambda: held(one, "dora"))
    assert isinstance(no, openai.RateLimitError)
    assert no.code == "measure_restricts"
    assert 1 <= int(no.response.headers["retry-after"]) <= 60
    assert held(one, "boris") is None


def test_a_desk_that_is_down_frees_nobody_and_an_end_comes_by_itself(
    scene: tuple[Desk, Served, Served],
) -> None:
    served, one, _ = scene
    until = int(now_s()) + 4
    served.put(measure(name_of(one, "erik"), until=until))
    eventually(lambda: held(one, "erik"))
    served.down = True
    try:
        eventually(lambda: one.gateway.parts.measures.failed)  # type: ignore[union-attr]
        if now_s() < until - 0.5:
            assert held(one, "erik") is not None
        eventually(lambda: held(one, "erik") is None)
        assert now_s() >= until - 0.1
    finally:
        served.down = False


def test_a_gateway_asks_with_what_it_knows(scene: tuple[Desk, Served, Served]) -> None:
    served, _, _ = scene
    served.asked.clear()
    eventually(lambda: len(served.asked) > 3)
    assert {status for _, status in served.asked[3:]} == {304}


def test_a_gateway_that_starts_while_the_desk_is_down_knows_what_it_knew(tmp_path: Path) -> None:
    with desk(tmp_path / "desk") as served:
        with running_gateway(tmp_path / "home", more=served.config) as first:
            served.put(measure(name_of(first, "anna")))
            eventually(lambda: held(first, "anna"))
            ready = httpx2.get(f"{first.root}/readyz").json()
            assert (ready["measures"]["in_force"], ready["measures"]["trouble"]) == (1, None)
            looks = Scene(
                Home(tmp_path / "home"),
                first.gateway.parts.config,
                SystemClock().now(),
                {},
                "utf-8",
            )
            assert check_measures(looks).said.startswith("1 in force; changed 20")
        served.down = True
        with running_gateway(tmp_path / "home", more=served.config) as again:
            assert held(again, "anna") is not None
        (tmp_path / "home" / "measures" / "measures.jwt").write_text("of somebody else")
        with running_gateway(tmp_path / "home", more=served.config) as blank:
            assert held(blank, "anna") is None, "what the desk did not sign binds nobody"
            assert check_measures(looks).state == "bad"
            ready = httpx2.get(f"{blank.root}/readyz")
            assert (ready.status_code, ready.json()["measures"]["issued"]) == (200, None)
        (tmp_path / "home" / "measures" / "measures.jwt").unlink()
        assert check_measures(looks).state == "warn"


def test_the_check_costs_next_to_nothing(scene: tuple[Desk, Served, Served]) -> None:
    served, one, _ = scene
    mine = name_of(one, "anna")
    served.put(*(measure(f"{mine[:-6]}{n:06}", number=f"LM-{n:08}") for n in range(10_000)))
    measures: Any = one.gateway.parts.measures
    eventually(lambda: measures.listed and len(measures.listed.measures) == 10_000)

    async def look() -> float:
        took = []
        for n in range(2_000):
            began = time.perf_counter()
            measures.of(f"user-{n}")
            took.append(time.perf_counter() - began)
        return sorted(took)[1_000]

    p50 = asyncio.run_coroutine_threadsafe(look(), one.loop).result(20)
    assert p50 < 0.000_1, f"{p50 * 1e6:.1f} us"
    served.put()
