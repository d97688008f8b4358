"""A scanner that stops at nothing: what conditions have to choose from.

It refuses to know what conditions are.
"""

from __future__ import annotations

from licet.guard import fold
from licet.guard.automaton import Automaton
from licet.guard.hit import Hit
from licet.guard.scanner import Scanner


class Collector(Scanner):
    """It collects every hit, whatever its action."""

    __slots__ = ("found",)

    def __init__(
        self, automaton: Automaton, *, gap_max: int, json: bool = False,
        view: fold.View | None = None, word: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(automaton, gap_max=gap_max, json=json, view=view, word=word)
        self.found: list[Hit] = []

    def _found(self, hit: Hit) -> None:
        self.found.append(hit)

    def _another(self) -> Scanner:
        return Collector(self._auto, gap_max=self._gap_max, view=self._view)

    def _merge(self, branch: Scanner) -> None:
        assert isinstance(branch, Collector)
        self.found += [hit for hit in branch.found if hit not in self.found]
        branch.found.clear()
