"""One channel: what leaves, when, and that nothing unlawful ever does.

The machine draws the order of events: text, answers of a judge outside, and the end may come in
any order. A test that answered every judge at once would miss text that leaves too early.
"""

from __future__ import annotations

from collections.abc import Mapping

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kit.guards import HARM, PHRASE, WordClassifier
from licet.base.trouble import TooMuch
from licet.guard.classifier import Scores
from licet.guard.doubt import Doubt
from licet.guard.guarding import Guard
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.policy import JudgedSettings, Policy, Threshold
from licet.guard.ruleset import Rule
from licet.guard.stream import HELD_CHARACTERS_MAX, TextStream, Ticket

LATE = 48


def policy(tier: str, on_failure: str = "halt") -> Policy:
    thresholds: Mapping[str, Threshold] = {"violence": Threshold(0.9, 0.5)}
    return Policy(
        LexicalSettings(10, 12), JudgedSettings(tier, 16, 64, 40, LATE),
        {"default": thresholds}, dict.fromkeys(("token", "clause", "whole"), on_failure),
    )  # fmt: skip


def guard(tier: str, *, classifier: bool, remote: bool, on_failure: str = "halt") -> Guard:
    rules = [Rule("r1", "operator", "halt", (PHRASE, "违禁短语"), "a test", "to be found")]
    return Guard(
        Lexicon(rules, LexicalSettings(10, 12)), WordClassifier() if classifier else None,
        policy(tier, on_failure), doubt=Doubt() if remote else None,
    )  # fmt: skip


class OneStream(RuleBasedStateMachine):
    """Text, answers and the end in any order."""

    @initialize(
        tier=st.sampled_from(["token", "clause", "whole"]),
        classifier=st.booleans(),
        remote=st.booleans(),
        on_failure=st.sampled_from(["halt", "pass"]),
    )
    def begin(self, tier: str, classifier: bool, remote: bool, on_failure: str) -> None:
        self.tier, self.remote, self.classifier = tier, remote, classifier
        guarded = guard(tier, classifier=classifier, remote=remote, on_failure=on_failure)
        self.stream: TextStream = guarded.stream()
        self.text = self.out = ""
        self.open: list[Ticket] = []
        self.passed_to = 0
        self.ended = False

    def took(self, out: str) -> None:
        self.out += out
        self.open += self.stream.tickets
        self.stream.tickets.clear()

    @precondition(lambda self: not self.ended)
    @rule(
        text=st.lists(
            st.sampled_from(["forbidden ", "phrase ", "alpha", "违禁", "短语", "harm", "so. ",
                             "a long and lawful piece of prose, ", "x", "好。", " "]),
            min_size=1, max_size=3,
        ).map("".join)
    )  # fmt: skip
    def text_comes(self, text: str) -> None:
        self.text += text
        self.took(self.stream.feed(text))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), answer=st.sampled_from(["lawful", "unlawful", "failed"]))
    def a_judge_answers(self, data: st.DataObject, answer: str) -> None:
        ticket = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        scores = {
            "lawful": Scores(0.0, {}, screened=True),
            "unlawful": Scores(0.99, {"violence": 0.99}, screened=False),
            "failed": None,
        }[answer]
        self.took(self.stream.answer(ticket, scores))

    @precondition(lambda self: not self.ended)
    @rule()
    def the_text_ends(self) -> None:
        self.ended = True
        self.took(self.stream.end())

    @rule()
    def nothing_happens(self) -> None:
        self.took("")

    @invariant()
    def only_a_beginning_of_the_text_leaves(self) -> None:
        assert self.text.startswith(self.out)

    @invariant()
    def no_forbidden_character_leaves(self) -> None:
        folded = " ".join(self.text.split(" "))
        for literal in (PHRASE, "违禁短语"):
            at = folded.find(literal)
            if at == 0 or (at > 0 and not folded[at - 1].isascii()):
                assert len(self.out) <= at

    @invariant()
    def text_runs_no_further_ahead_of_judgement_than_the_pack_allows(self) -> None:
        for ticket in self.open:
            assert len(self.out) <= ticket.start + LATE
        if self.stream.late is not None:
            assert self.stream.late.characters <= (LATE if self.tier == "token" else 0)

    @invariant()
    def unjudged_text_stays(self) -> None:
        if self.tier == "token" or not (self.remote or self.classifier):
            return
        for ticket in self.open:
            assert len(self.out) <= ticket.start, "an open question covers text that left"
        if self.tier == "whole" and not self.ended and not self.stream.stopped:
            assert self.out == ""
        if self.classifier and HARM in self.text:
            assert len(self.out) <= self.text.find(HARM) + len(HARM) or self.tier == "clause"
            if self.tier == "clause":
                assert HARM not in self.out

    @invariant()
    def all_of_a_lawful_text_leaves_at_last(self) -> None:
        if self.ended and not self.open and not self.stream.stopped:
            assert self.out == self.text
            assert self.stream.held_characters == 0


TestOneStream = OneStream.TestCase


def test_a_literal_halts_with_all_that_is_lawful_before_it_released() -> None:
    for tier in ("token", "clause", "whole"):
        stream = guard(tier, classifier=True, remote=False).stream()
        text = "One lawful thing. Then the forbidden  phrase alpha and more"
        out = "".join(stream.feed(char) for char in text) + stream.end()
        assert out == "One lawful thing. Then the "
        assert stream.halted is not None
        assert (stream.halted.rule, stream.halted.detector) == ("r1", "literal")


def test_text_that_begins_nothing_leaves_at_once_and_unchanged() -> None:
    stream = guard("token", classifier=False, remote=False).stream()
    piece = " river"
    assert stream.feed(piece) is piece


def test_a_clause_waits_for_its_end() -> None:
    stream = guard("clause", classifier=True, remote=False).stream()
    assert stream.feed("This is a clause without an") == ""
    assert stream.feed(" end. And") == "This is a clause without an end."
    assert stream.end() == " And"


def test_what_is_held_is_not_copied_with_every_piece() -> None:
    """Else a long answer that waits to be judged as a whole costs the square of its length."""
    stream = guard("whole", classifier=True, remote=False).stream()
    pieces = [f"piece {number} of it, " for number in range(1000)]
    for piece in pieces:
        assert stream.feed(piece) == ""
    kept = list(stream._held)
    assert all(one is piece for one, piece in zip(kept, pieces, strict=True))
    assert stream.held_characters == stream.held_most == len("".join(pieces))
    assert stream.end() == "".join(pieces)


def test_a_judge_that_fails_halts_or_passes_as_it_was_set() -> None:
    for on_failure, out in (("halt", ""), ("pass", "twenty characters of text")):
        stream = guard("whole", classifier=False, remote=True, on_failure=on_failure).stream()
        stream.feed("twenty characters of text")
        assert stream.end() == ""
        assert stream.answer(stream.tickets[0], None) == out
        assert stream.stopped == (on_failure == "halt")


def test_a_judge_that_is_held_for_is_asked_again() -> None:
    stream = guard("whole", classifier=False, remote=True, on_failure="hold").stream()
    stream.feed("twenty characters of text")
    stream.end()
    ticket = stream.tickets.pop()
    assert stream.answer(ticket, None) == ""
    assert stream.tickets == [ticket]
    assert stream.waiting


def test_what_waits_to_be_judged_is_bounded_and_what_is_lawful_of_it_leaves() -> None:
    stream, words = guard("whole", classifier=True, remote=False).stream(), "lawful words, " * 5000
    sent = HELD_CHARACTERS_MAX // len(words)
    assert all(stream.feed(words) == "" for _ in range(sent))
    with pytest.raises(TooMuch):
        stream.feed(words)
    assert len(stream.end()) == (sent + 1) * len(words)
