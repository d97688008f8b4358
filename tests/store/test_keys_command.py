"""`licet keys`, as it is typed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from licet.cli.home import Home
from licet.cli.keys import keys
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.gateway.keyring import KeyRing
from licet.gateway.keys import Key, KeyDenied
from licet.gateway.keystore import open_keystore


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _type(home: Home, *words: str) -> Result:
    return CliRunner().invoke(keys, words, env={"LICET_HOME": str(home.root)})


def _create(home: Home, *words: str) -> dict[str, str]:
    result = _type(home, "create", "--name", "app", "--json", *words)
    assert result.exit_code == 0, result.output
    made: dict[str, str] = json.loads(result.stdout)
    return made


def test_a_created_key_opens_the_gateway_until_it_is_revoked(home: Home) -> None:
    made = _create(home)
    assert set(made) == {"id", "key"}
    store = open_keystore(f"sqlite:{home.keys_db}")
    ring = KeyRing(store)
    ring.refresh(0.0)
    found = ring.find(made["key"])
    assert isinstance(found, Key)
    assert found.id == made["id"]
    revoked = _type(home, "revoke", made["id"])
    assert revoked.stdout == f"revoked {made['id']} (app)\n"
    ring.refresh(1.0)
    assert ring.find(made["key"]) == KeyDenied("revoked", made["id"])
    store.close()


def test_what_is_typed_is_what_is_granted(home: Home) -> None:
    words = "--models qwen-*,glm --routes chat,models --rate 30 --concurrency 2"
    made = _create(home, *words.split(), "--audience", "minor", "--upstreams", "main")
    (listed,) = json.loads(_type(home, "list", "--json").stdout)
    assert listed.pop("created").endswith("Z")
    assert made["key"].startswith(f"licet_{listed.pop('prefix')}")
    assert listed == {
        "id": made["id"],
        "name": "app",
        "revoked": None,
        "routes": ["chat", "models"],
        "models": ["qwen-*", "glm"],
        "rate_per_minute": 30,
        "concurrency_max": 2,
        "audience": "minor",
        "upstreams": ["main"],
    }


def test_the_list_never_shows_a_keys_text(home: Home) -> None:
    made = _create(home)
    for words in (("list",), ("list", "--json")):
        shown = _type(home, *words).stdout
        assert made["id"] in shown
        assert made["key"] not in shown


def test_the_text_is_printed_alone_for_people_too(home: Home) -> None:
    result = _type(home, "create", "--name", "app")
    assert result.stdout.split()[::2] == ["id", "key"]
    assert "cannot be shown again" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("revoke", "key_none"), "there is no key 'key_none'"),
        (("create", "--name", ""), "name of a key"),
        (("create", "--name", "a", "--routes", "teleport"), "no route 'teleport'"),
        (("create", "--name", "a", "--models", ","), "at least one model"),
        (("create", "--name", "a", "--rate", "-1"), "--rate"),
        (("create",), "--name"),
    ],
)
def test_what_cannot_be_done_ends_with_two_and_says_why(
    home: Home, words: tuple[str, ...], said: str
) -> None:
    _create(home)
    result = _type(home, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_keys_go_where_the_configuration_says(home: Home) -> None:
    home.create()
    demo_config(home.root, DemoChoice())
    text = home.config.read_text()
    home.config.write_text(text.replace("sqlite:keys.db", "sqlite:elsewhere.db"))
    _create(home)
    assert (home.root / "elsewhere.db").exists()
    assert not home.keys_db.exists()


def test_the_home_folder_is_its_owners_alone(home: Home) -> None:
    home.create()
    home.create()
    for folder in (home.root, home.ledger, home.keys, home.bundles, home.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(keys, ["create", "--name", "a", "--home", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "cannot be the home folder" in result.stderr
