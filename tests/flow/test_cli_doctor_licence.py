"""`licet doctor` says what the licence is worth, and what to do where that is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kit.licences import HOLDER, LICENCE, NOW, STRANGER, TERMS, an_issuer
from licet.base.trouble import BadInput
from licet.cli.doctor_licence import check_licence
from licet.cli.doctor_scene import Scene
from licet.cli.home import Home
from licet.credentials import SigningKey, Status, Terms, read_status_list
from licet.credentials.shelf import Shelf
from licet.gateway.config import load_config
from licet.gateway.config_demo import DemoChoice, demo_config

WIDE = timedelta(days=200)


def scene(tmp_path: Path, terms: Terms = TERMS, status: Status = Status.VALID, *,
          key: SigningKey = HOLDER, age: timedelta = timedelta()) -> Scene:  # fmt: skip
    """A home whose licence has this status, on a list of this age."""
    home = Home(tmp_path / "home").create()
    demo_config(home.root, DemoChoice())
    config = load_config(home.config)
    assert config.licence is not None
    issuer = an_issuer(tmp_path / "authority")
    licence, token = issuer.issue(terms, NOW - WIDE)
    issuer.set_status(licence.id, status, NOW - WIDE)
    config.licence.key_file.touch(0o600)
    config.licence.key_file.write_text(key.seed.hex())
    shelf = Shelf(home.licence)
    shelf.trust(issuer.keys)
    config.licence.token_file.write_text(token)
    shelf.put(read_status_list(issuer.status_token(NOW - age), issuer.keys), issuer.keys)
    return Scene(home, config, NOW, {}, "utf-8")


def test_a_valid_licence_is_named_with_its_end(tmp_path: Path) -> None:
    found = check_licence(scene(tmp_path))
    assert (found.state, found.said) == ("ok", f"{LICENCE.filing}, until 2027-11-20")


@pytest.mark.parametrize(
    ("terms", "status", "state", "said"),
    [
        (TERMS, Status.SUSPENDED, "bad", "suspended"),
        (TERMS, Status.REVOKED, "bad", "revoked"),
        (replace(TERMS, ends=NOW), Status.VALID, "bad", "expired"),
        (replace(TERMS, ends=NOW + timedelta(days=20)), Status.VALID, "warn", "20 days"),
    ],
)
def test_what_is_not_well_says_what_to_do(
    terms: Terms, status: Status, state: str, said: str, tmp_path: Path
) -> None:
    found = check_licence(scene(tmp_path, terms, status))
    assert found.state == state
    assert said in found.said
    assert found.hint


def test_an_old_list_is_told_apart_from_a_suspension(tmp_path: Path) -> None:
    found = check_licence(scene(tmp_path, age=timedelta(days=2)))
    assert found.state == "warn"
    assert "licet licence fetch" in found.hint


def test_the_licence_of_somebody_else_is_trouble(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="another key"):
        check_licence(scene(tmp_path, key=STRANGER))


def test_without_one_it_says_that_nobody_is_served(tmp_path: Path) -> None:
    found = check_licence(replace(scene(tmp_path), config=None))
    assert found.state == "warn"
    assert "--lab" in found.hint
