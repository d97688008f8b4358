"""The door is the same whatever the pack: a filing of each route of each regime goes through."""

from __future__ import annotations

import pytest

from kit.api import AUTHORITY, Provider
from kit.portal import portal
from licet.rulebook import load_pack

ROUTES = [
    (pack, route)
    for pack in ("cn-genai-2023", "eu-ai-act")
    for route in load_pack(pack).procedure.routes
]


@pytest.mark.parametrize(("pack", "route"), ROUTES)
def test_a_filing_of_every_route_is_taken(pack: str, route: str) -> None:
    with portal(AUTHORITY, pack) as client:
        acme = Provider(client, "acme")
        body = acme.filing(route=route, procedure=load_pack(pack).procedure)
        receipt = acme.receipt_of(acme.send("filing", body))
        assert receipt.outcome == "done", receipt.refusal
        page = acme.get(f"/cases/{body['case']}").json()
        assert (page["route"], page["pack"].partition("@")[0]) == (route, pack)
        form = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
        assert set(body["answers"]) <= set(form[f"Answers.{route}"]["properties"])
