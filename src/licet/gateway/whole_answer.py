"""Judges a whole, non-streamed answer. It refuses to know sockets and time.

Rules
1. All its texts are judged before any of it leaves.
2. A stopped answer keeps what was lawful before the place where it was stopped, and says so in its
   API's own form; texts after that one are emptied. Of all that stops a text the first place
   counts, whoever found it.
3. What is kept was judged like all else: judges outside are asked about it before it leaves.
"""

from __future__ import annotations

from licet.base.piecemeal import Piecemeal
from licet.gateway.dialects.model import Reply
from licet.gateway.outcome import OpenCase, Outcome, Question
from licet.guard.classifier import Scores
from licet.guard.guarding import Guard
from licet.guard.policy import OnFailure, decide, unanswered
from licet.guard.stream import EXCERPT_CHARACTERS
from licet.guard.verdict import Finding, Verdict


def judge_answer(
    reply: Reply, guard: Guard, *, audience: str, on_failure: OnFailure,
    flags: tuple[Finding, ...] = (),
) -> Piecemeal[WholeAnswer]:  # fmt: skip
    """Judge what an answer says. `flags`: what was noted before."""
    answer = WholeAnswer(reply, guard, audience=audience, on_failure=on_failure, flags=flags)
    for index, span in enumerate(reply.spans):
        verdict = yield from guard.judge_piecemeal(
            span.text, "reply", json=span.kind == "json", audience=audience,
            by_meaning=span.by_meaning,
        )  # fmt: skip
        answer.read(index, verdict)
        if answer.is_stopped:
            break
        yield
    return answer


class WholeAnswer:
    """One answer, made by `judge_answer`. Ask `questions` while there are any, then `finish`."""

    __slots__ = ("_audience", "_guard", "_on_failure", "_open", "_reply", "_stopped", "flags",
                 "questions")  # fmt: skip

    def __init__(
        self, reply: Reply, guard: Guard, *, audience: str, on_failure: OnFailure,
        flags: tuple[Finding, ...],
    ) -> None:  # fmt: skip
        self._reply = reply
        self._guard = guard
        self._audience = audience
        self._on_failure = on_failure
        self._stopped: tuple[int, Finding] | None = None
        self._open: dict[int, Question] = {}
        self.flags = list(flags)
        self.questions: list[Question] = []

    def read(self, index: int, verdict: Verdict) -> None:
        """One text of the answer, and what our own guard says of it."""
        text = self._reply.spans[index].text
        self._note(index, list(verdict.findings))
        if self._stopped is not None:  # here, or nothing would be read any more
            text = text[: self._stopped[1].start]
        if text and self._reply.spans[index].by_meaning and self._guard.asks(verdict):
            question = Question(index, text, "reply", harm=verdict.harm)
            self._open[index] = question
            self.questions.append(question)

    @property
    def is_stopped(self) -> bool:
        return self._stopped is not None

    @property
    def waiting(self) -> bool:
        return bool(self._open)

    def judged(self, question: Question, scores: Scores | None) -> None:
        """A judge outside answered, or failed (None)."""
        if question.number not in self._open:
            return
        if scores is None and self._on_failure == "hold":
            self.questions.append(question)
            return
        del self._open[question.number]
        length = len(question.text)
        if scores is not None:
            thresholds = self._guard.thresholds(self._audience)
            self._note(question.number, decide(scores, thresholds, 0, length, "judge"))
        else:  # let out unjudged: never in silence
            self._note(question.number, [unanswered(self._on_failure, 0, length)])

    def finish(self, body: bytes, open_case: OpenCase) -> tuple[bytes, Outcome]:
        """The bytes for the client (the upstream's own, if all is lawful) and the outcome."""
        flags, usage = tuple(self.flags), self._reply.usage
        if self._stopped is None:
            return body, Outcome("served", flags=flags, usage=usage)
        index, finding = self._stopped
        notice = open_case(finding, "")
        spans = self._reply.spans
        texts = [span.text for span in spans[:index]]
        texts.append(spans[index].text[: finding.start])
        texts += [""] * (len(spans) - len(texts))
        end = finding.end
        excerpt = spans[index].text[max(0, end - EXCERPT_CHARACTERS) : end]
        outcome = Outcome("halted", notice, finding, flags, excerpt, usage)
        return self._reply.render(texts, notice), outcome

    def _note(self, index: int, findings: list[Finding]) -> None:
        for finding in findings:
            if finding.action != "halt":
                self.flags.append(finding)
            elif self._stopped is None or (index, finding.start) < _place(self._stopped):
                self._stopped = (index, finding)
        if self._stopped is not None:  # of what comes after the place nothing leaves
            last = self._stopped[0]
            self._open = {n: one for n, one in self._open.items() if n <= last}
            self.questions = [one for one in self.questions if one.number <= last]


def _place(stopped: tuple[int, Finding]) -> tuple[int, int]:
    return stopped[0], stopped[1].start
