"""What the portal promises on SQLite it promises on PostgreSQL: the same tests, in a process of
their own, for Django knows one database a process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kit.databases import postgres_schema
from kit.house import ROOT
from kit.portal import DATABASE

SAME = (
    "tests/flow/test_portal_filings.py", "tests/flow/test_portal_notices.py",
    "tests/http/test_portal_register.py", "tests/http/test_api_messages.py",
    "tests/http/test_outbox.py",
)  # fmt: skip


@pytest.mark.slow
def test_the_portal_keeps_its_promises_on_postgresql() -> None:
    with postgres_schema() as url:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SAME],
            cwd=ROOT, env=os.environ | {DATABASE: url}, capture_output=True, text=True,
            timeout=280, check=False,
        )  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:]
