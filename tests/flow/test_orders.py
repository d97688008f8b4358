"""Orders of access: what is sealed opens for its reader, by several people, on record."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from kit.dossiers import RULES_TEXT, passphrase, with_key
from kit.orders import Scene, stored
from kit.portal import person, portal, trail
from kit.visitors import signed_in
from licet.base.trouble import BadInput, Corrupt, NotAllowed, Unavailable
from licet.cases import Refusal

SECRET = b"48151623"


@pytest.fixture
def scene() -> Iterator[Scene]:
    with portal(public_url="https://authority.example"):
        yield Scene()


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


def test_a_provider_that_is_told_late_is_told(scene: Scene) -> None:
    """A delay has a reason; the view runs and ends; the order is over when the provider knows."""
    from licet.portal.orders import service

    row = scene.does(scene.ask(), "validate", scene.approver)
    last = (scene.now + timedelta(days=2)).date().isoformat()
    told = {"delay_reason": "Evidence would be lost.", "notice_until": last}
    row = scene.does(row, "delay_notice", scene.approver, **told)
    scene.gives(row, 0)
    scene.gives(row, 1)
    assert scene.reads(row).texts
    assert service.visible(scene.provider, row.pk, scene.now) is None
    row = scene.does(row, "end_untold", scene.reader)
    assert row.shares.count() == 0
    with pytest.raises(NotAllowed):
        scene.reads(row)
    row = scene.does(row, "tell_later", scene.clerk)
    assert service.visible(scene.provider, row.pk, scene.now) is not None


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
    link = f'/en/desk/orders/new/?dossier={scene.dossier.pk}"'
    assert link in reader.get(f"/en/desk/dossiers/{scene.dossier.pk}/").content.decode()
    shown = clerk.get(f"/en/desk/dossiers/{scene.dossier.pk}/").content.decode()
    assert link not in shown, "a clerk is not sent to a page that does not exist for them"
    sent = {**scene.data(), "holder": "own"}
    unnamed = reader.post("/en/desk/orders/new/", {**sent, "holder": "", "purpose": ""})
    assert unnamed.status_code == 422
    for told in ('href="#holder"', 'href="#[^"]*purpose"', 'id="holder-fault"'):
        assert re.search(told, unnamed.content.decode()), "all that is missing is told at once"
    answer = reader.post("/en/desk/orders/new/", sent)
    assert answer.status_code == 302
    address = answer["location"]
    assert own.get(address).status_code == 404, "not told yet"
    assert reader.post(f"{address}do/validate/", {}).status_code in (404, 409)
    assert approver.post(f"{address}do/validate/", {}).status_code == 302
    assert clerk.post(f"{address}do/tell_provider/", {}).status_code == 302
    assert own.get(address).status_code == 200
    shown = own.get(address).content.decode()
    assert "Article 19" in trail(shown)
    number = address.split("/")[-2]
    assert number not in trail(shown)
    assert f'<span class="code">{number}</span>' in shown
    assert "Orders of access that wait for you: 1" in own.get("/en/desk/").content.decode()
    assert own.post(f"{address}do/accept_order/", {}).status_code == 302
    for by in scene.keepers[:2]:
        keeper = signed_in(by)
        wrong = keeper.post(f"{address}share/", {"passphrase": "not mine at all"})
        assert wrong.status_code == 422
        assert "Article 19" in trail(wrong.content.decode())
        assert keeper.post(f"{address}share/", {"passphrase": passphrase(by)}).status_code == 302
        assert keeper.get(f"{address}view/").status_code == 404
    assert reader.post(f"{address}view/", {"passphrase": "x"}).status_code == 422
    opened = reader.post(f"{address}view/", {"passphrase": passphrase(scene.reader)})
    said = opened.content.decode()
    assert SECRET.decode() in said
    assert "Article 19" in trail(said)
    assert opened["cache-control"] == "no-store, private"
    assert f"{scene.reader.name} · {address.split('/')[-2]}" in said, "a watermark lies over it"
    assert SECRET.decode() not in reader.get(address).content.decode()
    assert "wait for you" not in own.get("/en/desk/").content.decode()
    assert own.get("/en/desk/orders/").content.decode().count("Article 19") == 1
