"""An authority and a provider as they are in life: two homes, two databases, two processes.

    with two_installations(tmp_path) as (authority, provider):
        with authority.serving():
            provider.enrol(authority)

It refuses to know what is tested. Each speaks to the other by its port alone.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import installation_child
from kit.cases import answers
from kit.command import Running, licet, started
from kit.databases import postgres_schema
from kit.house import ROOT

WAIT_S = 60.0
NAMED = (
    ("clerk@gov.example", "GOV", "authority", "clerk"),
    ("li@acme.example", "ACME", "provider", "representative"),
)
"""Whom the authority knows."""


@dataclass(slots=True)
class Side:
    """One installation."""

    role: str
    home: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)
    answering: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """A command in this home, to its end."""
        return licet(*words, home=self.home, **self.environ)

    def does(self, *words: object) -> str:
        """A command that succeeds; what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def serving(self) -> contextlib.AbstractContextManager[Running]:
        """Its portal, until the block ends; then killed."""
        words = ["portal", "--role", self.role, "--port", self.port]
        if self.role == "authority":
            words += ["--public-url", self.url]
        return started(*words, home=self.home, until="stands at", **self.environ)

    def ask(self, code: str, first: str = "") -> Any:
        """What an expression over the installation's tables gives, after the statements `first`,
        in a process of its own."""
        if self.answering is None:
            self.answering = subprocess.Popen(
                [sys.executable, installation_child.__file__, self.home, self.role, self.url,
                 self.environ.get("LICET_DATABASE_URL", "")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )  # fmt: skip
        asked, said = self.answering.stdin, self.answering.stdout
        assert asked is not None
        assert said is not None
        asked.write(json.dumps([first, code]) + "\n")
        asked.flush()
        answer = json.loads(said.readline())
        assert "said" in answer, answer["trouble"]
        return answer["said"]

    def close(self) -> None:
        """Ask no more."""
        if self.answering is not None:
            self.answering, answering = None, self.answering
            answering.communicate(timeout=WAIT_S)

    def acts(self, email: str, case: str, act: str, data: Any) -> None:
        """Somebody here acts, as the page would; while its portal does not run."""
        person = f"Person.objects.get(email={email!r})"
        told = f"service.act({case!r}, {act!r}, {data!r}, {person}, SystemClock().now())"
        assert self.ask(f"hasattr({told}, 'filing')"), (act, case)


@contextlib.contextmanager
def two_installations(folder: Path, database: str = "sqlite") -> Iterator[tuple[Side, Side]]:
    """An authority that knows the provider ACME, and ACME's own installation."""
    with ExitStack() as stack:
        sides = []
        for role in ("authority", "provider"):
            side = Side(role, folder / role, free_port())
            stack.callback(side.close)
            if database == "postgresql":
                side.environ["LICET_DATABASE_URL"] = stack.enter_context(postgres_schema())
                _set_up(side)
            else:
                shutil.copytree(_prepared(role), side.home)
            sides.append(side)
        authority, provider = sides
        yield authority, provider


@functools.cache
def _prepared(role: str) -> Path:
    """A home of that role as it is before it has done anything, made once: to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="licet-home-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    side = Side(role, folder / role, free_port())
    _set_up(side)
    side.close()
    return side.home


def _set_up(side: Side) -> None:
    """Opens an installation for the first time; an authority's names people of both sides."""
    assert side.ask("Person.objects.count()") == 0
    for email, code, kind, role in NAMED if side.role == "authority" else ():
        side.does(
            "portal", "person", email, "--name", role, "--body", code, "--body-kind", kind,
            "--body-zh", code, "--body-en", code, "--role", role,
        )  # fmt: skip


def enrol(authority: Side, provider: Side) -> None:
    """ACME's key becomes known; the authority is serving."""
    code = authority.does("portal", "enrol", "ACME").strip()
    provider.does("filing", "enrol", authority.url, "--code", code)


def filled_in(folder: Path, case: str, **changes: Any) -> Path:
    """A whole model filing as a file, with the files that it names beside it."""
    whole = answers("model_filing", **changes)
    for name, value in whole.items():
        if isinstance(value, dict):
            (folder / f"{name}.txt").write_text(f"report {name}", encoding="utf-8")
            whole[name] = f"{name}.txt"
    path = folder / f"{case}.json"
    path.write_text(json.dumps({"case": case, "route": "model_filing", "answers": whole}))
    return path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Waits until it holds."""
    ends = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.5)
