"""Reads one text as it comes and says at each moment how much of it is beyond suspicion.

It refuses to know rules' meaning, buffers and what is done about a hit.

Rules
1. `free` never goes back, and no character of a halting match that ends later lies before it.
2. What lies before `free` can't be part of a match that is still possible, and the text from
   `free` on could be: nothing is held without need.
3. How the text is cut into pieces changes nothing.
4. What some readers see otherwise than it stands (`\\n` outside JSON, tag characters, a run that
   is shown reversed) is read both ways: as it stands by the scanner itself, and as it may be seen
   by a `branch` of it, until both have the same open.

Offsets count the code units that were fed, from 0. A window keeps of each letter of the current
state where it stands, the gap before it, if it begins a word: `offset << 3 | gap << 1 | begins`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from licet.guard import escapes, fold, fold_signs
from licet.guard.automaton import Automaton
from licet.guard.fold import EMBLEM, ESCAPE, EXPAND, MARKS_END, SKIP, word_class
from licet.guard.fold_signs import is_emblem
from licet.guard.footing import ESCAPE_KNOWN_MAX, Footing, Stance
from licet.guard.hit import HITS_MAX, Hit
from licet.guard.literal import NO_GAP, Entry, gap_strength

_WINDOW_SLACK: Final = 4
_BRANCHES_MAX: Final = 8
_KEYCAP: Final = "\u20e3"


class Scanner:
    """One text under one automaton. Feed it, look at `hit` and `free`, then `finish`."""

    __slots__ = (
        "_auto", "_branches", "_endings", "_escape", "_gap_max", "_gap_now", "_gaps",
        "_is_branch", "_json", "_state", "_table", "_unseen", "_view", "_window", "_word",
        "at", "flags", "free", "hit",
    )  # fmt: skip

    def __init__(
        self, automaton: Automaton, *, gap_max: int, json: bool = False,
        view: fold.View | None = None, word: int = 0,
    ) -> None:  # fmt: skip
        """`word`: the word class of the last symbol before the text, in a longer one."""
        self._auto = automaton
        self._view = view or fold.letters()
        self._table = self._view.table
        self._json = json
        self._gap_max = gap_max
        self._state = 0
        self._word = word
        self._gaps = 0
        self._gap_now = NO_GAP
        self._window: list[int] = []
        self._endings: list[Hit] = []
        self._escape = ""
        self._is_branch = False
        self._unseen = False
        self._branches: list[Scanner] = []
        self.at = 0
        self.free = 0
        self.hit: Hit | None = None
        self.flags: list[Hit] = []

    def feed(self, text: str) -> None:
        """Read on. Once `hit` is set nothing more is read."""
        for char in text:
            if self.hit is not None:
                break
            if self._branches:
                self._take_both_ways(char)
            else:
                self._take(char)
        self._settle()
        if self._branches and self.hit is None:
            for branch in self._branches:
                branch._settle()
                self.free = min(self.free, branch.free)

    def finish(self) -> None:
        """The text is over: what was waiting for a following character is decided."""
        while self._escape and self.hit is None:
            self._closed(escapes.read_end(self._escape, json=self._json))
        if self.hit is None:
            self._accept_endings()
        for branch in self._branches:
            branch.finish()
            self._merge(branch)
        self._branches.clear()
        self._state = 0
        self._window.clear()
        self._settle()

    @property
    def is_known(self) -> bool:
        """Whether what it has open may be remembered: nothing is found, and no escape long."""
        is_clear = self.hit is None and not self.flags and len(self._escape) <= ESCAPE_KNOWN_MAX
        return is_clear and all(branch.is_known for branch in self._branches)

    @property
    def read(self) -> int:
        """Offset behind what was read; `at` is before what may become an escape."""
        return self.at + len(self._escape)

    @property
    def settled(self) -> int:
        """Every literal that ends here or before has been found."""
        settled = min([hit.end for hit in self._endings], default=self.at + 1) - 1
        for branch in self._branches:
            settled = min(settled, branch.settled)
        return settled

    def stance(self) -> Stance:
        """What it and its branches have open."""
        return (self.footing(), *[branch.footing() for branch in self._branches])

    def take_stance(self, stance: Stance, at: int) -> None:
        """Go on as one that stands so, at an offset of its text; forget what was found."""
        self.stand(stance[0], at)
        for footing in stance[1:]:
            self.free = min(self.free, self._branch_on(footing, at).free)

    def footing(self) -> Footing:
        """What it has open, between characters, with nothing found."""
        state = self._state
        return self._footing(state, self._auto.depth[state])

    def stand(self, footing: Footing, at: int) -> None:
        """Go on as one that stands there, at an offset of its text; forget what was found."""
        state = footing.inside
        assert isinstance(state, int)
        self._state = state
        self._open(footing, at)

    def _footing(self, inside: Hashable, letters: int) -> Footing:
        """`letters`: how many of the window may still matter; no gap before them does."""
        at = self.at
        kept = [at - (one >> 3) << 3 | one & 7 for one in self._window[-letters:] if letters]
        if kept:
            kept[0] &= ~6
        return Footing(
            inside, self._word, self._gaps, self._gap_now, tuple(kept),
            tuple([(hit.entry, at - hit.start, at - hit.end) for hit in self._endings]),
            self._escape, self._unseen,
        )  # fmt: skip

    def _open(self, footing: Footing, at: int) -> None:
        self.hit, self._escape, self._unseen = None, footing.escape, footing.unseen
        at -= len(self._escape)
        self.flags.clear()
        self._branches.clear()
        self.at = at
        self._word, self._gaps, self._gap_now = footing.word, footing.gaps, footing.gap_now
        self._window = [at - (one >> 3) << 3 | one & 7 for one in footing.window]
        self._endings = [Hit(e, at - start, at - end) for e, start, end in footing.endings]
        self._settle()

    def _take(self, char: str) -> None:
        if self._escape:
            self._escape += char
            outcome = escapes.read_escape(self._escape, json=self._json)
            if not outcome.open:
                self._closed(outcome)
            return
        symbol = char.translate(self._table)
        mark = symbol in (ESCAPE, fold.SURROGATE)
        if mark and escapes.may_begin(char, inside=bool(self._state)):
            self._escape = char
            return
        self._symbol(char, self._view.plain(char), 1)

    def _symbol(self, char: str, symbol: str, width: int) -> None:
        """One symbol that came from `width` characters of the text."""
        at = self.at
        unseen = symbol == SKIP and char in fold_signs.READ_TWICE
        if unseen:
            if self._is_branch:
                self._as_seen(char, width)
                return
            if not (self._unseen and self._branches):
                self._branch(char, width)
        self._unseen = unseen
        if symbol >= MARKS_END or symbol == EXPAND:
            rare = "\x7f" < char < "\u3400" or char > "\uffff"
            emblem = EMBLEM if rare and is_emblem(char) else 0
            for letter in symbol if symbol != EXPAND else self._view.expansions[char]:
                kind, word = word_class(letter), self._word
                before = word & ~EMBLEM if word & EMBLEM == emblem else 0
                self._letter(letter, kind, before, at, at + width)
                self._word = kind | emblem if kind else 0
                if self.hit is not None:
                    return
        elif symbol == SKIP:
            if char == _KEYCAP and self._word:
                self._word |= EMBLEM
            self._gap(NO_GAP)
        else:
            self._word = 0
            self._gap(gap_strength(char))
        self.at = at + width

    def _closed(self, outcome: escapes.Outcome) -> None:
        """It is decided what an escape is."""
        if outcome.decoded is None or (outcome.both and not self._is_branch):
            if outcome.decoded is not None:
                width = len(self._escape) - outcome.gives_back
                self._branch(outcome.decoded, width, self._escape[width:])
            self._no_escape()
            return
        at, width = self.at, len(self._escape) - outcome.gives_back
        rest, before = self._escape[width:], len(self._branches)
        self._escape = ""
        for char in outcome.decoded:
            self.at = at
            if self.hit is None:
                self._symbol(char, self._view.plain(char), width)
        self.at = at + width
        self._take_again(rest, before)

    def _no_escape(self) -> None:
        """Its first character was a plain one; the rest is read anew."""
        first, rest = self._escape[0], self._escape[1:]
        self._escape = ""
        self._symbol(first, self._view.plain(first), 1)
        self._take_again(rest, len(self._branches))

    def _take_again(self, rest: str, before: int) -> None:
        """Read what was part of no escape; so do branches that begin in it or did before."""
        for char in rest:
            if self.hit is not None:
                break
            for branch in self._branches[before:]:
                branch._take(char)
            self._take(char)

    def _as_seen(self, char: str, width: int) -> None:
        """A branch meets what it is there to read otherwise than it stands."""
        if char != escapes.TURN:
            seen = fold_signs.TAGS[ord(char)]
            self._symbol(seen, self._view.plain(seen), width)
        elif width == 1:
            self._escape = char
        else:
            self.at += width

    def _another(self) -> Scanner:
        return Scanner(self._auto, gap_max=self._gap_max, view=self._view)

    def _branch(self, char: str, width: int, rest: str = "") -> None:
        """Rule 4: from here on, `width` characters are read as `char` too, before `rest`."""
        if len(self._branches) >= _BRANCHES_MAX:
            return
        branch = self._branch_on(self.footing()._replace(escape=""), self.at)
        branch._endings.clear()  # the scanner itself sees how they end
        branch._symbol(char, branch._view.plain(char), width)
        branch._take_again(rest, 0)
        self._merge(branch)

    def _branch_on(self, footing: Footing, at: int) -> Scanner:
        branch = self._another()
        branch._is_branch, branch._json = True, self._json
        branch.stand(footing, at)
        self._branches.append(branch)
        return branch

    def _take_both_ways(self, char: str) -> None:
        """Read a character here and in the branches, and drop those that have nothing of their
        own open."""
        branches = self._branches
        for branch in branches:
            if branch.hit is None:
                branch._take(char)
        self._take(char)
        going: list[Scanner] = []
        for branch in branches:
            self._merge(branch)
            if not (branch._is_as(self) or any(branch._is_as(other) for other in going)):
                going.append(branch)
        self._branches = going

    def _is_as(self, other: Scanner) -> bool:
        """Whether both go on in the same way, so that one of them will do."""
        if self._escape != other._escape or self._word != other._word:
            return False
        if self._state != other._state or self._gaps != other._gaps:
            return False
        if not (self._state or self._endings or other._endings):
            return True
        return self.footing() == other.footing()

    def _merge(self, branch: Scanner) -> None:
        """Take what a branch has found."""
        hit = branch.hit
        if hit is not None and (self.hit is None or hit.start < self.hit.start):
            self.hit = hit
        for flag in branch.flags:
            if flag not in self.flags and len(self.flags) < HITS_MAX:
                self.flags.append(flag)
        branch.flags.clear()

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
        starts = word < kind or not kind  # a digit may follow a letter and begin a number
        if self._endings:
            if not kind or kind < word or not word:  # a letter is no part of a number before it
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
        free = self.at
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
