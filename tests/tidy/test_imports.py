"""Importing a module of ours does nothing but define things.

Each module is imported in one fresh interpreter that refuses, by audit hook, to open a socket,
start a process, write a file or open a database; afterwards no thread runs, no signal is taken,
the environment is as it was and nothing has been printed.
"""

from __future__ import annotations

import subprocess
import sys

from kit.house import modules

PROBE = """
import importlib, os, signal, sys, threading
names = sys.argv[1:]
REFUSED = {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.exec",
           "os.fork", "os.system", "os.posix_spawn", "os.mkdir", "os.remove", "os.rename",
           "sqlite3.connect", "tempfile.mkstemp", "tempfile.mkdtemp"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
ours = None

def refuse(event, args):
    if ours is None:
        return
    write = event == "open" and isinstance(args[2], int) and args[2] & WRITES
    if (write and args[0] != os.devnull) or event in REFUSED:
        raise RuntimeError(f"importing {ours} did {event} {args!r}")

sys.addaudithook(refuse)
before = dict(os.environ)
taken = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
from pathlib import Path
from licet.portal.settings import Installation, start
start(Installation(home=Path("nowhere"), secret="x" * 64))  # Django's modules want it set up
for ours in names:
    importlib.import_module(ours)
    assert threading.active_count() == 1, f"importing {ours} started a thread"
    for number, handler in taken.items():
        assert signal.getsignal(number) is handler, f"importing {ours} took {number}"
    assert dict(os.environ) == before, f"importing {ours} changed the environment"
"""


def test_importing_has_no_effect() -> None:
    names = [
        m.name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for m in modules()
        if m.in_package and not m.name.endswith("__main__.py")
    ]
    run = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", PROBE, *names],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert run.stderr == ""
