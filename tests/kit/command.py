"""`licet` as a process of its own: run to its end, or started and spoken to.

    with up(home, "--port", "0") as running:
        httpx2.get(running.root + "/readyz")

It refuses to know what is tested.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.house import ROOT

START_S, STOP_S = 60.0, 60.0
_BASE = re.compile(r"http://\S+:\d+")
_KEY = re.compile(r"API key \([^)]*\): (\S+)")


def licet(
    *words: object, home: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end: in a process of its own, forked from one that has loaded it."""
    with tempfile.TemporaryDirectory(prefix="licet-said-") as folder:
        said, complained = Path(folder, "said"), Path(folder, "complained")
        said.touch()
        complained.touch()
        asked = {"words": list(map(str, words)), "environ": _environ(home) | environ,
                 "said": str(said), "complained": str(complained)}  # fmt: skip
        code = _loaded().run(asked)
        return subprocess.CompletedProcess(
            ["licet", *words], code, said.read_text("utf-8"), complained.read_text("utf-8")
        )


class _Loaded:
    """The process that has loaded the command line; one command at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        program = Path(__file__).with_name("command_child.py")
        self._child = subprocess.Popen(
            [sys.executable, "-P", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT, env=_environ(None),
        )  # fmt: skip

    def run(self, asked: dict[str, Any]) -> int:
        """The command's exit code. Raises AssertionError where it does not end."""
        asks, tells = self._child.stdin, self._child.stdout
        assert asks is not None
        assert tells is not None
        with self._turn:
            asks.write(json.dumps(asked) + "\n")
            asks.flush()
            ready, _, _ = select.select([tells], [], [], STOP_S)
            assert ready, f"it does not end: {asked['words']}"
            return int(tells.readline())

    def close(self) -> None:
        """No command comes any more."""
        self._child.communicate(timeout=STOP_S)


@functools.cache
def _loaded() -> _Loaded:
    made = _Loaded()
    atexit.register(made.close)
    return made


@dataclass(slots=True)
class Running:
    """A gateway in a process of its own."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        found = _BASE.search("".join(self.said))
        assert found is not None, self.said
        return found[0]

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def key(self) -> str:
        found = _KEY.search("".join(self.said))
        assert found is not None, self.said
        return found[1]

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(STOP_S)


@contextlib.contextmanager
def started(*words: object, home: Path, until: str, **environ: str) -> Iterator[Running]:
    """A command that goes on, from when it has printed `until`; killed at the end of the block
    if it still runs. Raises AssertionError with its words where it ends before."""
    process = subprocess.Popen(
        _command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_environ(home) | environ, cwd=ROOT,
    )  # fmt: skip
    running = Running(process)
    threads = [
        threading.Thread(target=_listen, args=pair, daemon=True)
        for pair in ((process.stdout, running.said), (process.stderr, running.complained))
    ]
    for thread in threads:
        thread.start()
    try:
        deadline_s = time.monotonic() + START_S
        while until not in "".join(running.said):
            assert process.poll() is None, "".join(running.said + running.complained)
            assert time.monotonic() < deadline_s, "it does not start"
            time.sleep(0.01)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(STOP_S)
        for thread in threads:
            thread.join(STOP_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def up(home: Path, *words: object, port: int = 0) -> contextlib.AbstractContextManager[Running]:
    """`licet up`, once it has said where it stands and what to stop it with."""
    return started("up", "--port", port, *words, home=home, until="Stop: Ctrl-C")


def _command(words: tuple[object, ...]) -> list[str]:
    return [str(Path(sys.executable).with_name("licet")), *map(str, words)]


def _environ(home: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICET_")}
    return kept | ({"LICET_HOME": str(home)} if home else {})


def _listen(pipe: Iterable[str], lines: list[str]) -> None:
    lines.extend(pipe)  # one line at a time: whoever waits reads along
