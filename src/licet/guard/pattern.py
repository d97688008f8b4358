"""The pattern language of rules: what may be written, and what it costs at most.

It refuses to know texts, streams and rules. A pattern becomes places (each reads one symbol) and
what may follow what (V. Glushkov, "The abstract theory of automata", 1961): no memory, no
backtracking, so that its cost is bounded by its size and its width is known before it runs.

Rules
1. Every repetition has an upper bound, so every match has one too: what a stream holds back for a
   pattern is bounded by its width.
2. A pattern reads folded text (`licet.guard.fold`): lower case, half width, simplified script. Its
   own letters are folded as well.
3. What cannot be kept within these bounds is refused with the cause and what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from licet.base.trouble import BadInput
from licet.guard.pattern_reading import Choice, Node, One, Parser, Repeat, Row, Symbols

WIDTH_MAX: Final = 400
"""No pattern may match more characters, whatever a pack allows."""
PLACES_MAX: Final = 1_000
STEPS_MAX: Final = 20_000
"""Bounds of one pattern's size: places, and pairs of places that follow each other."""
KEPT_MAX: Final = 256
"""Patterns that are not parsed again: more than ship, few enough to hold."""
_ANYTHING: Final = ("x", "7", "字", " ", "，", "★")
"""A place that reads all of these reads as good as anything."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, compiled. Places are numbered from 0.

    symbols[p]  what place p reads
    follow[p]   the places that may read the next symbol
    first       the places that may read the first one; `last`: that may read the last one
    """

    text: str
    symbols: tuple[Symbols, ...]
    follow: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]
    last: frozenset[int]
    width_min: int
    width_max: int


def _widths(node: Node) -> tuple[int, int]:
    """The least and the most symbols that a match of it has."""
    if isinstance(node, One):
        return 1, 1
    if isinstance(node, Repeat):
        least, most = _widths(node.part)
        return least * node.least, most * node.most
    widths = [_widths(part) for part in node.parts]
    if isinstance(node, Row):
        return sum(least for least, _ in widths), sum(most for _, most in widths)
    return min(least for least, _ in widths), max(most for _, most in widths)


def _size(node: Node) -> int:
    """The places that it takes when every repetition is written out."""
    if isinstance(node, One):
        return 1
    if isinstance(node, Repeat):
        return _size(node.part) * node.most
    return sum(_size(part) for part in node.parts)


@lru_cache(maxsize=KEPT_MAX)
def parse_pattern(text: str, width_max: int = WIDTH_MAX) -> Pattern:
    """The pattern that `text` writes. Raises BadInput with the cause and what to write instead.

    `width_max` is the pack's `lexical.pattern_characters_max`. A pattern is checked, then built
    into a machine, and again when rules are reloaded: the last ones are kept.
    """
    node = Parser(text).parse()
    least, most = _widths(node)
    if least < 2:
        raise BadInput(
            f"it matches as little as {least} character{'s' * (least != 1)}.",
            hint="Write one that reads two or more, or lawful text will be full of it.",
        )
    if most > min(width_max, WIDTH_MAX):
        raise BadInput(
            f"it may match {most:,} characters; the pack allows {min(width_max, WIDTH_MAX):,}.",
            hint="So much would be held back of a stream: write smaller bounds in {…}.",
        )
    if _size(node) > PLACES_MAX:
        raise _too_large()
    places = _Places()
    _, first, last = places.add(node)
    if any(all(one in places.symbols[place] for one in _ANYTHING) for place in first):
        raise BadInput(
            "it may begin with any character, so every text would be held back for it.",
            hint="Begin it with what must be there; what stands near can be a text of `requires`.",
        )
    return Pattern(
        text, tuple(places.symbols), tuple(tuple(sorted(set(after))) for after in places.follow),
        tuple(sorted(set(first))), frozenset(last), least, most,
    )  # fmt: skip


def _too_large() -> BadInput:
    return BadInput(
        "it is too large when its repetitions are written out.",
        hint="Write smaller bounds in {…}, or several patterns.",
    )


class _Places:
    """Writes a pattern out into places."""

    def __init__(self) -> None:
        self.symbols: list[Symbols] = []
        self.follow: list[list[int]] = []
        self._steps = 0

    def add(self, node: Node) -> tuple[bool, list[int], list[int]]:
        """Whether it may match nothing, its first places and its last ones."""
        if isinstance(node, One):
            self.symbols.append(node.symbols)
            self.follow.append([])
            place = len(self.symbols) - 1
            return False, [place], [place]
        if isinstance(node, Choice):
            empty = False
            first: list[int] = []
            last: list[int] = []
            for part in node.parts:
                one_empty, one_first, one_last = self.add(part)
                empty, first, last = empty or one_empty, first + one_first, last + one_last
            return empty, first, last
        if isinstance(node, Row):
            return self._row(node.parts)
        return self._repeat(node)

    def _row(self, parts: tuple[Node, ...]) -> tuple[bool, list[int], list[int]]:
        """Parts one after the other."""
        empty, first, last = True, list[int](), list[int]()
        for part in parts:
            one_empty, one_first, one_last = self.add(part)
            self._join(last, one_first)
            if empty:
                first = first + one_first
            last = last + one_last if one_empty else one_last
            empty = empty and one_empty
        return empty, first, last

    def _repeat(self, node: Repeat) -> tuple[bool, list[int], list[int]]:
        """Each turn leads to the next alone, so that a match knows how many it had: what is left
        out is left out at the end. A turn that may match nothing counts as one left out."""
        empty, first, before, last = node.least == 0, list[int](), list[int](), list[int]()
        for turn in range(1, node.most + 1):
            one_empty, one_first, one_last = self.add(node.part)
            empty = empty or one_empty
            self._join(before, one_first)
            first, before = first or one_first, one_last
            last = last + one_last if turn > node.least or one_empty else one_last
        return empty, first, last

    def _join(self, places: list[int], following: list[int]) -> None:
        self._steps += len(places) * len(following)
        if self._steps > STEPS_MAX:
            raise _too_large()
        for place in places:
            self.follow[place] += following
