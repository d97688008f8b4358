"""Judges outside are asked in a band of doubt, and by their own thresholds judged."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kit.guards import NoWeights, make_guard
from licet.guard.classifier import Scores
from licet.guard.doubt import Doubt
from licet.guard.guarding import Guard
from licet.guard.policy import JudgeScores, Threshold, decide

PACK: Mapping[str, Threshold] = {"violence": Threshold(0.9, 0.5)}


class NumberClassifier(NoWeights):
    """The harm of a text is the number that it ends with."""

    def judge(self, text: str, role: str, context: str = "", *, thorough: bool = False) -> Scores:
        return Scores(float(text.split()[-1]), {}, screened=False)


def guard_of(doubt: Doubt, tier: str = "clause") -> Guard:
    made = make_guard(tier=tier)
    return Guard(made.lexicon, NumberClassifier(), made.policy, doubt=doubt)


@pytest.mark.parametrize(
    ("harm", "asks"), [(0.0, False), (0.2, True), (0.5, True), (0.6, True), (0.7, False)]
)
def test_judges_are_asked_in_the_band_and_nowhere_else(harm: float, asks: bool) -> None:
    guard = guard_of(Doubt(((0.2, 0.6),)))
    assert guard.asks(guard.judge(f"it is {harm}", "prompt")) == asks
    stream = guard.stream()
    out = stream.feed(f"it is {harm}") + stream.end()
    assert bool(stream.tickets) == asks
    assert bool(out) != asks
    for ticket in stream.tickets:
        assert ticket.harm == harm
        out += stream.answer(ticket, Scores(0.0, {}, screened=False))
    assert out == f"it is {harm}"


def test_bands_side_by_side_leave_a_gap() -> None:
    doubt = Doubt(((0.1, 0.2), (0.6, 0.8)))
    assert [harm for harm in (0.05, 0.15, 0.4, 0.7, 0.9) if doubt.holds(harm)] == [0.15, 0.7]


def test_where_nobody_has_judged_they_are_asked() -> None:
    assert Doubt(((0.4, 0.5),)).holds(None)
    guard = make_guard(remote=True)
    assert guard.asks(guard.judge("words", "prompt"))


def test_literals_leave_the_doubt_as_it_is() -> None:
    guard = guard_of(Doubt(((0.2, 0.6),)))
    verdict = guard.judge("a forbidden phrase and 0.3", "prompt")
    assert verdict.harm == 0.3


def test_what_was_not_asked_about_waits_behind_what_was() -> None:
    guard = guard_of(Doubt(((0.2, 0.6),)))
    stream = guard.stream()
    first, second = "the first long clause is 0.3\n", "the second long clause is 0.9\n"
    assert stream.feed(first) + stream.feed(second) + stream.end() == ""
    asked = list(stream.tickets)
    assert asked
    out = "".join(stream.answer(ticket, Scores(0.0, {}, screened=False)) for ticket in asked)
    assert out == first + second


def test_a_judge_is_held_to_its_own_thresholds_and_names_itself() -> None:
    scores = JudgeScores(0.6, {"violence": 0.6, "weapons": 0.1}, screened=False, judge="lg",
                         threshold=Threshold(0.5, 0.2))  # fmt: skip
    (finding,) = decide(scores, PACK, 10, 5, "judge")
    assert (finding.action, finding.rule) == ("halt", "judge.lg.violence")
    assert (finding.start, finding.end) == (10, 15)


def test_without_its_own_the_packs_thresholds_hold() -> None:
    scores = JudgeScores(0.6, {"violence": 0.6}, screened=False, judge="lg")
    (finding,) = decide(scores, PACK, 0, 5, "judge")
    assert finding.action == "flag"
