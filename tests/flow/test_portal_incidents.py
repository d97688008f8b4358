"""From a gateway's ledger to the desks: halts become incidents, once, whatever is interrupted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.portal import person, portal
from kit.proceedings import Play, brought, graded
from licet.base.trouble import Unavailable
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry, parse_entry
from licet.ledger.log import Log
from licet.ledger.note import make_signer
from licet.ledger.source import StoreSource, open_source
from licet.ledger.tiles import TileName

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
ORIGIN = "gateway.example/ledger"


class Gateway:
    """A gateway's ledger on disk, written by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gateway.db"
        self.signer = make_signer(ORIGIN, secrets.token_bytes)
        self._log = Log(open_store(self.path), self.signer, ORIGIN)

    def serves(self, count: int) -> None:
        entry = make_entry("exchange.served", NOON, {"exchange": "ex_1"})
        self._log.append([entry] * count, NOON)

    def says(self, kind: str, **about: Any) -> None:
        self._log.append([make_entry(kind, NOON, about)], NOON)

    def halts(
        self,
        minutes: float,
        rule: str,
        category: str = "illegal_activity",
        kind: str = "exchange.halted",
    ) -> None:
        about = {"exchange": "ex_1", "rule": rule, "category": category}
        at = NOON + timedelta(minutes=minutes)
        self._log.append([make_entry(kind, at, about)], at)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def followed(gateway: Gateway) -> Any:
    """The people of a provider that follows the gateway."""
    from licet.portal.incidents.arrival import follow_ledger

    officer = person("provider", "officer@acme.example", ("drafter", "representative"), "acme")
    follow_ledger(str(gateway.path), gateway.signer.verifier.vkey, officer.body)
    return officer


def incidents() -> list[tuple[str, int]]:
    """Every incident: its family, its halts."""
    from licet.portal.incidents import service
    from licet.portal.incidents.models import StoredProceeding

    rows = StoredProceeding.objects.order_by("opened", "pk")
    found = [service.load(pk).facts for pk in rows.values_list("pk", flat=True)]
    return sorted((facts["family"], facts["halts"]) for facts in found)


def test_halts_become_incidents_and_grow(browser: Any, gateway: Gateway) -> None:
    from licet.portal.incidents.arrival import read_ledgers

    followed(gateway)
    gateway.serves(300)
    gateway.halts(0, "base.fraud.zh.1")
    gateway.halts(5, "base.fraud.en.2")
    gateway.halts(6, "base.weapons.en.1", "weapons")
    assert read_ledgers(NOON) == 303
    assert incidents() == [("base.fraud", 2), ("base.weapons", 1)]
    gateway.halts(7, "base.weapons.en.1", "weapons")
    gateway.halts(30, "base.fraud.zh.1")
    assert read_ledgers(NOON) == 2
    assert incidents() == [("base.fraud", 3), ("base.weapons", 1), ("base.weapons", 1)]
    assert read_ledgers(NOON) == 0


def test_refused_prompts_become_one_incident_and_grow(browser: Any, gateway: Gateway) -> None:
    from licet.portal.incidents.arrival import read_ledgers

    followed(gateway)
    for minute in range(3):
        gateway.halts(minute, "base.weapons.en.1", "weapons", "exchange.refused")
    gateway.halts(3, "base.help.en.1", "self_harm", "exchange.refused")
    assert read_ledgers(NOON) == 4
    assert incidents() == [("base.weapons", 3)]
    gateway.halts(4, "base.weapons.zh.1", "weapons", "exchange.refused")
    gateway.halts(5, "base.weapons.en.1", "weapons")
    assert read_ledgers(NOON) == 2
    assert incidents() == [("base.weapons", 1), ("base.weapons", 4)]


def test_a_reading_that_is_cut_off_goes_on_and_counts_once(browser: Any, gateway: Gateway) -> None:
    from licet.portal.incidents.arrival import read_ledgers
    from licet.portal.incidents.models import FollowedLedger

    followed(gateway)
    gateway.halts(0, "base.fraud.zh.1")
    gateway.serves(9000)
    gateway.halts(1, "base.fraud.zh.1")

    class Breaks(StoreSource):
        left = 20

        def fetch_tile(self, name: TileName) -> bytes:
            if name.level is None:
                type(self).left -= 1
                if type(self).left < 0:
                    raise Unavailable("the disk is gone")
            return super().fetch_tile(name)

    def opened(where: str) -> StoreSource:
        return Breaks(where, open_store(Path(where), read_only=True))

    for _ in range(20):
        Breaks.left = 20
        read_ledgers(NOON, opened)
        if not FollowedLedger.objects.get().trouble:
            break
    read_ledgers(NOON, open_source)
    assert incidents() == [("base.fraud", 2)]
    assert FollowedLedger.objects.get().position["size"] == 9002


def test_a_ledger_that_was_changed_opens_nothing_and_says_so(
    browser: Any, gateway: Gateway, tmp_path: Path
) -> None:
    from licet.portal.incidents.arrival import follow_ledger, read_ledgers
    from licet.portal.incidents.models import FollowedLedger

    officer = followed(gateway)
    gateway.halts(0, "base.fraud.zh.1")
    stranger = make_signer("gateway.example/other", secrets.token_bytes)
    follow_ledger(str(gateway.path), stranger.verifier.vkey, officer.body)
    assert read_ledgers(NOON) == 0
    assert FollowedLedger.objects.get().trouble
    assert incidents() == []


def test_from_halt_to_closed_in_the_ledger_of_the_installation(
    browser: Any, gateway: Gateway
) -> None:
    from django.conf import settings

    from licet.portal.filings.record import record
    from licet.portal.incidents import service
    from licet.portal.incidents.arrival import read_ledgers
    from licet.portal.incidents.models import StoredProceeding

    officer = followed(gateway)
    reviewer = person("authority", "r@bureau.example", ("reviewer", "approver"), "bureau")
    gateway.halts(0, "base.fraud.zh.1")
    read_ledgers(NOON)
    number = StoredProceeding.objects.get().pk
    play = Play("incident", start=NOON)
    for somebody, act in (
        (officer, "set_grade"), (officer, "report_first"), (reviewer, "triage"),
        (reviewer, "ask"), (officer, "answer"), (officer, "report_final"), (reviewer, "close"),
    ):  # fmt: skip
        play.of = service.load(number)
        done = service.act(number, act, brought(play, act), somebody, NOON + timedelta(hours=1))
        assert getattr(done, "stage", None), done
    assert service.load(number).stage == "closed"
    entries = [parse_entry(line) for line in record(settings.LICET_HOME).entries()]
    told = [entry.pub["act"] for entry in entries if entry.kind == "proceeding.event"]
    assert told[0] == "find"
    assert told[-1] == "close"
    assert entries[-1].pub["grade"] == "ordinary"
    refused = service.act(number, "set_grade", {}, officer, NOON + timedelta(hours=2))
    assert getattr(refused, "code", "") == "not_now"
    kinds = [parse_entry(line).kind for line in record(settings.LICET_HOME).entries()]
    assert kinds[-1] == "proceeding.refused"


def test_pages_show_a_matter_to_those_whose_it_is(browser: Any, gateway: Gateway) -> None:
    from kit.visitors import signed_in
    from licet.portal.incidents import service
    from licet.portal.incidents.arrival import read_ledgers
    from licet.portal.incidents.models import StoredProceeding
    from licet.portal.pack import pack

    officer = followed(gateway)
    rival = person("provider", "sly@rival.example", ("drafter", "representative"), "rival")
    official = person("authority", "r@bureau.example", ("reviewer",), "bureau")
    gateway.halts(0, "base.fraud.zh.1")
    read_ledgers(NOON)
    number = StoredProceeding.objects.get().pk
    page = f"/en/desk/matters/{number}/"
    mine, theirs, authority = (signed_in(one) for one in (officer, rival, official))
    for language, title in (("en", "After a halt"), ("zh", "拦截之后")):
        listed = mine.get(f"/{language}/desk/matters/").content.decode()
        assert title in listed
        name = pack().categories["illegal_activity"].name[language]
        assert f'/desk/matters/{number}/">{name}</a>' in listed, "by the name that people know"
        assert '<span class="code">base.fraud</span>' in listed
        assert (
            f"<h1>{name}</h1>" in mine.get(f"/{language}/desk/matters/{number}/").content.decode()
        )
    assert mine.get(page).status_code == 200
    assert theirs.get(page).status_code == 404
    assert authority.get(page).status_code == 404, "nothing was reported yet"
    form = mine.get(f"{page}do/set_grade/").content.decode()
    assert "Why this grade" in form
    wrong = mine.post(f"{page}do/set_grade/", {"kind": "content"})
    assert wrong.status_code == 409
    assert "Please give this" in wrong.content.decode()
    given = {"kind": "content", "grade": "ordinary", "grade_reason": "One answer, stopped."}
    assert mine.post(f"{page}do/set_grade/", given).status_code == 302
    assert service.load(number).stage == "graded"
    report = {"system": "Riverside", "found_at": NOON.isoformat(), "happened": "One answer."}
    report["measures_taken"] = "Stopped."
    assert mine.post(f"{page}do/report_first/", report).status_code == 302
    assert authority.get(page).status_code == 200
    assert authority.get(f"{page}do/ask/").status_code == 200
    assert mine.get(f"{page}do/ask/").status_code == 404


def test_a_correction_is_begun_from_the_incident_proven_and_released_by_pages(
    browser: Any, gateway: Gateway
) -> None:
    from kit.visitors import signed_in
    from licet.portal.incidents import service
    from licet.portal.incidents.arrival import read_ledgers
    from licet.portal.incidents.models import StoredProceeding

    mine, theirs = (
        signed_in(one)
        for one in (
            followed(gateway),
            person("provider", "two@acme.example", ("drafter", "representative"), "acme"),
        )
    )
    gateway.halts(0, "base.fraud.zh.1")
    read_ledgers(NOON)
    incident = StoredProceeding.objects.get().pk
    shown = mine.get(f"/en/desk/matters/{incident}/").content.decode()
    address = f"/en/desk/matters/new/correction/start/?incident={incident}"
    assert address in shown
    sheet = mine.get(address).content.decode()
    assert incident in sheet
    assert "base.fraud" in sheet
    answer = mine.post(address, {"incident": incident, "family": "base.fraud"})
    assert answer.status_code == 302, answer.content.decode()
    number = StoredProceeding.objects.get(kind="correction").pk
    page, play = f"/en/desk/matters/{number}/", Play("correction", start=NOON)

    def does(act: str, who: Any = mine, **changed: Any) -> Any:
        play.of = service.load(number)
        return who.post(f"{page}do/{act}/", {**brought(play, act), **changed})

    for act in ("contain", "explain", "name_candidate"):
        assert does(act).status_code == 302, act
    assert does("record_proof", verdict="regresses").status_code == 302
    refused = does("release")
    assert refused.status_code == 409
    assert "does not bear a release" in refused.content.decode()
    given = {"override_reason": "Lives.", "override_risk": "Some lawful text is stopped."}
    assert does("release_against_proof", **given).status_code == 409, "one pair of eyes"
    assert does("name_candidate", candidate_sha256="e" * 64).status_code == 302
    assert does("record_proof", verdict="better").status_code == 302
    assert does("release").status_code == 302
    assert service.load(number).stage == "released"
    assert "Released" in theirs.get(page).content.decode()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "There is no incident “LI-20261120-none”."),
        ("zh", "没有编号为“LI-20261120-none”的事件"),
    ],
)
def test_a_correction_of_an_incident_that_there_is_not_is_refused_and_nothing_is_lost(
    browser: Any, gateway: Gateway, language: str, said: str
) -> None:
    from kit.visitors import signed_in
    from licet.portal.incidents.models import StoredProceeding

    officer = followed(gateway)
    others = graded(person("provider", "one@other.example", ("representative",), "other"), 7)
    mine, address = signed_in(officer), f"/{language}/desk/matters/new/correction/start/"
    answer = mine.post(address, {"incident": "LI-20261120-none", "family": "my.family"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert said in shown
    assert 'aria-invalid="true"' in shown
    assert 'value="LI-20261120-none"' in shown
    assert 'value="my.family"' in shown, "what was right is kept too"
    assert mine.post(address, {"incident": others, "family": "my.family"}).status_code == 409
    both = mine.post(address, {"incident": "LI-20261120-none"}).content.decode()
    assert both.count('class="fault"') == 2, "all that is wrong is told at once"
    assert not StoredProceeding.objects.filter(kind="correction").exists()


def test_a_release_against_the_proof_takes_a_second_person_by_pages(
    browser: Any, gateway: Gateway
) -> None:
    from kit.visitors import signed_in
    from licet.portal.incidents import service

    first, second = followed(gateway), person(
        "provider", "two@acme.example", ("drafter", "representative"), "acme"
    )  # fmt: skip
    play = Play("correction", start=NOON)
    told = {**brought(play, "start"), "incident": graded(first, 1)}
    began = service.begin("correction", "start", told, first, NOON)
    number = began.id  # type: ignore[union-attr]
    for act in ("contain", "explain", "name_candidate", "record_proof"):
        play.of = service.load(number)
        told = {
            **brought(play, act),
            **({"verdict": "regresses"} if act == "record_proof" else {}),
        }
        assert getattr(service.act(number, act, told, first, NOON), "stage", None), act
    page = f"/en/desk/matters/{number}/do/release_against_proof/"
    given = {"override_reason": "Lives.", "override_risk": "Some lawful text is stopped."}
    assert signed_in(first).post(page, given).status_code == 409
    assert signed_in(second).post(page, given).status_code == 302
    assert service.load(number).stage == "released"


def test_a_correction_is_served_once_every_gateway_that_runs_says_so(
    browser: Any, gateway: Gateway, tmp_path: Path
) -> None:
    from kit.visitors import signed_in
    from licet.portal.incidents import service
    from licet.portal.incidents.arrival import follow_ledger
    from licet.portal.incidents.reader import read_on

    officer, wanted = followed(gateway), "e" * 64
    (tmp_path / "2").mkdir()
    second = Gateway(tmp_path / "2")
    play = Play("correction", start=NOON)
    told = {**brought(play, "start"), "incident": graded(officer, 1)}
    began = service.begin("correction", "start", told, officer, NOON)
    number = began.id  # type: ignore[union-attr]
    for one in (gateway, second):
        one.says("gateway.started", version="1", bundle="a" * 64, pack="cn-genai-2023")
    gateway.says("bundle.loaded", bundle=wanted)
    for act in ("contain", "explain", "name_candidate", "record_proof", "release"):
        play.of = service.load(number)
        told = {**brought(play, act)} | (
            {"candidate_sha256": wanted} if act == "name_candidate" else {}
        )
        assert getattr(service.act(number, act, told, officer, NOON), "stage", None), act
        play.of = service.load(number)
    shown = signed_in(officer).get(f"/en/desk/matters/{number}/").content.decode()
    assert "Not yet" in shown
    follow_ledger(str(second.path), second.signer.verifier.vkey, officer.body)
    read_on(NOON)
    assert service.load(number).stage == "released", "one of two serves it"
    shown = signed_in(officer).get(f"/en/desk/matters/{number}/").content.decode()
    assert "Serves it" in shown
    second.says("gateway.stopped", reason="end")
    read_on(NOON)
    assert service.load(number).stage == "served"
    assert service.load(number).events[-1].role == "system"
    read_on(NOON)
    assert service.load(number).did("take_effect") == service.load(number).events[-1:]
