"""Reads one text as it comes and finds literals in their disguises.

It refuses to know spellings: it walks a `Lattice`. Escapes, gaps, word boundaries and what is held
back are those of `guard.scanner`, whose rules hold here too; a literal as its rule writes it is
that scanner's to find.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from licet.guard import fold
from licet.guard.automaton import Automaton
from licet.guard.disguise.lattice import Found, Lattice, State
from licet.guard.disguise.spellings import SHAPES, signs
from licet.guard.fold import LETTER, word_class
from licet.guard.footing import Footing
from licet.guard.hit import Hit
from licet.guard.literal import NO_GAP, SPACE_GAP, gap_strength
from licet.guard.scanner import Scanner

_NOWHERE: Final = Automaton(())
_IN_USE: Final = 1
"""What stands for the state where only being open or not is asked for."""
_WINDOW_MAX: Final = 256


@cache
def view() -> fold.View:
    """The letters view, in which what may stand for several letters, or for none, is itself."""
    letters = fold.letters()
    table = letters.table.copy()
    for sign in (*signs(), *"".join(SHAPES.values())):
        table[ord(sign)] = ord(sign)
    return fold.View(table, letters.expansions, sees_symbols=False)


class DisguiseScanner(Scanner):
    """One text under one lattice."""

    __slots__ = ("_lattice", "_now")

    def __init__(self, lattice: Lattice, *, gap_max: int, json: bool = False) -> None:
        super().__init__(_NOWHERE, gap_max=gap_max, json=json, view=view())
        self._lattice = lattice
        self._now = lattice.root

    def finish(self) -> None:
        super().finish()
        self._now = self._lattice.root

    def _another(self) -> Scanner:
        return DisguiseScanner(self._lattice, gap_max=self._gap_max)

    def footing(self) -> Footing:
        return self._footing(self._now, min(self._now.longest, len(self._window)))

    def stand(self, footing: Footing, at: int) -> None:
        now = footing.inside
        assert isinstance(now, State)
        self._now = now
        self._state = 0 if now is self._lattice.root else _IN_USE
        self._open(footing, at)

    def _letter(self, letter: str, kind: int, word: int, at: int, end: int) -> bool:
        is_sign = letter in self._lattice.signs
        starts = not word or not (kind or is_sign)
        if self._endings:
            if not kind or kind < word or not word:
                self._accept_endings()
                if self.hit is not None:
                    return False
            else:
                self._endings.clear()
        now, lattice = self._now, self._lattice
        touches = kind == LETTER and bool(self._state) and self._gap_now == NO_GAP
        steps = now.inside if not starts else now.touching if touches else now.begins
        following = steps.get(letter)
        if following is None:
            following = lattice.step(now, letter, starts, touches)
        if following is lattice.gap:
            return self._gap(gap_strength(letter))
        if following is lattice.root:
            self._forget()
            return False
        self._window.append(at << 3 | self._gap_now << 1 | starts)
        self._gap_now = NO_GAP
        self._gaps = self._gaps + 1 if is_sign else 0
        if self._gaps > self._gap_max:
            self._forget()
            return bool(self._endings)
        self._now, self._state = following, _IN_USE
        if following.found:
            self._ended_here(following.found, letter, end)
        if len(self._window) > _WINDOW_MAX:
            del self._window[: -following.longest]
        return True

    def _ended_here(self, found: tuple[Found, ...], symbol: str, end: int) -> None:
        window = self._window
        for form, since, must_end_word in found:
            first = window[-since]
            if form.start_word and not first & 1:
                continue
            if form.entry.short and any(
                packed >> 1 & 3 > SPACE_GAP for packed in window[len(window) - since + 1 :]
            ):
                continue
            hit = Hit(form.entry, first >> 3, end)
            if must_end_word and word_class(symbol):
                self._endings.append(hit)
            else:
                self._found(hit)

    def _forget(self) -> None:
        super()._forget()
        self._now = self._lattice.root

    def _settle(self) -> None:
        if self.hit is not None:
            self.free = max(self.free, self.hit.start)
            return
        free = self.at
        if self._state and self._now.live:
            free = min(free, self._window[-self._now.live] >> 3)
        for hit in self._endings:
            if hit.entry.action == "halt":
                free = min(free, hit.start)
        self.free = free


class DisguiseCollector(DisguiseScanner):
    """A scanner that stops at nothing: it collects every hit, whatever its action."""

    __slots__ = ("found",)

    def __init__(self, lattice: Lattice, *, gap_max: int, json: bool = False) -> None:
        super().__init__(lattice, gap_max=gap_max, json=json)
        self.found: list[Hit] = []

    def _found(self, hit: Hit) -> None:
        self.found.append(hit)

    def _another(self) -> Scanner:
        return DisguiseCollector(self._lattice, gap_max=self._gap_max)

    def _merge(self, branch: Scanner) -> None:
        assert isinstance(branch, DisguiseCollector)
        self.found += [hit for hit in branch.found if hit not in self.found]
        branch.found.clear()
