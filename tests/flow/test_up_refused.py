"""What `licet up` is told amiss: the option or the file is named, and no traceback shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.command import licet


def refused(home: Path, *words: object) -> str:
    """What is said where nothing is started."""
    ended = licet("up", "--port", "0", *words, home=home)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--upstream", "notaurl"), "--upstream does not have the right form"),
        (("--upstream", "http://m/v1?a=b"), "--upstream cannot be used"),
        (("--host", "999.1.1.1"), "with --host"),
        (("--host", "a..b"), "with --host"),
        (("--host", ""), "with --host"),
        (("--pace-ms", "-5"), "--pace-ms"),
        (("--pace-ms", "nan"), "--pace-ms"),
        (("--home", ""), "--home"),
    ],
)
def test_the_option_is_named_that_cannot_be_used(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    heard = refused(tmp_path, *words)
    assert said in heard
    assert "config.toml" not in heard
    assert "--port" not in heard


@pytest.mark.parametrize("name", ["config.toml", "ledger/vkey"])
def test_a_file_that_is_out_of_reach_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir(parents=True)
    heard = refused(tmp_path)
    assert str(tmp_path / name) in heard
    assert "Check its owner and rights." in heard


def test_what_stands_against_an_emptied_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    heard = refused(tmp_path)
    assert "was edited and is not overwritten" in heard
    assert "`upstream` is required" in heard
