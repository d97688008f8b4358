"""What leaves a case: JSON for stores, entries for the ledger, words for people."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import licet.cases
from kit.cases import (
    ADVERSE,
    APPROVER,
    CLERK,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    Play,
)
from licet.base.trouble import BadInput
from licet.cases import (
    Refusal,
    entries_of,
    event_as_json,
    event_from_json,
    refusal_entry,
    said,
    said_of,
    told,
)
from licet.cases.words import FAULTS, REFUSALS
from licet.ledger.entry import make_entry, parse_entry


def life() -> Play:
    play = Play("algorithm_filing").filed()
    play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
    play.act("refile", REPRESENTATIVE)
    play.act("accept", CLERK)
    play.assessed()
    number = "网信算备110108823483901260031号"
    statement = {"provisions": ["art17", "alg25"], "facts": "In order."}
    play.act("grant", APPROVER, number=number, statement=statement)
    play.act("suspend_interim", APPROVER, urgency="Harm is under way.", statement=ADVERSE)
    play.pass_days(20)
    play.act("announce_end", REPRESENTATIVE, date="2026-04-01")
    return play


def test_every_event_has_an_entry_that_the_ledger_takes() -> None:
    case = life().case
    entries = [
        parse_entry(make_entry(kind, event.at, public))
        for (kind, public), event in zip(entries_of(case), case.events, strict=True)
    ]
    assert [entry.pub["n"] for entry in entries] == list(range(1, len(case.events) + 1))
    assert [entry.pub["act"] for entry in entries][-2:] == ["lapsed", "announce_end"]
    granted = next(entry for entry in entries if entry.pub["act"] == "grant")
    assert granted.pub["provisions"] == ["art17", "alg25"]
    assert granted.pub["number"] == "_110108823483901260031_"


def test_the_ledger_holds_no_text_no_account_and_no_case_number() -> None:
    case = life().case
    ledger = json.dumps(entries_of(case), ensure_ascii=False)
    accounts = {event.actor for event in case.events} - {"system"}
    for secret in (*accounts, case.id, "Harm is under way", "Sign the report", "Riverside"):
        assert secret not in ledger


def test_one_changed_event_changes_its_entry() -> None:
    play = life()
    before = entries_of(play.case)
    forged = event_as_json(play.case.events[3])
    forged["data"] = {**forged["data"], "requests": [{"text": "Sign the reports."}]}
    events = [*play.case.events]
    events[3] = event_from_json(forged)
    after = entries_of(licet.cases.replay(events))
    assert [a == b for a, b in zip(before, after, strict=True)].count(False) == 1


def test_a_refusal_is_recorded_too() -> None:
    play = Play().filed()
    refusal = play.tries("grant", REVIEWER)
    assert isinstance(refusal, Refusal)
    kind, public = refusal_entry(play.case, refusal, "reviewer")
    assert parse_entry(make_entry(kind, play.now, public)).pub["code"] == "not_now"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        {"kind": "file", "actor": "a", "role": "r", "at": "2026-03-09T02:00:00+00:00"},
        {"kind": "file", "actor": "a", "role": "r", "at": "yesterday", "data": {}},
        {"kind": "file", "actor": "a", "role": "r", "at": "2026-03-09T02:00:00", "data": {}},
        {"kind": "", "actor": "a", "role": "r", "at": "2026-03-09T02:00:00Z", "data": {}},
        {"kind": "file", "actor": "a", "role": "r", "at": "2026-03-09T02:00:00Z", "data": []},
    ],
)
def test_what_is_no_event_is_refused(broken: object) -> None:
    with pytest.raises(BadInput) as refused:
        event_from_json(broken)
    assert refused.value.hint


def codes_in_source() -> tuple[set[str], set[str]]:
    """Codes of refusals and faults as the source of the package writes them."""
    refusals: set[str] = set()
    faults: set[str] = set()
    for path in Path(licet.cases.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if name == "Fault" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                faults.add(str(node.args[1].value))
            if name in {"_no", "Refusal"}:
                refusals |= {str(text) for text in texts[:1] if text}
            refusals |= {
                str(word.value.value)
                for word in node.keywords
                if word.arg == "refusal" and isinstance(word.value, ast.Constant)
            }
    return refusals - {"None"}, faults


def test_every_code_has_its_words_in_both_languages() -> None:
    refusals, faults = codes_in_source()
    assert len(refusals) > 15
    assert refusals <= set(REFUSALS)
    assert faults <= set(FAULTS)
    for words in (*REFUSALS.values(), *FAULTS.values()):
        assert set(words) == {"zh", "en"}
        assert all(text.endswith((".", "。", "}")) for text in words.values())


def test_every_event_is_told_in_a_line_of_the_history() -> None:
    case = life().case
    assert [told(event, "en", PROCEDURE) for event in case.events][-3:] == [
        "Suspended at once, before hearing",
        "The time was over (Confirm the suspension, or it lapses): In force",
        "Reported the end of service",
    ]
    assert all(told(event, "zh", PROCEDURE) for event in case.events)


def test_a_person_who_may_not_reads_names_and_no_ids() -> None:
    play = Play().in_review()
    findings = {c.id: {"result": "conforms"} for c in PROCEDURE.checks_of("model_filing")}
    play.act("assess", REVIEWER, findings=findings)
    refusal = play.tries("grant", REVIEWER)
    assert isinstance(refusal, Refusal)
    assert said(refusal, "en", PROCEDURE) == "This cannot be done at the stage “In review”."
    assert said(refusal, "zh", PROCEDURE) == "当前阶段（审查中）不能进行此操作。"
    incomplete = Play().tries("file", REPRESENTATIVE)
    assert isinstance(incomplete, Refusal)
    assert said_of(incomplete.faults[0], "en") == "Please give this."
