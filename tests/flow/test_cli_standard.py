"""Standard input and output that are closed, or full: said, and never taken for a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from licet.cli.main import UNUSABLE, licet

LICET = Path(sys.executable).with_name("licet")
FULL = Path("/dev/full")


def ended(words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A command of the shell, in a home of its own."""
    line = f'"{LICET}" {words}'
    return subprocess.run(
        ["/bin/sh", "-c", line], env={**os.environ, "LICET_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["check -", "check --jsonl"])
def test_closed_input_is_said_so(words: str, tmp_path: Path) -> None:
    run = ended(f"{words} <&-", tmp_path)
    assert run.returncode == UNUSABLE
    assert run.stderr.startswith("Error: standard input is closed. Pipe ")


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
@pytest.mark.parametrize("words", ["rulebook show", "--version", "check --jsonl"])
def test_output_that_finds_no_room_is_no_bug(words: str, tmp_path: Path) -> None:
    fed = f"{words} >{FULL} <<E\n" + '{"id": 1, "text": "a"}\nE\n'
    run = ended(fed, tmp_path)
    assert run.returncode == UNUSABLE
    assert run.stderr.startswith("Error: the output cannot be written: No space left on device.")
    assert run.stderr.count("\n") == 1
    if words == "--version":
        assert ended(f"{words} >{FULL} 2>&1", tmp_path).returncode == UNUSABLE


def test_closed_output_is_said_before_anything_is_done(tmp_path: Path) -> None:
    run = ended("keys create --name lost >&-", tmp_path / "home")
    assert run.returncode == UNUSABLE
    assert "standard output is closed" in run.stderr
    assert not (tmp_path / "home").exists()


def test_bytes_that_are_typed_and_are_no_text_are_refused() -> None:
    result = CliRunner().invoke(licet, ["check", "é\udcffb"])
    assert result.exit_code == UNUSABLE
    assert "byte 3 is not UTF-8" in result.stderr
