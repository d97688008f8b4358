"""Requests: judged in every text before a model is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import HARM, LAWFUL, PHRASE, UNLAWFUL, make_guard
from licet.base.piecemeal import at_once
from licet.gateway.dialects.model import Ask
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.prompting import PromptJudgement, judge_texts
from licet.guard.guarding import Guard
from licet.guard.memory import VerdictMemory


def ask_of(*messages: tuple[str, Any], **members: Any) -> Ask:
    body = {"model": "m", "messages": [{"role": r, "content": c} for r, c in messages], **members}
    return DIALECTS["chat"].parse(json.dumps(body).encode(), json_depth_max=64)


def judge(ask: Ask, guard: Guard, on_failure: Any = "halt") -> PromptJudgement:
    memory = VerdictMemory(bytes(32))
    return at_once(judge_texts(ask, guard, memory, audience="default", on_failure=on_failure))


def test_a_lawful_request_is_not_refused() -> None:
    asked = judge(ask_of(("system", "be kind"), ("user", "hello")), make_guard(classifier=True))
    assert not asked.is_refused
    assert not asked.waiting


@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
def test_literal_rules_read_every_role(role: str) -> None:
    asked = judge(ask_of(("user", "hi"), (role, f"so {PHRASE}")), make_guard())
    assert asked.is_refused
    assert asked.where.startswith("messages[1]")


@pytest.mark.parametrize(
    ("role", "refused"), [("user", True), ("tool", True), ("system", False), ("assistant", False)]
)
def test_meaning_is_judged_where_a_person_or_a_tool_speaks(role: str, refused: bool) -> None:
    asked = judge(ask_of((role, HARM), ("user", "hi")), make_guard(classifier=True))
    assert asked.is_refused == refused


def test_parts_of_a_message_and_names_of_tools_are_read() -> None:
    part = [{"type": "text", "text": f"a {PHRASE}"}]
    assert judge(ask_of(("user", part)), make_guard()).is_refused
    tool = {"type": "function", "function": {"name": "f", "description": PHRASE}}
    assert judge(ask_of(("user", "hi"), tools=[tool]), make_guard()).is_refused


def test_no_call_before_all_questions_are_answered() -> None:
    asked = judge(ask_of(("user", "one"), ("assistant", "two"), ("user", "three")),
                  make_guard(remote=True))  # fmt: skip
    assert [question.text for question in asked.questions] == ["one", "three"]
    first, second = asked.questions
    asked.judged(second, LAWFUL)
    assert asked.waiting
    asked.judged(first, LAWFUL)
    assert not asked.waiting
    assert not asked.is_refused


def test_an_answer_that_says_no_refuses() -> None:
    asked = judge(ask_of(("user", "one")), make_guard(remote=True))
    asked.judged(asked.questions[0], UNLAWFUL)
    assert asked.is_refused
    assert asked.where.startswith("messages[0]")


@pytest.mark.parametrize(("on_failure", "refused"), [("halt", True), ("pass", False)])
def test_a_judge_that_fails_does_what_was_set(on_failure: str, refused: bool) -> None:
    asked = judge(ask_of(("user", "one")), make_guard(remote=True), on_failure)
    asked.judged(asked.questions[0], None)
    assert asked.is_refused == refused
    assert not asked.waiting


def test_a_judge_that_is_held_for_is_asked_again() -> None:
    asked = judge(ask_of(("user", "one")), make_guard(remote=True), "hold")
    question = asked.questions.pop()
    asked.judged(question, None)
    assert asked.questions == [question]
    assert asked.waiting


def test_a_refused_request_asks_nobody_outside() -> None:
    asked = judge(ask_of(("user", "one"), ("user", PHRASE)), make_guard(remote=True))
    assert asked.is_refused
    assert asked.questions == []


HALF, REST = PHRASE[:14], PHRASE[14:]


@pytest.mark.parametrize(
    ("first", "second"), [(HALF, REST), (f"so {HALF} ", f" {REST}, he said"), (PHRASE[:-1], "a")]
)
def test_a_phrase_cut_in_two_by_its_speaker_is_found(first: str, second: str) -> None:
    asked = judge(
        ask_of(("user", first), ("assistant", "go on"), ("user", second)), make_guard()
    )  # fmt: skip
    assert asked.is_refused
    assert asked.where == "messages[2].content"
    assert asked.finding is not None
    assert (asked.finding.start, asked.finding.end) == (0, second.index(second.strip(" ,")) + len(
        REST if REST in second else "a"))  # fmt: skip


def test_parts_of_one_message_are_read_across_their_seam() -> None:
    parts = [{"type": "text", "text": "so " + HALF}, {"type": "text", "text": REST}]
    assert judge(ask_of(("user", parts)), make_guard()).where == "messages[0].content[1].text"


def test_a_phrase_in_three_pieces_is_found() -> None:
    pieces = [("user", piece) for piece in PHRASE.split()]
    assert judge(ask_of(*pieces), make_guard()).is_refused


def test_two_speakers_do_not_make_a_phrase_together() -> None:
    assert not judge(ask_of(("user", HALF), ("assistant", REST)), make_guard()).is_refused


def test_what_lies_on_one_side_of_a_seam_is_judged_once() -> None:
    guard = make_guard("never said")
    asked = judge(ask_of(("user", "one"), ("user", "two"), ("user", "three")), guard)
    assert not asked.is_refused
    assert asked.flags == []
