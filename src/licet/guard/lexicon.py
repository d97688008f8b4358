"""All literal rules of a bundle, ready for whole texts and for streams.

It refuses to know thresholds and what a hit leads to. Whole texts and streams give the same hits:
both ask the same scanner; a prefilter only tells where in a whole text to ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from licet.guard import escapes, fold
from licet.guard.automaton import Automaton
from licet.guard.fold import ESCAPE
from licet.guard.literal import Entry, compile_literal
from licet.guard.prefilter import Candidate, Prefilter, word_before
from licet.guard.ruleset import Rule
from licet.guard.scanner import Hit, Scanner

_LOOK_AHEAD = 4
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """From the pack (`guard.lexical`)."""

    short_literal_letters: int
    gap_characters_max: int


class Watch:
    """One text under all literal rules, as it comes: `Scanner` for each view that has rules."""

    __slots__ = ("_scanners", "free", "hit")

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = scanners
        self.free = 0
        self.hit: Hit | None = None

    def feed(self, text: str) -> None:
        """Read on; then `free` characters are beyond suspicion, or `hit` is set."""
        for scanner in self._scanners:
            scanner.feed(text)
        self._settle()

    def finish(self) -> None:
        for scanner in self._scanners:
            scanner.finish()
        self._settle()

    @property
    def flags(self) -> list[Hit]:
        """Flagging hits of all views; one list, which may be cleared."""
        first, *others = (scanner.flags for scanner in self._scanners)
        for flags in others:
            first += flags
            flags.clear()
        return first

    def _settle(self) -> None:
        if len(self._scanners) == 1:
            self.free, self.hit = self._scanners[0].free, self._scanners[0].hit
            return
        self.free = min(scanner.free for scanner in self._scanners)
        hits = [scanner.hit for scanner in self._scanners if scanner.hit is not None]
        self.hit = min(hits, key=lambda hit: (hit.end, hit.start)) if hits else None
        if self.hit is not None:
            self.free = min(self.free, self.hit.start)


class Lexicon:
    """Rules compiled once, immutable, shared by all texts of a process (one thread)."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        entries: list[Entry] = []
        for rule in rules:
            for text in rule.literal:
                entries += compile_literal(
                    rule.id, rule.category, rule.action, text, word=rule.word,
                    short_letters=settings.short_literal_letters,
                )  # fmt: skip
        by_letters = [entry for entry in entries if not entry.visible]
        by_sight = [entry for entry in entries if entry.visible]
        self.rules = tuple(rules)
        self._gap_max = settings.gap_characters_max
        self._letters = Automaton(by_letters)
        self._prefilter = Prefilter(by_letters)
        self._visible = Automaton(by_sight) if by_sight else None
        self._marks = {next(c for c in e.letters if not c.isalnum()) for e in by_sight}

    def __len__(self) -> int:
        """How many literals there are."""
        return sum(len(rule.literal) for rule in self.rules)

    def watch(self, *, json: bool = False) -> Watch | Scanner:
        """Begin a stream. `json`: it is the source of a JSON value."""
        scanner = Scanner(self._letters, gap_max=self._gap_max, json=json)
        if self._visible is None:
            return scanner
        return Watch([scanner, self._visible_scanner(json)])

    def scan(self, text: str, *, json: bool = False) -> list[Hit]:
        """The first halting hit of a whole text, after the flagging ones before it."""
        hits = self._scan_letters(text, json)
        if self._visible is not None and self._may_show_marks(text):
            scanner = self._visible_scanner(json)
            hits += _read_all(scanner, text)
        halting = [hit for hit in hits if hit.entry.action == "halt"]
        flags = sorted({hit for hit in hits if hit.entry.action != "halt"}, key=_order)
        if not halting:
            return flags
        first = min(halting, key=_order)
        return [hit for hit in flags if hit.end <= first.end] + [first]

    def _visible_scanner(self, json: bool) -> Scanner:
        assert self._visible is not None
        return Scanner(self._visible, gap_max=self._gap_max, json=json, view=fold.visible())

    def _may_show_marks(self, text: str) -> bool:
        folded = fold.fold(text)
        escaped = "&" in folded or "\\" in folded or _SURROGATE.search(folded) is not None
        return escaped or any(mark in folded for mark in self._marks)

    def _scan_letters(self, text: str, json: bool) -> list[Hit]:
        symbols = fold.letters().symbols(text)
        candidates = self._prefilter.candidates(symbols)
        if candidates is not None and (ESCAPE in symbols or not symbols.isascii()):
            candidates = self._look_behind_escapes(text, symbols, candidates, json)
        if candidates is None:
            return _read_all(Scanner(self._letters, gap_max=self._gap_max, json=json), text)
        hits: list[Hit] = []
        for candidate in candidates:
            hits += self._look(text, symbols, candidate, json)
        return hits

    def _look_behind_escapes(
        self, text: str, symbols: str, candidates: list[Candidate], json: bool
    ) -> list[Candidate] | None:
        """None (look everywhere) where an escape or an invisible tag may change what is read."""
        plain = text
        if ESCAPE in symbols:
            plain = escapes.decoded(text, json=json)
        if not symbols.isascii() and max(plain) >= fold.PLANE_14:
            plain = "".join(char for char in plain if not fold.is_tag(char))
        if plain == text:
            return candidates
        behind = self._prefilter.candidates(fold.letters().symbols(plain))
        return None if candidates or behind is None or behind else []

    def _look(self, text: str, symbols: str, candidate: Candidate, json: bool) -> list[Hit]:
        start, end = candidate
        scanner = Scanner(
            self._letters, gap_max=self._gap_max, json=json, word=word_before(symbols, start)
        )
        scanner.feed(text[start:end])
        while scanner.undecided and scanner.hit is None and end < len(text):
            scanner.feed(text[end : end + _LOOK_AHEAD])
            end += _LOOK_AHEAD
        if end >= len(text):
            scanner.finish()
        hits = scanner.flags + ([scanner.hit] if scanner.hit else [])
        return [Hit(hit.entry, hit.start + start, hit.end + start) for hit in hits]


def _order(hit: Hit) -> tuple[int, int]:
    return hit.end, hit.start


_SLICE = 4096
"""A whole text is read in slices: the careful way restarts the quick one after each escape."""


def _read_all(scanner: Scanner, text: str) -> list[Hit]:
    for at in range(0, len(text), _SLICE):
        scanner.feed(text[at : at + _SLICE])
        if scanner.hit is not None:
            break
    else:
        scanner.finish()
    return scanner.flags + ([scanner.hit] if scanner.hit else [])
