"""`licet ledger` from the terminal: output, exit codes, a home that is being written."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.ledger import NOW, make_test_signer
from licet.cli.ledger import ledger
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.keyfiles import load_or_create_signer, publish_vkey
from licet.ledger.log import Log

ORIGIN = "gateway.example/licet"
SIZE = 30


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose gateway is running: the log is claimed while the commands read it."""
    home = tmp_path / "home"
    signer = load_or_create_signer(home / "keys" / "ledger.skey", ORIGIN, secrets.token_bytes)
    publish_vkey(home / "ledger" / "vkey", signer.verifier)
    log = Log(open_store(f"sqlite:{home / 'ledger' / 'ledger.db'}"), signer, ORIGIN)
    bodies = [
        make_entry("exchange.halted", NOW, {"case": f"LC-{n}", "rules": ["r1", "r2"]}, seq=n)
        for n in range(SIZE)
    ]
    log.append(bodies, NOW)
    log.append([b"not an entry of ours"], NOW)
    yield home
    log.close()


def run(*args: object, home: Path | None = None) -> Result:
    environment = {"LICET_HOME": str(home)} if home else {}
    return CliRunner().invoke(ledger, [str(arg) for arg in args], env=environment)


def test_verify_says_yes_with_zero(home: Path) -> None:
    result = run("verify", home, "--vkey", home / "ledger" / "vkey")
    assert result.exit_code == 0, result.output
    assert "signature  verified" in result.output
    assert f"size       {SIZE + 1}" in result.output
    as_json = json.loads(run("verify", home, "--json").stdout)
    assert as_json["ok"] is True
    assert as_json["origin"] == ORIGIN


def test_a_pack_that_is_not_there_is_refused_before_anything_is_verified(home: Path) -> None:
    for words in ((), ("--replay",)):
        result = run("verify", home, "--pack", "nope", *words)
        assert result.exit_code == 2
        assert "no pack 'nope'" in result.stderr
        assert result.stdout == ""


def test_verify_with_the_key_beside_the_log_says_where_the_key_is_from(home: Path) -> None:
    for where in (home, home / "ledger", home / "ledger" / "ledger.db"):
        result = run("verify", where)
        assert result.exit_code == 0, result.output
        assert "compare it with the published one" in result.output


def test_verify_says_no_with_one(home: Path) -> None:
    other = make_test_signer(ORIGIN).verifier.vkey
    result = run("verify", home, "--vkey", other)
    assert result.exit_code == 1
    assert "FALSE" in result.output
    assert json.loads(run("verify", home, "--vkey", other, "--json").stdout)["ok"] is False


def test_what_cannot_be_used_ends_with_two_and_a_hint(home: Path, tmp_path: Path) -> None:
    for args in (
        ("verify", tmp_path / "nowhere"),
        ("verify", home, "--vkey", "no key"),
        ("verify", tmp_path / "none.tlog-proof", "--vkey", make_test_signer().verifier.vkey),
        ("prove", SIZE + 1, "--home", home),
        ("prove", 0, "--home", tmp_path / "nowhere"),
        ("prove", 0, "--home", home, "-o", tmp_path),
        ("show", "--home", tmp_path / "nowhere"),
    ):
        result = run(*args)
        assert result.exit_code == 2, (args, result.output)
        assert "Traceback" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_receipt_is_written_and_verifies_without_the_log(home: Path, tmp_path: Path) -> None:
    receipt = tmp_path / "seven.tlog-proof"
    vkey = (home / "ledger" / "vkey").read_text(encoding="ascii").strip()
    assert run("prove", 7, "-o", receipt, home=home).exit_code == 0
    result = run("verify", receipt, "--vkey", vkey)
    assert result.exit_code == 0, result.output
    assert '"case":"LC-7"' in result.output
    assert run("verify", receipt).exit_code == 2, "a receipt needs a key"
    receipt.write_bytes(receipt.read_bytes().replace(b"index 7", b"index 8"))
    result = run("verify", receipt, "--vkey", vkey)
    assert result.exit_code == 1
    assert "FALSE" in result.output


@pytest.mark.parametrize("name", ["r.proof", "receipt", "r.tlog-proof"])
def test_the_command_that_prove_prints_verifies(home: Path, tmp_path: Path, name: str) -> None:
    said = run("prove", 3, "-o", tmp_path / name, home=home).output
    words = shlex.split(said.partition("check with: licet ledger ")[2])
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert '"case":"LC-3"' in result.output


def test_a_receipt_can_be_printed(home: Path) -> None:
    result = run("prove", 0, "-o", "-", home=home)
    assert result.stdout.startswith("c2sp.org/tlog-proof@v1\n")


def test_an_export_verifies(home: Path, tmp_path: Path) -> None:
    result = run("export", tmp_path / "public", home=home)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "public" / "tile" / "entries" / f"000.p/{SIZE + 1}").is_file()
    vkey = home / "ledger" / "vkey"
    assert run("verify", tmp_path / "public", "--vkey", vkey).exit_code == 0
    assert "not checked" in run("verify", tmp_path / "public").output


def test_show_prints_the_latest_entries(home: Path) -> None:
    lines = run("show", "--last", 3, home=home).stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:3] == ["28", "2026-11-24T02:19:57.123Z", "exchange.halted"]
    assert "case=LC-28 rules=r1,r2" in lines[0]
    assert "no entry" in lines[2]
    objects = [json.loads(line) for line in run("show", "--json", home=home).stdout.splitlines()]
    assert [item["index"] for item in objects] == list(range(11, 31))
    assert objects[0]["entry"]["pub"]["case"] == "LC-11"
    assert "hex" in objects[-1]
