"""Whatever is brought, an act gives events that can be kept, or a refusal; it never falls over."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.cases import (
    ALL_ROLES,
    APPROVER,
    CLERK,
    HEARER,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    Play,
    brought,
)
from licet.cases import (
    Refusal,
    apply,
    entries_of,
    event_as_json,
    event_from_json,
    said,
    said_of,
    scope,
)

SURROGATE = st.sampled_from(["\ud800", "a\udfffb", "\x00", "\x1b[31m", "e\u0301" * 40])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**60, 2**70),
    st.floats(),
    st.text(max_size=12),
    SURROGATE,
    st.sampled_from(["conforms", "fails", "art17", "model_name", "minors", "2026-03-09"]),
)
KEYS = (
    st.text(max_size=6)
    | SURROGATE
    | st.sampled_from(
        [
            "field",
            "text",
            "check",
            "result",
            "note",
            "minors",
            "provisions",
            "facts",
            "model_name",
            "functions",
            "security_report",
            "name",
            "sha256",
            "bytes",
            "type",
        ]
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PEOPLE = (REPRESENTATIVE, CLERK, REVIEWER, APPROVER, HEARER, ALL_ROLES)


@cache
def stretches() -> dict[str, tuple[Play, Any]]:
    """For every act of the pack a play in which somebody may do it, and who."""
    found: dict[str, tuple[Play, Any]] = {}
    plays = [Play(), Play().filed(), Play().in_review(), Play().reviewed(), Play().granted()]
    assessed = Play().in_review()
    assessed.act("assess", REVIEWER, **brought(assessed, "assess"))
    plays.append(assessed)
    sent_back = Play().filed()
    sent_back.act("send_back", CLERK, requests=[{"text": "More."}])
    plays.append(sent_back)
    for kind in ("change", "renewal"):
        play = Play().granted()
        data = {"date": "2026-03-09"} if kind == "change" else {}
        play.act(f"open_{kind}", REPRESENTATIVE, **data)
        play.filed()
        play.act("accept", CLERK)
        plays.append(play.assessed())
    urgent = Play().granted()
    urgent.act("suspend_interim", APPROVER, **brought(urgent, "suspend_interim"))
    plays.append(urgent)
    for start, proposal in (
        ("in_review", "propose_refusal"),
        ("granted", "propose_suspension"),
        ("granted", "propose_revocation"),
        ("granted", "propose_conditions"),
    ):
        heard = getattr(Play(), start)()
        heard.act(proposal, REVIEWER, **brought(heard, proposal))
        plays.append(heard)
        over = getattr(Play(), start)()
        over.act(proposal, REVIEWER, **brought(over, proposal))
        over.pass_days(9)
        plays.append(over)
    for play in plays:
        for by in PEOPLE:
            for act in play.open_to(by):
                found.setdefault(act, (play, by))
    return found


def test_every_act_of_the_pack_is_open_to_somebody_somewhere() -> None:
    assert set(stretches()) == set(PROCEDURE.acts)


@settings(max_examples=30)
@pytest.mark.parametrize("act", PROCEDURE.acts)
@given(data=st.data())
def test_whatever_is_brought_the_act_is_done_or_refused(act: str, data: st.DataObject) -> None:
    play, by = stretches()[act]
    good = brought(play, act)
    changed = data.draw(st.sampled_from([*good, "extra"]))
    brings = {**good, changed: data.draw(JSON)}
    outcome = play.tries(act, by, **brings)
    if isinstance(outcome, Refusal):
        for language in ("zh", "en"):
            assert said(outcome, language, PROCEDURE)
            assert all(said_of(fault, language) for fault in outcome.faults)
        return
    case = play.case
    for event in outcome:
        assert event_from_json(event_as_json(event)) == event
        case = apply(case, event)
    assert entries_of(case)


@given(answers=st.dictionaries(KEYS | st.sampled_from([*PROCEDURE.questions]), JSON, max_size=5))
def test_whatever_is_answered_to_the_questionnaire(answers: dict[str, Any]) -> None:
    assert scope(answers, PROCEDURE).result in ("in", "out", "open")
