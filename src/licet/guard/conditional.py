"""Compiles the rules that need more than a scanner: patterns, and whatever has a condition.

It refuses to know files and streams' rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from licet.base.trouble import BadInput
from licet.guard import fold
from licet.guard.automaton import Automaton
from licet.guard.collector import Collector
from licet.guard.conditions import Condition, ConditionalWatch, Source
from licet.guard.disguise.forms import forms_of, ways_of
from licet.guard.disguise.lattice import Lattice
from licet.guard.disguise.scanner import DisguiseCollector
from licet.guard.literal import Entry, LexicalSettings, compile_literal
from licet.guard.machine import Machine, PatternEntry
from licet.guard.pattern import parse_pattern
from licet.guard.pattern_walk import PatternWalk
from licet.guard.recognise import CHECKS
from licet.guard.ruleset import Rule

_ACTIONS: Final = ("halt", "flag")


class Conditional:
    """Rules of one role, compiled once. Plain literals among them are left to `Literals`."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        self._gap_max = settings.gap_characters_max
        self._short = settings.short_literal_letters
        self._settings = settings
        conditional = [rule for rule in rules if rule.is_conditional]
        self._conditions = {rule.id: self._condition(rule) for rule in conditional}
        self._within_max = max((one.within for one in self._conditions.values()), default=0)
        literals = [entry for rule in conditional for entry in self._literals(rule)]
        self._machine = Machine([entry for rule in rules for entry in self._patterns(rule)])
        self._automata: dict[str, list[tuple[Automaton, fold.View]]] = {
            action: [
                (Automaton(mine), view)
                for visible, view in ((False, fold.letters()), (True, fold.visible()))
                if (mine := [e for e in literals if e.action == action and e.visible == visible])
            ]
            for action in _ACTIONS
        }
        self._lattices = {
            action: Lattice(forms)
            for action in _ACTIONS
            if (forms := list(forms_of(e for e in literals if e.action == action)))
        }

    def watch(self, *, json: bool) -> ConditionalWatch:
        """Begin a stream."""
        return ConditionalWatch(
            self._sources("halt", json), self._sources("flag", json), self._conditions,
            within_max=self._within_max, gap_max=self._gap_max, json=json,
        )  # fmt: skip

    def _sources(self, action: str, json: bool) -> list[Source]:
        sources: list[Source] = []
        if action == "halt" and self._machine.entries:  # one walk for all patterns
            sources.append(PatternWalk(self._machine, gap_max=self._gap_max, json=json))
        for automaton, view in self._automata[action]:
            sources.append(Collector(automaton, gap_max=self._gap_max, json=json, view=view))
        if action in self._lattices:
            lattice = self._lattices[action]
            sources.append(DisguiseCollector(lattice, gap_max=self._gap_max, json=json))
        return sources

    def _condition(self, rule: Rule) -> Condition:
        within = rule.within_characters
        bound = self._settings.within_characters_max
        if within > bound:
            raise BadInput(
                f"rule {rule.id}: {within} characters around a match is more than a pack allows.",
                hint=f"Write within_characters = {bound}, or a smaller number.",
            )
        return Condition(
            self._texts(rule, rule.requires), self._texts(rule, rule.allow), within
        )  # fmt: skip

    def _texts(self, rule: Rule, texts: tuple[str, ...]) -> Automaton | None:
        """Texts that stand near, matched by their letters as literals are; None without any."""
        if not texts:
            return None
        entries = []
        for text in texts:
            found = compile_literal(
                rule.id, rule.category, rule.action, text, short_letters=self._short
            )
            by_letters = [entry for entry in found if not entry.visible]
            if not by_letters:
                raise BadInput(
                    f"rule {rule.id}: {text!r} has no letter or digit that could be looked for.",
                    hint="`requires` and `allow` are compared by letters and digits.",
                )
            entries += by_letters
        return Automaton(entries)

    def _literals(self, rule: Rule) -> list[Entry]:
        entries: list[Entry] = []
        own, if_long = ways_of(rule.also, self._settings.disguises)
        for text in rule.literal:
            entries += compile_literal(
                rule.id, rule.category, rule.action, text, word=rule.word,
                short_letters=self._short, ways=own, ways_if_long=if_long,
            )  # fmt: skip
        return entries

    def _patterns(self, rule: Rule) -> list[PatternEntry]:
        bound = self._settings.pattern_characters_max
        check = None if rule.validate is None else CHECKS[rule.validate]
        entries = []
        for text in rule.pattern:
            try:
                pattern = parse_pattern(text, bound)
            except BadInput as fault:
                raise BadInput(
                    f"rule {rule.id}: pattern {text!r}: {fault.message}", hint=fault.hint
                ) from None
            entries.append(
                PatternEntry(
                    rule.id, rule.category, rule.action, pattern, check,
                    start_word=rule.word != "any", end_word=rule.word in ("auto", "whole"),
                )
            )  # fmt: skip
        return entries
