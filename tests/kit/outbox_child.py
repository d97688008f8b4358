"""A provider's process that is killed at every write, one after the other. Run by a test:

    python outbox_child.py HOME filing FILE
    python outbox_child.py HOME incident OFFICER

Each round is a process of its own (fork), killed by SIGKILL before its nth statement that writes;
another does the same again, as a person or the courier would. Ends when a round was not killed.
Prints how many were done. `FILE` is a filing as `licet filing send` takes it, `OFFICER`
the e-mail address of the provider's person who reports an incident.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from licet.base.clock import SystemClock
from licet.portal.serving import set_up
from licet.portal.settings import Installation

ROUNDS_MAX = 400


def main(home: Path, what: str, told: str) -> None:
    """The rounds."""
    set_up(Installation(home=home, roles=("provider",), secret="s" * 64))
    begun = {"filing": partial(a_filing, Path(told)), "incident": partial(an_incident, told)}[what]
    print(rounds(lambda number: partial(carried, begun(number))))


def rounds(work_of: Callable[[int], Callable[[], object]]) -> int:
    """Does the nth work killed at its nth write and then again, until one was not killed. The
    first is done here and whole, so that no child loads what it needs. How many were done."""
    work_of(0)()
    for number in range(1, ROUNDS_MAX):
        work = work_of(number)
        killed = in_a_process(work, kill_at=number)
        assert in_a_process(work) == 0, f"round {number} cannot be done again"
        if not killed:
            return number + 1
    raise AssertionError("it writes for ever")


def in_a_process(work: Callable[[], object], kill_at: int = 0) -> int:
    """Does it in a process of its own; how that ended (0: by itself)."""
    from django.db import connection, connections

    connections.close_all()
    pid = os.fork()
    if pid == 0:
        with connection.execute_wrapper(killing(kill_at)):
            work()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0 or os.WIFSIGNALED(status), "a round failed"
    return status


def carried(work: Callable[[], object]) -> None:
    """Do it, send what came of it, read what became of that."""
    from licet.portal.outbox import delivering
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.line import HttpLine
    from licet.portal.outbox.linking import link

    work()
    line, now = HttpLine(link().url), SystemClock().now()
    delivering.hasten(now)
    delivering.deliver(line, now, secrets.token_bytes)
    follow(line, now)


def a_filing(form: Path, number: int) -> Callable[[], object]:
    """Whoever puts the nth filing."""
    from licet.cli.filing_file import read
    from licet.portal.outbox.sending import put
    from licet.portal.pack import procedure

    found, case = read(form, procedure()), f"case_{number:020}"
    body = {"case": case, "route": found.route, "answers": dict(found.answers)}
    return lambda: put(
        f"msg_round_{number}", "filing", case, body, found.files, SystemClock().now()
    )


def an_incident(email: str, number: int) -> Callable[[], object]:
    """Whoever reports the nth incident; reported a second time, it is refused."""
    from kit.proceedings import Play, brought, graded
    from licet.portal.accounts.models import Person
    from licet.portal.incidents import service

    officer = Person.objects.get(email=email)
    incident = graded(officer, number)

    def reports() -> None:
        play = Play("incident", start=SystemClock().now())
        play.of = service.load(incident)
        service.act(incident, "report_first", brought(play, "report_first"), officer, play.now)

    return reports


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
    main(Path(sys.argv[1]), *sys.argv[2:4])
