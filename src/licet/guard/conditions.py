"""Matches that count only by what stands around them, and patterns, beside the plain literals.

It refuses to know rule files and what a finding leads to.

    requires    one of these texts must stand near the match
    allow       none of these texts may stand near it
    near        wholly within `within` characters before the match, in it, or behind it

Rules
1. A match that halts is held until the text decides: `within` characters behind it, or the end of
   the text. It is held whole, so nothing of it leaves before it is known to count.
2. What a match's surroundings say depends on the text alone, never on how it was cut.
3. Every finding has a key, a place in the text: its end, and `within` characters more where there
   is a condition. Of findings that halt, the one with the smallest key counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from licet.guard import fold
from licet.guard.automaton import Automaton
from licet.guard.collector import Collector
from licet.guard.disguise.scanner import DisguiseCollector
from licet.guard.fold import MARKS_END, SKIP, word_class
from licet.guard.hit import HITS_MAX, Hit
from licet.guard.pattern_walk import PatternWalk

LATER_CHARACTERS: Final = 256
"""What only flags holds nothing back and is read in pieces of so many characters."""
_LOOK_BEHIND: Final = 16
"""Characters before a match's surroundings that say whether a word begins there."""
_SLACK: Final = 4_096
"""Of what only flags, a match is looked at with its surroundings if it has no more characters."""

Source = PatternWalk | Collector | DisguiseCollector


@dataclass(frozen=True, slots=True)
class Condition:
    """What must (`requires`, one of them) and must not (`allow`) stand near a match of a rule."""

    requires: Automaton | None
    allow: Automaton | None
    within: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A match that counts, with its key (rule 3)."""

    key: int
    hit: Hit


def holds(condition: Condition, before: str, text: str, *, gap_max: int, json: bool) -> bool:
    """Whether a match counts whose surroundings, itself included, are `text`, after `before`."""
    word = _word_class_of_last(fold.letters().symbols(before))

    def stands(automaton: Automaton) -> bool:
        collector = Collector(automaton, gap_max=gap_max, json=json, word=word)
        collector.feed(text)
        collector.finish()
        return bool(collector.found)

    if condition.requires is not None and not stands(condition.requires):
        return False
    return condition.allow is None or not stands(condition.allow)


def _word_class_of_last(symbols: str) -> int:
    """The word class of the last symbol that is seen."""
    seen = symbols.rstrip(SKIP)
    return word_class(seen[-1]) if seen and seen[-1] >= MARKS_END else 0


class ConditionalWatch:
    """One text under patterns and conditional literals. `halting` sources hold text, `flagging`
    ones do not. Feed it, look at `free` and `best`, then `finish`."""

    __slots__ = (
        "_conditions", "_flagging", "_flags", "_gap_max", "_halting", "_json", "_keep", "_later",
        "_later_length", "_over", "_pending", "_recent", "_start", "_walks", "at", "best", "free",
    )  # fmt: skip

    def __init__(
        self, halting: Sequence[Source], flagging: Sequence[Source],
        conditions: Mapping[str, Condition], *, within_max: int, gap_max: int, json: bool,
    ) -> None:  # fmt: skip
        """`within_max`: of all conditions."""
        self._halting = list(halting)
        self._flagging = list(flagging)
        self._walks = [source for source in halting if isinstance(source, PatternWalk)]
        self._conditions = conditions
        self._gap_max = gap_max
        self._json = json
        self._keep = within_max + _LOOK_BEHIND
        self._recent = ""  # the text from `_start` on: what a condition may still have to look at
        self._start = 0
        self._pending: list[Hit] = []
        self._flags: list[Counted] = []
        self._later: list[str] = []  # what came since: in `_recent` and in what flags soon
        self._later_length = 0
        self._over = False
        self.at = 0
        self.free = 0
        self.best: Counted | None = None
        """Of the matches that count and halt, the one with the smallest key."""

    @property
    def settled(self) -> int:
        """Every finding that halts with this key or a smaller one is known."""
        settled = min((source.settled for source in self._halting), default=self.at)
        for hit in self._pending:
            if hit.entry.action == "halt":
                settled = min(settled, self._key(hit) - 1)
        return settled

    @property
    def pending_from(self) -> int:
        """Where the first match that would halt begins that still waits for its surroundings."""
        return min(
            (hit.start for hit in self._pending if hit.entry.action == "halt"), default=self.at
        )

    @property
    def is_clear(self) -> bool:
        """Whether nothing is open that halts, as far as patterns tell."""
        if self._pending or self.best is not None or len(self._walks) < len(self._halting):
            return False
        return all(walk.is_clear for walk in self._walks)

    @property
    def noted(self) -> int:
        """How often a pattern that halts came to its end."""
        noted = 0
        for walk in self._walks:
            noted += walk.noted
        return noted

    def pass_over(self, text: str) -> None:
        """A text, begun and ended where all was clear, is known to hold nothing that halts."""
        self._keep_for_later(text)
        for walk in self._walks:
            walk.pass_over(len(text))
        self.free = self.at
        self._read_what_is_due()

    def feed(self, text: str) -> None:
        """Read on."""
        self._keep_for_later(text)
        if self._halting:
            free = self.at
            for source in self._halting:
                source.feed(text)
                if source.found:
                    self._take(source)
                if source.free < free:
                    free = source.free
            self._settle(free)
        else:
            self.free = self.at
        self._read_what_is_due()

    def _keep_for_later(self, text: str) -> None:
        self.at += len(text)
        self._later.append(text)
        self._later_length += len(text)

    def _read_what_is_due(self) -> None:
        if self._later_length >= LATER_CHARACTERS:
            self._read_later()
            if len(self._recent) > self._keep + 2 * _SLACK:
                self._trim()

    def finish(self) -> None:
        """The text is over: what waited for more is decided."""
        self._over = True
        for source in self._halting:
            source.finish()
            self._take(source)
        self._read_later()
        for source in self._flagging:
            source.finish()
            self._take(source)
        self._settle(self.at)
        self._over = False

    def flags(self) -> list[Counted]:
        """Findings that only flag, so far; one list, which may be cleared."""
        self._read_later()
        return self._flags

    def _read_later(self) -> None:
        text = "".join(self._later)
        self._later, self._later_length = [], 0
        if self._conditions:
            self._recent += text
        for source in self._flagging:
            source.feed(text)
            self._take(source)

    def _take(self, source: Source) -> None:
        """What a source has found counts at once, or waits for its surroundings."""
        for hit in source.found:
            if hit.entry.rule in self._conditions:
                self._pending.append(hit)
            else:
                self._count(Counted(hit.end, hit))
        source.found.clear()
        self._weigh()

    def _weigh(self) -> None:
        """Decide about the matches whose surroundings are there (rule 2)."""
        waiting = []
        for hit in self._pending:
            key = self._key(hit)
            if self.at < key and not self._over:
                waiting.append(hit)
            elif self._counts(hit):
                self._count(Counted(key, hit))
        self._pending = waiting

    def _counts(self, hit: Hit) -> bool:
        condition = self._conditions[hit.entry.rule]
        first = max(0, hit.start - condition.within - self._start)
        recent = self._recent + "".join(self._later)
        before = recent[max(0, first - _LOOK_BEHIND) : first]
        text = recent[first : hit.end + condition.within - self._start]
        return holds(condition, before, text, gap_max=self._gap_max, json=self._json)

    def _count(self, counted: Counted) -> None:
        if counted.hit.entry.action == "halt":
            if self.best is None or order(counted) < order(self.best):
                self.best = counted
        elif len(self._flags) < HITS_MAX:
            self._flags.append(counted)

    def _key(self, hit: Hit) -> int:
        condition = self._conditions.get(hit.entry.rule)
        return hit.end if condition is None else hit.end + condition.within

    def _settle(self, free: int) -> None:
        """Bring `free` up to date."""
        if self._pending:
            self._weigh()
            for hit in self._pending:
                if hit.entry.action == "halt":
                    free = min(free, hit.start)
        if self.best is not None:
            free = min(free, self.best.hit.start)
        self.free = free

    def _trim(self) -> None:
        """Forget what no condition can look at any more."""
        needed = min(
            [source.free for source in (*self._halting, *self._flagging)]
            + [hit.start for hit in self._pending]
        )
        cut = needed - self._keep - _SLACK - self._start
        if cut > 0:
            self._recent = self._recent[cut:]
            self._start += cut


def order(counted: Counted) -> tuple[int, int]:
    """Which of two findings comes first."""
    return counted.key, counted.hit.start
