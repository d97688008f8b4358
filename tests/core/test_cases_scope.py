"""The scope questionnaire: a reasoned answer, or an honest "open"."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.cases import PROCEDURE
from licet.cases import scope
from licet.rulebook import load_pack

PUBLIC = {"generates": "yes", "offered": "public", "opinion": "no", "sector": "no"}


@pytest.mark.parametrize(
    ("changed", "result", "routes"),
    [
        ({"model": "own"}, "in", ("model_filing",)),
        ({"model": "tuned", "opinion": "yes"}, "in", ("model_filing", "algorithm_filing")),
        ({"model": "called"}, "in", ("app_registration",)),
        ({"model": "called", "sector": "yes"}, "in", ("app_registration", "sector_licence")),
        ({"model": "own", "offered": "interface"}, "in", ("model_filing",)),
        ({"offered": "inside"}, "out", ()),
        ({"offered": "abroad"}, "out", ()),
        ({"generates": "no"}, "out", ()),
        ({"offered": ""}, "open", ()),
    ],
)
def test_answers_lead_to_a_result_and_its_routes(
    changed: dict[str, str], result: str, routes: tuple[str, ...]
) -> None:
    found = scope({**PUBLIC, **changed}, PROCEDURE)
    assert (found.result, found.routes) == (result, routes)


def test_an_interface_offered_to_others_counts_by_article_22() -> None:
    found = scope({**PUBLIC, "offered": "interface", "model": "own"}, PROCEDURE)
    assert "art22.2" in {law for rule in found.rules for law in rule.basis}
    assert "art2.1" not in {law for rule in found.rules for law in rule.basis}


def test_a_model_that_is_not_filed_is_no_ground_for_a_registration() -> None:
    found = scope({**PUBLIC, "model": "called_unfiled"}, PROCEDURE)
    assert found.routes == ("model_filing",)


def test_what_is_left_open_is_named_and_nothing_is_guessed() -> None:
    assert [question.id for question in scope({}, PROCEDURE).open] == ["generates"]
    partly = scope({"generates": "yes", "offered": "public"}, PROCEDURE)
    assert partly.result == "in"
    assert [question.id for question in partly.open] == ["model", "opinion", "sector"]


def test_an_answer_to_a_question_that_is_not_asked_changes_nothing() -> None:
    inside = {"generates": "yes", "offered": "inside"}
    assert scope({**inside, "model": "own"}, PROCEDURE) == scope(inside, PROCEDURE)


def test_answers_that_nobody_offered_are_named() -> None:
    found = scope({"generates": "perhaps", "colour": "red"}, PROCEDURE)
    assert (found.result, set(found.wrong)) == ("open", {"generates", "colour"})


def test_every_whole_set_of_answers_has_a_reasoned_result() -> None:
    for pack in ("cn-genai-2023", "eu-ai-act"):
        procedure = load_pack(pack).procedure
        questions = procedure.questions.values()
        for choice in itertools.product(*(q.choices for q in questions)):
            found = scope(dict(zip(procedure.questions, choice, strict=True)), procedure)
            assert found.result in ("in", "out")
            assert not found.open
            assert all(rule.basis and rule.reason for rule in found.rules)
            assert bool(found.routes) == (found.result == "in")


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_whatever_is_answered_there_is_an_answer(answers: dict[str, str]) -> None:
    assert scope(answers, PROCEDURE).result in ("in", "out", "open")
