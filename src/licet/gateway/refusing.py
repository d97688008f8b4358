"""Why a request is not passed on, as a value. It refuses to know APIs and records."""

from __future__ import annotations

from dataclasses import dataclass

from licet.gateway.dialects.model import Ask
from licet.gateway.prompting import PromptJudgement
from licet.guard.verdict import Finding


@dataclass(frozen=True, slots=True)
class Refusal:
    """A finding for which a request goes no further, where it was, and what was found there (to
    be sealed)."""

    finding: Finding
    where: str
    flags: tuple[Finding, ...]
    excerpt: str


def refusal_of(judgement: PromptJudgement, ask: Ask) -> Refusal | None:
    """Why the texts of a request are refused; None where they are not."""
    finding = judgement.finding
    if finding is None:
        return None
    text = next(text.text for text in ask.texts if text.where == judgement.where)
    excerpt = text[finding.start : finding.end][:600]
    return Refusal(finding, judgement.where, tuple(judgement.flags), excerpt)
