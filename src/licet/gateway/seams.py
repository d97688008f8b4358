"""Where one text of a request ends and the next of the same speaker begins.

A phrase that is cut in two, half in one message or part and half in the next, stands in neither of
them. A seam shows the end of what a speaker said with the beginning of what they say next, so that
literal rules can read across. It refuses to know rules and verdicts.

Rules
1. Each speaker is a row of their own: what others say in between does not part it.
2. Only what lies across the seam is news; the rest was read with its text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from licet.gateway.dialects.model import PromptText
from licet.guard.verdict import Finding

BETWEEN = "\n"
"""What stands between two texts: no letter, and the end of a line."""


@dataclass(frozen=True, slots=True)
class Seam:
    """`text` with the seam before its character `at`."""

    text: str
    at: int

    def across(self, findings: tuple[Finding, ...]) -> list[Finding]:
        """The findings that lie across, as places of the later text."""
        return [
            replace(finding, start=0, end=finding.end - self.at)
            for finding in findings
            if finding.start < self.at - len(BETWEEN) and finding.end > self.at
        ]


class Seams:
    """The speakers of one request. Give it every text, in order."""

    __slots__ = ("_characters", "_said")

    def __init__(self, characters: int) -> None:
        """`characters`: how much is looked at on each side; 0: there are no seams."""
        self._characters = characters
        self._said: dict[str, str] = {}

    def next(self, text: PromptText) -> Seam | None:
        """The seam at which this text begins, if its speaker has said something before."""
        size = self._characters
        if not size or text.kind != "text" or not text.text:
            return None
        before = self._said.get(text.role)
        if before is None:
            self._said[text.role] = text.text[-size:]
            return None
        self._said[text.role] = (before + BETWEEN + text.text)[-size:]
        joined = before + BETWEEN + text.text[:size]
        return Seam(joined, len(before) + len(BETWEEN))
