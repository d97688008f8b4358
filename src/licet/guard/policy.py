"""From scores to findings: the thresholds of a pack, applied and nothing more.

It refuses to know where thresholds come from; the gateway hands over what the pack says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.guard.classifier import Scores
from licet.guard.hit import Hit
from licet.guard.literal import Entry, LexicalSettings
from licet.guard.verdict import Action, Finding

Tier = Literal["token", "clause", "whole"]
"""How much of an answer may leave before a judged rule has seen it: `token` all of it, with the
judge just behind; `clause` the clauses that were judged; `whole` nothing before the end."""
OnFailure = Literal["hold", "halt", "pass"]
"""What happens to text that a judge was asked about in vain."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """At `halt` or above a text is stopped, at `flag` or above it is noted; both in (0, 1]."""

    halt: float
    flag: float


@dataclass(frozen=True, slots=True)
class JudgedSettings:
    """From the pack (`guard.judged`): how running text is judged by meaning."""

    tier: Tier
    stride_characters: int
    window_characters: int
    clause_characters_max: int
    late_characters_max: int
    """In tier `token`, how far text may run ahead of what was judged."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """From the pack (`guard.encoder`): when the encoder is asked, and what follows.

    weights: SHA-256 of the file that is asked, in hexadecimal. It is asked about whole texts
    whose harm, as the classifier has it, is in [doubt_low, doubt_high]. thresholds: by audience,
    then by group (`classifier.model.group_name`), for every category.
    """

    weights: str
    doubt_low: float
    doubt_high: float
    thresholds: Mapping[str, Mapping[str, Threshold]]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything of a pack and a configuration that judging needs."""

    lexical: LexicalSettings
    judged: JudgedSettings
    thresholds: Mapping[str, Mapping[str, Threshold]]
    """By audience, then by category. A category that is not named is not acted on."""
    on_judge_failure: Mapping[Tier, OnFailure]
    encoder: EncoderSettings | None = None
    """None: there is no second judge."""


@dataclass(frozen=True, slots=True)
class JudgeScores(Scores):
    """What a judge outside says of a text. `threshold` holds for all its categories in place of
    the pack's, which belong to the classifier; None leaves the pack's. `judge` is its name."""

    threshold: Threshold | None = None
    judge: str = ""


_NEVER = Threshold(2.0, 2.0)


def decide(
    scores: Scores, thresholds: Mapping[str, Threshold], start: int, length: int,
    detector: Literal["classifier", "encoder", "judge"] = "classifier",
) -> list[Finding]:  # fmt: skip
    """The findings that scores amount to, the worst first. `start` is where the judged text
    begins in the whole, `length` its length."""
    if scores.screened:
        return []
    span = scores.span or (0, length)
    own, family = None, "judge" if detector == "judge" else "model"
    if isinstance(scores, JudgeScores):
        own, family = scores.threshold, f"judge.{scores.judge}" if scores.judge else family
    found = []
    for category, score in scores.categories.items():
        threshold = own or thresholds.get(category, _NEVER)
        if score < threshold.flag:
            continue
        action: Action = "halt" if score >= threshold.halt else "flag"
        found.append(
            Finding(
                category, action, score, start + span[0], start + span[1], detector,
                f"{family}.{category}",
            )
        )  # fmt: skip
    found.sort(key=lambda finding: (finding.action != "halt", -finding.score))
    return found


def unanswered(on_failure: OnFailure, start: int, end: int) -> Finding:
    """What it amounts to that a judge was asked about a text in vain: to stop it, or to note that
    it passed."""
    action: Action = "flag" if on_failure == "pass" else "halt"
    return Finding("unjudged", action, 0.0, start, end, "judge", "judge.unavailable")


def literal_finding(hit: Hit) -> Finding:
    """What a rule says of a text; what it looks for is there, so its score is 1."""
    entry = hit.entry
    detector: Literal["literal", "pattern"] = "literal" if isinstance(entry, Entry) else "pattern"
    return Finding(entry.category, entry.action, 1.0, hit.start, hit.end, detector, entry.rule)
