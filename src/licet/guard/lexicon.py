"""All rules of a bundle, ready for whole texts and for streams.

It refuses to know thresholds and what a hit leads to. Whole texts and streams give the same hits:
whole texts are read as streams are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from licet.base.piecemeal import Piecemeal
from licet.guard import fold
from licet.guard.automaton import Automaton
from licet.guard.conditional import Conditional
from licet.guard.disguise.coded import CodedWatch
from licet.guard.disguise.forms import forms_of, ways_of
from licet.guard.disguise.lattice import Lattice
from licet.guard.disguise.scanner import DisguiseScanner
from licet.guard.disguise.scanner import view as disguised
from licet.guard.hit import Hit
from licet.guard.lazy_dfa import LazyDfa, Reading, Walk
from licet.guard.literal import Entry, LexicalSettings, compile_literal
from licet.guard.ruleset import Rule, RuleRole
from licet.guard.scanner import Scanner
from licet.guard.strides import Strides
from licet.guard.watch import Watch

__all__ = ["LexicalSettings", "Lexicon"]

_Part = TypeVar("_Part")
DEPTH_MAX: Final = 2
"""Base64 within Base64 is decoded, and what that holds is read as it stands."""


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
        self._visible = Automaton(by_sight) if by_sight else None
        forms = list(forms_of(by_letters))
        self._lattice = Lattice(forms) if forms else None

    def scanners(self, *, json: bool = False) -> list[Scanner]:
        """Scanners that have read nothing, one for each view that has literals."""
        scanners = [Scanner(self._letters, gap_max=self._gap_max, json=json)]
        if self._visible is not None:
            scanners.append(
                Scanner(self._visible, gap_max=self._gap_max, json=json, view=fold.visible())
            )
        if self._lattice is not None:
            scanners.append(DisguiseScanner(self._lattice, gap_max=self._gap_max, json=json))
        return scanners

    def walks(self) -> list[Walk]:
        """What these scanners walk, in their order."""
        walks = [Walk(fold.letters(), self._letters.goes_on)]
        if self._visible is not None:
            walks.append(Walk(fold.visible(), self._visible.goes_on))
        if self._lattice is not None:
            walks.append(Walk(disguised(), self._lattice.goes_on))
        return walks


_PIECE: Final = 256
"""Characters that are read without a pause."""
_STRETCH: Final = 2048
"""Characters that are read without looking whether anything was found."""


class Lexicon:
    """Rules compiled once, immutable, shared by all texts of a process (one thread)."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        """Raises BadInput for a rule that the settings do not allow."""
        self.rules = tuple(rules)
        self._literals: dict[RuleRole, Literals] = {}
        self._conditional: dict[RuleRole, Conditional] = {}
        self._decodes = bool(settings.disguises)
        self._dfas: dict[tuple[str, bool], LazyDfa] = {}
        self._strides: dict[tuple[LazyDfa, bool], Strides] = {}
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

    def watch(self, role: str = "any", *, json: bool = False, depth: int = DEPTH_MAX) -> Watch:
        """Begin a stream. `role`: `prompt` or `reply`, else only what holds for any.
        `json`: it is the source of a JSON value. `depth`: how often what is encoded is decoded."""
        watches = [one.watch(json=json) for one in _of_role(self._conditional, role)]
        coded = self._coded_watch(role, depth) if self._decodes and depth else None
        dfa = self._dfa(role, json)
        key = (dfa, coded is not None)
        strides = self._strides.get(key)
        if strides is None:
            strides = self._strides[key] = Strides(dfa)
        return Watch(Reading(dfa), watches, coded, strides)

    def _dfa(self, role: str, json: bool) -> LazyDfa:
        """What all literals that hold for a role make of texts."""
        key = (role if role in ("prompt", "reply") else "any", json)
        dfa = self._dfas.get(key)
        if dfa is None:
            literals = _of_role(self._literals, role)
            dfa = self._dfas[key] = LazyDfa(
                lambda: [scanner for one in literals for scanner in one.scanners(json=json)],
                [walk for one in literals for walk in one.walks()],
            )
        return dfa

    def _coded_watch(self, role: str, depth: int) -> CodedWatch:
        return CodedWatch(lambda: self.watch(role, depth=depth - 1))

    def scan(self, text: str, role: str = "any", *, json: bool = False) -> list[Hit]:
        """The first halting hit of a whole text, after the flagging ones before it."""
        watch = self.watch(role, json=json)
        for at in range(0, len(text), _STRETCH):
            watch.feed(text[at : at + _STRETCH])
            if watch.hit is not None:
                break
        return _hits(watch)

    def scan_piecemeal(
        self, text: str, role: str = "any", *, json: bool = False
    ) -> Piecemeal[list[Hit]]:
        """As `scan`: a whole text is read as a stream is."""
        watch = self.watch(role, json=json)
        for at in range(0, len(text), _PIECE):
            watch.feed(text[at : at + _PIECE])
            if watch.hit is not None:
                break
            yield
        return _hits(watch)


def _hits(watch: Watch) -> list[Hit]:
    """Of a text that was read to its end, or to its first halting hit."""
    if watch.hit is None:
        watch.finish()
    flags = sorted(set(watch.flags), key=_order)
    return flags if watch.hit is None else [*flags, watch.hit]


def _of_role(parts: Mapping[RuleRole, _Part], role: str) -> list[_Part]:
    return [part for name, part in parts.items() if name in ("any", role)]


def _order(hit: Hit) -> tuple[int, int]:
    return hit.end, hit.start
