"""Every write may fail, before or after it was done, while a halt is followed, reported, answered
or corrected: nothing is lost, nothing happens twice, nothing is half."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider
from kit.elsewhere import Elsewhere
from kit.gateway_ledger import GatewayLedger
from kit.portal import person, portal
from kit.proceedings import REVIEWER, Play, brought, graded
from kit.proceedings import person as actor
from licet.base.clock import SystemClock
from licet.cases import Act, event_as_json
from licet.cases.proceedings import MACHINE, begin, replay

STATEMENTS_MAX = 200
OFFICER = actor("person-7", "provider", "acme", "drafter", "representative")
ANNA = "184d-13~" + "a" * 32


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


KEPT = pytest.mark.parametrize("kept", [False, True], ids=["failed", "failed but kept"])


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        yield Provider(client, "acme")


def history(number: str, now: datetime) -> dict[str, Any]:
    """The body of a report: an incident of ACME up to its first report."""
    play = Play("incident", start=now - timedelta(minutes=10))
    opened = begin(
        number, Act("find", brought(play, "find")), MACHINE, play.now, play.rules,
        {"provider": "acme"},
    )  # fmt: skip
    assert isinstance(opened, tuple)
    play.of = replay(opened)
    play.does("set_grade", OFFICER).does("report_first", OFFICER)
    events = [event_as_json(event) for event in play.of.events]
    return {"proceeding": number, "kind": "incident", "events": events}


@KEPT
def test_a_report_and_its_supplement_are_taken_once_whatever_write_fails(
    acme: Provider, kept: bool
) -> None:
    from django.db import connection

    from licet.portal.filings.models import Head, StoredEvent
    from licet.portal.incidents.models import StoredProceeding

    broken = 0
    for at in range(1, STATEMENTS_MAX):
        number, now = f"LI-20261128-{at:012x}", SystemClock().now()
        halts = {"proceeding": number, "act": "add_halts", "data": {"halts": 9}}
        whole = True
        for kind, body in (("report", history(number, now)), ("step", halts)):
            token = acme.message(kind, body)
            around, seen = failing(at, kept=kept)
            with connection.execute_wrapper(around):
                try:
                    assert acme.post("/messages", token).status_code == 201
                except Broke:
                    broken += 1
            whole &= len(seen) < at
            assert acme.receipt_of(acme.post("/messages", token)).outcome == "done"
        assert StoredProceeding.objects.count() == at
        assert StoredEvent.objects.count() == Head.objects.get().next_seq == 4 * at
        if whole:
            break
    assert broken > 10, "there is more that may fail"
    assert Head.objects.get().published == StoredEvent.objects.count()


@KEPT
def test_stops_are_followed_once_whatever_write_fails(tmp_path: Path, kept: bool) -> None:
    from django.db import connection, transaction

    from licet.portal.filings.models import Head, StoredEvent
    from licet.portal.incidents.arrival import follow_ledger, read_ledgers
    from licet.portal.incidents.models import FollowedLedger, StoredMeasure, StoredProceeding

    broken = 0
    for at in range(1, STATEMENTS_MAX):
        with portal():
            officer = person("provider", "o@acme.example", ("drafter",), "acme")
            ledger = GatewayLedger(tmp_path / f"{kept}-{at}.db")
            ledger.sees(ANNA, "hhh", SystemClock().now())
            follow_ledger(str(ledger.path), ledger.vkey, officer.body)
            around, seen = failing(at, kept=kept)
            try:
                with connection.execute_wrapper(around), transaction.atomic():
                    read_ledgers(SystemClock().now())
            except Broke:
                broken += 1
            read_ledgers(SystemClock().now())
            assert FollowedLedger.objects.get().position["size"] == 3
            kinds = sorted(StoredProceeding.objects.values_list("kind", flat=True))
            assert kinds == ["incident", "measure"]
            assert [one.step for one in StoredMeasure.objects.all()] == ["warn"]
            assert StoredEvent.objects.count() == Head.objects.get().next_seq
        if len(seen) < at:
            break
    assert broken > 5, "there is more that may fail"


def at_byte(limit: int) -> None:
    """The kernel kills this process at the very write that would pass the limit (SIGXFSZ)."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def at_event(name: str) -> None:
    """This process is killed when it is about to do what the interpreter calls so."""

    def hook(event: str, _: object) -> None:
        if event == name:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


OLD, NEW = b"old" * 5_000, b"newer" * 5_000


@pytest.mark.parametrize(
    "death",
    [
        *(
            pytest.param(partial(at_byte, limit), id=f"at byte {limit}")
            for limit in (0, 1, 4_096, len(NEW) // 2, len(NEW) - 1)
        ),
        *(pytest.param(partial(at_event, name), id=name) for name in ("open", "os.rename")),
    ],
)
def test_a_release_that_is_killed_at_any_write_leaves_a_whole_bundle(
    tmp_path: Path, death: Callable[[], None]
) -> None:
    from licet.gateway.bundlefile import load_bytes, save_bundle

    path = tmp_path / "current.licet"
    save_bundle(path, OLD)
    child = os.fork()
    if child == 0:
        death()
        save_bundle(path, NEW)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert load_bytes(path) == OLD
    save_bundle(path, NEW)
    assert load_bytes(path) == NEW


@KEPT
def test_what_a_provider_sends_arrives_once_whatever_write_fails(
    acme: Provider, kept: bool
) -> None:
    """An act becomes a message, it is sent, its receipt kept, and the authority's answer read."""
    from django.db import connection, transaction

    from licet.portal.filings.models import Head, StoredEvent
    from licet.portal.incidents import service
    from licet.portal.outbox.delivering import deliver, hasten
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.models import Outgoing

    officer = person("provider", "o@acme.example", ("drafter", "representative"), "acme")
    elsewhere, broken, ways = Elsewhere("acme"), 0, ["find", "set_grade", "report_first", "ask"]

    def does(number: str, act: str) -> None:
        play = Play("incident", start=SystemClock().now())
        play.of = service.load(number)
        service.act(number, act, brought(play, act), officer, play.now)

    def carry() -> None:
        hasten(SystemClock().now())
        deliver(elsewhere, SystemClock().now(), lambda size: b"\x80" * size)
        follow(elsewhere, SystemClock().now())

    with elsewhere.linked():
        for at in range(1, STATEMENTS_MAX):
            number, (around, seen) = graded(officer, at), failing(at, kept=kept)
            for work in (
                partial(does, number, "report_first"), carry,
                partial(elsewhere.acts, number, "ask", REVIEWER), carry,
                partial(does, number, "answer"), carry,
            ):  # fmt: skip
                try:
                    with connection.execute_wrapper(around), transaction.atomic():
                        work()
                except Broke:
                    broken += 1
                    work()
            kinds = [event.kind for event in service.load(number).events]
            assert kinds == [*ways, "answer"]
            assert [event.kind for event in elsewhere.matters[number].events] == kinds
            if len(seen) < at:
                break
    assert broken > 10, "there is more that may fail"
    assert [kind for kind, _ in elsewhere.bodies] == ["report", "step"] * at
    assert {one.state for one in Outgoing.objects.all()} == {"done"}
    assert StoredEvent.objects.count() == Head.objects.get().next_seq == 5 * at
