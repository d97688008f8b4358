"""One contender, measured: start, idle, requests, streams, loaded; figures come out as a value.

CPU is that of the contender's whole process tree. Load client and mock share the other core, so
what they use does not count. A run that other work on the machine disturbed is taken again; the
quietest is kept.

It refuses to know who is measured and what good figures would be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contenders import Contender
from procs import (
    Running,
    busy_s,
    calibration_s,
    cores,
    own_children_s,
    pinned,
    started,
    wait_for_quiet,
)

HERE = Path(__file__).resolve().parent
CONCURRENCIES = (1, 16, 64)
VARIANTS = ("constant", "unique")  # the same prompt and reply always, or never twice
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
QUIET_CORES = 0.25  # foreign work up to this is called quiet


@dataclass(frozen=True, slots=True)
class Pace:
    """A shape of streaming load."""

    name: str
    streams: int
    delay_ms: float
    tokens: int = 200


# Alone, short streams: it is there for the time to the first token, once a stream. The last is
# for what a token costs where there is much to do.
PACES = (
    Pace("1x200/s", 1, 5, tokens=20),
    Pace("16x200/s", 16, 5),
    Pace("200x50/s", 200, 20),
    Pace("100x200/s", 100, 5),
)


@dataclass(slots=True)
class Figures:
    """What was measured of one contender; `http` and `stream` by variant, then by load."""

    name: str
    phrases: int
    trouble: str = ""
    cold_start_s: float | None = None
    idle_rss_mib: float | None = None
    loaded_rss_mib: float | None = None
    foreign_cores: float = 0.0
    http: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    stream: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ask(contender: Contender, timeout_s: float) -> str:
    """Send one small request; empty if it was answered with 200, else what went wrong."""
    body = {"model": "mock", "messages": [{"role": "user", "content": "hello"}]}
    request = urllib.request.Request(
        contender.url,
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {contender.key}"},
    )
    try:
        with NO_PROXY.open(request, timeout=timeout_s) as reply:
            reply.read()
            return ""
    except urllib.error.HTTPError as error:
        return f"{error.code}: {error.read(300).decode('utf-8', 'replace')}"
    except OSError as error:
        return repr(error)


def await_start(contender: Contender, running: Running | None) -> tuple[float, str]:
    """(seconds until the first completion came back, why it never did or empty)."""
    began = time.monotonic()
    while True:
        wrong = ask(contender, contender.start_s)
        waited = time.monotonic() - began
        if not wrong:
            return round(waited, 2), ""
        if running is not None and not running.alive():
            return waited, f"ended while starting: {running.said()}"
        if waited > contender.start_s:
            return waited, f"not ready in {contender.start_s:.0f} s: {wrong}"
        time.sleep(0.02)


def settle(running: Running | None, wait_s: float = 30.0) -> None:
    """Wait until a contender has worked off what the last load left it, though not for ever."""
    deadline = time.monotonic() + wait_s
    while running is not None and time.monotonic() < deadline:
        before = running.cpu_s()
        time.sleep(0.3)
        if running.cpu_s() - before < 0.06:
            return


class Bench:
    """The loads, run against one contender after another beside one mock."""

    def __init__(self, seconds: float, tries: int, mock: Running) -> None:
        self._seconds, self._tries, self._mock = seconds, tries, mock
        self._core, self._other = cores()

    def measure(self, contender: Contender, work: Path) -> Figures:
        figures = Figures(contender.name, contender.phrases)
        if not contender.argv:
            figures.trouble = await_start(contender, None)[1]
            return figures if figures.trouble else self._loads(contender, None, figures)
        log = work / f"{contender.name.replace(' ', '-')}.log"
        with started(contender.argv, self._core, log, contender.env) as running:
            figures.cold_start_s, figures.trouble = await_start(contender, running)
            if figures.trouble:
                return figures
            time.sleep(2)
            figures.idle_rss_mib = running.rss_mib()
            self._loads(contender, running, figures)
            figures.loaded_rss_mib = running.rss_mib()
            if not running.alive():
                figures.trouble = f"ended under load: {running.said()}"
        return figures

    def _loads(self, contender: Contender, running: Running | None, out: Figures) -> Figures:
        for variant in VARIANTS:
            self._wrk(contender, 8, 1.5, variant)  # warm
            self._stream(contender, Pace("warm", 4, 0), 1.5, variant)
            alone: dict[str, Any] = {}
            for connections in CONCURRENCIES:
                seconds = self._long_enough(connections, alone)
                run = self._quietest(
                    running, "requests", self._wrk, contender, connections, seconds, variant
                )
                alone = alone or run
                out.http.setdefault(variant, {})[str(connections)] = run
            out.stream[variant] = {
                pace.name: self._quietest(
                    running, "tokens", self._stream, contender, pace, self._seconds, variant
                )
                for pace in PACES
            }
        rows = [*out.http.values(), *out.stream.values()]
        out.foreign_cores = max(cell["foreign_cores"] for row in rows for cell in row.values())
        return out

    def _long_enough(self, connections: int, alone: dict[str, Any]) -> float:
        """Seconds in which each connection of a slow gateway still ends a few requests: what is
        cut off at the end has cost CPU and counts for nothing."""
        each_s = alone.get("us_p50", 0) / 1e6
        return max(self._seconds, min(30.0, 4 * connections * each_s))

    def _quietest(
        self, running: Running | None, unit: str, load: Callable[..., dict[str, Any]], *how: Any
    ) -> dict[str, Any]:
        runs: list[dict[str, Any]] = []
        for _ in range(self._tries):
            settle(running)
            wait_for_quiet(wait_s=self._seconds)
            runs.append(self._watched(running, unit, load, *how))
            if runs[-1]["foreign_cores"] <= QUIET_CORES:
                break
        return min(runs, key=lambda run: run["foreign_cores"])

    def _watched(
        self, running: Running | None, unit: str, load: Callable[..., dict[str, Any]], *how: Any
    ) -> dict[str, Any]:
        calibration = calibration_s(self._core)

        def used() -> tuple[float, float]:
            measured = running.cpu_s() if running else 0.0
            return measured, measured + self._mock.cpu_s() + own_children_s()

        cpu, ours, busy, began = *used(), busy_s(), time.monotonic()
        out = load(*how)
        wall = time.monotonic() - began
        cpu_after, ours_after = used()
        foreign = max(0.0, (busy_s() - busy) - (ours_after - ours)) / wall
        spent = cpu_after - cpu
        out |= {"cpu_s": round(spent, 3), "foreign_cores": round(foreign, 2)}
        out["calibration_s"] = calibration
        if running and out.get(unit):
            out["cpu_us_each"] = round(spent * 1e6 / out[unit], 2)
        return out

    def _wrk(
        self, contender: Contender, connections: int, seconds: float, variant: str
    ) -> dict[str, Any]:
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
        argv += ["--timeout", "30s", "-s", str(HERE / "wrk_post.lua"), contender.url]
        unique = "1" if variant == "unique" else "0"
        env = dict(os.environ, KEY=contender.key, MODEL="mock", UNIQUE=unique)
        try:
            run = subprocess.run(
                pinned(argv, self._other), env=env, capture_output=True, text=True
            )
            return dict(json.loads(run.stderr.strip().splitlines()[-1]))
        except (FileNotFoundError, IndexError, ValueError):
            return {"requests": 0, "trouble": "wrk is not installed or failed"}

    def _stream(
        self, contender: Contender, pace: Pace, seconds: float, variant: str
    ) -> dict[str, Any]:
        argv = [sys.executable, str(HERE / "stream_load.py"), "--url", contender.url]
        argv += ["--key", contender.key, "--streams", str(pace.streams)]
        argv += ["--delay", str(pace.delay_ms), "--seconds", str(seconds)]
        argv += ["--tokens", str(pace.tokens)]
        argv += ["--mode", "prose" if variant == "unique" else "ts"]
        run = subprocess.run(pinned(argv, self._other), capture_output=True, text=True)
        if run.returncode:
            return {"tokens": 0, "trouble": run.stderr[-400:]}
        return dict(json.loads(run.stdout))
