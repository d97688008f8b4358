"""Several scanners read one text together, and what they made of a character before is looked up.

What scanners make of a character depends on what each has open, told from where it stands, and
not on where in the text that is. So what all of them have open is a state, and a character leads
from state to state. A state is made when a text first comes to it, by real scanners that read the
character there; from then on a character costs one look-up, whatever the scanners do and however
many they are.

Source: determinisation while reading, as in K. Thompson, "Regular expression search algorithm",
CACM 11(6), 1968, and today in RE2.

It refuses to know what scanners look for.

Rules
1. Scanners alone say what is found and what is held; here it is only remembered.
2. What finds something, and an escape of several characters, is not remembered: the scanners
   themselves read on from there until nothing of the kind is open.
3. A letter with which nothing goes on that is open leads where it would if nothing were: so rare
   pairs of characters are no steps of their own. Of Chinese by many hands a pair in four is new
   after a million characters.
4. At most STEPS_MAX steps that scanners made, and states, are remembered; then remembering begins
   anew. Texts that stand in a state go on from it. Steps by rule 3 cost less and are remembered
   besides, up to ANEW_MAX; then they are worked out each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, NamedTuple

from mypy_extensions import i64

from licet.guard.fold import View
from licet.guard.footing import Stance
from licet.guard.hit import HITS_MAX, Hit
from licet.guard.scanner import Scanner
from licet.guard.step_table import UNKNOWN, StepTable

STEPS_MAX: Final = 100_000
"""Some 300 bytes each, with the states that they lead to and what a lattice remembers for them."""
ANEW_MAX: Final = 400_000
"""Sixteen bytes each."""
LETTERS_MAX: Final = 1 << 14
"""Of so many characters it is remembered what letters they are."""
_CAREFUL_CHARACTERS: Final = 16
"""After so many the scanners are asked whether what they have open may be remembered again."""
_ANYWHERE: Final = 1 << 32
"""Where scanners stand that take a step for all texts."""


class Walk(NamedTuple):
    """What a scanner walks."""

    view: View
    goes_on: Callable[[Hashable, str], bool]
    """Whether anything that is open there (`Footing.inside`) may go on with a letter."""


class State:
    """What all scanners have open. `node`: what its steps are known by; nothing is known of one
    that was forgotten."""

    __slots__ = ("epoch", "held", "is_end", "node", "rest", "stances", "unsettled")

    def __init__(
        self, stances: tuple[Stance, ...], held: int, unsettled: int, epoch: int = 0,
        node: i64 = UNKNOWN,
    ) -> None:  # fmt: skip
        self.stances = stances
        self.held = held
        """Characters, the last one being the one just read, that are not beyond suspicion."""
        self.unsettled = unsettled
        """Characters among which a literal may have ended that is not found yet."""
        self.node = node
        self.epoch = epoch
        """How often all had been forgotten when it was made."""
        self.is_end = False
        """Whether it is known that nothing comes of it where a text ends here."""
        self.rest: State | None = None
        """The same with nothing open; itself where that is not to be told. None: not known yet."""


class LazyDfa:
    """What texts have made of some scanners so far; grows with what is read, and answers the same.
    Shared by all texts of a thread."""

    __slots__ = ("_letters", "_make", "_spare", "_states", "_walks", "begin", "epoch", "made",
                 "named", "steps", "unknown")  # fmt: skip

    def __init__(self, make: Callable[[], list[Scanner]], walks: Sequence[Walk] = ()) -> None:
        """`make` gives scanners that have read nothing, of the same kinds each time. `walks`: what
        they walk; without it every pair of characters is a step."""
        self._make = make
        self._walks = tuple(walks)
        self._letters: dict[str, tuple[str, ...]] = {}
        """The letter that a character is to each scanner, if it is one to all; else empty."""
        self._states: dict[tuple[Stance, ...], State] = {}
        self.steps = StepTable()
        """By node and code point: the node of the state behind; 0 where it is `unknown`."""
        self.made: i64 = 0
        """Of these steps, how many scanners made."""
        self.epoch = 0
        """How often all was forgotten: states of an earlier one are led to no more."""
        self._spare: list[Scanner] = []
        self.unknown = State((), 0, 0, node=0)
        """Where a character leads that is not remembered (rule 2)."""
        self.named: list[State] = [self.unknown]
        """States by node."""
        self.begin = self.state_of(make())

    def scanners(self, state: State, at: int) -> list[Scanner]:
        """Scanners that stand in a state, at an offset."""
        scanners, self._spare = self._spare or self._make(), []
        for scanner, stance in zip(scanners, state.stances, strict=True):
            scanner.take_stance(stance, at)
        return scanners

    def state_of(self, scanners: list[Scanner]) -> State:
        """The state in which scanners stand; `unknown` where that is not to be remembered."""
        held = unsettled = 0
        for scanner in scanners:
            if not scanner.is_known:
                return self.unknown
            held = max(held, scanner.read - scanner.free)
            unsettled = max(unsettled, scanner.read - scanner.settled)
        return self._state(tuple([scanner.stance() for scanner in scanners]), held, unsettled)

    def _state(self, stances: tuple[Stance, ...], held: int, unsettled: int) -> State:
        state = self._states.get(stances)
        if state is None:
            if len(self.named) > STEPS_MAX:
                self._forget()
            state = State(stances, held, unsettled, self.epoch, len(self.named))
            self._states[stances] = state
            self.named.append(state)
        return state

    def step(self, state: State, char: str) -> State:
        """Where a character leads of which nothing is remembered in this state."""
        rest = self._rest_of(state)
        if rest is not state and self._begins_anew(state, char):
            known = self.steps.find(rest.node, i64(ord(char)))
            following = self._make_step(rest, char) if known == UNKNOWN else self.named[known]
            if state.node > 0 and self.steps.known - self.made < ANEW_MAX:
                self.steps.put(state.node, ord(char), following.node)
            return following
        return self._make_step(state, char)

    def _rest_of(self, state: State) -> State:
        rest = state.rest
        if rest is None or rest.epoch != self.epoch:
            rest = state.rest = self._at_rest(state) if self._walks else state
        return rest

    def _at_rest(self, state: State) -> State:
        begins = [stance[0] for stance in self.begin.stances]
        is_begin = True
        for stance, begin in zip(state.stances, begins, strict=True):
            now = stance[0]
            if len(stance) > 1 or now.endings or now.escape or now.unseen:
                return state
            if now.word != begin.word:
                is_begin = False
        if is_begin:
            return self.begin
        pairs = zip(state.stances, begins, strict=True)
        rests = [(begin._replace(word=stance[0].word),) for stance, begin in pairs]
        return self._state(tuple(rests), 0, 0)

    def _begins_anew(self, state: State, char: str) -> bool:
        """Rule 3."""
        letters = self._letters.get(char)
        if letters is None:
            if len(self._letters) >= LETTERS_MAX:
                self._letters.clear()
            letters = tuple([walk.view.letter(char) for walk in self._walks])
            letters = self._letters[char] = letters if all(letters) else ()
        if not letters:
            return False
        for walk, letter, stance in zip(self._walks, letters, state.stances, strict=True):
            if walk.goes_on(stance[0].inside, letter):
                return False
        return True

    def _make_step(self, state: State, char: str) -> State:
        """Where a character leads by what scanners make of it; remembered."""
        scanners = self.scanners(state, _ANYWHERE)
        for scanner in scanners:
            scanner.feed(char)
        following = self.state_of(scanners)
        self._spare = scanners
        if self.made >= STEPS_MAX:
            self._forget()
        elif state.node > 0:
            self.steps.put(state.node, ord(char), following.node)
            self.made += 1
        return following

    def _forget(self) -> None:
        """Rule 4. Who stands in a state may go on from it; nobody comes to it again."""
        for state in self.named[self.begin.node + 1 :]:
            state.node = UNKNOWN
        self._states = {self.begin.stances: self.begin}
        self.named = [self.unknown, self.begin]
        self.steps.clear()
        self.made = 0
        self.epoch += 1
        self.begin.epoch = self.epoch


class Reading:
    """One text. Feed it, look at `hits`, `flags` and `free`, then `finish`."""

    __slots__ = ("_at", "_dfa", "_now", "_scanners", "flags", "free", "hits", "noted")

    def __init__(self, dfa: LazyDfa) -> None:
        self._dfa = dfa
        self._now = dfa.begin
        self._scanners: list[Scanner] = []  # those that read carefully, if it must be
        self._at = 0
        self.free = 0
        """What lies before is beyond suspicion."""
        self.hits: list[Hit] = []
        """Of what halts, what each scanner found first; such a scanner reads nothing more."""
        self.flags: list[Hit] = []
        """What only flags; one list, which may be cleared."""
        self.noted = 0
        """How often scanners had to read carefully."""

    @property
    def state(self) -> State | None:
        """What is open; None where scanners read carefully."""
        return None if self._scanners else self._now

    def pass_over(self, length: int, state: State) -> None:
        """So many characters, begun in a state, are known to lead to this one."""
        self._now = state
        self._at += length
        self.free = self._at - state.held

    @property
    def settled(self) -> int:
        """Every finding that ends here or before is known, but for what comes after a hit."""
        if not self._scanners:
            return self._at - self._now.unsettled
        return min([one.settled for one in self._scanners if one.hit is None], default=self._at)

    def feed(self, text: str) -> None:
        """Read on."""
        index, length = 0, len(text)
        while index < length:
            index = self._carefully(text, index) if self._scanners else self._quickly(text, index)

    def finish(self) -> None:
        """The text is over: what was waiting for more is decided."""
        if self._scanners:
            self._end()
        elif self._now.is_end:
            self.free = self._at
        else:
            now, self._scanners = self._now, self._dfa.scanners(self._now, self._at)
            self._end()
            found = self.hits or self.flags or now.held or now.unsettled
            if not found and self._dfa.state_of(self._scanners) is now:
                now.is_end, self._scanners = True, []

    def _end(self) -> None:
        for scanner in self._scanners:
            scanner.finish()
        self._collect()

    def _quickly(self, text: str, index: int) -> int:
        """Read what is remembered, and remember what was not; returns where that ends."""
        now, dfa, steps = self._now, self._dfa, self._dfa.steps
        node: i64 = now.node
        at: i64 = index
        length: i64 = len(text)
        while at < length:
            behind = steps.find(node, i64(ord(text[at])))
            if behind <= 0:
                if now.node != node:
                    now = dfa.named[node]
                following = dfa.unknown if behind == 0 else dfa.step(now, text[at])
                if following is dfa.unknown:
                    self._scanners = dfa.scanners(now, self._at + at - index)
                    self.noted += 1
                    node = now.node  # all may have been forgotten
                    break
                now, behind = following, following.node
            node = behind
            at += 1
        if now.node != node:
            now = dfa.named[node]
        self._now = now
        self._at += at - index
        self.free = self._at - now.held
        return at

    def _carefully(self, text: str, index: int) -> int:
        """Let the scanners read a little; returns up to where."""
        piece = text[index : index + _CAREFUL_CHARACTERS]
        for scanner in self._scanners:
            scanner.feed(piece)
        self._at += len(piece)
        self._collect()
        if not self.hits:
            state = self._dfa.state_of(self._scanners)
            if state is not self._dfa.unknown:
                self._now, self._scanners = state, []
        return index + len(piece)

    def _collect(self) -> None:
        """Take from the scanners what they have found."""
        hits: list[Hit] = []
        free = self._at
        for scanner in self._scanners:
            if scanner.hit is not None:
                hits.append(scanner.hit)
            if scanner.flags:
                self.flags += scanner.flags[: HITS_MAX - len(self.flags)]
                scanner.flags.clear()
            free = min(free, scanner.free)
        self.hits = hits
        self.free = free
