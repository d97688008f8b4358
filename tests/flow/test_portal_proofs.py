"""Every decision can be proved to outsiders: its receipt offline, the whole ledger as tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from kit.cases import brought
from kit.portal import person, portal
from kit.visitors import draft, filed, visitors
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Corrupt
from licet.cli.ledger import ledger
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.note import parse_vkey
from licet.ledger.proof import verify_receipt
from licet.ledger.tiles import tiles_of

REFUSED = [("clerk", "accept"), ("reviewer", "propose_refusal"), ("representative", "waive"),
           ("approver", "refuse")]  # fmt: skip
REVIEW = [("clerk", "accept"), ("reviewer", "assess"), ("reviewer", "recommend")]
STANDING = [
    *REVIEW, ("approver", "grant"),
    ("reviewer", "propose_conditions"), ("representative", "waive"),
    ("approver", "set_conditions"),
    ("approver", "suspend_interim"),
    ("reviewer", "propose_suspension"), ("representative", "waive"), ("second", "suspend"),
    ("approver", "restore"),
    ("representative", "open_change"), ("representative", "file"), *REVIEW,
    ("approver", "approve_change"),
    ("representative", "open_renewal"), ("representative", "file"), *REVIEW, ("approver", "renew"),
    ("reviewer", "propose_revocation"), ("representative", "waive"), ("approver", "revoke"),
]  # fmt: skip


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        visitors()
        person("authority", "second@officer.example", ("approver",), "officer")
        yield client


def play(case: Any, steps: list[tuple[str, str]]) -> dict[str, int]:
    """Do the steps in a case; the place in the ledger of every act that was done."""
    from licet.cases import Refusal
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service
    from licet.portal.filings.models import StoredEvent

    scene: Any = SimpleNamespace(procedure=service.procedure(), route=case.route)
    for who, act in steps:
        group = "own" if who == "representative" else "officer"
        somebody = Person.objects.get(email=f"{who}@{group}.example")
        data = brought(scene, act)
        if act == "suspend_interim":
            data.pop("new_facts")
        done = service.act(case.id, act, data, somebody, SystemClock().now())
        assert not isinstance(done, Refusal), done
    rows = StoredEvent.objects.filter(case_id=case.id, refused=False)
    return {row.kind: row.seq for row in rows}


@pytest.fixture
def decided(browser: Any) -> dict[str, int]:
    """Every kind of decision that the pack knows, with its place in the ledger."""
    return play(filed(), REFUSED) | play(filed(draft(b"another")), STANDING)


def vkey(browser: Any) -> str:
    return str(browser.get("/register/ledger.vkey").content.decode().strip())


def receipt(browser: Any, seq: int) -> bytes:
    answer = browser.get(f"/register/ledger/{seq}.tlog-proof")
    assert answer.status_code == 200
    return bytes(answer.content)


def test_every_kind_of_decision_has_a_receipt_that_is_accepted_offline(
    browser: Any, decided: dict[str, int], tmp_path: Path
) -> None:
    from licet.portal.filings.service import procedure

    kinds = {rule.id for rule in procedure().acts.values() if "state" in rule.effects}
    assert kinds <= decided.keys()
    for kind in sorted(kinds):
        file = tmp_path / f"{kind}.tlog-proof"
        file.write_bytes(receipt(browser, decided[kind]))
        said = CliRunner().invoke(ledger, ["verify", str(file), "--vkey", vkey(browser)])
        assert said.exit_code == 0, said.output
        assert said.output.startswith("proven")
        assert f'"act":"{kind}"' in said.output
        assert '"statement_sha256":"' in said.output


def test_one_changed_byte_of_a_receipt_is_refused(browser: Any, decided: dict[str, int]) -> None:
    key = parse_vkey(vkey(browser))
    data = receipt(browser, decided["revoke"])
    verify_receipt(data, key)
    for place in range(len(data)):
        wrong = bytearray(data)
        wrong[place] ^= 1
        with pytest.raises((BadInput, Corrupt)):
            verify_receipt(bytes(wrong), key)


def test_the_receipt_of_a_case_is_the_one_that_the_public_gets(
    browser: Any, decided: dict[str, int]
) -> None:
    from kit.visitors import signed_in
    from licet.portal.accounts.models import Person
    from licet.portal.filings.models import StoredEvent

    seq = decided["refuse"]
    case_id = StoredEvent.objects.get(seq=seq).case_id
    holder = signed_in(Person.objects.get(email="representative@own.example"))
    own = holder.get(f"/en/desk/{case_id}/receipt/{seq}/")
    assert own.content == receipt(browser, seq)
    assert browser.get(f"/register/ledger/{10**6}.tlog-proof").status_code == 404


def test_the_whole_ledger_is_served_as_tiles_and_verified(
    browser: Any, decided: dict[str, int], tmp_path: Path
) -> None:
    checkpoint = browser.get("/register/ledger/checkpoint")
    assert checkpoint["cache-control"] == "no-cache"
    (tmp_path / "checkpoint").write_bytes(checkpoint.content)
    for name in tiles_of(read_checkpoint(checkpoint.content).size):
        tile = browser.get(f"/register/ledger/{name.path}")
        assert tile.status_code == 200, name.path
        assert "immutable" in tile["cache-control"]
        (tmp_path / name.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name.path).write_bytes(tile.content)
    said = CliRunner().invoke(ledger, ["verify", str(tmp_path), "--vkey", vkey(browser)])
    assert said.exit_code == 0, said.output
    for path in ("tile/9/000", "tile/entries/999", "../keys", "vkey", "tile/0/../../x"):
        assert browser.get(f"/register/ledger/{path}").status_code == 404, path


def test_a_listing_leads_to_the_receipt_of_each_step(
    browser: Any, decided: dict[str, int]
) -> None:
    from licet.portal.register.models import Listing

    page = browser.get(f"/en/register/{Listing.objects.get().number}/").content.decode()
    for kind in ("grant", "suspend", "revoke"):
        assert f"/register/ledger/{decided[kind]}.tlog-proof" in page
