"""The transparency report: from a ledger alone, the same for whoever has a copy."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from kit.ledger import ORIGIN, make_test_signer
from kit.proceedings import (
    APPROVER,
    CLERK,
    MACHINE,
    MONDAY,
    OFFICER,
    PACK,
    REVIEWER,
    SHARER,
    SOMEBODY,
    TRUSTEE,
    Play,
)
from licet.cases.proceedings import entries_of
from licet.cases.transparency import Reading, Report, Told
from licet.cli.main import licet
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.log import Log

ORDERS = PACK.proceeding("order")
AT = "2026-03-09T02:00:00.000Z"


def told(*plays: Play) -> list[Told]:
    lines: list[Told] = []
    for play in plays:
        for event, (kind, pub) in zip(play.of.events, entries_of(play.of), strict=True):
            known = {key: value for key, value in pub.items() if value is not None}
            lines.append((kind, event.at.isoformat(), known))
    return lines


def stop(kind: str, rule: str, category: str = "illegal_activity") -> Told:
    return (kind, AT, {"rule": rule, "category": category, "detector": "literal"})


def report(entries: list[Told], today: date = date(2026, 3, 9)) -> Report:
    return Reading(ORDERS).read(entries).report(today)


def test_stops_are_counted_by_category_and_who_wrote_the_rule() -> None:
    entries = [
        stop("exchange.halted", "base.fraud.zh.1"),
        stop("exchange.halted", "base.fraud.en.1"),
        stop("exchange.refused", "house-7", "operator"),
        ("exchange.served", AT, {}),
    ]
    found = report(entries)
    assert found.stops == {
        ("reply", "illegal_activity", "base"): 2,
        ("prompt", "operator", "house-7"): 1,
    }
    assert found.entries == 4


def test_matters_count_once_with_their_last_stage() -> None:
    incident = Play("incident").begun("find").does("set_grade", OFFICER)
    measure = Play("measure").begun("impose_alone", MACHINE).does("appeal", SOMEBODY)
    measure.does("overturn", OFFICER)
    found = report(told(incident, measure))
    assert found.incidents == {("ordinary", "graded"): 1}
    assert found.measures == {("warn", "overturned"): 1}


def delayed() -> Play:
    play = Play("order").begun("request", REVIEWER).act("validate", APPROVER)
    play.does("delay_notice", APPROVER, notice_until="2026-03-11")
    play.does("give_authority_share", SHARER).does("give_independent_share", TRUSTEE)
    return play.does("open_untold", REVIEWER)


def test_a_delayed_notice_is_due_after_its_day_until_it_is_given() -> None:
    play = delayed()
    assert report(told(play), date(2026, 3, 11)).delayed_due == 0
    assert report(told(play), date(2026, 3, 12)).delayed_due == 1
    play.act("tell_meanwhile", CLERK)
    assert report(told(play), date(2026, 3, 12)).delayed_due == 0


def test_orders_are_counted_by_basis_and_outcome_with_the_time_to_notice() -> None:
    play = Play("order").begun("request", REVIEWER).act("validate", APPROVER)
    play.pass_hours(6)
    play.act("tell_provider", CLERK)
    found = report(told(play))
    ((basis, opens, stage),) = found.orders
    assert (opens, stage) == ("identity", "notified")
    assert basis
    assert (found.names, found.notice_hours) == (1, 6.0)


def test_the_command_reports_from_the_ledger_alone(tmp_path: Path) -> None:
    log = Log(open_store(tmp_path / "ledger.db"), make_test_signer(), ORIGIN)
    about: dict[str, Any] = {"exchange": "ex_1", "rule": "base.fraud.zh.1", "category": "fraud"}
    halted = make_entry("exchange.halted", MONDAY, about)
    play = Play("incident").begun("find")
    entries = [
        make_entry(kind, MONDAY + timedelta(hours=1), pub) for kind, pub in entries_of(play.of)
    ]
    log.append([halted, *entries], MONDAY)
    log.close()
    shown = CliRunner().invoke(licet, ["ledger", "report", str(tmp_path / "ledger.db"), "--csv"])
    assert shown.exit_code == 0, shown.output
    assert "stop,reply,fraud,base,1" in shown.output
    assert "incident,,found,,1" in shown.output
