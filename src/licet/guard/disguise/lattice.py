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
4. What is remembered is bounded: past STEPS_MAX all is forgotten and made anew when needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from licet.guard.disguise.spellings import Reader, signs
from licet.guard.disguise.ways import INITIALS, PINYIN, REPEATS
from licet.guard.fold import word_class
from licet.guard.literal import Entry

STEPS_MAX: Final = 200_000
"""Some 150 bytes each."""
_WAITS: Final = "\x00"
"""The rest of a place that has read a sign as a gap: at its node, with nothing to be found."""


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


class Found(NamedTuple):
    """A form of which a state is the end: it began `since` symbols ago."""

    form: Form
    since: int
    must_end_word: bool


class State:
    """All the places in which a text may be, and the steps from here that are known so far."""

    __slots__ = ("begins", "found", "inside", "live", "longest", "places")

    def __init__(
        self, places: tuple[Place, ...], found: tuple[Found, ...], live: int, longest: int
    ) -> None:
        self.places = places
        self.found = found
        self.live = live
        """Symbols since the oldest place began that may still become a halting match; 0: none."""
        self.longest = longest
        self.begins: dict[str, State] = {}
        """Symbol -> state, where a word may begin with the symbol."""
        self.inside: dict[str, State] = {}
        """The same where the symbol goes on with a word."""


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
        self._beginnings: dict[str, list[Place]] = {}  # as many as there are symbols, at most
        self._steps = 0
        used = 0
        for form in self._forms:
            used |= form.ways
        self._reader = Reader({c for f in self._forms for c in f.letters}, used)
        self.signs = signs()
        self.root = State((), (), 0, 0)
        """Nothing is open."""
        self.gap = State((), (), 0, 0)
        """Where a sign leads that is a gap and nothing else."""

    def step(self, state: State, symbol: str, starts: bool) -> State:
        """Where a symbol leads; `starts`: whether a word may begin with it. Remembered in the
        state's `begins` or `inside`, where callers look first."""
        places = self._advance(state.places, symbol)
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
        (state.begins if starts else state.inside)[symbol] = following
        return following

    def _fresh(self, symbol: str) -> list[Place]:
        """The places at which literals begin that may begin with a symbol."""
        fresh = self._beginnings.get(symbol)
        if fresh is None:
            fresh = self._beginnings[symbol] = self._advance(_BEGINNING, symbol)
        return fresh

    def _may_be_inside(self, place: Place, symbol: str) -> bool:
        """Whether a literal may begin with this symbol inside a word; pinyin does not."""
        if word_class(symbol) and place.used & (PINYIN | INITIALS):
            return False
        return self._nodes[place.node].may_be_inside

    def _advance(self, places: Sequence[Place], symbol: str) -> list[Place]:
        """The places to which a symbol leads."""
        out: list[Place] = []
        read_as = self._reader.letters_of(symbol)
        for node, rest, used, since in places:
            if rest and rest != _WAITS:
                if rest[0] == symbol:
                    out.append(Place(node, rest[1:], used, since + 1))
                continue
            children = self._children(node)
            exact = children.get(symbol)
            if exact is not None and _allows(self._nodes[exact].allowed, used):
                out.append(Place(exact, "", used, since + 1))
            letters = children if len(children) < len(read_as) else read_as
            for letter in letters:
                child, written = children.get(letter), read_as.get(letter)
                if child is None or written is None:
                    continue
                allowed = self._nodes[child].allowed
                for way, others in written:
                    if _allows(allowed, used | way):
                        out.append(Place(child, others, used | way, since + 1))
            if not rest and symbol.isalpha():
                self._repeat(out, node, symbol, used, since)
        return out

    def _repeat(self, out: list[Place], node: int, symbol: str, used: int, since: int) -> None:
        at = self._nodes[node]
        if not at.depth or since >= 8 * at.depth + 16:
            return
        letter = self._forms[at.low].letters[at.depth - 1]
        if letter == symbol and _allows(at.allowed, used | REPEATS):
            out.append(Place(node, "", used | REPEATS, since + 1))

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
        if place.rest:
            return []
        node, out = self._nodes[place.node], []
        for form in self._forms[node.low : node.ends]:
            if place.used & ~form.ways or not (place.used or form.altered):
                continue
            spelled = place.used & (PINYIN | INITIALS) and not word_class(form.letters[-1])
            out.append(Found(form, place.since, form.end_word or bool(spelled)))
        return out

    def _is_live(self, place: Place) -> bool:
        node = self._nodes[place.node]
        spelling = place.rest and place.rest != _WAITS
        return _allows(node.halting if spelling else node.ahead, place.used)

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
        Place(node, rest or _WAITS, used, since + 1) for node, rest, used, since in places
    ]  # fmt: skip


def _allows(known: frozenset[int], used: int) -> bool:
    return any(not used & ~ways for ways in known)
