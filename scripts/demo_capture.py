"""Watches one answer from both ends: what the model sent, and what reached the client, with times.

The gateway is the real one (`licet gateway`, a process of its own), the client the official
`openai` one. The model is the built-in replay upstream, served from here so that its bytes can be
noted as they leave. It refuses to know how that is drawn.

Rules
1. Every time is of one clock, in ms since the client asked.
2. Nothing is made up: a text that is drawn was sent, a text on the client's side arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from openai import AsyncOpenAI

from licet.base.clock import SystemClock
from licet.gateway.config_demo import DemoChoice, render_demo_config
from licet.gateway.replay.app import replay_app
from licet.gateway.replay.shelf import load_answers

READY_S = 30.0
LICET = [sys.executable, "-c", "from licet.cli.main import main; main()"]
_DATA = re.compile(rb"^data: (\{.*\})$", re.MULTILINE)
Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that passed one end at one moment."""

    at_ms: float
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How the client's stream ended. `licet` is the object of a halt, None without one."""

    at_ms: float
    finish_reason: str
    licet: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer from both ends."""

    answer: str
    sent: tuple[Piece, ...]
    arrived: tuple[Piece, ...]
    ending: Ending
    cut_ms: float
    """When the model stopped: it had ended, or its connection was closed."""
    saved: int
    """Tokens that the model was spared."""

    @property
    def sent_text(self) -> str:
        return "".join(piece.text for piece in self.sent)

    @property
    def arrived_text(self) -> str:
        return "".join(piece.text for piece in self.arrived)

    @property
    def delay_ms(self) -> float:
        """From the model's sending a character to its arrival: the median of all that arrived."""
        both = zip(_moments(self.sent), _moments(self.arrived), strict=False)
        return statistics.median(there - here for here, there in both)


def _moments(pieces: tuple[Piece, ...]) -> list[float]:
    """When each character passed."""
    return [piece.at_ms for piece in pieces for _ in piece.text]


@dataclass(slots=True)
class Model:
    """The replay upstream, which notes when which bytes left and when it stopped."""

    app: Any
    now_ms: Callable[[], float]
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    stopped_ms: float = 0.0

    async def __call__(
        self, scope: Message, receive: Any, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        async def noted(message: Message) -> None:
            if message.get("body"):
                self.sent.append((self.now_ms(), message["body"]))
            await send(message)

        await self.app(scope, receive, noted)
        self.stopped_ms = self.now_ms()

    def pieces(self, asked_ms: float) -> tuple[Piece, ...]:
        """The text of the answer since `asked_ms`, piece by piece."""
        out = []
        for at_ms, body in self.sent:
            for event in _DATA.findall(body):
                text = json.loads(event)["choices"][0]["delta"].get("content")
                if text:
                    out.append(Piece(at_ms - asked_ms, text))
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway that runs, with the model behind it."""

    root: str
    client: AsyncOpenAI
    model: Model

    async def watch(self, answer: str) -> Seen:
        """Ask for one answer of the replay upstream, and note what happens at both ends."""
        self.model.sent.clear()
        saved = self.model.app.stats.tokens_saved
        asked_ms = self.model.now_ms()
        stream = await self.client.chat.completions.create(
            model="replay",
            stream=True,
            messages=[{"role": "user", "content": f"answer:{answer}"}],
        )
        arrived, ending = [], None
        async for event in stream:
            at_ms = self.model.now_ms() - asked_ms
            choice = event.choices[0]
            if choice.delta.content:
                arrived.append(Piece(at_ms, choice.delta.content))
            if choice.finish_reason:
                said = (event.model_extra or {}).get("licet")
                ending = Ending(at_ms, choice.finish_reason, said)
        while self.model.app.stats.streams_open:
            await asyncio.sleep(0.01)
        if ending is None:
            raise SystemExit(f"{answer}: the stream ended without a finish_reason")
        return Seen(
            answer,
            self.model.pieces(asked_ms),
            tuple(arrived),
            ending,
            self.model.stopped_ms - asked_ms,
            self.model.app.stats.tokens_saved - saved,
        )


@contextlib.asynccontextmanager
async def stage(home: Path, *, pace_ms: float, appeal_url: str) -> AsyncIterator[Stage]:
    """A gateway over an empty `home`, with the replay upstream behind it; both end on leaving."""
    clock = SystemClock()
    listener = _listen()
    app = replay_app(load_answers(), pace_ms=pace_ms)
    model = Model(app, lambda: clock.monotonic() * 1000)
    config = uvicorn.Config(model, lifespan="off", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    port = _free_port()
    upstream = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    choice = DemoChoice(port=port, upstream_url=upstream, appeal_url=appeal_url)
    (home / "config.toml").write_text(render_demo_config(choice), encoding="utf-8")
    environ = os.environ | {"LICET_HOME": str(home)}
    command = [*LICET, "keys", "create", "--name", "picture", "--json"]
    made = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True)
    key = json.loads(made.stdout)["key"]
    gateway = await asyncio.create_subprocess_exec(
        *LICET, "gateway", "--lab", "--quiet", env=environ
    )
    root = f"http://127.0.0.1:{port}"
    try:
        await _until_ready(root)
        async with AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as client:
            yield Stage(root, client, model)
    finally:
        if gateway.returncode is None:
            gateway.terminate()
            await gateway.wait()
        server.should_exit = True
        await serving


def _listen() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


def _free_port() -> int:
    with _listen() as probe:
        return int(probe.getsockname()[1])


async def _until_ready(root: str) -> None:
    async with asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(urllib.request.urlopen, f"{root}/readyz")
                return
            await asyncio.sleep(0.05)
