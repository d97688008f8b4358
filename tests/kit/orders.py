"""A dossier with something sealed, keepers, a reader, and an order for it.

It refuses to know what is tested.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from kit.dossiers import keepers, passphrase, published, staff, with_key
from kit.visitors import granted
from licet.base.clock import SystemClock
from licet.cases import Refusal


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
            "legal_basis": "supervision", "purpose": "Inspection.", "necessity": "Nothing less.",
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
