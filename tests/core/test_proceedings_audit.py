"""A ledger's account of proceedings, replayed: lawful as it is, and caught where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from kit.proceedings import APPROVER, CLERK, MACHINE, OFFICER, PACK, REVIEWER, SOMEBODY, Play
from licet.cases.proceedings import entries_of, lawless

RULES = PACK.supervision.proceedings


def public(*plays: Play) -> list[tuple[int, dict[str, Any]]]:
    """The public fields of every entry of these proceedings, without what is not given."""
    told = [pub for play in plays for _, pub in entries_of(play.of)]
    return [
        (index, {k: v for k, v in pub.items() if v is not None})
        for index, pub in enumerate(told)
    ]  # fmt: skip


def incident() -> Play:
    play = Play("incident").begun("find").does("set_grade", OFFICER).does("report_first", OFFICER)
    play.does("triage", CLERK).does("ask", REVIEWER).does("answer", OFFICER)
    return play.does("report_final", OFFICER).does("close", APPROVER)


def correction(verdict: str = "better") -> Play:
    play = Play("correction").begun("start", OFFICER)
    for act in ("contain", "explain", "name_candidate"):
        play.does(act, OFFICER)
    play.does("record_proof", OFFICER, verdict=verdict)
    return play.act("release", OFFICER) if verdict == "better" else play


def measure() -> Play:
    play = Play("measure").begun("impose_alone", MACHINE).does("appeal", SOMEBODY)
    play.pass_hours(24)
    return play.does("overturn", OFFICER)


def found(entries: list[tuple[int, dict[str, Any]]]) -> str:
    return "\n".join(lawless(entries, RULES))


def test_what_was_decided_is_lawful_when_it_is_replayed() -> None:
    assert found(public(incident(), correction(), measure())) == ""


@pytest.mark.parametrize(
    ("place", "change", "told"),
    [
        (2, {"n": 4}, "number 4, and 3 comes next"),
        (1, {"role": "clerk"}, "not for the role 'clerk'"),
        (1, {"act": "nod"}, "knows no act 'nod'"),
        (2, {"act": "close", "role": "approver"}, "close is not open at graded"),
        (2, {"stage": "closed"}, "does not lead to 'closed'"),
        (0, {"kind": "poem"}, "knows no proceeding 'poem'"),
        (3, {"clock": "measure"}, "does not end so"),
        (5, {"stage": "final_reported"}, "does not lead to"),
    ],
)
def test_what_is_not_lawful_is_named_with_its_entry(
    place: int, change: dict[str, Any], told: str
) -> None:
    entries = public(incident())
    entries[place] = (place, {**entries[place][1], **change})
    assert told in found(entries)
    assert f"entry {place}: " in found(entries)


def test_an_entry_that_was_left_out_is_missed() -> None:
    entries = public(incident())
    del entries[3]
    assert "and 4 comes next" in found(entries)


def test_a_release_without_its_proof_is_found() -> None:
    entries = public(correction())
    index, pub = entries[-1]
    assert "without a proof" in found([*entries[:-1], (index, {**pub, "verdict": "regresses"})])
