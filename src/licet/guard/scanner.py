"""Reads one text as it comes and says at each moment how much of it is beyond suspicion.

It refuses to know rules' meaning, buffers and what is done about a hit.

Rules
1. `free` never goes back, and no character of a halting match that ends later lies before it.
2. What lies before `free` can't be part of a match that is still possible, and the text from
   `free` on could be: nothing is held without need.
3. How the text is cut into pieces changes nothing.

Offsets count the code units that were fed, from 0. A window keeps, for the letters of the current
state, where each stands, what gap came before it and whether a word begins there, packed as
`offset << 3 | gap << 1 | begins`.
"""

from __future__ import annotations

from typing import NamedTuple

from licet.guard import escapes, fold
from licet.guard.automaton import Automaton
from licet.guard.fold import (
    ESCAPE,
    EXPAND,
    GAP,
    LETTER,
    MARKS_END,
    PLANE_14,
    SKIP,
    word_class,
)
from licet.guard.literal import NO_GAP, Entry, gap_strength
from licet.guard.machine import PatternEntry

_WINDOW_SLACK = 4
_GAP, _SKIP, _MARKS_END = ord(GAP), ord(SKIP), ord(MARKS_END)
_A, _Z, _PLANE_14 = ord("a"), ord("z"), ord(PLANE_14)
_HAN, _HAN_END = 0x2E80, 0xAC00  # word class 0, all of them
PLANE_2 = chr(fold.TABLE_SIZE)
HITS_MAX = 64
"""Flagging hits that are kept of one text; more say nothing new."""


class Hit(NamedTuple):
    """A literal or pattern found: `start` and `end` are offsets in the text as it was fed."""

    entry: Entry | PatternEntry
    start: int
    end: int


class Scanner:
    """One text under one automaton. Feed it, look at `hit` and `free`, then `finish`."""

    __slots__ = (
        "_at", "_auto", "_endings", "_escape", "_gap_max", "_gap_now", "_gaps", "_json", "_state",
        "_table", "_view", "_window", "_word", "flags", "free", "hit",
    )  # fmt: skip

    def __init__(
        self, automaton: Automaton, *, gap_max: int, json: bool = False,
        view: fold.View | None = None, word: int = 0,
    ) -> None:  # fmt: skip
        """`word` is the word class of the last symbol before the text, if it is part of a longer
        one."""
        self._auto = automaton
        self._view = view or fold.letters()
        self._table = self._view.table
        self._json = json
        self._gap_max = gap_max
        self._state = 0
        self._word = word
        self._at = 0
        self._gaps = 0
        self._gap_now = NO_GAP
        self._window: list[int] = []
        self._endings: list[Hit] = []
        self._escape = ""
        self.free = 0
        self.hit: Hit | None = None
        self.flags: list[Hit] = []

    def feed(self, text: str) -> None:
        """Read on. Once `hit` is set nothing more is read."""
        index, length = 0, len(text)
        if not self._escape and length:
            index = self._read_plain(text)
            if index == length and not self._state and not self._endings:
                self.free = self._at  # nearly always: nothing is open
                return
        while index < length and self.hit is None:
            self._take(text[index])
            index += 1
            if not self._escape and length - index > 16:
                index += self._read_plain(text[index:])
        self._settle()

    def finish(self) -> None:
        """The text is over: what was waiting for a following character is decided."""
        while self._escape and self.hit is None:
            outcome = escapes.read_escape(self._escape + ";", json=self._json)
            if outcome.decoded is not None and self._escape[:2] == "&#":
                self._decoded(outcome.decoded, len(self._escape))
            else:
                self._no_escape()
        if self.hit is None:
            self._accept_endings()
        self._state = 0
        self._window.clear()
        self._settle()

    @property
    def undecided(self) -> bool:
        """Whether the next character may still decide about a literal that is complete."""
        return bool(self._endings or self._escape)

    @property
    def settled(self) -> int:
        """Every literal that ends here or before has been found."""
        return min((hit.end for hit in self._endings), default=self._at + 1) - 1

    def _read_plain(self, text: str) -> int:
        """The quick way over letters, gaps and skips; stops before anything else.

        The body of `_letter` stands here once more, on local names: this loop reads every
        character of every stream, and calls would cost more than the work.
        """
        auto, window, known = self._auto, self._window, self._auto.known
        goto, fail, need, depth, out = auto.goto, auto.fail, auto.need, auto.depth, auto.out
        root, free_root = auto.opened(0), auto.free_root
        word, at, first, state = self._word, self._at, self._at, self._state
        for char in text:
            symbol = known.get(char) or self._learnt(char)
            code = ord(symbol)
            if code < _MARKS_END:
                if code > _SKIP:
                    break
                word = 0 if code == _GAP else word
                if state or self._endings:
                    self._state = state
                    self._gap(gap_strength(char) if code == _GAP else NO_GAP)
                    state = self._state
            else:
                han = _HAN <= code < _HAN_END
                kind = LETTER if _A <= code <= _Z else 0 if han else word_class(symbol)
                starts = word < kind or not kind
                if state:
                    following = (goto[state] or auto.opened(state)).get(symbol)
                    if following is None and code < _PLANE_14:
                        state = fail[state]
                        while state:
                            following = (goto[state] or auto.opened(state)).get(symbol)
                            if following is not None:
                                break
                            state = fail[state]
                        if not state:
                            following = (root if starts else free_root).get(symbol)
                else:
                    following = (root if starts else free_root).get(symbol)
                if following is None and not self._endings and code < _PLANE_14:
                    if window:
                        self._forget()
                    state = 0
                elif self._endings or code >= _PLANE_14 or out[following or 0]:
                    self._state = state
                    self._letter(symbol, kind, word, at, at + 1)
                    state = self._state
                    kind = kind if code < _PLANE_14 else word
                else:
                    assert following is not None
                    window.append(at << 3 | self._gap_now << 1 | starts)
                    self._gap_now = self._gaps = 0
                    state = following
                    while state and need[state] and not window[-depth[state]] & 1:
                        state = fail[state]
                    if not state:
                        self._forget()
                word = kind
            if self.hit is not None:
                break
            at += 1
        self._word, self._at, self._state = word, at, state
        return at - first

    def _learnt(self, char: str) -> str:
        """The symbol of a character, remembered where it is one of the table's."""
        symbol = char.translate(self._table)
        if char < PLANE_2:
            self._auto.known[char] = symbol
        return symbol

    def _take(self, char: str) -> None:
        """One character, the careful way."""
        if self._escape:
            self._continue_escape(char)
            return
        symbol = char.translate(self._table)
        inside = bool(self._state)
        if symbol in (ESCAPE, fold.SURROGATE) and escapes.may_begin(char, inside=inside):
            self._escape = char
            return
        self._symbol(char, self._view.plain(char), 1)

    def _symbol(self, char: str, symbol: str, width: int) -> None:
        """One symbol that came from `width` characters of the text."""
        at = self._at
        if symbol >= MARKS_END or symbol == EXPAND:
            for letter in symbol if symbol != EXPAND else self._view.expansions[char]:
                kind = word_class(letter)
                self._letter(letter, kind, self._word, at, at + width)
                self._word = kind
                if self.hit is not None:
                    return
        elif symbol == SKIP:
            self._gap(NO_GAP)
        else:
            self._word = 0
            self._gap(gap_strength(char))
        self._at = at + width

    def _continue_escape(self, char: str) -> None:
        self._escape += char
        outcome = escapes.read_escape(self._escape, json=self._json)
        if outcome.open:
            return
        if outcome.decoded is None:
            self._no_escape()
            return
        width = len(self._escape) - outcome.gives_back
        self._decoded(outcome.decoded, width)
        if outcome.gives_back and self.hit is None:
            self._take(char)

    def _decoded(self, char: str, width: int) -> None:
        """An escape that stands for `char`; a tag or mark that stands for no letter is a gap."""
        self._escape = ""
        self._symbol(char, self._view.plain(char), width)

    def _no_escape(self) -> None:
        """Its first character was a plain one; the rest is read anew."""
        first, rest = self._escape[0], self._escape[1:]
        self._escape = ""
        self._symbol(first, self._view.plain(first), 1)
        for char in rest:
            if self.hit is None:
                self._take(char)

    def _gap(self, strength: int) -> bool:
        """Something that is no letter. Returns whether anything is still open."""
        if strength and self._endings:
            self._accept_endings()
        if self._state:
            self._gaps += 1
            self._gap_now = max(self._gap_now, strength)
            if self._gaps > self._gap_max:
                self._forget()
        return bool(self._state or self._endings)

    def _letter(self, letter: str, kind: int, word: int, at: int, end: int) -> bool:
        """Follow one letter. Returns whether anything is still open."""
        if letter >= PLANE_14 and fold.is_tag(letter):
            return self._gap(NO_GAP)
        starts = word < kind or not kind  # a digit may follow a letter and begin a number
        if self._endings:
            if not kind or kind < word:  # a letter may follow a number and be no part of it
                self._accept_endings()
                if self.hit is not None:
                    return False
            else:
                self._endings.clear()
        auto = self._auto
        fail = auto.fail
        state = self._state
        following = auto.opened(state).get(letter)
        while following is None and state:
            state = fail[state]
            following = auto.opened(state).get(letter)
        window = self._window
        if following is None:
            self._forget()
            return False
        window.append(at << 3 | self._gap_now << 1 | starts)
        state, self._gap_now, self._gaps = following, NO_GAP, 0
        while state and auto.need[state] and not window[-auto.depth[state]] & 1:
            state = fail[state]
        if not state:
            self._forget()
            return False
        self._state = state
        if auto.out[state]:
            self._ended(auto.out[state], end)
        if len(window) > _WINDOW_SLACK * auto.length_max:
            del window[: -auto.length_max]
        return bool(self._state or self._endings)

    def _ended(self, entries: tuple[Entry, ...], end: int) -> None:
        window = self._window
        for entry in entries:
            length = len(entry.letters)
            first = window[-length]
            if entry.start_word and not first & 1:
                continue
            if entry.gaps:
                strengths = [packed >> 1 & 3 for packed in window[1 - length :]]
                if not entry.spacing_is_allowed(strengths):
                    continue
            hit = Hit(entry, first >> 3, end)
            if entry.end_word:
                self._endings.append(hit)
            else:
                self._found(hit)

    def _accept_endings(self) -> None:
        endings, self._endings = self._endings, []
        for hit in endings:
            self._found(hit)

    def _found(self, hit: Hit) -> None:
        if hit.entry.action == "halt":
            if self.hit is None or hit.start < self.hit.start:
                self.hit = hit
        elif len(self.flags) < HITS_MAX:
            self.flags.append(hit)

    def _forget(self) -> None:
        self._state, self._gaps, self._gap_now = 0, 0, NO_GAP
        self._window.clear()

    def _settle(self) -> None:
        """Bring `free` up to date."""
        if self.hit is not None:
            self.free = max(self.free, self.hit.start)
            return
        free = self._at
        state = self._auto.live[self._state] if self._state else 0
        need, depth, window = self._auto.need, self._auto.depth, self._window
        while state and need[state] and not window[-depth[state]] & 1:
            state = self._auto.live[self._auto.fail[state]]
        if state:
            free = min(free, window[-depth[state]] >> 3)
        for hit in self._endings:
            if hit.entry.action == "halt":
                free = min(free, hit.start)
        self.free = free


class Collector(Scanner):
    """A scanner that stops at nothing: it collects every hit, whatever its action."""

    __slots__ = ("found",)

    def __init__(
        self, automaton: Automaton, *, gap_max: int, json: bool = False,
        view: fold.View | None = None, word: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(automaton, gap_max=gap_max, json=json, view=view, word=word)
        self.found: list[Hit] = []

    def _found(self, hit: Hit) -> None:
        self.found.append(hit)
