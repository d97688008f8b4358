"""Every fuzz target holds for a few inputs; `make fuzz` goes on for as long as it is told.

In a process of its own: what is imported and how much memory is used is part of what is tested.
"""

from __future__ import annotations

import subprocess
import sys

from kit.house import ROOT


def test_no_parser_that_stands_before_strangers_is_surprised() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fuzz", "--examples", "12", "--seed", "20261124"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "nothing found" in run.stdout
