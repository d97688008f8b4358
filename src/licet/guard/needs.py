"""Tells of a whole text at a glance that none of many patterns can match in it.

It refuses to decide: it may say that a match is possible where none is, never the reverse.

Rules
1. A pattern through which no way leads without a digit needs a digit. Any other needs one of its
   beginnings: the texts, BEGINNINGS_MAX at most, with which every match of it begins.
2. A pattern that begins in too many ways may match in every text.
3. So may all patterns in a text with a symbol that is not what it looks like (an escape, a skip).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from licet.guard import fold
from licet.guard.pattern import Pattern
from licet.guard.pattern_reading import Symbols

BEGINNINGS_MAX: Final = 64
_LENGTH: Final = 4
_DIGITS: Final = "0123456789"
_DIGIT: Final = re.compile("[0-9]")
_MARKS: Final = (fold.ESCAPE, fold.EXPAND, fold.SURROGATE, fold.SKIP)


class Needs(NamedTuple):
    """What a text must hold: one of these, in the written view's symbols."""

    digit: bool
    beginnings: tuple[str, ...]
    anything: bool
    """Whether some pattern needs nothing that could be named here."""

    def may_be_met(self, symbols: str) -> bool:
        """Whether any pattern may match in a text of these symbols."""
        if self.anything or (self.digit and _DIGIT.search(symbols) is not None):
            return True
        if any(beginning in symbols for beginning in self.beginnings):
            return True
        if any(mark in symbols for mark in _MARKS):
            return True
        return not symbols.isascii() and max(symbols) >= fold.PLANE_14


def needs_of(patterns: Iterable[Pattern]) -> Needs:
    """What any of these patterns needs."""
    digit = anything = False
    beginnings: set[str] = set()
    for pattern in patterns:
        if not _leads_through(pattern):
            digit = True
            continue
        mine = _beginnings(pattern)
        anything = anything or mine is None
        beginnings |= mine or set()
    return Needs(digit, tuple(sorted(beginnings)), anything)


def _leads_through(pattern: Pattern) -> bool:
    """Whether a match may have no digit."""
    clear = [not _is_digit(symbols) for symbols in pattern.symbols]
    todo = [place for place in pattern.first if clear[place]]
    seen = set(todo)
    while todo:
        place = todo.pop()
        if place in pattern.last:
            return True
        for after in pattern.follow[place]:
            if clear[after] and after not in seen:
                seen.add(after)
                todo.append(after)
    return False


def _is_digit(symbols: Symbols) -> bool:
    """Whether it reads digits and nothing else."""
    inside = all(low in _DIGITS and high in _DIGITS for low, high in symbols.ranges)
    return not symbols.negated and inside and set(symbols.classes) <= {"d"}


def _beginnings(pattern: Pattern) -> set[str] | None:
    """The texts with which every match begins; None where they are too many."""
    open_: dict[int, set[str]] = {}
    for place in pattern.first:
        chars = _few(pattern.symbols[place])
        if chars is None:
            return None
        open_.setdefault(place, set()).update(chars)
    done: set[str] = set()
    for _ in range(_LENGTH - 1):
        further: dict[int, set[str]] = {}
        for place, texts in open_.items():
            following = [(after, _few(pattern.symbols[after])) for after in pattern.follow[place]]
            if place in pattern.last or any(chars is None for _, chars in following):
                done |= texts
                continue
            for after, chars in following:
                longer = {text + char for text in texts for char in chars or ""}
                further.setdefault(after, set()).update(longer)
        if len(done) + sum(map(len, further.values())) > BEGINNINGS_MAX:
            break
        open_ = further
    for texts in open_.values():
        done |= texts
    return done if len(done) <= BEGINNINGS_MAX else None


def _few(symbols: Symbols) -> str | None:
    """The symbols of a small set; None of a large one."""
    if symbols.negated or set(symbols.classes) - {"d"}:
        return None
    chars = _DIGITS if symbols.classes else ""
    for low, high in symbols.ranges:
        if ord(high) - ord(low) > len(_DIGITS):
            return None
        chars += "".join(map(chr, range(ord(low), ord(high) + 1)))
    return chars
