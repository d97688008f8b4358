"""An authority whose every write may fail while it takes a message: sent again, done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider
from kit.portal import portal

STATEMENTS_MAX = 200


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        yield Provider(client, "acme")


class Broke(Exception):
    """What a database says when its disk is gone."""


def failing(at: int, *, kept: bool) -> tuple[Callable[..., Any], list[str]]:
    """Fails at the nth statement that writes, before it is done or after."""
    seen: list[str] = []

    def around(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append(sql)
            if len(seen) == at:
                if kept:
                    execute(sql, params, many, context)
                raise Broke(sql[:60])
        return execute(sql, params, many, context)

    return around, seen


@pytest.mark.parametrize("kept", [False, True], ids=["failed", "failed but kept"])
def test_a_message_is_done_once_whatever_write_fails(acme: Provider, kept: bool) -> None:
    from django.db import connection

    from licet.portal.api.models import Received
    from licet.portal.filings.models import Head, StoredCase, StoredEvent

    broken = 0
    for at in range(1, STATEMENTS_MAX):
        token = acme.message("filing", acme.filing())
        around, seen = failing(at, kept=kept)
        with connection.execute_wrapper(around):
            try:
                answer = acme.post("/messages", token)
            except Broke:
                broken += 1
            else:
                assert answer.status_code == 201
                assert len(seen) < at, "every write was tried"
        again = acme.post("/messages", token)
        assert acme.receipt_of(again).outcome == "done"
        assert StoredCase.objects.count() == Received.objects.count() == at
        assert StoredEvent.objects.count() == Head.objects.get().next_seq == 3 * at
        if len(seen) < at:
            break
    assert broken > 10, "there is more that may fail"
    assert Head.objects.get().published == StoredEvent.objects.count()
