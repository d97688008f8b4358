"""`licet doctor` asks each judge one harmless question, and tells what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kit.judge import chat
from licet.cli.doctor_judges import QUESTION, check_judges
from licet.cli.doctor_scene import Scene
from licet.cli.home import Home
from licet.gateway.config import Config, load_config
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.gateway.config_judge import JudgeConfig

Answering = Callable[[bytes, int], str]
"""Begin a judge that answers with this body and status; gives its base URL."""
ASKED: list[tuple[str, str, dict[str, Any]]] = []


@pytest.fixture
def answering() -> Iterator[Answering]:
    servers: list[HTTPServer] = []

    def begin(answer: bytes, status: int) -> str:
        class Judge(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                ASKED.append((self.path, self.headers.get("authorization", ""), body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None: ...

        server = HTTPServer(("127.0.0.1", 0), Judge)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield begin
    ASKED.clear()
    for server in servers:
        server.shutdown()
        server.server_close()


def scene_of(tmp_path: Path, *judges: JudgeConfig, **environ: str) -> Scene:
    home = Home(tmp_path / "home")
    home.create()
    demo_config(home.root, DemoChoice())
    config: Config = load_config(home.config)
    config = replace(config, guard=replace(config.guard, judge=judges))
    return Scene(home, config, datetime(2026, 11, 24, tzinfo=UTC), environ, "utf-8")


def judge(url: str, **settings: Any) -> JudgeConfig:
    given: dict[str, Any] = {"name": "near", "kind": "llama-guard-3", "model": "m"} | settings
    return JudgeConfig(url=url, **given)


def test_a_judge_that_is_understood_is_well(answering: Answering, tmp_path: Path) -> None:
    near = judge(answering(chat("safe"), 200), key_env="NEAR_KEY")
    found = check_judges(scene_of(tmp_path, near, NEAR_KEY="sk-1"))
    assert (found.state, found.said.endswith("ms, understood")) == ("ok", True)
    ((path, authorization, body),) = ASKED
    assert (path, authorization) == ("/v1/chat/completions", "Bearer sk-1")
    assert body["messages"][-1]["content"] == QUESTION.text


def test_a_model_of_another_kind_is_found_out(answering: Answering, tmp_path: Path) -> None:
    near = judge(answering(chat("Safety: Safe\nCategories: None"), 200))
    found = check_judges(scene_of(tmp_path, near))
    assert (found.state, found.said) == ("bad", "near: its answer is not one of llama-guard-3")


def test_a_judge_that_refuses_is_told_with_its_status(
    answering: Answering, tmp_path: Path
) -> None:
    found = check_judges(scene_of(tmp_path, judge(answering(b"{}", 404))))
    assert (found.state, found.said) == ("bad", "near: answered with status 404")


def test_the_worst_of_several_is_what_is_found(answering: Answering, tmp_path: Path) -> None:
    near = judge(answering(chat("safe"), 200))
    away = judge("http://127.0.0.1:9/v1", name="away")
    keyless = judge("https://judge.example/v1", name="keyless", key_env="THEIR_KEY")
    found = check_judges(scene_of(tmp_path, near, away, keyless))
    assert found.state == "bad"
    assert "away: cannot be asked: ConnectionRefusedError" in found.said
    assert "keyless: not asked, THEIR_KEY is not set" in found.said
    assert len(ASKED) == 1


def test_without_a_judge_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert check_judges(scene_of(tmp_path)).state == "ok"
