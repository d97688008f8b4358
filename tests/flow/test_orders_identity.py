"""Who is behind a pseudonym: opened by two of three sides, under an order, and by no one alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from django.conf import settings

from kit.orders import Scene, stored
from kit.portal import portal
from licet.base.trouble import NotAllowed, NotFound
from licet.cases import Refusal
from licet.cli.main import licet
from licet.gateway.identities import KEEPERS, Identities, read_keepers
from licet.gateway.subjects import Subjects

BORIS = f"184d-13~{'b' * 32}"
CASE = "LC-20261124-7F3K9Q2A1MZB"
OUTSIDE = "what opens the box outside"


@pytest.fixture
def scene() -> Iterator[Scene]:
    with portal(public_url="https://authority.example"):
        yield Scene()


class Sides:
    """Keepers of three sides: two outside with files, one with an account; a gateway's file."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        from licet.portal.dossiers import sealing

        self.scene, self.folder = scene, folder
        for side in ("provider", "independent"):
            self.run("key", "make", "--name", side, "--side", side, "-o", folder / side,
                     said=f"{OUTSIDE} {side}\n{OUTSIDE} {side}\n")  # fmt: skip
            self.run("key", "enrol", folder / f"{side}.card")
        own = sealing.key_of(scene.keepers[0])
        assert own
        (folder / "authority.card").write_bytes(msgspec.json.encode(own.card))
        cards = (folder / f"{side}.card" for side in ("provider", "authority", "independent"))
        self.run("keepers", *cards)
        home = Path(settings.LICET_HOME)
        with closing(Subjects(home / "subjects.db")) as subjects:
            keepers = read_keepers(home / "keys" / KEEPERS)
            Identities(subjects, keepers, secrets.token_bytes).enter(
                CASE, BORIS, "boris@example.com", scene.now
            )

    def run(self, *words: object, said: str = "", fails: bool = False) -> str:
        done = CliRunner().invoke(
            licet, ["order", *map(str, words)], input=said,
            env={"LICET_HOME": str(settings.LICET_HOME)},
        )  # fmt: skip
        assert (done.exit_code != 0) == fails, done.output
        return done.output

    def ready(self, name: str) -> Any:
        scene = self.scene
        row = scene.does(scene.ask(opens="identity", names=name), "validate", scene.approver)
        row = scene.does(row, "tell_provider", scene.clerk)
        row = scene.does(row, "accept_order", scene.provider)
        self.run("find", name, "-o", self.folder / "found.json")
        self.run("bring", row.pk, self.folder / "found.json")
        return row

    def gives(self, row: Any, side: str, fails: bool = False, words: str = OUTSIDE) -> str:
        asked, given = self.folder / "ask.json", self.folder / f"{side}.given"
        self.run("share", "ask", row.pk, "-o", asked)
        said = f"{words} {side}\n"
        self.run("share", "give", asked, "--key", self.folder / side, "-o", given, said=said,
                 fails=fails)  # fmt: skip
        return "" if fails else self.run("share", "take", given)


@pytest.mark.parametrize("name", [BORIS, CASE])
def test_two_of_three_sides_open_an_identity_with_files_and_a_page(
    scene: Scene, tmp_path: Path, name: str
) -> None:
    sides = Sides(scene, tmp_path)
    assert b"boris@example.com" not in stored()
    row = sides.ready(name)
    sides.gives(row, "independent")
    with pytest.raises(NotAllowed, match="1 of 2 shares"):
        scene.reads(row)
    assert not isinstance(scene.gives(row, 0), Refusal)
    assert scene.reads(row).texts == {name: ("", "boris@example.com")}
    assert b"boris@example.com" not in stored()


def test_one_side_alone_opens_no_identity(scene: Scene, tmp_path: Path) -> None:
    """Not the provider, who has the file, the envelopes and its share; nor any other."""
    sides = Sides(scene, tmp_path)
    row = sides.ready(BORIS)
    sides.gives(row, "provider")
    assert "done_before" in sides.run("share", "take", tmp_path / "provider.given", fails=True)
    with pytest.raises(NotAllowed, match="1 of 2 shares"):
        scene.reads(row)
    sides.gives(row, "independent", fails=True, words="another passphrase")
    row.refresh_from_db()
    assert row.shares.count() == 1


def test_what_an_order_does_not_name_is_not_brought(scene: Scene, tmp_path: Path) -> None:
    sides = Sides(scene, tmp_path)
    row = sides.ready(BORIS)
    other = tmp_path / "other.json"
    found = msgspec.json.decode((tmp_path / "found.json").read_bytes(), type=dict[str, str])
    other.write_bytes(msgspec.json.encode({f"184d-13~{'c' * 32}": found[BORIS]}))
    assert "does not name" in sides.run("bring", row.pk, other, fails=True)
    sides.run("find", f"184d-13~{'c' * 32}", "-o", other, fails=True)
    with pytest.raises(NotFound):
        scene.gives(scene.does(scene.ask(opens="identity", names=CASE), "validate",
                               scene.approver), 0)  # fmt: skip
