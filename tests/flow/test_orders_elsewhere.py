"""An order of access of an authority elsewhere, at its provider's own installation."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kit.api import AUTHORITY, Provider
from kit.dossiers import passphrase, with_key
from kit.elsewhere import Elsewhere
from kit.orders import Scene
from kit.portal import person, portal
from kit.proceedings import APPROVER, CLERK, HEARER, PARTIES, REVIEWER, Play, brought
from kit.visitors import signed_in
from licet.base.canonical import sha256_hex
from licet.base.clock import SystemClock
from licet.cases.model import Act
from licet.cases.proceedings import Proceeding, begin, replay
from licet.ledger.custody import (
    Card,
    make_card,
    pack,
    pass_share,
    read_envelope,
    seal_for,
    unlock,
)

BORIS = f"184d-13~{'b' * 32}"
OUTSIDE = "twelve characters"


def card_of(somebody: Any) -> Card:
    from licet.portal.dossiers import sealing

    kept = sealing.key_of(somebody)
    assert kept
    return kept.card


def sealed_for(*cards: Card) -> bytes:
    """Who Boris is, sealed for these keepers and some others, of whom two open it."""
    others = [
        make_card(side, side, OUTSIDE, secrets.token_bytes)[0]
        for side in ("provider", "authority", "independent")
        if side not in {card.side for card in cards}
    ]
    told = pack("", b"boris@example.com")
    return seal_for(told, BORIS, [*cards, *others], 2, secrets.token_bytes).to_bytes()


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def validated(elsewhere: Elsewhere, number: str) -> Proceeding:
    """An order that a second official agreed to; its provider does not know of it yet."""
    play = Play("order", start=SystemClock().now())
    told = {**brought(play, "request"), "opens": "identity", "names": BORIS}
    opened = begin(
        number, Act("request", told), REVIEWER, play.now, play.rules,
        {**PARTIES, "provider": elsewhere.provider},
    )  # fmt: skip
    assert isinstance(opened, tuple)
    play.of = replay(opened)
    card, _ = make_card("Li", "authority", OUTSIDE, secrets.token_bytes)
    elsewhere.parts[number] = {"order": {"reader": msgspec.to_builtins(card), "brought": {}}}
    return play.does("validate", APPROVER).of


def test_a_provider_is_told_of_an_order_and_objects_from_its_own_desk(browser: Any) -> None:
    from licet.portal.incidents import service as matters
    from licet.portal.orders import service
    from licet.portal.outbox.delivering import deliver, hasten
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.models import Outgoing

    officer = person("provider", "o@acme.example", ("representative",), "acme")
    keeper = person("provider", "k@acme.example", ("keeper",), "acme")
    elsewhere, number = Elsewhere("acme"), f"order_{'7' * 20}"
    of = validated(elsewhere, number)

    def carry() -> None:
        hasten(SystemClock().now())
        deliver(elsewhere, SystemClock().now(), lambda size: b"\x80" * size)
        follow(elsewhere, SystemClock().now())

    with elsewhere.linked():
        own, page = signed_in(officer), f"/en/desk/orders/{number}/"
        carry()
        assert own.get(page).status_code == 404
        elsewhere.matters[number] = of
        elsewhere.acts(number, "tell_provider", CLERK)
        carry()
        listed = own.get("/en/notices/").content.decode()
        assert "Order of access: The provider was told" in listed
        assert page in listed
        assert own.get(page).status_code == 200
        assert own.post(f"{page}do/object/", {"text": "Too much."}).status_code == 302
        assert matters.load(number).stage == "notified", "it waits in the outbox"
        again = own.post(f"{page}do/accept_order/", {})
        assert again.status_code == 409
        carry()
        assert elsewhere.bodies == [
            ("step", {"proceeding": number, "act": "object", "data": {"text": "Too much."}})
        ]
        assert matters.load(number).stage == "objected"
        elsewhere.acts(number, "dismiss_objection", HEARER)
        carry()
        assert matters.load(number).stage == "ready"
        assert matters.load(number).events == elsewhere.matters[number].events
        with_key(keeper)
        sealed = sealed_for(card_of(keeper))
        row = service.visible(officer, number, SystemClock().now())
        assert row is not None
        assert service.bring_from_here(row, {BORIS: sealed}, SystemClock().now()) == 1
        carry()
        share = signed_in(keeper).post(f"{page}share/", {"passphrase": passphrase(keeper)})
        assert share.status_code == 302
        carry()
        assert [kind for kind, _ in elsewhere.bodies] == ["step", "bring", "share"]
        given = elsewhere.bodies[-1][1]
        assert given["keeper"]["name"] == keeper.name
        assert set(given["shares"]) == {sha256_hex(sealed)}
        assert {one.state for one in Outgoing.objects.all()} == {"done"}


def test_a_share_and_an_envelope_come_over_the_door_and_open_with_one_of_the_authority() -> None:
    from licet.cases import Refusal

    with portal(AUTHORITY) as client:
        scene, own = Scene(), Provider(client, "own")
        row = scene.ask(opens="identity", names=BORIS)
        card, locked = make_card("Kim", "provider", OUTSIDE, secrets.token_bytes)
        sealed = sealed_for(card, card_of(scene.keepers[0]))
        digest = sha256_hex(sealed)
        bring = {"order": row.pk, "envelopes": {BORIS: digest}}
        assert own.put_file("boris.envelope", sealed).status_code == 201
        assert own.put_file("other.envelope", b"no envelope").json()["code"] == "unfit-file"
        assert own.send("bring", bring).json()["code"] == "no-such-case", "not told yet"
        for act, by in (("validate", scene.approver), ("tell_provider", scene.clerk)):
            row = scene.does(row, act, by)
        scene.does(row, "accept_order", scene.provider)
        for unfit in ({"anna": digest}, {BORIS: "0" * 64}):
            assert own.send("bring", {**bring, "envelopes": unfit}).status_code == 422
        given = pass_share(
            read_envelope(sealed), unlock(card, locked, OUTSIDE), row.reader.card, row.pk
        )
        share = {
            "order": row.pk, "keeper": msgspec.to_builtins(card), "shares": {digest: given},
        }  # fmt: skip
        assert own.send("share", share).json()["code"] == "bad-body", "not brought yet"
        assert own.receipt_of(own.send("bring", bring)).outcome == "done"
        stranger, _ = make_card("Sly", "provider", OUTSIDE, secrets.token_bytes)
        other = {**share, "keeper": msgspec.to_builtins(stranger)}
        assert own.send("share", other).json()["code"] == "bad-body"
        assert own.receipt_of(own.send("share", share)).outcome == "done"
        assert own.receipt_of(own.send("share", share)).outcome == "refused", "once"
        assert not isinstance(scene.gives(row, 0), Refusal)
        assert scene.reads(row).texts == {BORIS: ("", "boris@example.com")}
