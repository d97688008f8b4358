"""An Aho-Corasick automaton that knows how much of a text is still alive.

It refuses to know characters' meaning, gaps and offsets: it follows letters.

Source: A. Aho, M. Corasick, "Efficient string matching", CACM 18(6), 1975. What is added, and why
no library serves: a caller can ask in each state for the longest suffix that may still become a
match *that halts*. That suffix, and nothing more, is what a stream must hold back.

Each state is a number; 0 is the root. For state s
    goto[s]     letter -> state, of the trie alone
    fail[s]     state of the longest proper suffix that is in the trie
    depth[s]    letters on the way from the root
    out[s]      entries that end here, those of the suffixes included
    need[s]     whether every entry that passes here must begin at a word's beginning
    live[s]     the longest suffix state (s itself included) with a halting entry still ahead

free_root are the beginnings that may stand inside a word.
"""

from __future__ import annotations

from collections.abc import Sequence

from licet.guard.literal import Entry


class Automaton:
    """Built once from entries; immutable afterwards; shared by all streams."""

    __slots__ = ("depth", "entries", "fail", "free_root", "goto", "length_max", "live", "need",
                 "out")  # fmt: skip

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self.goto: list[dict[str, int]] = [{}]
        self.depth = [0]
        self.out: list[tuple[Entry, ...]] = [()]
        self.need = [True]
        self.fail: list[int] = []
        self.live: list[int] = []
        self.length_max = max((len(e.letters) for e in entries), default=0)
        halts_ahead = [False]
        for entry in entries:
            self._insert(entry, halts_ahead)
        self.free_root = {c: s for c, s in self.goto[0].items() if not self.need[s]}
        self._link(halts_ahead)

    def _insert(self, entry: Entry, halts_ahead: list[bool]) -> None:
        goto, state, halts = self.goto, 0, entry.action == "halt"
        for letter in entry.letters:
            halts_ahead[state] = halts_ahead[state] or halts
            following = goto[state].get(letter)
            if following is None:
                following = len(goto)
                goto[state][letter] = following
                goto.append({})
                self.depth.append(self.depth[state] + 1)
                self.out.append(())
                self.need.append(True)
                halts_ahead.append(False)
            state = following
            if not entry.start_word:
                self.need[state] = False
        self.out[state] += (entry,)

    def _link(self, halts_ahead: list[bool]) -> None:
        """Breadth first: failure links, inherited outputs, live suffixes."""
        goto, fail, out = self.goto, [0] * len(self.goto), self.out
        live = [0] * len(goto)
        queue = list(goto[0].values())
        for state in queue:
            live[state] = state if halts_ahead[state] else 0
        for state in queue:  # grows while it is walked
            for letter, child in goto[state].items():
                suffix = fail[state]
                while suffix and letter not in goto[suffix]:
                    suffix = fail[suffix]
                target = goto[suffix].get(letter, 0)
                fail[child] = target
                if out[target]:
                    out[child] += out[target]
                live[child] = child if halts_ahead[child] else live[target]
                queue.append(child)
        self.fail, self.live = fail, live
