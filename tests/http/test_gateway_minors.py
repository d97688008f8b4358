"""Minors before a real gateway: hints, refusals, the end of an answer, help, and who may say what.

The time of the minors' store is the test's own; everything else is as an operator runs it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from kit.clients import LONG, MODEL, anthropic_client, ask, openai_client
from kit.gateway import Served, running_gateway
from kit.minors_scene import CONFIG, RULES, SUBJECTS, Scene
from kit.minors_talk import (
    ADULT,
    ALONE,
    RULE_FILE,
    SAYS,
    chat,
    known,
    post,
    short,
    signal,
    usage_days,
)  # fmt: skip

CHILDREN = itertools.count(4711)


@pytest.fixture(scope="module")
def scene_and_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Served]]:
    scene = Scene()
    home = tmp_path_factory.mktemp("home")
    with running_gateway(
        home, rules=RULE_FILE, more=CONFIG, pace_ms=25, prepare=scene.prepare
    ) as served:
        yield scene, served


@pytest.fixture
def scene(scene_and_gateway: tuple[Scene, Served]) -> Scene:
    scene, _ = scene_and_gateway
    scene.time.set(12 * 60)
    scene.store.lame = False
    scene.child = f"child-{next(CHILDREN)}"  # nobody whom an earlier test may still be signing for
    return scene


@pytest.fixture
def served(scene_and_gateway: tuple[Scene, Served]) -> Served:
    return scene_and_gateway[1]


# --- who is limited


def test_an_adult_and_nobody_known_are_served_as_ever(scene: Scene, served: Served) -> None:
    known(scene, served, ADULT, over=18, under=None)
    for user in (ADULT, "somebody-else", None):
        headers = chat(served, user).headers
        assert {name for name in headers if name.startswith("licet-")} <= {"licet-licence"}


def test_a_child_is_told_how_long_is_left_and_what_is_off(scene: Scene, served: Served) -> None:
    known(scene, served)
    headers = chat(served, scene.child).headers
    assert headers["licet-minutes-left"] == "60"
    assert headers["licet-features-off"] == "memory, training_use, virtual_intimacy"
    assert "licet-reminders" not in headers


def test_a_stream_bears_the_same_hints(scene: Scene, served: Served) -> None:
    known(scene, served)
    with openai_client(served.url, served.key) as client:
        asked: Any = {"model": MODEL, "messages": SAYS, "safety_identifier": scene.child}
        with client.chat.completions.with_streaming_response.create(**asked, stream=True) as got:
            assert got.headers["licet-minutes-left"] == "60"
            assert b"[DONE]" in got.read()


def test_answering_and_reading_are_counted(scene: Scene, served: Served) -> None:
    known(scene, served)
    began = scene.time.at_ms()
    chat(served, scene.child)
    streamed_ms = scene.time.at_ms() - began
    used = sum(usage_of(scene, served).values())
    assert 0 < used <= streamed_ms + RULES.use.reading_s_max * 1000
    assert used > 2_000, "there was something to read"


def usage_of(scene: Scene, served: Served) -> dict[int, int]:
    subject = SUBJECTS.of(scene.child)
    deadline = time.monotonic() + 5  # the last sign follows the answer
    while True:
        look = asyncio.run_coroutine_threadsafe(scene.store.look(subject), served.loop)
        usage = look.result(5).usage
        if usage.until_ms > scene.time.at_ms() or time.monotonic() > deadline:
            return dict(usage.days)
        time.sleep(0.05)


# --- when time is up


def test_a_refusal_says_why_when_again_and_whom_to_ask(scene: Scene, served: Served) -> None:
    known(scene, served)
    short(scene, served, 0)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        chat(served, scene.child)
    said = refused.value
    assert said.code == "minor_time_limit"
    assert "used up" in said.message
    assert "今天的使用时长已用完" in said.message
    assert "guardian" in said.message
    assert "如果你已满18周岁" in said.message
    headers = said.response.headers
    assert (headers["licet-why"], headers["licet-can-ask"]) == ("daily_total", "yes")
    assert headers["licet-minutes-left"] == "0"


def test_the_night_is_closed_until_six(scene: Scene, served: Served) -> None:
    known(scene, served)
    scene.time.set(23 * 60)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        chat(served, scene.child)
    assert refused.value.response.headers["licet-next"].endswith("T22:00:00.000Z")  # 06:00 there
    assert 6.9 * 3600 < int(refused.value.response.headers["retry-after"]) <= 7 * 3600 + 1
    assert usage_days(scene, served) == 0, "a refusal is no use"


def test_more_time_lets_the_chat_go_on(scene: Scene, served: Served) -> None:
    known(scene, served)
    short(scene, served, 0)
    with pytest.raises(openai.PermissionDeniedError):
        chat(served, scene.child)
    status, said = post(scene, served, "more", user=scene.child, minutes=10)
    assert (status, said["allowed"]) == (200, True)
    assert said["minutes_left"] == 10
    assert chat(served, scene.child).headers["licet-minutes-left"] == "10"


def test_an_answer_that_runs_when_time_is_up_is_ended_after_the_grace(
    scene: Scene, served: Served
) -> None:
    known(scene, served)
    scene.time.set(22 * 60 - 1)
    scene.time.skip(59.0)
    began = time.monotonic()
    with openai_client(served.url, served.key) as client:
        asked: Any = {"model": MODEL, "messages": ask(LONG), "safety_identifier": scene.child}
        with pytest.raises(openai.APIError) as ended:
            for _ in client.chat.completions.create(**asked, stream=True):
                pass
    assert "minor_time_up" in str(ended.value.body)
    assert 1.0 < time.monotonic() - began < 5.0


def test_a_whole_answer_that_comes_too_late_is_not_given(tmp_path: Path) -> None:
    scene = Scene()
    with running_gateway(
        tmp_path, rules=RULE_FILE, more=CONFIG, pace_ms=2_500, prepare=scene.prepare
    ) as served:
        known(scene, served)
        scene.time.set(22 * 60 - 1)
        scene.time.skip(59.5)
        with pytest.raises(openai.PermissionDeniedError) as ended:
            chat(served, scene.child)
        assert ended.value.code == "minor_time_up"


# --- help


@pytest.mark.parametrize("stream", [False, True])
def test_a_cry_for_help_is_answered_at_night(scene: Scene, served: Served, stream: bool) -> None:
    known(scene, served)
    scene.time.set(23 * 60)
    with openai_client(served.url, served.key) as client:
        asked: Any = {
            "model": MODEL, "messages": ALONE, "safety_identifier": scene.child, "stop": ["a"],
            "max_tokens": 1,
        }  # fmt: skip
        if stream:
            chunks = client.chat.completions.create(**asked, stream=True)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        else:
            text = client.chat.completions.create(**asked).choices[0].message.content or ""
    assert "12356" in text
    assert text.startswith("You are not alone.")


def test_help_is_given_in_every_api_and_in_chinese(scene: Scene, served: Served) -> None:
    known(scene, served)
    scene.time.set(23 * 60)
    said: Any = [{"role": "user", "content": "今晚对我来说就是 grey lantern hour 了，我很难受。"}]
    with anthropic_client(served.url, served.key) as client:
        got = client.messages.create(
            model=MODEL, max_tokens=5, messages=said, metadata={"user_id": scene.child}
        )
    assert isinstance(got.content[0], anthropic.types.TextBlock)
    assert got.content[0].text.startswith("你不是一个人")


def test_by_day_a_refused_cry_for_help_bears_the_help(scene: Scene, served: Served) -> None:
    known(scene, served)
    with pytest.raises(openai.BadRequestError) as refused:
        chat(served, scene.child, messages=ALONE)
    assert refused.value.code == "content_filter"
    assert "12356" in refused.value.message


# --- the desk


def test_the_desk_is_for_keys_that_name_it(scene: Scene, served: Served) -> None:
    status, said = post(scene, served, "status", key=served.key, user=scene.child)
    assert (status, said["error"]["code"]) == (403, "route_not_allowed")
    status, said = post(scene, served, "status", key="licet_nobody", user=scene.child)
    assert status == 401


@pytest.mark.parametrize("field", ["birth_date", "idNum", "name", "pi"])
def test_personal_data_is_refused_by_its_field(scene: Scene, served: Served, field: str) -> None:
    bad = signal(scene) | {field: "11010120080101123X"}
    status, said = post(scene, served, "signal", user=scene.child, signal=bad)
    assert status == 400
    assert field in said["error"]["message"]
    assert "2008" not in json.dumps(said)


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("signal", {}),
        ("signal", {"signal": []}),
        ("guardian", {"linked": "yes", "consented": True}),
        ("settings", {"settings": {"extras": [{"start_ms": 0, "end_ms": 9, "more_ms": 9}]}}),
        ("more", {"minutes": "ten"}),
        ("status", {"mood": 1}),
    ],
)
def test_a_bad_request_is_told_what_to_send(
    scene: Scene, served: Served, deed: str, body: Any
) -> None:
    status, said = post(scene, served, deed, user=scene.child, **body)
    assert (status, said["error"]["code"]) == (400, "bad_input")


def test_what_is_not_a_guardians_to_loosen_is_named(scene: Scene, served: Served) -> None:
    known(scene, served)
    settings = {"features": {"virtual_intimacy": True}}
    status, said = post(scene, served, "settings", user=scene.child, settings=settings)
    assert status == 409
    assert said["error"]["faults"][0]["code"] == "not_yours_to_loosen"
    status, said = post(scene, served, "more", user=scene.child, minutes=500)
    assert (status, said["error"]["code"]) == (409, "too_much")
    status, said = post(scene, served, "settings", user="nobody", settings={})
    assert status == 404


def test_a_heartbeat_counts_while_the_page_is_read(scene: Scene, served: Served) -> None:
    known(scene, served)
    for _ in range(3):
        status, said = post(scene, served, "heartbeat", user=scene.child)
        assert (status, said["allowed"]) == (200, True)
        scene.time.skip(60)
    assert usage_days(scene, served) == 2


def test_no_reference_to_a_user_is_on_the_disk(scene: Scene, served: Served) -> None:
    known(scene, served)
    chat(served, scene.child)
    time.sleep(1.5)  # the ledger's and the store's own wait
    for path in (p for p in served.home.rglob("*") if p.is_file()):
        assert scene.child.encode() not in path.read_bytes(), path.name


# --- when the store is away


def test_a_store_that_is_down_refuses_or_passes_as_was_chosen(
    scene: Scene, served: Served
) -> None:
    minding = served.gateway.parts.minors
    assert minding is not None
    scene.store.lame = True
    with pytest.raises(openai.InternalServerError) as refused:
        chat(served, scene.child)
    assert refused.value.code == "minors_unavailable"
    before = minding._config
    minding._config = replace(before, when_down="pass")
    try:
        assert chat(served, scene.child).parse().choices[0].message.content
    finally:
        minding._config = before
