"""An installation's process that answers questions about its tables. Run by kit.installations:

    python installation_child.py HOME ROLE URL DATABASE_URL

Reads lines of JSON, `[statements, expression]`, and prints one for each: `{"said": …}`, or
`{"trouble": …}` with the traceback. The installation is opened once; each question is answered in
a process of its own (fork), which leaves no lock, no connection and no cache behind.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from licet.base.clock import SystemClock
from licet.portal.serving import set_up
from licet.portal.settings import Installation


def main(home: Path, role: str, url: str, database: str) -> None:
    """Answers until there is no more to read."""
    sys.path.append("tests")
    set_up(
        Installation(
            home=home, roles=(role,), secret="s" * 64, database_url=database,
            public_url=url if role == "authority" else "",
        )
    )  # fmt: skip
    from django.db import connections

    for line in sys.stdin:
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            print(json.dumps(answer(home, *json.loads(line))), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)


def answer(home: Path, first: str, code: str) -> dict[str, Any]:
    """What the expression gives after the statements, which know the names below."""
    from licet.portal.accounts.models import Person
    from licet.portal.api.models import Received, Upload
    from licet.portal.filings import service
    from licet.portal.filings.models import Head, StoredCase, StoredEvent
    from licet.portal.outbox.models import Followed, Outgoing

    known = {
        one.__name__.rpartition(".")[2]: one
        for one in (
            Followed, Head, Outgoing, Person, Received, StoredCase, StoredEvent, SystemClock,
            Upload, service,
        )
    }  # fmt: skip
    names = {**known, "home": home}
    try:
        exec(first, names)
        return {"said": eval(code, names)}
    except Exception:
        return {"trouble": traceback.format_exc()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:5])
