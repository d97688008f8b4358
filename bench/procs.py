"""Processes that are measured: started on a core of their own, watched, ended with all they began.

It refuses to know what they are for.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

CALIBRATION = """
import time
d, began = {}, time.process_time()
for i in range(900_000): d[i & 4095] = str(i)
print(time.process_time() - began)
"""


def cores() -> tuple[str, str]:
    """(core of what is measured, core of everything around it); empty where there is but one."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2 or shutil.which("taskset") is None:
        return "", ""
    return str(available[0]), str(available[1])


def pinned(argv: Sequence[str], core: str) -> list[str]:
    """The command, bound to a core if there is one to bind it to."""
    return [*(["taskset", "-c", core] if core else []), *argv]


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lift_file_limit() -> None:
    """As many open files as this machine lets us have; children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Load:
    """What a process tree used, and what others used beside it, between two moments."""

    cpu_s: float
    wall_s: float
    foreign_cores: float  # cores that the rest of the machine kept busy


class Running:
    """A process that we started, with its descendants."""

    def __init__(
        self, argv: Sequence[str], core: str, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                pinned(argv, core),
                stdout=out,
                stderr=subprocess.STDOUT,
                env=surroundings | dict(env or {}),
                start_new_session=True,
            )
        self.log = log
        self.pid = self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def said(self, characters: int = 600) -> str:
        """The end of what it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:].strip()

    def family(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(self.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_s(self) -> float:
        total = 0.0
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                used = process.cpu_times()
                total += used.user + used.system
        return total

    def rss_mib(self) -> float:
        total = 0
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return round(total / 2**20, 1)

    def stop(self) -> None:
        family = self.family()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)


@contextlib.contextmanager
def started(
    argv: Sequence[str], core: str, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The process for as long as the block lasts."""
    running = Running(argv, core, log, env)
    try:
        yield running
    finally:
        running.stop()


def busy_s() -> float:
    """CPU seconds that the whole machine has worked since it started."""
    used = psutil.cpu_times()
    return float(used.user + used.nice + used.system + used.irq + used.softirq)


def own_children_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def wait_for_quiet(core_share: float = 0.2, wait_s: float = 5.0) -> None:
    """Others may share the machine: wait for a quiet moment, though not for ever."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        before, began = busy_s(), time.monotonic()
        time.sleep(0.5)
        if (busy_s() - before) / (time.monotonic() - began) < core_share:
            return


def calibration_s(core: str) -> float:
    """CPU seconds of a fixed piece of work: how fast the core is just now."""
    argv = pinned([sys.executable, "-c", CALIBRATION], core)
    return round(float(subprocess.run(argv, capture_output=True, text=True).stdout), 4)
