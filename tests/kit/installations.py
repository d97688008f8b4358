"""An authority and a provider as they are in life: two homes, two databases, two processes.

    with two_installations(tmp_path) as (authority, provider):
        with authority.serving():
            provider.enrol(authority)

It refuses to know what is tested. Each speaks to the other by its port alone.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.cases import answers
from kit.command import Running, licet, started
from kit.databases import postgres_schema
from kit.house import ROOT

WAIT_S = 60.0


@dataclass(slots=True)
class Side:
    """One installation."""

    role: str
    home: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)

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
        script = f"{_SETUP}\n{first}\nprint(json.dumps({code}))"
        run = subprocess.run(
            [sys.executable, "-c", script, str(self.home), self.role, self.url,
             self.environ.get("LICET_DATABASE_URL", "")],
            capture_output=True, text=True, timeout=WAIT_S, check=False, cwd=ROOT,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def acts(self, email: str, case: str, act: str, data: Any) -> None:
        """Somebody here acts, as the page would; while its portal does not run."""
        person = f"Person.objects.get(email={email!r})"
        told = f"service.act({case!r}, {act!r}, {data!r}, {person}, SystemClock().now())"
        assert self.ask(f"hasattr({told}, 'filing')"), (act, case)


_SETUP = """
import json, sys
from pathlib import Path
from licet.base.clock import SystemClock
from licet.portal.serving import set_up
from licet.portal.settings import Installation
home, role, url, database = Path(sys.argv[1]), *sys.argv[2:5]
sys.path.append("tests")
set_up(Installation(home=home, roles=(role,), secret="s" * 64, database_url=database,
                    public_url=url if role == "authority" else ""))
from licet.portal.accounts.models import Person
from licet.portal.api.models import Received, Upload
from licet.portal.filings import service
from licet.portal.filings.models import Head, StoredCase, StoredEvent
from licet.portal.outbox.models import Followed, Outgoing
"""


@contextlib.contextmanager
def two_installations(folder: Path, database: str = "sqlite") -> Iterator[tuple[Side, Side]]:
    """An authority that knows the provider ACME, and ACME's own installation."""
    with ExitStack() as stack:
        sides = []
        for role in ("authority", "provider"):
            side = Side(role, folder / role, free_port())
            if database == "postgresql":
                side.environ["LICET_DATABASE_URL"] = stack.enter_context(postgres_schema())
            sides.append(side)
        authority, provider = sides
        named = (
            ("clerk@gov.example", "GOV", "authority", "clerk"),
            ("li@acme.example", "ACME", "provider", "representative"),
        )
        for email, code, kind, role in named:
            authority.does(
                "portal", "person", email, "--name", role, "--body", code, "--body-kind", kind,
                "--body-zh", code, "--body-en", code, "--role", role,
            )  # fmt: skip
        yield authority, provider


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
