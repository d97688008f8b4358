"""`licet pictures`: lists are written as the gateway reads them."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.media import landscape
from licet.cli.main import licet
from licet.gateway.casestore import CaseFile, CaseStore
from licet.gateway.dialects.model import Notice
from licet.gateway.media.copylog import CopyLog
from licet.gateway.media.seeing import see
from licet.guard.pictures import parse_blocklist

NOW = datetime.now(UTC)  # noqa: TID251 - the command reads the clock of the machine


def run(*command: str | Path) -> Result:
    return CliRunner().invoke(licet, ["pictures", *map(str, command)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(landscape())
    return path


def listed(path: Path) -> list[int]:
    return [one.phash for one in parse_blocklist(path.read_text("utf-8"), "l", ("sexual",))]


def test_a_file_is_put_on_a_list_once(file: Path) -> None:
    own = see(file.read_bytes(), pixels_max=1 << 20).own
    assert run("hash", file).output.split() == [own, str(file)]
    lists = file.with_name("list.toml")
    for _ in range(2):
        done = run("block", file, file, "--list", lists, "--category", "sexual", "--note", "“x”")
        assert done.exit_code == 0, done.output
    assert listed(lists) == [int(own, 16)]
    assert "“x”" in lists.read_text("utf-8")


def test_a_stopped_picture_is_put_on_it_by_its_case(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    store = CaseStore(tmp_path / "cases.db", tmp_path / "keys" / "case_keys.db", keep_days=90,
                      chance=secrets.token_bytes)  # fmt: skip
    for case, excerpt in (("LC-1", "[PNG 256 × 256, phash 00ff00ff00ff00ff]"), ("LC-2", "words")):
        notice = Notice(case, "sexual", "judge.picture.sexual", {"en": "x"}, "http://a")
        store.open(CaseFile(notice, "halted", NOW, "ex-1"), excerpt)
    store.close()
    lists = tmp_path / "list.toml"
    where = ("--list", lists, "--category", "sexual", "--home", tmp_path)
    assert run("block", "--case", "LC-1", *where).exit_code == 0
    assert listed(lists) == [0x00FF00FF00FF00FF]
    refused = run("block", "--case", "LC-2", *where)
    assert refused.exit_code != 0
    assert "not about a picture" in refused.output
    assert run("block", "--case", "LC-3", *where).exit_code != 0
    assert len(listed(lists)) == 1


def test_nothing_unfit_is_written(file: Path) -> None:
    lists = file.with_name("list.toml")
    lists.write_text("x = 1", "utf-8")
    for category, target in (("rude", file.with_name("new.toml")), ("sexual", lists)):
        assert run("block", file, "--list", target, "--category", category).exit_code != 0
    assert lists.read_text("utf-8") == "x = 1"
    assert not file.with_name("new.toml").exists()
    assert run("block", "--list", lists, "--category", "sexual").exit_code != 0


def test_a_category_that_is_none_is_refused_before_a_name_is_told(file: Path) -> None:
    done = run("block", file, "--list", file.with_name("l.toml"), "--category", "nope")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "--category: there is no 'nope'. One of: commercial" in done.stderr


def test_copies_without_a_mark_are_shown(tmp_path: Path) -> None:
    assert run("unmarked", "--home", tmp_path).exit_code != 0
    log = CopyLog(tmp_path, keep_days=184, chance=secrets.token_bytes)
    log.add(["ex-1-1"], given=NOW, medium="image", agreement="A-1", recipient="user-7")
    log.close()
    (line,) = run("unmarked", "--home", tmp_path).output.splitlines()
    assert json.loads(line)["recipient"] == "user-7"
