"""What a guardian or the law keeps from a minor at a real gateway: features and payments. What is
noted of help, and what is counted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from kit.gateway import Served, running_gateway
from kit.media import MEDIA
from kit.minors_scene import CONFIG, Scene
from kit.minors_talk import ADULT, ALONE, RULE_FILE, chat, known, post, short, usage_days

CHILDREN = itertools.count(1)


@pytest.fixture(scope="module")
def scene_and_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Served]]:
    scene = Scene()
    home = tmp_path_factory.mktemp("home")
    tables = CONFIG + MEDIA
    with running_gateway(
        home, rules=RULE_FILE, more=tables, prepare=scene.prepare, guard='images = "pass"'
    ) as served:
        yield scene, served


@pytest.fixture
def scene(scene_and_gateway: tuple[Scene, Served]) -> Scene:
    scene, _ = scene_and_gateway
    scene.time.set(12 * 60)
    scene.child = f"child-{next(CHILDREN)}"
    return scene


@pytest.fixture
def served(scene_and_gateway: tuple[Scene, Served]) -> Served:
    return scene_and_gateway[1]


def test_a_guardians_answer_that_is_told_twice_gives_once(scene: Scene, served: Served) -> None:
    known(scene, served)
    short(scene, served, 0)
    for _ in range(2):
        status, said = post(scene, served, "more", user=scene.child, minutes=10, id="request-1")
        assert (status, said["minutes_left"]) == (200, 10)
    status, said = post(scene, served, "more", user=scene.child, minutes=10, id="request-2")
    assert said["minutes_left"] == 20


def test_the_status_says_what_holds(scene: Scene, served: Served) -> None:
    known(scene, served)
    short(scene, served, 45)
    _, said = post(scene, served, "status", user=scene.child)
    assert (said["profile"], said["band"], said["linked"]) == ("chat", "from12", True)
    assert (said["used_min"], said["total_min"], said["spent_fen"]) == (0, 45, 0)
    assert said["settings"]["daily_min"]["0"] == 45


def test_payments_keep_the_caps_and_count_once(scene: Scene, served: Served) -> None:
    known(scene, served)
    asked: dict[str, Any] = {"user": scene.child, "payment": "order-1", "fen": 5_000}
    for _ in range(2):
        status, said = post(scene, served, "spend", **asked)
        assert (status, said["spent_fen"]) == (200, 5_000)
    status, said = post(scene, served, "spend", **asked | {"payment": "order-2", "fen": 5_001})
    assert (status, said["error"]["code"]) == (409, "over_once")
    post(scene, served, "guardian", user=scene.child, linked=True, consented=True)
    post(scene, served, "settings", user=scene.child, settings={"month_yuan": 60})
    status, said = post(scene, served, "spend", **asked | {"payment": "order-3", "fen": 1_001})
    assert (status, said["error"]["code"]) == (409, "over_month")
    status, said = post(scene, served, "spend", **asked | {"payment": "order-4", "fen": 1_000})
    assert (status, said["spent_fen"]) == (200, 6_000)
    status, said = post(scene, served, "spend", **asked | {"fen": 1.5})
    assert status == 400


def test_payments_at_once_do_not_pass_the_cap(scene: Scene, served: Served) -> None:
    known(scene, served)
    with ThreadPoolExecutor(6) as pool:
        asked = [
            pool.submit(
                post, scene, served, "spend", user=scene.child, payment=f"order-{n}", fen=4_000
            )
            for n in range(6)
        ]
    done = [one.result()[0] for one in asked]
    _, said = post(scene, served, "status", user=scene.child)
    assert said["spent_fen"] == 4_000 * done.count(200) <= 20_000
    assert done.count(200) == 5


def test_speech_and_pictures_are_features_too(scene: Scene, served: Served) -> None:
    known(scene, served)
    post(scene, served, "guardian", user=scene.child, linked=True, consented=True)
    with openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client:
        speech: Any = {"model": "m", "voice": "alloy", "response_format": "wav"}
        speech |= {"input": "Hi.", "extra_body": {"safety_identifier": scene.child}}
        assert client.audio.speech.create(**speech).content[:4] == b"RIFF"
        post(scene, served, "settings", user=scene.child,
             settings={"features": {"voice": False, "images": False}})  # fmt: skip
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.audio.speech.create(**speech)
        assert refused.value.code == "minor_feature_off"
        with pytest.raises(openai.PermissionDeniedError):
            client.images.generate(model="m", prompt="A lake", user=scene.child)


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({"licet-features": "memory"}, {}),
        ({"licet-features": "characters, voice"}, {}),
        ({}, {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}),
    ],
)
def test_a_feature_that_is_off_is_refused(
    scene: Scene, served: Served, headers: dict[str, str], more: Any
) -> None:
    known(scene, served)
    post(scene, served, "guardian", user=scene.child, linked=True, consented=True)
    post(scene, served, "settings", user=scene.child, settings={"features": {"voice": False}})
    with pytest.raises(openai.PermissionDeniedError) as refused:
        chat(served, scene.child, extra_headers=headers, **more)
    assert refused.value.code == "minor_feature_off"
    assert "以下功能未对你开放" in refused.value.message
    assert usage_days(scene, served) == 0
    known(scene, served, ADULT, over=18, under=None)
    assert chat(served, ADULT, extra_headers=headers).status_code == 200


def test_a_feature_that_is_on_is_served_and_a_misspelt_one_refused(
    scene: Scene, served: Served
) -> None:
    known(scene, served)
    assert chat(served, scene.child, extra_headers={"licet-features": "voice"}).status_code == 200
    _, said = post(scene, served, "report", user=scene.child)
    assert said["days"][-1]["kinds"] == ["text", "voice"]
    with pytest.raises(openai.BadRequestError) as refused:
        chat(served, scene.child, extra_headers={"licet-features": "voices"})
    assert refused.value.code == "unknown_feature"


def test_help_is_noted_without_a_word_of_what_was_said(scene: Scene, served: Served) -> None:
    known(scene, served)
    for minute in (12 * 60, 23 * 60):  # by day and by night
        scene.time.set(minute)
        with contextlib.suppress(openai.BadRequestError):
            chat(served, scene.child, messages=ALONE)
        with contextlib.suppress(openai.BadRequestError):
            chat(served, scene.child, messages=ALONE)
    _, said = post(scene, served, "status", user=scene.child)
    assert [one["category"] for one in said["alerts"]] == ["self_harm", "self_harm"]
    assert "lantern" not in json.dumps(said)


@pytest.mark.parametrize(
    ("words", "helped"),
    [
        ("I want to kill myself", True),
        ("I’M GOING TO KILL MYSELF, really", True),
        ("我想自杀", True),
        ("我 不想活了。", True),
        ("I want to dielectric-coat a lens.", False),
        ("新闻里说有人想轻生，怎样帮助他们？", False),
    ],
)
def test_a_cry_is_answered_by_day_too_and_nobody_elses_story_is(
    scene: Scene, served: Served, words: str, helped: bool
) -> None:
    known(scene, served)
    said: Any = [{"role": "user", "content": words}]
    assert ("12356" in chat(served, scene.child, messages=said).text) is helped
    talks_on: Any = [{"role": "assistant", "content": "…"}, {"role": "user", "content": "Hi."}]
    assert "12356" not in chat(served, scene.child, messages=talks_on).text


def test_help_is_given_though_a_feature_is_off(scene: Scene, served: Served) -> None:
    known(scene, served)
    got = chat(served, scene.child, messages=ALONE, extra_headers={"licet-features": "memory"})
    assert "12356" in got.text


def test_figures_name_nobody_and_leave_out_small_cells(scene: Scene, served: Served) -> None:
    status, said = post(scene, served, "figures")
    assert status == 200
    assert set(said) == {"day", "persons", "cells"}
    assert all(count is None or count == 0 or count >= 10 for count in said["cells"].values())
