"""What the guard says of a text: values and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["pass", "flag", "halt"]
Detector = Literal["literal", "pattern", "classifier", "encoder", "judge", "picture", "none"]
CERTAIN: tuple[Detector, ...] = ("literal", "pattern")
"""What rules find: it is certain, and its score is 1."""

_RANK: dict[Action, int] = {"pass": 0, "flag": 1, "halt": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to stop or to note a text.

    `start` and `end` count code units of the text as it was given (of a stream: of all its text).
    `rule` is the id a person quotes on appeal: an operator's, or `model.<category>`.
    """

    category: str
    action: Action
    score: float
    start: int
    end: int
    detector: Detector
    rule: str

    def as_object(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "action": self.action,
            "score": round(self.score, 4),
            "start": self.start,
            "end": self.end,
            "detector": self.detector,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The guard's answer for one whole text. `score` in [0, 1] is the worst of `categories`,
    `harm` what our models alone say; None where none was asked."""

    action: Action
    score: float = 0.0
    categories: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    harm: float | None = None

    @property
    def ground(self) -> Finding | None:
        """The finding that decides: the first one with the strongest action."""
        if not self.findings:
            return None
        return max(self.findings, key=lambda finding: _RANK[finding.action])


PASS = Verdict("pass")


def strongest(findings: tuple[Finding, ...]) -> Action:
    """What a set of findings amounts to."""
    return max((f.action for f in findings), key=_RANK.__getitem__, default="pass")
