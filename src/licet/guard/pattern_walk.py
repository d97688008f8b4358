"""Reads one text under a machine of patterns, as it comes.

It refuses to know rules' meaning, conditions and what is done about a match. What it reads is what
literal rules read: folded, escapes decoded, what cannot be seen left out.

Rules
1. `free` never goes back, and no character of a match that halts and ends later lies before it.
2. What lies before `free` can't be part of such a match that is still possible; the text from
   `free` on could be.
3. How the text is cut into pieces changes nothing.
4. Of matches of one pattern that end at one place, the one counts that begins first and holds
   before its check.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from licet.guard import escapes, fold
from licet.guard.fold import ESCAPE, EXPAND, GAP, SKIP, SURROGATE, word_class
from licet.guard.fold_signs import HAN_FROM
from licet.guard.hit import Hit
from licet.guard.machine import CAREFUL, FRESH, NOTHING, OTHER, Machine, State, Step

_TRAIL_SLACK: Final = 4


class PatternWalk:
    """One text under one machine. Feed it, take `found`, look at `free`, then `finish`."""

    __slots__ = (
        "_begun", "_dropped", "_endings", "_escape", "_json", "_machine", "_skipped",
        "_skipped_max", "_state", "_trail", "_view", "_word", "at", "found", "free", "noted",
    )  # fmt: skip

    def __init__(self, machine: Machine, *, gap_max: int, json: bool = False) -> None:
        """`gap_max`: what cannot be seen may stand in a match in runs of so many characters."""
        self._machine = machine
        self._view = fold.written()
        self._json = json
        self._skipped_max = gap_max
        self._state: State = machine.root
        # By group: offset, and number of its first symbol; of the groups of `_state` only.
        self._begun: list[tuple[int, int]] = []
        self._trail: list[str] = []  # symbols with which something began or went on
        self._dropped = 0  # symbols that are no longer in it
        self._endings: list[tuple[int, int, int, str]] = []  # wait for a word's end
        self._word = 0  # word class of the last symbol
        self._skipped = 0
        self._escape = ""
        self.at = 0
        self.free = 0
        self.found: list[Hit] = []
        self.noted = 0
        """How often a pattern came to its end."""

    @property
    def settled(self) -> int:
        """Every match that halts and ends here or before has been found."""
        for number, _, end, _ in self._endings:
            if self._machine.entries[number].action == "halt":
                return end - 1
        return self.at

    @property
    def is_clear(self) -> bool:
        """Whether nothing is open, and no word or number stands right before."""
        open_ = self._state is not self._machine.root or bool(self._endings) or bool(self._escape)
        return not open_ and not self._word and not self._skipped

    def pass_over(self, length: int) -> None:
        """So many characters, from where all was clear to where it is, hold nothing."""
        self.at += length
        self.free = self.at

    def feed(self, text: str) -> None:
        """Read on."""
        index, length = 0, len(text)
        while index < length:
            if not (self._escape or self._endings or self._skipped):
                index = self._quickly(text, index)
                if index == length:
                    break
            char = text[index]
            self._take(char, char.translate(self._view.table))
            index += 1
        self._settle()

    def _quickly(self, text: str, index: int) -> int:
        """Read what a look-up tells, up to what it does not or what waits for a word's end;
        returns where that is."""
        machine, trail, reads = self._machine, self._trail, self._machine.reads
        state, word = self._state, self._word
        start = self.at - index  # of the text, before the first of its characters
        fresh, begun = -1, 0  # the one match that is open, where `_begun` is not told yet
        at: i64 = index
        length: i64 = len(text)
        while at < length:
            number = reads.find(state.node + word, i64(ord(text[at])))
            if number < 0:
                read = machine.read(state, word, text[at])
            else:
                read = machine.known_reads[number]
            going = read.going
            if going == CAREFUL:
                break
            state, word = read.state, read.word
            at += 1
            if going == NOTHING:
                continue
            if going == OTHER:
                if fresh >= 0:
                    self._begun, fresh = [(fresh, begun)], -1
                self._go_on(read.step, read.symbol, start + at - 1, start + at, word)
                if self._endings:
                    break
                continue
            trail.append(read.symbol)
            if going == FRESH:
                if len(trail) > _TRAIL_SLACK * machine.width_max:
                    self._shorten()
                fresh, begun = start + at - 1, self._dropped + len(trail) - 1
        if fresh >= 0:
            self._begun = [(fresh, begun)]
        self._state, self._word = state, word
        self.at = start + at
        return at

    def finish(self) -> None:
        """The text is over: what was waiting for a following character is decided."""
        while self._escape:
            self._closed(escapes.read_end(self._escape, json=self._json))
        self._accept_endings()
        self._forget()
        self._settle()

    def _take(self, char: str, symbol: str) -> None:
        """One character."""
        if self._escape:
            self._continue_escape(char)
            return
        if symbol in (ESCAPE, SURROGATE):
            inside = self._state is not self._machine.root or bool(self._endings)
            if escapes.may_begin(char, inside=inside):
                self._escape = char
                return
            symbol = self._view.plain(char)
        self._symbol(char, symbol, 1)

    def _continue_escape(self, char: str) -> None:
        self._escape += char
        outcome = escapes.read_escape(self._escape, json=self._json)
        if not outcome.open:
            self._closed(outcome)

    def _closed(self, outcome: escapes.Outcome) -> None:
        """It is decided what an escape is; what may also stand as it is, stands."""
        if outcome.decoded is None or (outcome.both and self._escape[0] != "<"):
            self._no_escape()
        else:
            self._decoded(outcome.decoded, outcome.gives_back)

    def _decoded(self, char: str, gives_back: int) -> None:
        """The last `gives_back` characters are none of the escape and read anew."""
        tag = self._escape[0] == "<"
        width = len(self._escape) - gives_back
        rest = self._escape[width:]
        self._escape = ""
        self._symbol(char, SKIP if tag else self._view.plain(char), width)
        for again in rest:
            self._take(again, again.translate(self._view.table))

    def _no_escape(self) -> None:
        """Its first character was a plain one; the rest is read anew."""
        first, rest = self._escape[0], self._escape[1:]
        self._escape = ""
        self._symbol(first, self._view.plain(first), 1)
        for char in rest:
            self._take(char, char.translate(self._view.table))

    def _symbol(self, char: str, symbol: str, width: int) -> None:
        """One symbol that came from `width` characters of the text."""
        at = self.at
        self.at = at + width
        if symbol >= HAN_FROM:
            symbol = fold.rare(symbol)
        if symbol == SKIP:
            self._skipped += 1
            if self._skipped > self._skipped_max:
                self._accept_endings()
                self._forget()
            return
        self._skipped = 0
        if symbol == EXPAND:
            for letter in self._view.expansions[char]:
                self._step(letter, at, at + width)
        elif symbol == GAP:
            self._accept_endings()
            self._forget()
            self._word = 0
        else:
            self._step(symbol, at, at + width)

    def _step(self, symbol: str, start: int, end: int) -> None:
        machine, word = self._machine, self._word
        kind = word_class(symbol)
        if self._endings:
            if not kind or kind < word:  # a letter may follow a number and be no part of it
                self._accept_endings()
            else:
                self._endings.clear()
        step = machine.step(self._state, machine.kind(symbol), word < kind or not kind)
        self._word = kind
        if step.begun:
            self._go_on(step, symbol, start, end, kind)
        else:
            self._forget()
        self._state = step.state

    def _go_on(self, step: Step, symbol: str, start: int, end: int, kind: int) -> None:
        """Remember a symbol with which something begins or goes on, and what ends with it."""
        self._trail.append(symbol)
        number = self._dropped + len(self._trail) - 1
        before = self._begun
        begun = [before[group] if group >= 0 else (start, number) for group in step.begun]
        if step.ended:
            self._ended(step.ended, begun, end, kind)
        self._begun = begun if step.live is None else [begun[group] for group in step.live]
        if len(self._trail) > _TRAIL_SLACK * self._machine.width_max:
            self._shorten()

    def _shorten(self) -> None:
        """Drop of the trail what is longer ago than any match is long."""
        cut = len(self._trail) - self._machine.width_max
        del self._trail[:cut]
        self._dropped += cut

    def _ended(
        self, ended: tuple[tuple[int, int], ...], begun: list[tuple[int, int]], end: int, kind: int
    ) -> None:
        complete: list[tuple[int, int, int, str]] = []
        self.noted += 1
        for group, number in ended:
            entry = self._machine.entries[number]
            start, first = begun[group]
            text = "" if entry.check is None else "".join(self._trail[first - self._dropped :])
            waits = entry.end_word and kind != 0
            (self._endings if waits else complete).append((number, start, end, text))
        self._accept(complete)

    def _accept_endings(self) -> None:
        if self._endings:
            endings, self._endings = self._endings, []
            self._accept(endings)

    def _accept(self, ended: list[tuple[int, int, int, str]]) -> None:
        """Rule 4: at one place each pattern counts once."""
        counted: set[int] = set()
        for number, start, end, text in ended:
            entry = self._machine.entries[number]
            if number not in counted and (entry.check is None or entry.check(text)):
                counted.add(number)
                self.found.append(Hit(entry, start, end))

    def _forget(self) -> None:
        self._state = self._machine.root
        self._begun.clear()
        self._trail.clear()
        self._dropped = 0
        self._skipped = 0

    def _settle(self) -> None:
        """Bring `free` up to date."""
        free = self.at
        holds = self._state.holds
        if holds >= 0:
            free = self._begun[holds][0]
        for number, start, _, _ in self._endings:
            if self._machine.entries[number].action == "halt":
                free = min(free, start)
        self.free = free
