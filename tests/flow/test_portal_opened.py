"""A portal that is opened while a command is given beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_OPEN = """
import sys
from pathlib import Path
from licet.portal.serving import set_up
from licet.portal.settings import Installation, load_or_create_secret
home = Path(sys.argv[1])
set_up(Installation(home, secret=load_or_create_secret(home)))
"""


def test_whoever_comes_at_once_finds_one_database_brought_up_to_date(tmp_path: Path) -> None:
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(tmp_path / "home")],
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [one.communicate(timeout=120)[1] for one in begun]
    assert [one.returncode for one in begun] == [0, 0], said
