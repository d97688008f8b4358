"""Is this service in scope, and which filings does it need? A reasoned answer, by the pack.

It refuses to know the questions, and it never guesses: what is not answered is said to be open.

Rules
1. A question is asked where its `when` is met; answers to others are ignored.
2. Every rule whose conditions the answers meet contributes its reason, its law and its routes.
3. Out of scope wins over in scope: an exemption is written as an exemption. With neither, and a
   question left, the answer is `open`; with no question left, it is `open` too and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.procedure import Procedure, Question, ScopeRule

ScopeResult = Literal["in", "out", "open"]


@dataclass(frozen=True, slots=True)
class ScopeAnswer:
    """The result, the rules it rests on in their order, the routes it asks for, what is open."""

    result: ScopeResult
    rules: tuple[ScopeRule, ...]
    routes: tuple[str, ...]
    open: tuple[Question, ...]
    wrong: tuple[str, ...]


def scope(answers: Mapping[str, str], procedure: Procedure) -> ScopeAnswer:
    """What follows from these answers (question id to choice id)."""
    asked = tuple(_asked(answers, procedure))
    said = {q.id: answers[q.id] for q in asked if _chosen(q, answers.get(q.id))}
    wrong = tuple(
        name
        for name, value in answers.items()
        if name not in procedure.questions or not _chosen(procedure.questions[name], value)
    )
    met = tuple(rule for rule in procedure.scope.values() if _met(rule.when, said))
    left = tuple(q for q in asked if q.id not in said)
    results = {rule.result for rule in met}
    if "out" in results:
        out = tuple(rule for rule in met if rule.result == "out")
        return ScopeAnswer("out", out, (), (), wrong)
    if "in" not in results:
        return ScopeAnswer("open", (), (), left, wrong)
    routes = dict.fromkeys(route for rule in met for route in rule.routes)
    return ScopeAnswer("in", met, tuple(routes), left, wrong)


def _asked(answers: Mapping[str, str], procedure: Procedure) -> Iterator[Question]:
    reached: dict[str, str] = {}
    for question in procedure.questions.values():
        if _met(question.when, reached):
            yield question
            if _chosen(question, answers.get(question.id)):
                reached[question.id] = answers[question.id]


def _chosen(question: Question, value: object) -> bool:
    return isinstance(value, str) and value in question.choices


def _met(when: Mapping[str, tuple[str, ...]], said: Mapping[str, str]) -> bool:
    return all(said.get(name) in wanted for name, wanted in when.items())
