"""The dossier of a provider elsewhere comes to an authority; what is sealed in it stays sealed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kit.api import AUTHORITY, Provider
from kit.dossiers import RULES_TEXT, drafted, keepers, staff
from kit.elsewhere import Elsewhere
from kit.orders import somebody, stored
from kit.portal import portal
from kit.proceedings import PACK
from kit.visitors import granted, signed_in
from licet.base.clock import SystemClock
from licet.base.trouble import Corrupt
from licet.cases.model import Act
from licet.cases.proceedings import Person, begin, replay
from licet.credentials.keys import SigningKey
from licet.credentials.message import read_keepers
from licet.ledger.custody import make_card

SECRET = b"48151623"
Body = dict[str, Any]


def now() -> Any:
    return SystemClock().now()


@pytest.fixture(scope="module")
def sent() -> tuple[Body, dict[str, bytes], list[Any]]:
    """What a provider's installation sends of a version: body, files by name, cards that it is
    sealed for."""
    cards = [make_card(n, "authority", "twelve characters", secrets.token_bytes)[0] for n in "abc"]
    with portal():
        staff()
        case = granted().id
        elsewhere = Elsewhere("own")
        elsewhere.cards = [msgspec.to_builtins(one) for one in cards]
        with elsewhere.linked():
            body, files = published_at_the_provider(elsewhere, case)
    return body, files, cards


def published_at_the_provider(elsewhere: Elsewhere, case: str) -> tuple[Body, dict[str, bytes]]:
    """A version is sent, stands once the authority says so, and nothing sealed lies open."""
    from licet.portal.dossiers import service
    from licet.portal.outbox.delivering import deliver, hasten
    from licet.portal.outbox.following import follow

    def carry() -> None:
        hasten(now())
        deliver(elsewhere, now(), lambda size: b"\x80" * size)
        follow(elsewhere, now())

    carry()
    row = drafted(case)
    by = somebody("representative@own.example")
    service.publish(row.pk, "The first.", by, now())
    own, page = signed_in(by), f"/en/desk/dossiers/{row.pk}/"
    assert "On its way to the authority" in own.get(page).content.decode()
    again = service.publish(row.pk, "The first.", by, now())
    assert getattr(again, "code", "") == "on_its_way"
    carry()
    row.refresh_from_db()
    assert row.published == 0, "the authority has not said so yet"
    [(kind, body)] = elsewhere.bodies
    assert kind == "dossier"
    version = service.rules_of.read_version(body["document"].encode())
    told = {"number": 1, "version_sha256": version.sha256, "whats_new": "The first."}
    actor = Person("installation-1", "provider", "own", frozenset({"representative"}))
    opened = begin(
        row.pk, Act("publish_first", told), actor, now(), PACK.proceeding("dossier"),
        {"provider": "own"},
    )  # fmt: skip
    assert isinstance(opened, tuple)
    elsewhere.matters[row.pk] = replay(opened)
    carry()
    row.refresh_from_db()
    assert row.published == 1
    assert "Version 1" in own.get(page).content.decode()
    assert SECRET not in stored()
    return body, elsewhere.files


@pytest.fixture
def door() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        staff()
        yield Provider(client, "own")


def enrolled(cards: list[Any]) -> None:
    from licet.portal.dossiers.sealing import enrol

    for card in cards:
        enrol(card, now())


def brought(door: Provider, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        assert door.put_file(name, data).status_code == 201, name


def test_an_authority_keeps_a_version_that_came_and_officers_read_it(
    door: Provider, sent: tuple[Body, dict[str, bytes], list[Any]]
) -> None:
    body, files, cards = sent
    body = {**body, "case": granted().id}
    early = door.send("dossier", body)
    assert early.json()["code"] == "missing-attachment"
    brought(door, files)
    assert door.send("dossier", body).json()["code"] == "bad-body", "sealed for nobody here"
    enrolled(cards)
    receipt = door.receipt_of(door.send("dossier", body))
    assert receipt.outcome == "done"
    number = receipt.subject
    page = signed_in(somebody("reviewer@officer.example")).get(f"/en/desk/dossiers/{number}/")
    assert "Version 1" in page.content.decode()
    assert RULES_TEXT not in stored()
    again = door.receipt_of(door.send("dossier", body))
    assert (again.outcome, (again.refusal or {})["code"]) == ("refused", "bad_data")
    listed = door.get("/proceedings").json()["proceedings"]
    assert [one["proceeding"] for one in listed] == [number]
    rival = Provider(door.client, "rival")
    assert rival.send("dossier", body).json()["code"] == "no-such-case"
    changed = {**body, "document": body["document"].replace("annotation", "Annotation")}
    assert door.send("dossier", changed).status_code == 422


def test_a_provider_reads_for_whom_it_seals(door: Provider) -> None:
    from licet.portal.api.signing import receipt_keys

    shown = [one.name for one in keepers()]
    token = door.get("/keepers").content.decode()
    found = read_keepers(token, receipt_keys(), AUTHORITY, door.code, now())
    assert [one["name"] for one in found] == shown


def test_a_keeper_whom_somebody_on_the_way_put_in_is_not_sealed_for() -> None:
    from licet.portal.dossiers.models import Keeper
    from licet.portal.outbox.following import follow

    card = make_card("mallory", "authority", "twelve characters", secrets.token_bytes)[0]
    elsewhere = Elsewhere("own")
    elsewhere.cards = [msgspec.to_builtins(card)]
    elsewhere.cards_key = SigningKey.from_seed(secrets.token_bytes(32))
    with portal(), elsewhere.linked():
        with pytest.raises(Corrupt, match="keepers is not taken"):
            follow(elsewhere, now())
        assert not Keeper.objects.exists()
        elsewhere.cards_key = None
        with pytest.raises(Corrupt, match="time of this is over"):
            follow(elsewhere, now() + timedelta(minutes=6))
        assert not Keeper.objects.exists()
        follow(elsewhere, now())
        assert Keeper.objects.get().name == "mallory"
