"""A real gateway on a real socket: built and run as `licet gateway` does it, in a thread.

    with running_gateway(tmp_path, server.url, rules=RULES) as served:
        openai.OpenAI(base_url=served.url, api_key=served.key)

It refuses to know what is tested and what stands upstream (`kit.upstream`, or `replay:`).

Rules
1. Everything is real but the upstream: configuration file, bundle, keys, ledger, cases, uvicorn.
2. On leaving the gateway has drained and closed; the ledger's files stay in `home` to be read.
3. What belongs to the gateway's loop is touched there: `served.call(...)`.
4. What its server or its loop logs as an error fails the test that does not expect it (`faulty`):
   no client and no upstream, whatever it does, is an error of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import uvloop

from licet.base.clock import SystemClock
from licet.gateway.app import Gateway, build_gateway
from licet.gateway.config import load_config
from licet.gateway.keys import Grant
from licet.gateway.listening import bind, replay_url
from licet.gateway.running import run_gateway

T = TypeVar("T")
START_S = 20.0
STOP_S = 20.0

CONFIG = """\
default_upstream = "main"

[server]
drain_s = 2
{server}

[[upstream]]
name = "main"
url = "{upstream}"
dialects = ["openai", "anthropic"]
{upstream_settings}

[guard]
pack = "cn-genai-2023"
rules = [{rules}]
{guard}

[guard.on_judge_failure]
token = "halt"
clause = "halt"
whole = "halt"

[ledger]
url = "sqlite:ledger/ledger.db"
origin = "localhost/licet"
key_file = "keys/ledger.skey"

[keys]
url = "sqlite:keys.db"

[appeal]
url = "http://127.0.0.1/appeal/{{case}}"
{more}
"""
"""Give other text by `config` where this does not do; the same names may stand in it."""


@dataclass(slots=True)
class Served:
    """A gateway that runs. `url` ends in `/v1`; `key` opens every route and model."""

    url: str
    key: str
    gateway: Gateway
    home: Path
    loop: asyncio.AbstractEventLoop
    notes: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def call(self, work: Callable[[], T]) -> T:
        """Do something in the gateway's own thread, and give what it gave."""

        async def there() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(STOP_S)


def write_config(home: Path, upstream: str, *, rules: str = "", config: str = CONFIG,
                 **tables: str) -> Path:  # fmt: skip
    """`config.toml` (and `rules.toml`) in `home`. `tables`: lines to add to the tables `server`,
    `upstream_settings`, `guard`, or `more` at the end."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    named = ""
    if rules:
        (home / "rules.toml").write_text(rules, encoding="utf-8")
        named = '"rules.toml"'
    lines = dict.fromkeys(("server", "upstream_settings", "guard", "more"), "") | tables
    path = home / "config.toml"
    path.write_text(config.format(upstream=upstream, rules=named, **lines), encoding="utf-8")
    return path


class _Faults(logging.Handler):
    """What the server says of its own faults."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@contextlib.contextmanager
def _watched(*, faulty: bool) -> Iterator[None]:
    """Rule 4."""
    faults = _Faults()
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio")]
    for logger in loggers:
        logger.addHandler(faults)
    try:
        yield
        gc.collect()  # a task whose error nobody heard says so when it is forgotten
    finally:
        for logger in loggers:
            logger.removeHandler(faults)
    assert faulty or not faults.said, "the server logged:\n" + "\n".join(faults.said)


@contextlib.contextmanager
def running_gateway(
    home: Path, upstream: str = "replay:", *, rules: str = "", config: str = CONFIG,
    pace_ms: float = 0.0, lab: bool = True, prepare: Callable[[Gateway], None] | None = None,
    faulty: bool = False, **tables: str,
) -> Iterator[Served]:  # fmt: skip
    """A gateway before `upstream` (a base URL, or `replay:` for the built-in one), unlicensed
    (`--lab`) unless told otherwise.

    `rules`: the text of a rule file. `prepare` may change the built gateway before it serves.
    `faulty`: the test makes it fail (rule 4).
    Raises what building raises, and RuntimeError where it does not start or stop in its time.
    """
    loaded = load_config(write_config(home, upstream, rules=rules, config=config, **tables))
    listener = bind("127.0.0.1", 0)
    replay = bind("127.0.0.1", 0) if upstream == "replay:" else None
    replay_at = replay_url(replay) if replay else ""
    gateway = build_gateway(loaded, home, replay_url=replay_at, lab=lab)
    clock = SystemClock()
    _, key = gateway.keystore.create("tests", Grant(), clock.now())
    gateway.parts.keyring.refresh(clock.monotonic())
    if prepare is not None:
        prepare(gateway)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    loop = uvloop.new_event_loop()
    served = Served(url, key, gateway, home, loop)
    started, failure, leave = threading.Event(), list[BaseException](), asyncio.Event()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(
                    run_gateway(
                        gateway, listener, replay=replay, pace_ms=pace_ms, leave=leave,
                        note=served.notes.append, started=started.set,
                    )
                )  # fmt: skip
        except BaseException as error:
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="gateway", daemon=True)
    thread.start()
    try:
        if not started.wait(START_S) or failure:
            raise RuntimeError("the gateway did not start") from (failure or [None])[0]
        with _watched(faulty=faulty):
            yield served
            _end(thread, loop, leave)
    finally:
        _end(thread, loop, leave)
        listener.close()
        if replay is not None:
            replay.close()
        if thread.is_alive():
            raise RuntimeError("the gateway did not stop in time")
        if failure:
            raise RuntimeError("the gateway failed") from failure[0]


def _end(thread: threading.Thread, loop: asyncio.AbstractEventLoop, leave: asyncio.Event) -> None:
    if thread.is_alive():
        with contextlib.suppress(RuntimeError):  # it has just ended by itself
            loop.call_soon_threadsafe(leave.set)
    thread.join(STOP_S)
