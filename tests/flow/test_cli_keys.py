"""`licet keys`, as it is typed, and the home folder that every command is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from licet.cli.main import licet
from licet.gateway.config_demo import DemoChoice, demo_config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose gateway has one upstream, `main`."""
    demo_config(tmp_path, DemoChoice(upstream_url="https://models.example/v1"))
    return tmp_path


def create(home: Path | str, *words: str) -> Result:
    return CliRunner().invoke(
        licet, ["keys", "create", "--name", "app", "--json", *words],
        env={"LICET_HOME": str(home)},
    )  # fmt: skip


def test_a_key_reaches_only_upstreams_that_there_are(home: Path) -> None:
    refused = create(home, "--upstreams", "main,nope")
    assert refused.exit_code == 2
    assert "names no upstream 'nope'. Those named: main." in refused.stderr
    assert not (home / "keys.db").exists()
    assert json.loads(create(home, "--upstreams", "main").stdout)["key"].startswith("licet_")


@pytest.mark.parametrize("words", [("list",), ("revoke", "key_1m85svk5pmf36h47qqhb")])
def test_a_folder_that_was_named_by_mistake_has_no_keys_and_gets_none(
    words: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    for folder in (home, tmp_path / "nowhere"):
        told = CliRunner().invoke(licet, ["keys", *words, "--home", str(folder)])
        assert told.exit_code == 2
        assert f"no keys are kept in {folder}" in told.stderr
        assert "--home" in told.stderr
    assert not (tmp_path / "nowhere").exists()
    assert not (home / "keys.db").exists()
    create(home)
    assert CliRunner().invoke(licet, ["keys", "list", "--home", str(home)]).exit_code == 0


@pytest.mark.parametrize("option", ["--rate", "--concurrency"])
def test_a_limit_has_a_bound(option: str, home: Path) -> None:
    refused = create(home, option, "99999999999999999999")
    assert refused.exit_code == 2
    assert "a limit is 0 to 1,000,000,000." in refused.stderr


def test_an_empty_home_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for refused in (create(tmp_path / "home", "--home", ""), create("")):
        assert refused.exit_code == 2
        assert "is empty" in refused.stderr
    assert list(tmp_path.iterdir()) == []
