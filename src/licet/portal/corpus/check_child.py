"""The program that checks data sets beside a portal: every version that waits, one after another.

    python -m licet.portal.corpus.check_child HOME PACK

It is a process of its own, last in line for the processor, with so much memory and no more, so
that whatever strangers uploaded (much of it, or made to swell) happens here. It refuses to know
Django, people and pages.

Rules
1. It ends with whoever started it: standard input is closed then.
2. A version is given CHECK_S_MAX; then the process ends, and the version is tried again later.
"""

from __future__ import annotations

import os
import resource
import secrets
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from licet.base.clock import SystemClock
from licet.base.trouble import Conflict
from licet.corpus.scan.published import Manner, alone, check_waiting
from licet.corpus.shelf import open_shelf
from licet.gateway.bundlefile import load_current
from licet.gateway.bundling import passing_bundle
from licet.rulebook import load_pack

NICE = 15
CHECK_S_MAX = 6 * 3600
MEMORY_BYTES_MAX = 4 << 30


def main(home: Path, pack_id: str) -> None:
    """Check what waits; nothing where another process does so already."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pack = load_pack(pack_id)
    shelf = open_shelf(home / "corpus", home / "keys")
    try:
        with alone(shelf, wait_s=0):
            bundle = load_current(home / "bundles", home / "keys") or passing_bundle(
                pack, name="check"
            )
            for _ in check_waiting(shelf, pack, Manner(bundle), _begun, secrets.token_bytes):
                pass
    except Conflict:
        return
    finally:
        shelf.close()


def _begun() -> datetime:
    """The moment, asked for as a check begins: from here on it has its time (rule 2)."""
    signal.alarm(CHECK_S_MAX)
    return SystemClock().now()


def _end_with_parent() -> None:
    while os.read(0, 1 << 10):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
