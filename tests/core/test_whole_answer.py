"""Whole answers: judged before any of it leaves, cut where they were stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import HARM, LAWFUL, PHRASE, UNLAWFUL, make_guard
from kit.playbook import open_case
from licet.base.piecemeal import at_once
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.outcome import Outcome
from licet.gateway.whole_answer import WholeAnswer, judge_answer
from licet.guard.guarding import Guard


def body_of(*texts: str) -> bytes:
    choices = [
        {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for at, text in enumerate(texts)
    ]
    return json.dumps({"id": "c", "object": "chat.completion", "choices": choices}).encode()


def judge(body: bytes, guard: Guard, on_failure: Any = "halt") -> WholeAnswer:
    reply = DIALECTS["chat"].reply(body)
    return at_once(judge_answer(reply, guard, audience="default", on_failure=on_failure))


def contents(out: bytes) -> list[str]:
    return [choice["message"]["content"] for choice in json.loads(out)["choices"]]


def test_a_lawful_answer_leaves_as_it_came() -> None:
    body = body_of("one lawful thing", "and another")
    out, outcome = judge(body, make_guard(classifier=True)).finish(body, open_case)
    assert out is body
    assert outcome.kind == "served"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_was_lawful_before_the_place_stays_and_nothing_after_it(at: int) -> None:
    texts = ["first", "second", "third"]
    texts[at] = f"so {PHRASE} and more"
    body = body_of(*texts)
    out, outcome = judge(body, make_guard()).finish(body, open_case)
    assert contents(out) == [*texts[:at], "so ", *[""] * (2 - at)]
    assert outcome.kind == "halted"
    assert outcome.excerpt.endswith(PHRASE)
    assert json.loads(out)["licet"]["case"] == "LC-1"


def test_the_first_text_that_is_stopped_counts() -> None:
    body = body_of("fine", f"x {HARM}", f"y {PHRASE}")
    whole = judge(body, make_guard(classifier=True))
    out, outcome = whole.finish(body, open_case)
    assert contents(out) == ["fine", "x ", ""]
    assert outcome.finding is not None
    assert outcome.finding.detector != "literal"


def ask_all(whole: WholeAnswer, *answers: Any) -> Outcome:
    for scores in answers:
        whole.judged(whole.questions.pop(0), scores)
    return whole.finish(b"", open_case)[1]


def test_a_judge_outside_is_asked_about_every_text_and_awaited() -> None:
    whole = judge(body_of("one", "two"), make_guard(remote=True))
    assert [question.text for question in whole.questions] == ["one", "two"]
    assert whole.waiting
    assert ask_all(whole, LAWFUL, LAWFUL).kind == "served"
    assert not whole.waiting


def test_a_judge_outside_may_answer_in_any_order() -> None:
    whole = judge(body_of("one", "two"), make_guard(remote=True))
    first, second = whole.questions
    whole.judged(second, UNLAWFUL)
    assert whole.waiting
    whole.judged(first, LAWFUL)
    assert not whole.waiting
    assert whole.finish(body_of("one", "two"), open_case)[1].kind == "halted"


@pytest.mark.parametrize(
    ("on_failure", "kind"), [("halt", "halted"), ("pass", "served"), ("hold", None)]
)
def test_a_judge_that_fails_does_what_was_set(on_failure: str, kind: str | None) -> None:
    whole = judge(body_of("one"), make_guard(remote=True), on_failure)
    question = whole.questions.pop()
    whole.judged(question, None)
    if kind is None:
        assert whole.questions == [question]
        assert whole.waiting
    else:
        assert whole.finish(body_of("one"), open_case)[1].kind == kind


def test_an_unlawful_text_asks_nobody_outside() -> None:
    whole = judge(body_of(PHRASE, "two"), make_guard(remote=True))
    assert whole.questions == []
    assert not whole.waiting


@pytest.mark.parametrize(("scores", "left"), [(LAWFUL, ["one", "so "]), (UNLAWFUL, ["", ""])])
def test_what_stays_of_a_stopped_answer_was_judged_outside_too(
    scores: Any, left: list[str]
) -> None:
    body = body_of("one", f"so {PHRASE} and more")
    whole = judge(body, make_guard(remote=True))
    first, second = whole.questions
    assert [first.text, second.text] == ["one", "so "]
    whole.judged(first, scores)
    assert whole.waiting == (scores is LAWFUL)
    if whole.waiting:
        whole.judged(second, LAWFUL)
    out, outcome = whole.finish(body, open_case)
    assert contents(out) == left
    assert outcome.kind == "halted"


def test_the_first_place_that_is_stopped_counts_whoever_found_it() -> None:
    body = body_of(f"x {HARM} and {PHRASE}")
    out, outcome = judge(body, make_guard(classifier=True)).finish(body, open_case)
    assert contents(out) == ["x "]
    assert outcome.finding is not None
    assert outcome.finding.detector != "literal"
