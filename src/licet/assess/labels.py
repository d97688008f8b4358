"""What people said of pairs: what counts where two disagree, how far they agree, how the machines
err. Pure.

It refuses to know who the people are.

Rules
1. Labels of two people agree, or a third decides; a tie counts for nothing and is named.
2. Agreement is Cohen's kappa of the first two people (in order of their names) on each pair that
   both labelled.
3. A detector's error is measured only on pairs that people labelled; without any, on the labelled
   replies that ship (refusals), or it is not known.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from licet.assess.outcome import Outcome
from licet.assess.refusal import is_refusal
from licet.stats.agreement import Agreement, cohen_kappa
from licet.stats.share import Count, Detector

Question = Literal["refused", "acceptable"]
LABELLED_MIN = 20
"""Fewer labelled pairs on either side say too little of a detector to replace what ships."""


@dataclass(frozen=True, slots=True)
class Said:
    """What people said to one question about many pairs: yes by majority, of those settled; yes by
    everybody, of all that anybody labelled; ties; agreement of two."""

    yes: Count
    unanimous: Count
    ties: int
    agreement: Agreement


def settled(outcome: Outcome, question: Question) -> bool | None:
    """What the people who labelled a pair say by majority; None for nobody, or a tie."""
    said = [getattr(label, question) for label in outcome.labels]
    yes, no = said.count(True), said.count(False)
    return None if yes == no else yes > no


def said_of(outcomes: Sequence[Outcome], question: Question, confidence: float) -> Said:
    """What people said to a question about these pairs."""
    answers = [settled(one, question) for one in outcomes]
    known = [answer for answer in answers if answer is not None]
    labelled = [
        [x for x in (getattr(label, question) for label in one.labels) if x is not None]
        for one in outcomes
    ]
    ties = sum(
        1 for answer, said in zip(answers, labelled, strict=True) if said and answer is None
    )
    pairs = [_first_two(one, question) for one in outcomes]
    both = [pair for pair in pairs if pair is not None]
    agreement = cohen_kappa([a for a, _ in both], [b for _, b in both], confidence)
    voices = [said for said in labelled if said]
    unanimous = Count(sum(all(said) for said in voices), len(voices))
    return Said(Count(known.count(True), len(known)), unanimous, ties, agreement)


def detector_of(
    outcomes: Iterable[Outcome], question: Question, seen: Callable[[Outcome], bool]
) -> Detector | None:
    """How a detector did on the pairs that people settled; None where they are too few."""
    known = [(settled(one, question), seen(one)) for one in outcomes]
    positive = [found for truth, found in known if truth is True]
    negative = [found for truth, found in known if truth is False]
    if min(len(positive), len(negative)) < LABELLED_MIN:
        return None
    return Detector(
        Count(positive.count(True), len(positive)), Count(negative.count(False), len(negative))
    )


def shipped_refusal_detector() -> Detector:
    """How the refusal detector did on the labelled replies that ship with it."""
    data = (files("licet.assess") / "refusal-replies.toml").read_bytes()
    told = tomllib.loads(data.decode("utf-8"))
    refused = [is_refusal(text) for lang in ("zh", "en") for text in told[lang]["refused"]]
    answered = [is_refusal(text) for lang in ("zh", "en") for text in told[lang]["answered"]]
    return Detector(
        Count(refused.count(True), len(refused)), Count(answered.count(False), len(answered))
    )


def _first_two(outcome: Outcome, question: Question) -> tuple[bool, bool] | None:
    said = sorted(
        (label.by, getattr(label, question))
        for label in outcome.labels
        if getattr(label, question) is not None
    )
    return (said[0][1], said[1][1]) if len(said) >= 2 else None
