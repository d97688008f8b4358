"""What a fuzz target is: inputs to draw, and what must hold for each of them.

It refuses to know what is fuzzed and for how long.

Rules
1. `check` returns where all is well and raises where something is not; the only exceptions that
   the code under test may raise are those that its docstring names, and `check` names them too.
2. An input takes at most CPU_S_MAX of processor time: what takes longer is a fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

CPU_S_MAX = 2.0
"""For inputs of a few kilobytes; on a slow machine they take milliseconds."""


class TooSlow(AssertionError):
    """An input took more processor time than any input may."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz. `name` is how it is chosen on the command line."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


@dataclass(slots=True)
class Tally:
    """What running a target came to so far. Seconds are of processor time."""

    count: int = 0
    longest_s: float = 0.0

    def counted(self, check: Callable[[Any], None]) -> Callable[[Any], None]:
        """The same check, counted and held to its time."""

        def one(value: Any) -> None:
            began_s = time.thread_time()
            check(value)
            taken_s = time.thread_time() - began_s
            self.count += 1
            self.longest_s = max(self.longest_s, taken_s)
            if taken_s > CPU_S_MAX:
                raise TooSlow(f"took {taken_s:.1f} s of processor time, {CPU_S_MAX} allowed")

        return one


Edit = tuple[int, int, int, bytes]
"""(what, where, how much, with what): one change to some bytes."""


def spoil(data: bytes, edits: Sequence[Edit]) -> bytes:
    """`data` after some edits: replaced, inserted, deleted, repeated, swapped, cut off."""
    for what, where, size, piece in edits:
        at = where % (len(data) + 1)
        stop = at + size
        if what == 0:
            data = data[:at] + piece + data[stop:]
        elif what == 1:
            data = data[:at] + piece + data[at:]
        elif what == 2:
            data = data[:at] + data[stop:]
        elif what == 3:
            data = data[:stop] + data[at:stop] + data[stop:]
        elif what == 4:
            data = data[:at] + data[stop : stop + size] + data[at:stop] + data[stop + size :]
        else:
            data = data[:at]
    return data


def spoilt(corpus: Sequence[bytes], pieces: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Bytes of the corpus with up to eight edits; `pieces` are what such input is made of."""
    drawn = st.binary(max_size=8)
    written = st.one_of(st.sampled_from(pieces), drawn) if pieces else drawn
    edit = st.tuples(st.integers(0, 5), st.integers(0, 1 << 16), st.integers(0, 40), written)
    return st.builds(spoil, st.sampled_from(corpus), st.lists(edit, max_size=8))


def cut_up(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """`data` in pieces: cut at those places, wrapped around its length."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.integers(0, 1 << 16), max_size=12)
