"""Orders of access: what is sealed opens for its reader, by several people, on record."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from django.conf import settings

from kit.dossiers import RULES_TEXT, keepers, passphrase, published, staff, with_key
from kit.portal import person, portal
from kit.visitors import granted, signed_in
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Corrupt, NotAllowed, NotFound, Unavailable
from licet.cases import Refusal
from licet.cli.main import licet
from licet.gateway.identities import KEEPERS, Identities, read_keepers
from licet.gateway.subjects import Subjects

SECRET = b"48151623"


def somebody(email: str) -> Any:
    from licet.portal.accounts.models import Person

    return Person.objects.get(email=email)


class Scene:
    """A dossier with sealed rules, three keepers, a reader; an order asked for."""

    def __init__(self) -> None:
        staff()
        self.keepers = keepers()
        self.reader = with_key(somebody("reviewer@officer.example"))
        self.approver = somebody("approver@officer.example")
        self.clerk = somebody("clerk@officer.example")
        self.provider = somebody("representative@own.example")
        self.dossier = published(granted().id, self.provider)
        self.now = SystemClock().now()

    def data(self, **changed: Any) -> dict[str, Any]:
        until = (self.now + timedelta(days=9)).date().isoformat()
        return {
            "legal_basis": "Art. 19", "purpose": "Inspection.", "necessity": "Nothing less.",
            "opens": "section", "names": f"{self.dossier.pk}/annotation_rules", "until": until,
            **changed,
        }  # fmt: skip

    def ask(self, **changed: Any) -> Any:
        from licet.portal.orders import service

        found = service.request(self.data(**changed), self.dossier.holder, self.reader, self.now)
        assert not isinstance(found, Refusal), found
        return self.row(found.id)

    def row(self, number: str) -> Any:
        from licet.portal.orders.models import StoredOrder

        return StoredOrder.objects.get(pk=number)

    def does(self, row: Any, act: str, by: Any, **data: Any) -> Any:
        from licet.portal.orders import service

        outcome = service.act(row, act, data, by, self.now)
        assert not isinstance(outcome, Refusal), outcome
        return self.row(row.pk)

    def ready(self) -> Any:
        row = self.does(self.ask(), "validate", self.approver)
        row = self.does(row, "tell_provider", self.clerk)
        return self.does(row, "accept_order", self.provider)

    def gives(self, row: Any, keeper: int) -> Any:
        from licet.portal.orders import service

        by = self.keepers[keeper]
        return service.give_share(row, passphrase(by), by, self.now)

    def reads(self, row: Any, by: Any = None, words: str = "") -> Any:
        from licet.portal.orders import service

        by = by or self.reader
        return service.read(row, words or passphrase(by), by, self.now)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with portal(public_url="https://authority.example"):
        yield Scene()


def stored() -> bytes:
    """All that lies in the database and on the disk."""
    from django.apps import apps

    rows = (row for model in apps.get_models() for row in model.objects.values_list())
    values = [
        bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
        for row in rows for value in row
    ]  # fmt: skip
    files = [p.read_bytes() for p in Path(settings.LICET_HOME).rglob("*") if p.is_file()]
    return b"\n".join([*values, *files])


def test_two_keepers_and_a_reader_open_a_section_and_the_ledger_says_so(scene: Scene) -> None:
    from licet.portal.filings.record import record
    from licet.portal.incidents import service as matters

    row = scene.ready()
    for keeper in (0, 2):
        assert not isinstance(scene.gives(row, keeper), Refusal)
    assert SECRET not in stored()
    opened = scene.reads(row)
    assert opened.texts == {f"{scene.dossier.pk}/annotation_rules": (
        "rules.txt", RULES_TEXT.decode()
    )}  # fmt: skip
    assert scene.reader.name in opened.watermark
    assert SECRET not in stored(), "what was opened is kept nowhere"
    of = matters.load(row.pk)
    assert [e.kind for e in of.events] == [
        "request", "validate", "tell_provider", "accept_order",
        "give_authority_share", "give_authority_share", "open_sealed",
    ]  # fmt: skip
    entries = b"\n".join(record(settings.LICET_HOME).entries())
    assert entries.count(b'"kind":"order"') == 7
    assert of.facts["view_sha256"].encode() in entries
    again = scene.reads(row)
    assert again == opened
    assert len(matters.load(row.pk).events) == 7, "a view that runs is one view"


@pytest.mark.parametrize("given", [0, 1])
def test_with_fewer_keepers_it_stays_shut(scene: Scene, given: int) -> None:
    row = scene.ready()
    for keeper in range(given):
        scene.gives(row, keeper)
    with pytest.raises(NotAllowed, match="shares"):
        scene.reads(row)
    again = scene.gives(row, 0)
    if given:
        assert isinstance(again, Refusal)
        assert again.code == "done_before"
        with pytest.raises(NotAllowed, match="shares"):
            scene.reads(row)


def test_before_it_is_validated_and_told_nobody_gives_a_share(scene: Scene) -> None:
    row = scene.ask()
    for act, by in (("validate", scene.approver), ("tell_provider", scene.clerk)):
        outcome = scene.gives(row, 0)
        assert isinstance(outcome, Refusal)
        assert outcome.code == "not_now"
        row = scene.does(row, act, by)
    assert not row.shares.exists()


def test_nobody_but_the_reader_reads(scene: Scene) -> None:
    from licet.portal.orders import service

    row = scene.ready()
    scene.gives(row, 0)
    scene.gives(row, 1)
    other = with_key(person("authority", "other@officer.example", ("reviewer",), "officer"))
    for by in (other, scene.keepers[0], scene.provider):
        with pytest.raises(NotAllowed):
            service.read(row, passphrase(by), by, scene.now)
    with pytest.raises(NotAllowed, match="passphrase"):
        scene.reads(row, words="not the passphrase")


def test_a_share_takes_its_keepers_passphrase(scene: Scene) -> None:
    from licet.portal.orders import service

    row, keeper = scene.ready(), scene.keepers[0]
    with pytest.raises(NotAllowed, match="passphrase"):
        service.give_share(row, passphrase(scene.keepers[1]), keeper, scene.now)
    late = with_key(person("authority", "late@officer.example", ("share_keeper",), "officer"))
    with pytest.raises(NotAllowed, match="keep no share"):
        service.give_share(row, passphrase(late), late, scene.now)
    assert not row.shares.exists()


def test_a_keeper_who_made_a_new_key_gives_the_share_of_the_old_one(scene: Scene) -> None:
    row = scene.ready()
    with_key(scene.keepers[0])
    scene.gives(row, 0)
    scene.gives(row, 1)
    assert scene.reads(row).texts


def test_a_version_that_is_published_meanwhile_changes_nothing(scene: Scene) -> None:
    from licet.portal.dossiers import service

    row = scene.ready()
    scene.gives(row, 0)
    sealing = {"annotation_rules": service.Sealing(b"quite other rules", "new.txt")}
    assert service.save(scene.dossier.pk, {}, sealing, scene.now) == ()
    service.publish(scene.dossier.pk, "New rules.", scene.provider, scene.now)
    scene.gives(row, 1)
    assert RULES_TEXT.decode() in str(scene.reads(row).texts)


def test_when_it_ends_its_shares_are_gone(scene: Scene) -> None:
    from licet.portal.orders import service

    row = scene.ready()
    scene.gives(row, 0)
    scene.gives(row, 1)
    scene.reads(row)
    assert row.shares.count() == 2
    scene.does(row, "end_view", scene.reader)
    assert row.shares.count() == 0
    with pytest.raises(NotAllowed):
        scene.reads(row)
    other = scene.ready()
    scene.gives(other, 0)
    assert service.tidy_all(scene.now) == 0
    assert service.tidy_all(scene.now + timedelta(days=40)) == 1
    assert other.shares.count() == 0


def test_the_view_ends_by_itself(scene: Scene) -> None:
    row = scene.ready()
    scene.gives(row, 0)
    scene.gives(row, 1)
    scene.reads(row)
    scene.now += timedelta(hours=3, minutes=59)
    assert scene.reads(row).texts
    scene.now += timedelta(minutes=2)
    from licet.portal.orders import service

    service.tidy_all(scene.now)
    with pytest.raises(NotAllowed):
        scene.reads(row)


def test_an_order_names_what_the_provider_has_sealed(scene: Scene) -> None:
    from licet.portal.accounts.models import Body
    from licet.portal.orders import service

    other = Body.objects.get(code="other")
    cases = [
        (scene.dossier.holder, {"names": f"{scene.dossier.pk}/weights_sha256"}),
        (scene.dossier.holder, {"names": f"dossier_{'0' * 20}/annotation_rules"}),
        (other, {}),
    ]
    for holder, changed in cases:
        with pytest.raises(BadInput):
            service.request(scene.data(**changed), holder, scene.reader, scene.now)
    with pytest.raises(NotAllowed, match="no key"):
        service.request(scene.data(), scene.dossier.holder, scene.approver, scene.now)
    topic = scene.data(names="everybody who asked about housing")
    refused = service.request(topic, scene.dossier.holder, scene.reader, scene.now)
    assert isinstance(refused, Refusal)


def test_what_was_changed_in_the_store_does_not_open(scene: Scene) -> None:
    row = scene.ready()
    scene.gives(row, 0)
    scene.gives(row, 1)
    kept = next((Path(settings.LICET_HOME) / "sealed").rglob("attachments/*/*"))
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(Corrupt):
        scene.reads(row)


def test_where_the_ledger_takes_nothing_nothing_is_shown(scene: Scene) -> None:
    row = scene.ready()
    scene.gives(row, 0)
    scene.gives(row, 1)
    ledger = Path(settings.LICET_HOME) / "authority-ledger" / "ledger.db"
    busy = sqlite3.connect(ledger, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="nothing is shown"):
        scene.reads(row)
    busy.execute("ROLLBACK")
    busy.close()
    from licet.portal.filings.service import publish

    publish(scene.now)
    assert scene.reads(row).texts


def test_the_way_through_the_pages(scene: Scene) -> None:
    reader, approver, clerk, own = (
        signed_in(one) for one in (scene.reader, scene.approver, scene.clerk, scene.provider)
    )
    page = reader.get(f"/en/desk/orders/new/?dossier={scene.dossier.pk}").content.decode()
    assert f"{scene.dossier.pk}/annotation_rules" in page
    sent = {**scene.data(), "holder": "own"}
    assert reader.post("/en/desk/orders/new/", {**sent, "holder": ""}).status_code == 422
    answer = reader.post("/en/desk/orders/new/", sent)
    assert answer.status_code == 302
    address = answer["location"]
    assert own.get(address).status_code == 404, "not told yet"
    assert reader.post(f"{address}do/validate/", {}).status_code in (404, 409)
    assert approver.post(f"{address}do/validate/", {}).status_code == 302
    assert clerk.post(f"{address}do/tell_provider/", {}).status_code == 302
    assert own.get(address).status_code == 200
    assert own.post(f"{address}do/accept_order/", {}).status_code == 302
    for by in scene.keepers[:2]:
        keeper = signed_in(by)
        wrong = keeper.post(f"{address}share/", {"passphrase": "not mine at all"})
        assert wrong.status_code == 422
        assert keeper.post(f"{address}share/", {"passphrase": passphrase(by)}).status_code == 302
        assert keeper.get(f"{address}view/").status_code == 404
    assert reader.post(f"{address}view/", {"passphrase": "x"}).status_code == 422
    opened = reader.post(f"{address}view/", {"passphrase": passphrase(scene.reader)})
    said = opened.content.decode()
    assert SECRET.decode() in said
    assert opened["cache-control"] == "no-store, private"
    assert f"{scene.reader.name} · {address.split('/')[-2]}" in said, "a watermark lies over it"
    assert SECRET.decode() not in reader.get(address).content.decode()
    assert own.get("/en/desk/orders/").content.decode().count("Art. 19") == 1


# --- who is behind a pseudonym ---

BORIS = f"184d-13~{'b' * 32}"
CASE = "LC-20261124-7F3K9Q2A1MZB"
OUTSIDE = "what opens the box outside"


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
