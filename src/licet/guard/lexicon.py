"""All rules of a bundle, ready for whole texts and for streams.

It refuses to know thresholds and what a hit leads to. Whole texts and streams give the same hits:
both ask the same scanners and walks; a prefilter only tells where in a whole text to ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from licet.guard import escapes, fold
from licet.guard.automaton import Automaton
from licet.guard.conditional import Conditional
from licet.guard.conditions import Counted, order
from licet.guard.disguise.coded import CodedWatch, may_hold_runs
from licet.guard.disguise.forms import forms_of, ways_of
from licet.guard.disguise.lattice import Lattice
from licet.guard.disguise.scanner import DisguiseScanner
from licet.guard.fold import ESCAPE
from licet.guard.literal import Entry, LexicalSettings, compile_literal
from licet.guard.prefilter import Candidate, Prefilter, word_before
from licet.guard.ruleset import Rule, RuleRole
from licet.guard.scanner import Hit, Scanner
from licet.guard.watch import Watch

__all__ = ["LexicalSettings", "Lexicon"]

_Part = TypeVar("_Part")
_LOOK_AHEAD = 4
DEPTH_MAX = 2
"""Base64 within Base64 is decoded, and what that holds is read as it stands."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Literals:
    """Literals that count wherever they stand, compiled once, immutable."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        entries: list[Entry] = []
        for rule in rules:
            own, if_long = ways_of(rule.also, settings.disguises)
            for text in rule.literal:
                entries += compile_literal(
                    rule.id, rule.category, rule.action, text, word=rule.word,
                    short_letters=settings.short_literal_letters, ways=own, ways_if_long=if_long,
                )  # fmt: skip
        by_letters = [entry for entry in entries if not entry.visible]
        by_sight = [entry for entry in entries if entry.visible]
        self._gap_max = settings.gap_characters_max
        self._letters = Automaton(by_letters)
        self._prefilter = Prefilter(self._letters)
        self._visible = Automaton(by_sight) if by_sight else None
        forms = list(forms_of(by_letters))
        self._lattice = Lattice(forms) if forms else None
        self._marks = {next(c for c in e.letters if not c.isalnum()) for e in by_sight}

    def scanners(self, *, json: bool = False) -> list[Scanner]:
        """Begin a stream: a scanner for each view that has literals."""
        scanners = [Scanner(self._letters, gap_max=self._gap_max, json=json)]
        if self._visible is not None:
            scanners.append(self._visible_scanner(json))
        if self._lattice is not None:
            scanners.append(DisguiseScanner(self._lattice, gap_max=self._gap_max, json=json))
        return scanners

    def scan(self, text: str, *, json: bool = False) -> list[Hit]:
        """The hits of a whole text: of those that halt, each view's first."""
        hits = self._scan_letters(text, json)
        if self._visible is not None and self._may_show_marks(text):
            scanner = self._visible_scanner(json)
            hits += _read_all(scanner, text)
        if self._lattice is not None:
            disguised = DisguiseScanner(self._lattice, gap_max=self._gap_max, json=json)
            hits += _read_all(disguised, text)
        return hits

    def _visible_scanner(self, json: bool) -> Scanner:
        assert self._visible is not None
        return Scanner(self._visible, gap_max=self._gap_max, json=json, view=fold.visible())

    def _may_show_marks(self, text: str) -> bool:
        folded = fold.fold(text)
        escaped = any(mark in folded for mark in "&\\%") or _SURROGATE.search(folded) is not None
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


_SLICE = 4096
"""A whole text is read in slices: the careful way restarts the quick one after each escape."""


def _read_all(scanner: Scanner | CodedWatch, text: str) -> list[Hit]:
    for at in range(0, len(text), _SLICE):
        scanner.feed(text[at : at + _SLICE])
        if scanner.hit is not None:
            break
    else:
        scanner.finish()
    return scanner.flags + ([scanner.hit] if scanner.hit else [])


class Lexicon:
    """Rules compiled once, immutable, shared by all texts of a process (one thread)."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        """Raises BadInput for a rule that the settings do not allow."""
        self.rules = tuple(rules)
        self._literals: dict[RuleRole, Literals] = {}
        self._conditional: dict[RuleRole, Conditional] = {}
        self._decodes = bool(settings.disguises)
        for role in ("any", "prompt", "reply"):
            mine = [rule for rule in rules if rule.role == role]
            plain = [rule for rule in mine if rule.literal and not rule.is_conditional]
            if plain or role == "any":
                self._literals[role] = Literals(plain, settings)
            if len(plain) < len(mine) or any(rule.pattern for rule in plain):
                self._conditional[role] = Conditional(mine, settings)

    def __len__(self) -> int:
        """How many literals and patterns there are."""
        return sum(len(rule.literal) + len(rule.pattern) for rule in self.rules)

    def watch(
        self, role: str = "any", *, json: bool = False, depth: int = DEPTH_MAX
    ) -> Watch | Scanner:
        """Begin a stream. `role`: `prompt` or `reply`, else only what holds for any.
        `json`: it is the source of a JSON value. `depth`: how often what is encoded is decoded."""
        scanners: list[Scanner] = []
        for literals in _of_role(self._literals, role):
            scanners += literals.scanners(json=json)
        watches = [one.watch(json=json) for one in _of_role(self._conditional, role)]
        coded = self._coded_watch(role, depth) if self._decodes and depth else None
        if len(scanners) == 1 and not watches and coded is None:
            return scanners[0]
        return Watch(scanners, watches, coded)

    def _coded_watch(self, role: str, depth: int) -> CodedWatch:
        return CodedWatch(lambda: self.watch(role, depth=depth - 1))

    def scan(self, text: str, role: str = "any", *, json: bool = False) -> list[Hit]:
        """The first halting hit of a whole text, after the flagging ones before it."""
        found: list[Counted] = []
        for literals in _of_role(self._literals, role):
            found += [Counted(hit.end, hit) for hit in literals.scan(text, json=json)]
        for one in _of_role(self._conditional, role):
            found += one.scan(text, json=json)
        if self._decodes and may_hold_runs(text):
            coded = _read_all(self._coded_watch(role, DEPTH_MAX), text)
            found += [Counted(hit.end, hit) for hit in coded]
        if not found:
            return []
        flags = sorted({one.hit for one in found if one.hit.entry.action != "halt"}, key=_order)
        halting = [one for one in found if one.hit.entry.action == "halt"]
        if not halting:
            return flags
        first = min(halting, key=order).hit
        return [hit for hit in flags if hit.end <= first.end] + [first]


def _of_role(parts: Mapping[RuleRole, _Part], role: str) -> list[_Part]:
    return [part for name, part in parts.items() if name in ("any", role)]


def _order(hit: Hit) -> tuple[int, int]:
    return hit.end, hit.start
