"""What a portal does again and again for data sets: has every version checked that was not yet.

It refuses to know how, and threads. A round goes on for as long as its program checks; a look
where nothing waits costs one query.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import subprocess
import sys
from datetime import datetime

from django.conf import settings

from licet.base.extras import to_install
from licet.base.trouble import Unavailable
from licet.corpus.arriving import WAIT_MAX
from licet.corpus.checking import VersionChecks
from licet.portal.corpus.store import opened

REST_S = 10.0
"""So long a new version waits at most where nothing else is being checked."""
PROGRAM = "licet.portal.corpus.check_child"
LIBRARIES = ("numpy", "rensa", "ahocorasick_rs")
"""Of the extra `corpus`, without which nothing can be checked."""


def check_new_versions(now: datetime) -> int:
    """One round; gives how many versions were checked. Raises Unavailable where they cannot be:
    the libraries are missing, or the program ended with a fault."""
    before = _waiting(now)
    if not before:
        return 0
    if not all(importlib.util.find_spec(name) for name in LIBRARIES):
        raise Unavailable(
            "data sets wait for a check, and the libraries of the extra `corpus` are not here.",
            hint=to_install("corpus"),
        )
    command = [sys.executable, "-m", PROGRAM, str(settings.LICET_HOME), settings.LICET_PACK]
    # Its standard input is ours to close: it ends when this process does.
    with subprocess.Popen(  # noqa: S603 - a fixed program of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as program:
        assert program.stderr is not None
        said = program.stderr.read().decode("utf-8", "replace").strip()
    if program.returncode:
        last = said.rpartition("\n")[2]
        raise Unavailable(f"the check of data sets ended with {program.returncode}: {last}")
    return len(before - _waiting(now))


def let_go_of_uploads(now: datetime) -> int:
    """Forget what was sent of files that never came whole; gives how many."""
    with opened() as shelf:
        return shelf.blobs.let_go(now - WAIT_MAX)


def _waiting(now: datetime) -> set[str]:
    try:
        with opened() as shelf:
            return {one.commit for one in VersionChecks(shelf.catalogue).waiting(now)}
    except sqlite3.Error as error:
        raise Unavailable(f"the catalogue of data sets cannot be read: {error}.") from None
