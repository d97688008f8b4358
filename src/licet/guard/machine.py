"""Many patterns as one automaton that is built while it is walked, and knows what is still alive.

It refuses to know offsets and what a match leads to: it follows symbols.

A state is what the places of all patterns look like after some text: groups of places, the group
that began first in front. One group is one beginning of a possible match; a place that two
beginnings share belongs to the earlier one. So a caller who remembers where each group began knows
at every moment the earliest text that may still become a match (what a stream must hold back), and
where a match began, without reading anything twice.

Why no library serves: none says where the earliest match that is still possible began
(docs/decisions/0006, and 0015 for patterns).

Rules
1. Cost of a symbol: one look-up where the state has been here before; else one step for each live
   place, of which a pattern has at most `PLACES_MAX`.
2. At most `STATES_MAX` states and `READS_MAX` characters are remembered; then remembering begins
   anew. Walks keep theirs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from typing import Literal as OneOf

from mypy_extensions import i64

from licet.guard import fold
from licet.guard.fold import GAP, MARKS_END, word_class
from licet.guard.fold_signs import HAN_FROM
from licet.guard.pattern import Pattern
from licet.guard.pattern_reading import Symbols
from licet.guard.step_table import StepTable

STATES_MAX: Final = 4_096
KINDS_MAX: Final = 65_536
READS_MAX: Final = 65_536
_WORD_CLASSES: Final = 3
_FORGOTTEN: Final = -_WORD_CLASSES
NOTHING: Final = 0
"""A step after which no match is possible that began before it or with it."""
SAME: Final = 1
"""The groups are those before it, nothing having begun, ended or died."""
FRESH: Final = 2
"""One match may begin with it, all before are over, and nothing ends."""
OTHER: Final = 3
CAREFUL: Final = 4
"""What a character alone does not say."""
Check = Callable[[str], bool]
Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class PatternEntry:
    """One pattern of one rule. `check` is asked whether what it matched can be what it looks like
    (`validate`); `start_word`, `end_word`: it stands where words and numbers begin and end."""

    rule: str
    category: str
    action: OneOf["halt", "flag"]
    pattern: Pattern
    check: Check | None
    start_word: bool
    end_word: bool

    @property
    def text(self) -> str:
        return self.pattern.text


@dataclass(frozen=True, slots=True)
class Step:
    """What one symbol makes of a state.

    begun   for each group that this symbol made, which group of the state before it was; -1: it
            begins with this symbol
    ended   patterns that end with this symbol: (place in `begun`, number of the entry)
    live    the groups that go on in the next state, by place in `begun`; None: all of them
    """

    state: State
    begun: tuple[int, ...]
    ended: tuple[tuple[int, int], ...]
    live: tuple[int, ...] | None
    going: int
    """NOTHING, SAME, FRESH or OTHER."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a character of a text makes of a state: the step of its symbol, and its word class.
    `going`, `state`: the step's; CAREFUL for `Machine.careful`."""

    step: Step
    symbol: str
    word: int
    going: int
    state: State


class State:
    """Live places by beginning. `holds`: the first group of which something may come that halts,
    or -1. `node`: what is read in it is known by this and the word class of the symbol before,
    which is added; nothing is known of a state that was forgotten."""

    __slots__ = ("groups", "holds", "node", "steps")

    def __init__(self, groups: Groups, holds: int = -1, node: i64 = _FORGOTTEN) -> None:
        self.groups = groups
        self.holds = holds
        self.node = node
        self.steps: dict[int, Step] = {}
        """By kind of symbol (see `Machine.kind`)."""


class Machine:
    """Entries as one automaton. Shared by all texts of a thread."""

    def __init__(self, entries: Sequence[PatternEntry]) -> None:
        self.entries = tuple(entries)
        self.width_max = max((entry.pattern.width_max for entry in entries), default=0)
        self._follow: list[tuple[int, ...]] = []
        self._reads: list[int] = []  # the number of its set
        self._ends: list[int] = []  # the number of the entry that may end there, or -1
        self._halts: list[bool] = []  # whether its entry halts
        self._first_any: list[int] = []
        self._first_word: list[int] = []
        sets: dict[Symbols, int] = {}
        for number, entry in enumerate(entries):
            self._add(number, entry, sets)
        self._sets = tuple(sets)
        self._bounds = sorted({bound for symbols in sets for bound in symbols.bounds()})
        """Between two of them, letters, spaces and the rest are each in the same sets."""
        self._sections: dict[tuple[int, bool, bool], int] = {}
        self._kinds: dict[str, int] = {}
        self._members: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._states: dict[Groups, State] = {}
        self.root = State((), node=1)
        self.reads = StepTable()
        """By node and code point: the place in `known_reads` of what was read."""
        self.known_reads: list[Read] = []
        self._table = fold.written().table
        self._gap = Step(self.root, (), (), None, NOTHING)
        self.careful = Read(self._gap, "", 0, CAREFUL, self.root)
        """Stands for what a character alone does not say: an escape may begin with it, it is not
        seen, or it stands for several letters."""

    def _add(self, number: int, entry: PatternEntry, sets: dict[Symbols, int]) -> None:
        pattern, base = entry.pattern, len(self._reads)
        for place, symbols in enumerate(pattern.symbols):
            self._reads.append(sets.setdefault(symbols, len(sets)))
            self._follow.append(tuple(base + after for after in pattern.follow[place]))
            self._ends.append(number if place in pattern.last else -1)
            self._halts.append(entry.action == "halt")
        first = self._first_word if entry.start_word else self._first_any
        first.extend(base + place for place in pattern.first)

    def kind(self, symbol: str) -> int:
        """A number that is the same for symbols that all patterns read alike."""
        known = self._kinds.get(symbol)
        if known is not None:
            return known
        if len(self._kinds) >= KINDS_MAX:
            self._kinds.clear()
        section = bisect_right(self._bounds, symbol), symbol.isalnum(), symbol.isspace()
        number = self._sections.get(section, -1)
        if number < 0:
            inside = frozenset(n for n, symbols in enumerate(self._sets) if symbol in symbols)
            number = self._numbers.setdefault(inside, len(self._numbers))
            if number == len(self._members):
                self._members.append(inside)
            self._sections[section] = number
        self._kinds[symbol] = number
        return number

    def read(self, state: State, word: int, char: str) -> Read:
        """What a character makes of a state that it is read in for the first time; remembered in
        `reads`, where callers look first. `word`: the class of the symbol before."""
        symbol = char.translate(self._table)
        if symbol == GAP:
            read = Read(self._gap, symbol, 0, NOTHING, self.root)
        elif symbol < MARKS_END or symbol >= HAN_FROM:
            read = self.careful
        else:
            kind = word_class(symbol)
            step = self.step(state, self.kind(symbol), word < kind or not kind)
            read = Read(step, symbol, kind, step.going, step.state)
        if self.reads.known >= READS_MAX:
            self._forget()
        elif state.node > 0:
            self.reads.put(state.node + word, ord(char), len(self.known_reads))
            self.known_reads.append(read)
        return read

    def step(self, state: State, kind: int, begins: bool) -> Step:
        """What a symbol of this kind makes of a state; `begins`: a word begins with it."""
        key = kind << 1 | begins
        known = state.steps.get(key)
        if known is None:
            known = state.steps[key] = self._make_step(state, kind, begins)
        return known

    def _make_step(self, state: State, kind: int, begins: bool) -> Step:
        reads, members = self._reads, self._members[kind]
        taken: set[int] = set()
        groups: list[set[int]] = []
        begun: list[int] = []
        for number, group in enumerate(state.groups):
            places = {after for place in group for after in self._follow[place]} - taken
            live = {place for place in places if reads[place] in members}
            if live:
                taken |= live
                groups.append(live)
                begun.append(number)
        first = self._first_any + self._first_word if begins else self._first_any
        fresh = {place for place in first if reads[place] in members} - taken
        if fresh:
            groups.append(fresh)
            begun.append(-1)
        ended = tuple(
            (number, entry)
            for number, group in enumerate(groups)
            for entry in sorted({self._ends[place] for place in group} - {-1})
        )
        # What can only end here need not be held any longer.
        lives = [tuple(sorted(p for p in group if self._follow[p])) for group in groups]
        alive = tuple(number for number, group in enumerate(lives) if group)
        following = self._state(tuple(lives[number] for number in alive))
        lasting = None if len(alive) == len(lives) else alive
        going = OTHER
        if not begun:
            going = NOTHING
        elif not ended and lasting is None:
            if begun == list(range(len(state.groups))):
                going = SAME
            elif begun == [-1]:
                going = FRESH
        return Step(following, tuple(begun), ended, lasting, going)

    def _state(self, groups: Groups) -> State:
        if not groups:
            return self.root
        known = self._states.get(groups)
        if known is None:
            if len(self._states) >= STATES_MAX:
                self._forget()
            halting = (any(self._halts[place] for place in group) for group in groups)
            holds = next((n for n, halts in enumerate(halting) if halts), -1)
            node = self.root.node + _WORD_CLASSES * (len(self._states) + 1)
            known = self._states[groups] = State(groups, holds, node)
        return known

    def _forget(self) -> None:
        """Rule 2."""
        for state in self._states.values():
            state.node = _FORGOTTEN
        self._states.clear()
        self.root.steps.clear()
        self.reads.clear()
        self.known_reads.clear()
