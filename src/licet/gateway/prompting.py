"""Judges a request before the upstream is called.

It refuses to know sockets and time.

Rules
1. Literal rules read every text of a request, and across the seams of a speaker's texts. Meaning
   is judged where a person or a tool speaks: in the user's words and tools' results, not in
   instructions and earlier answers.
2. The first finding that halts refuses the request; flags are kept.
3. No verdict, no call: an open question to a judge outside keeps the request here.
"""

from __future__ import annotations

from typing import Final

from licet.base.piecemeal import Piecemeal
from licet.gateway.dialects.model import Ask, PromptText
from licet.gateway.outcome import Question
from licet.gateway.seams import Seam, Seams
from licet.guard.classifier import Scores
from licet.guard.guarding import Guard
from licet.guard.memory import VerdictMemory
from licet.guard.policy import OnFailure, decide, unanswered
from licet.guard.verdict import Finding, Verdict

_BY_MEANING: Final = frozenset(("user", "tool"))


def judge_texts(
    ask: Ask, guard: Guard, memory: VerdictMemory, *, audience: str, on_failure: OnFailure
) -> Piecemeal[PromptJudgement]:
    """Judge what a request says. (There is no judgement that has not read all of it.)"""
    judgement = PromptJudgement(guard, audience=audience, on_failure=on_failure)
    seams = Seams(guard.policy.lexical.seam_characters)
    for text in ask.texts:
        by_meaning, json = text.role in _BY_MEANING, text.kind == "json"
        key = memory.key(guard, text.text, json=json, audience=audience, by_meaning=by_meaning)
        verdict = memory.recall(key)
        if verdict is None:
            verdict = yield from guard.judge_piecemeal(
                text.text, "prompt", json=json, audience=audience, by_meaning=by_meaning
            )
            memory.note(key, verdict)
            yield
        judgement.read(text, verdict)
        if not judgement.is_refused and (seam := seams.next(text)) is not None:
            judgement.read_across(seam, text.where, memory)
        if judgement.is_refused:
            judgement.questions.clear()
            break
    return judgement


class PromptJudgement:
    """One request, made by `judge_texts`. Look at `finding`, `questions` and `waiting`."""

    __slots__ = ("_audience", "_guard", "_on_failure", "_open", "finding", "flags", "questions",
                 "where")  # fmt: skip

    def __init__(self, guard: Guard, *, audience: str, on_failure: OnFailure) -> None:
        self._guard = guard
        self._audience = audience
        self._on_failure = on_failure
        self._open: dict[int, PromptText] = {}
        self.finding: Finding | None = None
        self.where = ""
        self.flags: list[Finding] = []
        self.questions: list[Question] = []

    @property
    def is_refused(self) -> bool:
        return self.finding is not None

    @property
    def waiting(self) -> bool:
        return bool(self._open) and self.finding is None

    def judged(self, question: Question, scores: Scores | None) -> None:
        """A judge outside answered, or failed (None)."""
        text = self._open.get(question.number)
        if text is None or self.finding is not None:
            return
        if scores is None and self._on_failure == "hold":
            self.questions.append(question)
            return
        del self._open[question.number]
        if scores is not None:
            thresholds = self._guard.thresholds(self._audience)
            self._note(decide(scores, thresholds, 0, len(text.text), "judge"), text.where)
        else:  # passed on unjudged: never in silence
            self._note([unanswered(self._on_failure, 0, len(text.text))], text.where)

    def read(self, text: PromptText, verdict: Verdict) -> None:
        """One text of the request, and what our own guard says of it."""
        self._note(list(verdict.findings), text.where)
        if text.role not in _BY_MEANING or not text.text or self.finding is not None:
            return
        if self._guard.asks(verdict):
            number = len(self._open)
            self._open[number] = text
            self.questions.append(Question(number, text.text, "prompt", harm=verdict.harm))

    def read_across(self, seam: Seam, where: str, memory: VerdictMemory) -> None:
        """Where the text at `where` begins: by literal rules."""
        key = memory.key(
            self._guard, seam.text, json=False, audience=self._audience, by_meaning=False
        )
        verdict = memory.recall(key)
        if verdict is None:
            verdict = self._guard.judge(
                seam.text, "prompt", audience=self._audience, by_meaning=False
            )
            memory.note(key, verdict)
        if verdict.findings:
            self._note(seam.across(verdict.findings), where)

    def _note(self, findings: list[Finding], where: str) -> None:
        for finding in findings:
            if finding.action != "halt":
                self.flags.append(finding)
            elif self.finding is None:
                self.finding, self.where = finding, where
