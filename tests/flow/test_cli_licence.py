"""`licet licence`: offline, an answer for every standing, exit codes that scripts can use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.authority import serving_authority
from kit.licences import AUTHORITY, STRANGER, TERMS, an_issuer, changed
from licet.base.clock import SystemClock
from licet.cli.main import licet
from licet.credentials import Status, read_status_list, sign_licence
from licet.credentials.issuer import LIST_PATH, Issuer
from licet.credentials.shelf import Shelf

NOW = SystemClock().now().replace(microsecond=0)
DAY = timedelta(days=1)


def run(*words: object, home: Path, stdin: str = "") -> Result:
    return CliRunner().invoke(
        licet, ["licence", *map(str, words)], input=stdin, env={"LICET_HOME": str(home)}
    )


class World:
    """An authority that issued a licence two days ago, suspended it yesterday for an hour."""

    def __init__(self, folder: Path, issuer: Issuer | None = None) -> None:
        self.home = folder / "home"
        self.issuer = issuer or an_issuer(folder / "authority")
        self.licence, self.token = self.issuer.issue(TERMS, NOW - 2 * DAY)
        self.issuer.set_status(self.licence.id, Status.SUSPENDED, NOW - DAY)
        self.issuer.set_status(self.licence.id, Status.VALID, NOW - DAY + timedelta(hours=1))

    def offline(self) -> World:
        """The keys and today's list are at hand."""
        shelf = Shelf(self.home / "licence")
        shelf.trust(self.issuer.keys)
        listed = read_status_list(self.issuer.status_token(NOW), self.issuer.keys)
        shelf.put(listed, self.issuer.keys)
        return self


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).offline()


def test_a_valid_licence_ends_with_nought_and_says_whose_it_is(world: World) -> None:
    result = run("verify", world.token, home=world.home)
    assert result.exit_code == 0, result.output
    for said in ("valid", TERMS.filing, TERMS.model, TERMS.provider, "From six to ten daily"):
        assert said in result.stdout
    assert run("verify", "-", home=world.home, stdin=world.token).exit_code == 0
    file = world.home / "token.txt"
    file.write_text(world.token, encoding="ascii")
    assert run("verify", file, home=world.home).exit_code == 0


def test_json_says_the_same_for_machines(world: World) -> None:
    said = json.loads(run("verify", world.token, "--json", home=world.home).stdout)
    assert said["state"] == "valid"
    assert said["licence"]["filing"] == TERMS.filing
    assert set(said["meaning"]) == {"zh", "en"}
    assert said["status_list"]["uri"] == world.issuer.list_uri


def test_what_is_not_valid_ends_with_one(world: World) -> None:
    world.issuer.set_status(world.licence.id, Status.REVOKED, NOW)
    world.offline()
    result = run("verify", world.token, "--json", home=world.home)
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (1, "revoked")


def test_without_a_list_that_speaks_for_the_moment_nobody_knows(world: World) -> None:
    for moment in (NOW - DAY, NOW + 2 * DAY):
        result = run("verify", world.token, "--at", moment.isoformat(), home=world.home)
        assert result.exit_code == 1
        assert "not known" in result.stdout
        assert "licet licence fetch" in result.stdout


def test_a_false_licence_is_said_to_be_false(world: World) -> None:
    false = sign_licence(changed(), STRANGER)
    result = run("verify", false, home=world.home)
    assert (result.exit_code, result.stdout[:5]) == (1, "FALSE")
    said = json.loads(run("verify", false, "--json", home=world.home).stdout)
    assert said["state"] == "false"


@pytest.mark.parametrize("token", ["nothing-of-the-kind", "eyJ.x.y", "\0", ""])
def test_what_is_no_licence_ends_with_two_and_says_what_to_give(token: str, world: World) -> None:
    result = run("verify", "--", token, home=world.home)
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_a_moment_without_its_time_zone_is_asked_for_again(world: World) -> None:
    result = run("verify", world.token, "--at", "2026-11-28", home=world.home)
    assert result.exit_code == 2
    assert "+08:00" in result.stderr


def test_without_keys_it_says_where_to_get_them(tmp_path: Path) -> None:
    result = run("verify", World(tmp_path).token, home=tmp_path / "bare")
    assert result.exit_code == 2
    assert "licet licence trust" in result.stderr


# With an authority to ask


@pytest.fixture
def served(tmp_path: Path) -> Iterator[World]:
    """An authority at a loopback address."""
    with serving_authority(tmp_path / "served") as authority:
        yield World(tmp_path, authority.issuer)


def test_keys_and_lists_are_fetched_once_and_verified_offline_after(served: World) -> None:
    trusted = run("trust", served.issuer.list_uri.removesuffix(LIST_PATH), home=served.home)
    assert trusted.stdout.split() == ["trusted", *served.issuer.keys.keys]
    assert run("fetch", served.token, home=served.home).exit_code == 0
    assert run("verify", served.token, home=served.home).exit_code == 0


def test_was_it_licensed_on_that_day(served: World) -> None:
    run("trust", served.issuer.list_uri.removesuffix(LIST_PATH), home=served.home)
    for hours, state in [(-3, "valid"), (0.5, "suspended")]:
        moment = (NOW - DAY + timedelta(hours=hours)).isoformat()
        fetched = run("fetch", served.token, "--at", moment, home=served.home)
        assert fetched.exit_code == 0, fetched.output
        result = run("verify", served.token, "--at", moment, "--json", home=served.home)
        assert json.loads(result.stdout)["state"] == state
    assert run("verify", served.token, home=served.home).exit_code == 1, "today was not asked for"


def test_other_keys_do_not_slip_in(served: World, tmp_path: Path) -> None:
    run("trust", served.issuer.list_uri.removesuffix(LIST_PATH), home=served.home)
    others = tmp_path / "others.json"
    others.write_bytes(an_issuer(tmp_path / "x", draw=lambda n: b"\7" * n).keys.as_jwks())
    refused = run("trust", others, home=served.home)
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert run("trust", others, "--replace", home=served.home).exit_code == 0


@pytest.mark.parametrize("url", ["http://authority.example.cn", "ftp://x", "http://[::1", "http:"])
def test_an_address_whose_answer_could_be_changed_is_not_asked(url: str, tmp_path: Path) -> None:
    assert run("trust", url, home=tmp_path).exit_code == 2


def test_the_list_of_an_address_that_does_not_answer_is_asked_for_again(tmp_path: Path) -> None:
    world = World(tmp_path, an_issuer(tmp_path / "far", "http://127.0.0.1:9")).offline()
    result = run("fetch", world.token, home=world.home)
    assert result.exit_code == 2
    assert "try again" in result.stderr
    assert AUTHORITY.public.id not in world.issuer.keys.keys
