"""Dossiers at a test's portal: keepers with keys, a dossier that is whole, one that is published.

It refuses to know what is tested. Everybody's passphrase is PASSPHRASE and their address.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kit.portal import person
from licet.base.clock import SystemClock
from licet.cases.dossier import Version

PASSPHRASE = "what opens the box of"
RULES_TEXT = b"the labels: A, B and C; the secret is 48151623"
KEEPERS = ("anke", "bao", "carl")


def passphrase(somebody: Any) -> str:
    return f"{PASSPHRASE} {somebody.email}"


def with_key(somebody: Any) -> Any:
    """The same person, with a key of theirs."""
    from licet.portal.dossiers import sealing

    sealing.make_key(somebody, passphrase(somebody), SystemClock().now())
    return somebody


def staff() -> None:
    """Who it takes to file, grant and answer: fewer than all visitors, and sooner there."""
    for role in ("representative", "drafter"):
        person("provider", f"{role}@own.example", (role,), "own")
    for role in ("clerk", "reviewer", "approver"):
        person("authority", f"{role}@officer.example", (role,), "officer")
    person("provider", "representative@other.example", ("representative",), "other")


def keepers(count: int = 3, body: str = "officer") -> list[Any]:
    """People at the authority who keep shares."""
    return [
        with_key(person("authority", f"{name}@officer.example", ("share_keeper",), body))
        for name in KEEPERS[:count]
    ]


def answers(**changed: Any) -> dict[str, Any]:
    """Open answers that lack nothing."""
    from licet.portal.dossiers import service

    told = {
        name: {"date": "2026-03-09", "text": name, "long_text": f"{name}."}[one.kind]
        for name, one in service.rules().form.fields.items()
        if one.required and one.kind != "file"
    }
    return {**told, "snapshot_sha256": "c" * 64, **changed}


def drafted(case_id: str) -> Any:
    """The dossier of a filing, whole, its annotation rules sealed."""
    from licet.portal.dossiers import service
    from licet.portal.filings.models import StoredCase

    now = SystemClock().now()
    row = service.begin(StoredCase.objects.get(pk=case_id), now)
    sealing = {"annotation_rules": service.Sealing(RULES_TEXT, "rules.txt")}
    assert service.save(row.pk, answers(), sealing, now) == ()
    row.refresh_from_db()
    return row


def published(case_id: str, by: Any) -> Any:
    """The same, published by somebody."""
    from licet.portal.dossiers import service

    row = drafted(case_id)
    outcome = service.publish(row.pk, "The first.", by, SystemClock().now())
    assert isinstance(outcome, Version), outcome
    row.refresh_from_db()
    return row


def keep_proof(row: Any) -> str:
    """An open file of the dossier's next version, which is published; its digest."""
    from licet.portal.accounts.models import Person
    from licet.portal.dossiers import service, views
    from licet.portal.filings import uploads

    taken, now = uploads.Taken("tests.txt", "text/plain", b"all passed"), SystemClock().now()
    assert service.save(row.pk, {"tests": views.keep_exhibit(row, taken)}, {}, now) == ()
    by = Person.objects.get(email="representative@own.example")
    assert isinstance(service.publish(row.pk, "Evidence.", by, now), Version)
    return taken.sha256


def ordered(row: Any) -> str:
    """An order for the dossier's annotation rules, of which the provider was told; its number."""
    from licet.portal.accounts.models import Person
    from licet.portal.orders import service
    from licet.portal.orders.models import StoredOrder

    now = SystemClock().now()
    role = {r: Person.objects.get(email=f"{r}@officer.example")
            for r in ("reviewer", "approver", "clerk")}  # fmt: skip
    told = {
        "legal_basis": "supervision", "purpose": "Inspection.", "necessity": "Nothing less.",
        "opens": "section", "names": f"{row.pk}/annotation_rules",
        "until": (now + timedelta(days=9)).date().isoformat(),
    }  # fmt: skip
    found = service.request(told, row.holder, with_key(role["reviewer"]), now)
    for by, act in (("approver", "validate"), ("clerk", "tell_provider")):
        order = StoredOrder.objects.get(pk=found.id)
        service.act(order, act, {}, role[by], now)
    return str(found.id)
