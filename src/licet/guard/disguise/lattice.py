"""Literals with every allowed spelling of every letter, followed all at once.

It refuses to know gaps, escapes and offsets: it follows symbols, as `guard.automaton` does. That
automaton follows one string for each literal; here a literal is a row of letters each of which may
be written in many ways, far too many to write them all out. So nothing is written out: a state is
the set of places in which a text may be, and a step is made when a text first takes it and then
remembered (lazy subset construction, as in RE2).

Rules
1. A state is made of its places alone; two texts in the same places are in the same state.
2. A place goes on only where a literal ahead allows all ways that were used so far.
3. A symbol that may be a letter's spelling or a gap is read as both.
4. Digits and signs that stand for whole words of a literal, touch no letter and are all the leet
   of a match (`Option 1 will`, `70 kills`) are what they seem: nothing is found.
5. What is remembered is bounded: past STEPS_MAX all is forgotten and made anew when needed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from licet.guard.disguise.spellings import SYMBOLS_MAX, TONE, TONES, Reader, signs
from licet.guard.disguise.ways import INITIALS, LEET, PINYIN, REPEATS
from licet.guard.fold import LETTER, word_class
from licet.guard.literal import Entry

STEPS_MAX: Final = 200_000
"""Some 150 bytes each."""
_WAITS: Final = "\x00"
"""The rest of a place that has read a sign as a gap: at its node, with nothing to be found."""
_NO_RUN: Final = (0, 0)
_UNKNOWN: Final = -1
_RUN_MAX: Final = 2
"""Digits and signs that stand alone by chance; a longer number that reads as a word is meant."""


class Form(NamedTuple):
    """One row of letters to be followed."""

    letters: str
    entry: Entry
    ways: int
    """What its rule allows, see `ways`."""
    altered: bool
    """Whether `letters` are not the literal's own (reversed, rot13): a disguise as they stand."""
    start_word: bool
    end_word: bool


class Place(NamedTuple):
    """Where in the lattice a text may be."""

    node: int
    rest: str
    """Symbols of a spelling that are still to come before `node` is reached."""
    used: int
    since: int
    """How many symbols ago it began."""
    run: tuple[int, int] = _NO_RUN
    """From which of the literal's letters to which digits and signs stand that touch no letter, if
    they are all the leet so far (rule 4)."""


class Found(NamedTuple):
    """A form of which a state is the end: it began `since` symbols ago."""

    form: Form
    since: int
    must_end_word: bool


class State:
    """All the places in which a text may be, and the steps from here that are known so far."""

    __slots__ = (
        "ahead", "amid", "begins", "found", "inside", "live", "longest", "places", "touching",
    )  # fmt: skip

    def __init__(
        self, places: tuple[Place, ...], found: tuple[Found, ...], live: int, longest: int
    ) -> None:
        self.places = places
        self.found = found
        self.live = live
        """Symbols since the oldest place began that may still become a halting match; 0: none."""
        self.longest = longest
        self.ahead = _UNKNOWN
        """As bits, the letters with which a place may go on."""
        self.amid = ""
        """Symbols with which a spelling that has begun may go on."""
        self.begins: dict[str, State] = {}
        """Symbol -> state, where a word may begin with the symbol."""
        self.inside: dict[str, State] = {}
        """The same where the symbol goes on with a word."""
        self.touching: dict[str, State] = {}
        """The same where a word may begin, but nothing parts the symbol from what is before it."""


class _Node:
    """The literals that begin with the same letters: forms[low:high], `depth` letters deep."""

    __slots__ = ("ahead", "allowed", "children", "depth", "ends", "halting", "high", "low",
                 "may_be_inside")  # fmt: skip

    def __init__(self, forms: list[Form], low: int, high: int, depth: int) -> None:
        self.low, self.high, self.depth = low, high, depth
        ends = low
        while ends < high and len(forms[ends].letters) == depth:
            ends += 1
        self.ends = ends
        mine = forms[low:high]
        self.allowed = frozenset(form.ways for form in mine)
        """The ways of the literals that pass or end here."""
        self.ahead = frozenset(f.ways for f in forms[ends:high] if f.entry.action == "halt")
        """The ways of the halting literals that go on from here."""
        self.halting = frozenset(form.ways for form in mine if form.entry.action == "halt")
        self.may_be_inside = not all(form.start_word for form in mine)
        self.children: dict[str, int] | None = None


class Lattice:
    """Built once from forms; what texts make of it is remembered; shared by all of one thread."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms = sorted(forms, key=lambda form: form.letters)
        self._nodes = [_Node(self._forms, 0, len(self._forms), 0)]
        self._states: dict[tuple[Place, ...], State] = {}
        self._beginnings: dict[str, list[Place]] = {}
        self._steps = 0
        used = 0
        for form in self._forms:
            used |= form.ways
        alphabet = sorted({c for f in self._forms for c in f.letters})
        self._reader = Reader(alphabet, used)
        self._bits = {letter: 1 << index for index, letter in enumerate(alphabet)}
        self._read_as: dict[str, int] = {}
        self.signs = signs()
        self.root = State((), (), 0, 0)
        """Nothing is open."""
        self.gap = State((), (), 0, 0)
        """Where a sign leads that is a gap and nothing else."""

    def step(self, state: State, symbol: str, starts: bool, touches: bool) -> State:
        """Where a symbol leads; `starts`: whether a word may begin with it; `touches`: whether it
        is a letter that nothing parts from what is before it. Remembered in the state's `begins`,
        `inside` or `touching`, where callers look first."""
        places = self._advance(state.places, symbol, touches or not starts)
        fresh = self._fresh(symbol)
        if not starts:
            fresh = [place for place in fresh if self._may_be_inside(place, symbol)]
        if symbol not in self.signs:
            following = self._state(places + fresh)
        elif places or fresh:
            following = self._state(places + fresh + _waiting(state.places))
        else:
            following = self.gap
        self._steps += 1
        if self._steps > STEPS_MAX:
            self._forget()
        steps = state.inside if not starts else state.touching if touches else state.begins
        steps[symbol] = following
        return following

    def goes_on(self, state: Hashable, symbol: str) -> bool:
        """Whether a letter may lead on from any place of a state. If not, it leads where it does
        from the root; else it may do so all the same."""
        assert isinstance(state, State)
        if state.ahead == _UNKNOWN:
            self._look_ahead(state)
        read_as = self._read_as.get(symbol, _UNKNOWN)
        if read_as == _UNKNOWN:
            read_as = self._bits.get(symbol, 0)
            for letter in self._reader.letters_of(symbol):
                read_as |= self._bits[letter]
            if len(self._read_as) >= SYMBOLS_MAX:
                self._read_as.clear()
            self._read_as[symbol] = read_as
        return bool(state.ahead & read_as) or symbol in state.amid

    def _look_ahead(self, state: State) -> None:
        ahead = 0
        for place in state.places:
            at = self._nodes[place.node]
            if _is_amid(place.rest):
                state.amid += place.rest[0]
                continue
            if place.rest == TONE:
                state.amid += TONES
            for letter in self._children(place.node):
                ahead |= self._bits[letter]
            if at.depth:
                ahead |= self._bits[self._forms[at.low].letters[at.depth - 1]]  # said again
        state.ahead = ahead

    def _fresh(self, symbol: str) -> list[Place]:
        """The places at which literals begin that may begin with a symbol."""
        fresh = self._beginnings.get(symbol)
        if fresh is None:
            if len(self._beginnings) >= SYMBOLS_MAX:
                self._beginnings.clear()
            fresh = self._beginnings[symbol] = self._advance(_BEGINNING, symbol, False)
        return fresh

    def _may_be_inside(self, place: Place, symbol: str) -> bool:
        """Whether a literal may begin with this symbol inside a word; pinyin does not."""
        if word_class(symbol) and place.used & (PINYIN | INITIALS):
            return False
        return self._nodes[place.node].may_be_inside

    def _advance(self, places: Sequence[Place], symbol: str, touches: bool) -> list[Place]:
        """The places to which a symbol leads; `touches`: nothing parts it from what is before."""
        out: list[Place] = []
        read_as = self._reader.letters_of(symbol)
        is_letter = word_class(symbol) == LETTER
        for node, rest, used, since, alone in places:
            if rest and rest != _WAITS:
                if rest[0] == symbol or (rest == TONE and symbol in TONES):
                    out.append(Place(node, rest[1:], used, since + 1, alone))
                if rest != TONE:
                    continue
            depth = self._nodes[node].depth
            joined = touches and is_letter and rest != _WAITS and alone[1] == depth
            run = _NO_RUN if joined else alone
            children = self._children(node)
            exact = children.get(symbol)
            if exact is not None and _allows(self._nodes[exact].allowed, used):
                out.append(Place(exact, "", used, since + 1, run))
            letters = children if len(children) < len(read_as) else read_as
            for letter in letters:
                child, written = children.get(letter), read_as.get(letter)
                if child is None or written is None:
                    continue
                allowed = self._nodes[child].allowed
                for way, others in written:
                    if _allows(allowed, used | way):
                        now = run if way != LEET else _run(run, used, depth, symbol, touches)
                        out.append(Place(child, others, used | way, since + 1, now))
            if rest != _WAITS and symbol.isalpha():
                self._repeat(out, Place(node, rest, used, since, run), symbol)
        return out

    def _repeat(self, out: list[Place], place: Place, symbol: str) -> None:
        node, _, used, since, run = place
        at = self._nodes[node]
        if not at.depth or since >= 8 * at.depth + 16:
            return
        letter = self._forms[at.low].letters[at.depth - 1]
        if letter == symbol and _allows(at.allowed, used | REPEATS):
            out.append(Place(node, "", used | REPEATS, since + 1, run))

    def _children(self, node: int) -> dict[str, int]:
        at = self._nodes[node]
        if at.children is None:
            at.children = {}
            forms, low = self._forms, at.ends
            while low < at.high:
                letter, high = forms[low].letters[at.depth], low + 1
                while high < at.high and forms[high].letters[at.depth] == letter:
                    high += 1
                at.children[letter] = len(self._nodes)
                self._nodes.append(_Node(forms, low, high, at.depth + 1))
                low = high
        return at.children

    def _state(self, places: list[Place]) -> State:
        if not places:
            return self.root
        key = tuple(sorted(set(places)))
        state = self._states.get(key)
        if state is None:
            found = tuple(found for place in key for found in self._found(place))
            live = max((place.since for place in key if self._is_live(place)), default=0)
            state = State(key, found, live, max(place.since for place in key))
            self._states[key] = state
        return state

    def _found(self, place: Place) -> list[Found]:
        if place.rest and place.rest != TONE:
            return []
        node, out = self._nodes[place.node], []
        for form in self._forms[node.low : node.ends]:
            if place.used & ~form.ways or not (place.used or form.altered):
                continue
            if place.run != _NO_RUN and _is_what_it_seems(place.run, form):
                continue
            spelled = place.used & (PINYIN | INITIALS) and not word_class(form.letters[-1])
            out.append(Found(form, place.since, form.end_word or bool(spelled)))
        return out

    def _is_live(self, place: Place) -> bool:
        node = self._nodes[place.node]
        return _allows(node.halting if _is_amid(place.rest) else node.ahead, place.used)

    def _forget(self) -> None:
        """Past the bound. Who stands in a state may go on from it; nobody comes to it again."""
        self._states.clear()
        self.root.begins.clear()
        self.root.inside.clear()
        self._steps = 0


_BEGINNING: Final = (Place(0, "", 0, 0),)


def _waiting(places: Sequence[Place]) -> list[Place]:
    """The places after a sign that they take for a gap."""
    return [
        place._replace(rest=place.rest if _is_amid(place.rest) else _WAITS, since=place.since + 1)
        for place in places
    ]


def _is_amid(rest: str) -> bool:
    """Whether symbols of a spelling must still come."""
    return rest not in ("", TONE, _WAITS)


def _run(
    run: tuple[int, int], used: int, depth: int, symbol: str, touches: bool
) -> tuple[int, int]:  # fmt: skip
    """The run (see `Place`) where a symbol is read as the letter at `depth`. A sign behind a
    letter is punctuation and does not touch it; a digit does."""
    if symbol.isalpha():
        return _NO_RUN
    if used & LEET:
        goes_on = run[1] == depth < run[0] + _RUN_MAX
        return (run[0], depth + 1) if goes_on else _NO_RUN
    return _NO_RUN if touches and symbol.isalnum() else (depth, depth + 1)


def _is_what_it_seems(run: tuple[int, int], form: Form) -> bool:
    """Whether a run stands for whole words of a literal's own letters, but not for all of them."""
    if form.altered or run == (0, len(form.letters)):
        return False
    borders, at = {0}, 0
    for word in form.entry.words():
        at += len(word)
        borders.add(at)
    return run[0] in borders and run[1] in borders


def _allows(known: frozenset[int], used: int) -> bool:
    return any(not used & ~ways for ways in known)
