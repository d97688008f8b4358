"""Who asks again under one Idempotency-Key is given the first answer: the model is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kit.assessed import Assessed, Said, error, reply
from kit.gateway import Served, running_gateway
from kit.serve import serve
from licet.guard.guarding import Guard

RULES = """\
[[rule]]
id = "animals.en.1"
category = "operator"
action = "halt"
literal = ["purple walrus"]
author = "Tests"
reason = "To be found."
"""


class Scene:
    """A gateway before a model that counts."""

    def __init__(self, served: Served, model: Assessed) -> None:
        self.served, self.model = served, model

    def ask(self, text: str, key: str = "k-1", **body: Any) -> httpx2.Response:
        return httpx2.post(
            f"{self.served.url}/chat/completions",
            headers={**self.served.headers, "idempotency-key": key},
            json={"model": "m", "messages": [{"role": "user", "content": text}], **body},
        )


@pytest.fixture
def faults() -> list[Said]:
    return []


@pytest.fixture
def scene(tmp_path: Path, faults: list[Said]) -> Iterator[Scene]:
    numbers = iter(range(1000))
    model = Assessed(lambda text: reply(f"{text} {next(numbers)}"), faults=faults, pause_s=0.05)
    with (
        serve(model) as root,
        running_gateway(tmp_path / "home", f"{root}/v1", rules=RULES) as served,
    ):
        yield Scene(served, model)


def test_the_same_answer_is_given_again_and_the_model_not_asked(scene: Scene) -> None:
    first, again = scene.ask("Hello."), scene.ask("Hello.")
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert first.headers["x-request-id"] == again.headers["x-request-id"]
    assert scene.model.asked["Hello."] == 1
    assert scene.ask("Hello.", "k-2").content != first.content, "another key, another answer"


def test_a_client_that_left_finds_its_answer(scene: Scene) -> None:
    """What it asked for is made to its end, as long as it can be asked for again."""

    async def leave() -> None:
        async with httpx2.AsyncClient() as client:
            body = {"model": "m", "messages": [{"role": "user", "content": "Hello."}]}
            headers = {**scene.served.headers, "idempotency-key": "k-1"}
            asking = asyncio.create_task(
                client.post(f"{scene.served.url}/chat/completions", headers=headers, json=body)
            )
            while not scene.model.asked:
                await asyncio.sleep(0.001)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(leave())
    assert scene.ask("Hello.").json()["choices"][0]["message"]["content"] == "Hello. 0"
    assert scene.model.asked["Hello."] == 1


def test_who_asks_at_the_same_time_waits_for_one_answer(scene: Scene) -> None:
    async def both() -> list[bytes]:
        return await asyncio.gather(*(asyncio.to_thread(bytes_of) for _ in range(4)))

    def bytes_of() -> bytes:
        return bytes(scene.ask("Hello.").content)

    assert len(set(asyncio.run(both()))) == 1
    assert scene.model.asked["Hello."] == 1


def test_a_key_is_for_one_request(scene: Scene) -> None:
    scene.ask("Hello.")
    other = scene.ask("Something else.")
    assert other.status_code == 422
    assert other.json()["error"]["code"] == "idempotency_key"
    assert "Take a new key" in other.json()["error"]["message"]
    assert scene.model.asked["Something else."] == 0
    assert scene.ask("Hello.", "k" * 300).status_code == 400


def test_a_refused_prompt_has_one_case_however_often_it_is_asked(scene: Scene) -> None:
    first, again = scene.ask("A purple walrus."), scene.ask("A purple walrus.")
    assert first.status_code == again.status_code == 400
    assert first.json() == again.json()


def test_trouble_is_not_kept(scene: Scene, faults: list[Said]) -> None:
    faults.append(error(503))
    assert scene.ask("Hello.").status_code >= 500
    assert scene.ask("Hello.").status_code == 200
    assert scene.model.asked["Hello."] == 2


def test_a_stream_is_a_stream_each_time(scene: Scene) -> None:
    for _ in range(2):
        scene.ask("Hello.", stream=True)
    assert scene.model.asked["Hello."] == 2


def test_what_a_new_bundle_has_not_judged_is_asked_anew(scene: Scene) -> None:
    scene.ask("Hello.")
    parts = scene.served.gateway.parts
    scene.served.call(lambda: setattr(parts, "guard", renamed(parts.guard)))
    assert scene.ask("Hello.").status_code == 200
    assert scene.model.asked["Hello."] == 2


def renamed(guard: Guard) -> Guard:
    """The same guard under the name of another bundle."""
    return Guard(
        guard.lexicon, guard.classifier, guard.policy, name="another@1", doubt=guard.doubt
    )
