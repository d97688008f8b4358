"""Why a text has its verdict, and how near it came to another one.

It refuses to know who asks and how it is shown. It judges anew and in full, and is not for the hot
path.
"""

from __future__ import annotations

from dataclasses import dataclass

from licet.guard.classifier import Explanation, Role, group_of
from licet.guard.guarding import AUDIENCE, Guard
from licet.guard.verdict import CERTAIN, Verdict


@dataclass(frozen=True, slots=True)
class Nearness:
    """A category's score beside the thresholds that hold for the audience; all in [0, 1]."""

    category: str
    score: float
    flag: float
    halt: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """What led to a verdict.

    nearest: every scored category, the one that is nearest to its threshold first; not those in
    which a rule found something, for a rule is certain. classifier: what the n-gram classifier
    made of the text; None where the bundle has none or nothing is there to judge.
    """

    verdict: Verdict
    nearest: tuple[Nearness, ...]
    classifier: Explanation | None


def explain(
    guard: Guard, text: str, role: Role, context: str = "", *, audience: str = AUDIENCE
) -> Reasons:
    """The verdict that `guard.judge` gives, with its reasons. Raises NotFound for an audience
    that the bundle lacks."""
    verdict = guard.judge(text, role, context, audience=audience, ranks=True)
    if guard.classifier is None or not text:
        return Reasons(verdict, (), None)
    thresholds = guard.thresholds(audience)
    first = guard.classifier.judge(text, role, context)
    if guard.is_in_doubt(first):
        thresholds = guard.encoder_thresholds(audience, group_of(text, role), first)
    certain = {find.category for find in verdict.findings if find.detector in CERTAIN}
    near = [
        Nearness(name, score, thresholds[name].flag, thresholds[name].halt)
        for name, score in verdict.categories.items()
        if name in thresholds and name not in certain
    ]
    near.sort(key=lambda one: -one.score / one.flag)
    return Reasons(verdict, tuple(near), guard.classifier.explain(text, role))
