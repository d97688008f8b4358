"""An Aho-Corasick automaton that knows how much of a text is still alive.

It refuses to know characters' meaning, gaps and offsets: it follows letters.

Source: A. Aho, M. Corasick, "Efficient string matching", CACM 18(6), 1975. What is added, and why
no library serves: a caller can ask in each state for the longest suffix that may still become a
match *that halts*. That suffix, and nothing more, is what a stream must hold back.

Each state is a number; 0 is the root. For state s
    goto[s]     letter -> state, of the trie alone; None until somebody comes by: ask `opened`
    fail[s]     state of the longest proper suffix that is in the trie
    depth[s]    letters on the way from the root
    out[s]      entries that end here, those of the suffixes included
    need[s]     whether every entry that passes here must begin at a word's beginning
    live[s]     the longest suffix state (s itself included) with a halting entry still ahead

Rules
1. States are made when a text first comes to them: of 100,000 literals, texts visit few. What is
   asked of a state is the same whenever it was made.
2. Where a state is open, so are all its suffixes; so opening one never recurses.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate

from licet.guard.literal import Entry


class Automaton:
    """Built once from entries; grows with what is read, and answers the same; shared by all
    streams of a thread."""

    __slots__ = ("_free", "_halting", "_high", "_letters", "_low", "_sorted", "depth", "entries",
                 "fail", "goto", "length_max", "live", "need", "out")  # fmt: skip

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self.length_max = max((len(e.letters) for e in entries), default=0)
        # A state is a range of the sorted entries: those that begin with its letters.
        self._sorted: list[Entry] = sorted(self.entries, key=lambda entry: entry.letters)
        self._letters: list[str] = [entry.letters for entry in self._sorted]
        halting = (int(entry.action == "halt") for entry in self._sorted)
        free = (int(not entry.start_word) for entry in self._sorted)
        self._halting: list[int] = [0, *accumulate(halting)]
        self._free: list[int] = [0, *accumulate(free)]
        self.goto: list[dict[str, int] | None] = [None]
        self.depth: list[int] = [0]
        self.out: list[tuple[Entry, ...]] = [()]
        self.need: list[bool] = [True]
        self.fail: list[int] = [0]
        self.live: list[int] = [0]
        self._low: list[int] = [0]
        self._high: list[int] = [len(self._sorted)]
        self._open(0)

    def opened(self, state: int) -> dict[str, int]:
        """`goto[state]`, made where it was not yet."""
        found = self.goto[state]
        if found is not None:
            return found
        pending = [state]
        suffix = self.fail[state]
        while self.goto[suffix] is None:
            pending.append(suffix)
            suffix = self.fail[suffix]
        while len(pending) > 1:
            self._open(pending.pop())
        return self._open(state)

    def goes_on(self, state: Hashable, letter: str) -> bool:
        """Whether a state, or a suffix of it but the root, goes on with a letter."""
        assert isinstance(state, int)
        while state:
            if letter in self.opened(state):
                return True
            state = self.fail[state]
        return False

    def _open(self, state: int) -> dict[str, int]:
        """Make the children of a state whose suffixes are open."""
        letters, depth = self._letters, self.depth[state]
        low, high = self._low[state], self._high[state]
        while low < high and len(letters[low]) == depth:
            low += 1
        edges: dict[str, int] = {}
        self.goto[state] = edges
        while low < high:
            letter = letters[low][depth]
            end = self._end_of(letter, depth, low, high)
            edges[letter] = self._add(state, letter, low, end)
            low = end
        return edges

    def _end_of(self, letter: str, depth: int, low: int, high: int) -> int:
        """Where the entries with this letter end, that begin at `low`."""
        letters, step = self._letters, 1
        while low + step < high and letters[low + step][depth] == letter:
            low, step = low + step, step * 2
        high = min(high, low + step)
        while high - low > 1:
            middle = (low + high) // 2
            if letters[middle][depth] == letter:
                low = middle
            else:
                high = middle
        return high

    def _add(self, parent: int, letter: str, low: int, high: int) -> int:
        """A new state below `parent` for entries low to high."""
        state, depth = len(self.goto), self.depth[parent] + 1
        target, suffix = 0, parent
        while suffix:
            suffix = self.fail[suffix]
            edges = self.goto[suffix]
            assert edges is not None  # rule 2
            found = edges.get(letter)
            if found is not None:
                target = found
                break
        end = low
        while end < high and len(self._letters[end]) == depth:
            end += 1
        halts_ahead = self._halting[high] > self._halting[end]
        self.goto.append(None)
        self.depth.append(depth)
        self.fail.append(target)
        self.out.append((*self._sorted[low:end], *self.out[target]))
        self.need.append(self._free[high] == self._free[low])
        self.live.append(state if halts_ahead else self.live[target])
        self._low.append(low)
        self._high.append(high)
        return state
