"""A provider's process that is killed at every write, one after the other. Run by a test:

    python outbox_child.py HOME CASES

Each round is a process of its own (fork), killed by SIGKILL before its nth statement that writes;
another does the same again, as a person or the courier would. Ends when a round was not killed.
Prints how many rounds there were. `CASES` is a file with a filing as `licet filing send` takes it.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from licet.base.clock import SystemClock
from licet.portal.serving import set_up
from licet.portal.settings import Installation

ROUNDS_MAX = 400


def main(home: Path, filing: Path) -> None:
    """The rounds."""
    set_up(Installation(home=home, roles=("provider",), secret="s" * 64))
    for number in range(1, ROUNDS_MAX):
        killed = in_a_process(home, filing, number, kill_at=number)
        assert in_a_process(home, filing, number) == 0, f"round {number} cannot be done again"
        if not killed:
            print(number)
            return
    raise AssertionError("it writes for ever")


def in_a_process(home: Path, filing: Path, number: int, kill_at: int = 0) -> int:
    """Does a round in a process of its own; how that ended (0: by itself)."""
    from django.db import connections

    connections.close_all()
    pid = os.fork()
    if pid == 0:
        a_round(filing, number, kill_at)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0 or os.WIFSIGNALED(status), f"round {number} failed"
    return status


def a_round(filing: Path, number: int, kill_at: int) -> None:
    """Put a filing, send it, read what became of it."""
    from django.db import connection

    from licet.cli.filing_file import read
    from licet.portal.outbox import delivering
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.line import HttpLine
    from licet.portal.outbox.linking import link
    from licet.portal.outbox.sending import put
    from licet.portal.pack import procedure

    found, now = read(filing, procedure()), SystemClock().now()
    case = f"case_{number:020}"
    body = {"case": case, "route": found.route, "answers": dict(found.answers)}
    with connection.execute_wrapper(killing(kill_at)):
        put(f"msg_round_{number}", "filing", case, body, found.files, now)
        line = HttpLine(link().url)
        delivering.hasten(now)
        delivering.deliver(line, now, secrets.token_bytes)
        follow(line, now)


def killing(at: int) -> Callable[..., Any]:
    """Kills this process before the nth statement that may write."""
    count = 0

    def before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += not sql.lstrip().upper().startswith("SELECT")
        if at and count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return before


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
