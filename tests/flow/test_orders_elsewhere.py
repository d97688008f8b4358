"""An order of access of an authority elsewhere, at its provider's own installation."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kit.elsewhere import Elsewhere
from kit.portal import person, portal
from kit.proceedings import APPROVER, CLERK, HEARER, PARTIES, REVIEWER, Play, brought
from kit.visitors import signed_in
from licet.base.clock import SystemClock
from licet.cases.model import Act
from licet.cases.proceedings import Proceeding, begin, replay
from licet.ledger.custody import make_card

SECTION = f"dossier_{'0' * 20}/annotation_rules"


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def validated(elsewhere: Elsewhere, number: str) -> Proceeding:
    """An order that a second official agreed to; its provider does not know of it yet."""
    play = Play("order", start=SystemClock().now())
    told = {**brought(play, "request"), "opens": "section", "names": SECTION}
    opened = begin(
        number, Act("request", told), REVIEWER, play.now, play.rules,
        {**PARTIES, "provider": elsewhere.provider},
    )  # fmt: skip
    assert isinstance(opened, tuple)
    play.of = replay(opened)
    card, _ = make_card("Li", "authority", "twelve characters", secrets.token_bytes)
    elsewhere.parts[number] = {"order": {"reader": msgspec.to_builtins(card), "brought": {}}}
    return play.does("validate", APPROVER).of


def test_a_provider_is_told_of_an_order_and_objects_from_its_own_desk(browser: Any) -> None:
    from licet.portal.incidents import service as matters
    from licet.portal.outbox.delivering import deliver, hasten
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.models import Outgoing

    officer = person("provider", "o@acme.example", ("representative",), "acme")
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
        assert "Order of access: Told the provider" in listed
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
        assert {one.state for one in Outgoing.objects.all()} == {"done"}
