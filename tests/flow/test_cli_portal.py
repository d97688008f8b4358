"""`licet portal` as it is typed, beside a portal that runs or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.command import licet
from kit.house import ROOT

VKEY = "localhost/licet+5059cc97+Aaok+Y4ggyZLC32vMzdz0m32sh5g96MeLe+wzePRRos9"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("portal") / "home"
    named = licet(
        "portal", "person", "li@acme.example", "--name", "Li", "--body", "ACME",
        "--body-kind", "provider", "--body-zh", "某公司", "--body-en", "Acme",
        "--role", "representative", home=made,
    )  # fmt: skip
    assert named.returncode == 0, named.stderr
    return made


def follow(where: str, home: Path) -> tuple[int, str]:
    told = licet("portal", "follow", where, "--vkey", VKEY, "--body", "ACME", home=home)
    return told.returncode, told.stdout + told.stderr


def test_a_folder_is_followed_wherever_the_portal_stands(home: Path) -> None:
    code, said = follow("tests/vectors/ledger", home)
    assert code == 0
    assert said.startswith(f"{ROOT / 'tests/vectors/ledger'} is followed")


def test_a_folder_that_is_not_there_is_not_followed(home: Path) -> None:
    code, said = follow("no/ledger", home)
    assert code == 2
    assert f"there is nothing at {ROOT / 'no/ledger'}" in said


@pytest.mark.parametrize("url", ["postgresql://licet:secret@127.0.0.1:1/portal", "sqlite:x.db"])
def test_a_database_that_does_not_open_is_no_bug(url: str, tmp_path: Path) -> None:
    if url.startswith("postgresql"):
        pytest.importorskip(
            "psycopg", reason="psycopg is not installed: make extras ARGS=postgres"
        )
    (tmp_path / "x.db").write_text("no database, and long enough to be read as one" * 9)
    told = licet("portal", "people", home=tmp_path, LICET_DATABASE_URL=url)
    assert told.returncode == 2
    assert "the portal's database does not open." in told.stderr
    assert "LICET_DATABASE_URL" in told.stderr
    assert "secret" not in told.stderr


def test_a_role_that_is_none_is_told_those_that_are(home: Path) -> None:
    told = licet("portal", "person", "wu@acme.example", "--name", "Wu", "--body", "ACME",
                 "--role", "clerk", home=home)  # fmt: skip
    assert told.returncode == 2
    assert "no role 'clerk' on the provider's side. Roles: " in told.stderr
    assert "[" not in told.stderr


def test_an_address_is_followed_as_it_is(home: Path) -> None:
    code, said = follow("https://gateway.example/ledger", home)
    assert code == 0
    assert said.startswith("https://gateway.example/ledger is followed")
