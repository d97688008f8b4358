"""One generated text, held back as little as the law of its tier allows.

It refuses to know APIs, events and sockets: text goes in, text that may leave comes out.

Rules
1. No character of a halting literal leaves, in any tier, however the text is cut.
2. Of text that literal rules let go, tier `token` releases all at once and is judged just behind,
   never more than the pack's `late_characters_max` ahead of it; `clause` releases clauses that
   were judged; `whole` releases nothing before the end is judged.
3. What comes out is what went in, in order, up to where it was stopped.
4. A judge outside is asked by tickets. What it does not answer is never released as if it had
   passed: the setting `on_failure` says what happens, and there is no default.
5. After `end`, and once no ticket is open, everything lawful has been released.
6. What waits for a judgement is bounded; a longer text fails, and what of it is lawful leaves.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from licet.base.trouble import TooMuch
from licet.guard.classifier import Classifier, Scores
from licet.guard.doubt import Doubt
from licet.guard.hit import Hit
from licet.guard.policy import (
    JudgedSettings,
    OnFailure,
    Threshold,
    Tier,
    decide,
    literal_finding,
    unanswered,
)
from licet.guard.scanner import Scanner
from licet.guard.verdict import CERTAIN, Finding
from licet.guard.watch import Watch

_CLAUSE_END: Final = re.compile(r"[。！？；!?;\n]|[.](?=\s)")
FINDINGS_MAX: Final = 64
HEARD_MAX: Final = 200_000
HELD_CHARACTERS_MAX: Final = 1 << 20
"""More than any answer that people read, and twice what models say at once."""
EXCERPT_CHARACTERS: Final = 600
"""Enough to understand why a text was stopped; the rest of it is nobody's business."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What holds for every stream of one bundle, tier and audience."""

    tier: Tier
    judged: JudgedSettings
    thresholds: Mapping[str, Threshold]
    on_failure: OnFailure
    doubt: Doubt | None
    """When a judge outside is asked; None: there is none."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question to a judge outside: is `text` (offsets `start` to `end` of the stream) lawful?
    `harm` is what our own judge says of it, None without one."""

    number: int
    text: str
    start: int
    end: int
    harm: float | None = None


class Late(NamedTuple):
    """How late a halt by a judged rule was: the characters that had left unjudged."""

    tier: Tier
    characters: int


class TextStream:
    """One channel of one answer. `feed` it, `end` it; look at `halted`, `tickets`, `waiting`."""

    __slots__ = (
        "_asked", "_base", "_classifier", "_context", "_ended", "_heard", "_held", "_held_length",
        "_judged", "_open", "_parts", "_pending", "_recent", "_settings", "_total",
        "_waits_for_judgement", "_watch", "excerpt", "findings", "halted", "held_most", "json",
        "late", "tickets",
    )  # fmt: skip

    def __init__(
        self, watch: Watch | Scanner, classifier: Classifier | None, settings: StreamSettings,
        context: str = "", json: bool = False, remembers: bool = False,
    ) -> None:  # fmt: skip
        """`remembers`: the whole text is kept, for a listener (`heard`)."""
        self._watch = watch
        self._classifier = classifier
        self._settings = settings
        self._waits_for_judgement = settings.tier != "token" and (
            classifier is not None or settings.doubt is not None
        )
        self._context = context
        self._held: deque[str] = deque()  # in pieces: joined only when they leave
        self._held_length = 0
        self._base = 0  # offset of the first held character
        self._total = 0
        self._judged = 0  # offset up to which judged rules have let the text go
        self._asked = 0  # offset up to which a judge was asked
        self._recent = ""  # the end of what was judged, as context for the next judgement
        self._parts: list[str] = []  # what came since
        self._pending = 0  # its length
        self._open: dict[int, Ticket] = {}
        self._ended = False
        self._heard: list[str] | None = [] if remembers else None
        self.json = json
        self.halted: Finding | None = None
        self.findings: list[Finding] = []
        self.held_most = 0
        """The most characters that it ever held."""
        self.late: Late | None = None
        """Of a text that a judged rule stopped: what had left by then."""
        self.excerpt = ""
        """Of a stopped text: its last stretch, to be sealed with the case and nowhere else."""
        self.tickets: list[Ticket] = []
        """Questions that the caller has not taken yet."""

    def feed(self, text: str) -> str:
        """More text; returns what may leave now. The very same object where all of it may.

        Raises TooMuch where more waits than may (rule 6); `end` judges that."""
        if self.halted is not None:
            return ""
        self._ended = False  # an upstream may go on after it said it had finished
        watch = self._watch
        watch.feed(text)
        self._total += len(text)
        if self._heard is not None and self._total <= HEARD_MAX:
            self._heard.append(text)
        if self._classifier is not None or self._settings.doubt is not None:
            self._parts.append(text)
            self._pending += len(text)
        if watch.hit is not None:
            return self._stop_at(watch.hit, text)
        if self._pending >= self._settings.judged.stride_characters:
            self._judge_running()
            if self.stopped:
                return self._close(text)
        if (
            not self._held_length
            and watch.free == self._total
            and not self._waits_for_judgement
            and not self._open
        ):
            self._base = self._total
            return text
        return self._release(text)

    def end(self) -> str:
        """The text is over; returns what may leave now."""
        if self.halted is not None or self._ended:
            return ""
        self._ended = True
        self._watch.finish()
        if self._watch.hit is not None:
            return self._stop_at(self._watch.hit, "")
        if self._pending:
            self._judge(self._total)
            if self.stopped:
                return self._close("")
        return self._release("")

    @property
    def stopped(self) -> bool:
        return self.halted is not None

    @property
    def heard(self) -> str:
        """All of the text so far, where it is remembered: its first HEARD_MAX characters."""
        return "".join(self._heard or ())

    @property
    def waiting(self) -> bool:
        """Whether an answer from a judge outside is still awaited."""
        return bool(self._open)

    @property
    def has_ended(self) -> bool:
        """Whether `end` was called and no text came since."""
        return self._ended

    @property
    def held(self) -> str:
        """What has not left yet."""
        return "".join(self._held)

    @property
    def held_characters(self) -> int:
        return self._held_length

    def take_held(self) -> str:
        """Hand over what has not left, to be judged by another stream; this one is over."""
        held = self.held
        self._drop_held()
        self._open.clear()
        return held

    def noted(self) -> list[Finding]:
        """Findings that did not stop the text, since the last time this was asked."""
        findings, self.findings = self.findings, []
        flags = [literal_finding(hit) for hit in self._watch.flags]
        self._watch.flags.clear()
        return [finding for finding in findings + flags if finding.action != "halt"]

    def answer(self, ticket: Ticket, scores: Scores | None) -> str:
        """What a judge outside said of a ticket, None if it failed; returns what may leave now."""
        self._open.pop(ticket.number, None)
        if self.halted is not None:
            return ""
        if scores is None:
            if self._settings.on_failure == "hold":
                self._ask(ticket)
                return ""
            missing = unanswered(self._settings.on_failure, ticket.start, ticket.end)
            self._note([missing], ticket.start)
        else:
            length = ticket.end - ticket.start
            found = decide(scores, self._settings.thresholds, ticket.start, length, "judge")
            self._note(found, ticket.start)
        if self.stopped:
            return self._close("")
        if not self._open or self._settings.tier == "clause":
            still = min((t.start for t in self._open.values()), default=self._asked)
            self._judged = max(self._judged, still)
        return self._release("")

    def _judge_running(self) -> None:
        tier = self._settings.tier
        if tier == "token":
            self._judge(self._total)
        elif tier == "clause":
            text = "".join(self._parts)
            self._parts = [text]
            ends = [found.end() for found in _CLAUSE_END.finditer(text)]
            start = self._total - self._pending
            if ends:
                self._judge(start + ends[-1])
            elif self._pending >= self._settings.judged.clause_characters_max:
                self._judge(self._total)

    def _judge(self, upto: int) -> None:
        """Judge what came since the last time, up to an offset, with what stood before it."""
        text = "".join(self._parts)
        fresh = text[: self._pending - (self._total - upto)]
        rest = text[len(fresh) :]
        window = self._settings.judged.window_characters
        seen = (self._recent + fresh)[-max(window, len(fresh)) :]
        self._recent = seen[-window:]
        self._parts, self._pending = ([rest], len(rest)) if rest else ([], 0)
        start, harm = upto - len(seen), None
        if self._classifier is not None:
            scores = self._classifier.judge(seen, "reply", self._context)
            self._note(
                decide(scores, self._settings.thresholds, start, len(seen)), upto - len(fresh)
            )
            harm = scores.harm
        if self.stopped:
            return
        doubt = self._settings.doubt
        if doubt is not None and doubt.holds(harm):
            self._ask(Ticket(self._asked, seen, self._asked, upto, harm))
        self._asked = upto
        if not self._open:  # else it waits behind what a judge was asked about
            self._judged = upto

    def _ask(self, ticket: Ticket) -> None:
        self._open[ticket.number] = ticket
        self.tickets.append(ticket)

    def _note(self, findings: list[Finding], unjudged: int) -> None:
        """`unjudged`: the offset from which nothing had been judged before."""
        halting = [finding for finding in findings if finding.action == "halt"]
        if halting:
            self._halt(halting, unjudged)
        known = {finding.category for finding in self.findings}
        for finding in findings:
            if finding.category not in known and len(self.findings) < FINDINGS_MAX:
                self.findings.append(finding)

    def _halt(self, findings: list[Finding], unjudged: int) -> None:
        self.halted = findings[0]
        self.late = Late(self._settings.tier, max(0, self._base - unjudged))

    def _release(self, text: str) -> str:
        """Take what is free of the held text with `text` behind it."""
        self._keep(text)
        limit = self._watch.free
        if self._waits_for_judgement:
            limit = min(limit, self._judged)
        elif self._open:
            oldest = min(ticket.start for ticket in self._open.values())
            limit = min(limit, oldest + self._settings.judged.late_characters_max)
        count = limit - self._base
        out = self._let_go(count) if count > 0 else ""
        if self._held_length > self.held_most:
            self.held_most = self._held_length
            if self.held_most > HELD_CHARACTERS_MAX and not out:
                raise TooMuch(f"more than {HELD_CHARACTERS_MAX} characters wait to be judged")
        return out

    def _keep(self, text: str) -> None:
        if text:
            self._held.append(text)
            self._held_length += len(text)

    def _let_go(self, count: int) -> str:
        """Take as many of the held characters, or all that there are, from their beginning."""
        held, out = self._held, []
        self._base += count
        while count > 0 and held:
            piece = held.popleft()
            if len(piece) > count:
                held.appendleft(piece[count:])
                piece = piece[:count]
            out.append(piece)
            self._held_length -= len(piece)
            count -= len(piece)
        return "".join(out)

    def _drop_held(self) -> None:
        self._held.clear()
        self._held_length = 0

    def _stop_at(self, hit: Hit, text: str) -> str:
        """A literal was found. What stands before it is lawful, unless a judge must say so."""
        unjudged = self._total - self._pending
        if self._waits_for_judgement and self._settings.doubt is None and unjudged < hit.start:
            self._judge(hit.start)
        if not self.stopped:
            self.halted = literal_finding(hit)
        return self._close(text)

    def _close(self, text: str) -> str:
        """Stopped: release the lawful beginning, forget the rest."""
        assert self.halted is not None
        free = self._watch.free
        if self._waits_for_judgement:
            free = min(free, self._judged)
        elif self.halted.detector not in CERTAIN:
            free = self._base
        self._keep(text)
        held = self.held
        self.excerpt = (self._recent + held)[-EXCERPT_CHARACTERS:]
        lawful = held[: max(0, free - self._base)]
        self._base += len(lawful)
        self._drop_held()
        self._parts, self._recent = [], ""
        return lawful
