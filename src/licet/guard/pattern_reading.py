"""Reads the text of a pattern: what it is made of, or why it cannot be read.

It refuses to know size, width and matching. The language is that of `re` without what has no upper
bound, looks around, remembers or depends on the ends of a text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from licet.base.trouble import BadInput
from licet.guard import fold
from licet.guard.fold_signs import digits

_DEPTH_MAX: Final = 20
_FOLDED_RANGE_MAX: Final = 2_000

_LAST: Final = chr(sys.maxunicode)
_CLASS_BOUNDS: Final = ("\n", "\x0b", "0", ":", "_", "`")

Range = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Symbols:
    """A set of symbols: ranges (inclusive) and classes out of `dwsDWS.`, or all but these."""

    ranges: tuple[Range, ...]
    classes: str = ""
    negated: bool = False

    def __contains__(self, symbol: str) -> bool:
        inside = any(low <= symbol <= high for low, high in self.ranges) or any(
            _in_class(symbol, name) for name in self.classes
        )
        return inside != self.negated

    def bounds(self) -> Iterator[str]:
        """Where membership may change: between two bounds, all letters and digits are in the set
        or none is, all spaces or none, all others or none."""
        for low, high in self.ranges:
            yield low
            if high < _LAST:
                yield chr(ord(high) + 1)
        if self.classes:
            yield from _CLASS_BOUNDS


def _in_class(symbol: str, name: str) -> bool:
    if name == ".":
        return symbol != "\n"
    if name in "dD":
        return ("0" <= symbol <= "9") == (name == "d")
    if name in "wW":
        return (symbol.isalnum() or symbol == "_") == (name == "w")
    return symbol.isspace() == (name == "s")


@dataclass(frozen=True, slots=True)
class One:
    """A place that reads one symbol."""

    symbols: Symbols


@dataclass(frozen=True, slots=True)
class Row:
    """Parts that follow each other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Parts of which one is there."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, `least` to `most` times."""

    part: Node
    least: int
    most: int


Node = One | Row | Choice | Repeat


_BOUNDS = re.compile(r"\{(?:(\d{0,4})(,)?(\d{0,4}))\}")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_UNBOUNDED = "`{0}` has no upper bound."
_BOUND_IT = "Write how often at most: {{1,20}} for +, {{0,20}} for *; smaller is better."


class Parser:
    """One pattern, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._choice()
        if self._at < len(self._text):
            self._refuse("`)` closes nothing.", r"Write \) for the character itself.")
        return node

    def _choice(self) -> Node:
        parts = [self._row()]
        while self._next() == "|":
            self._at += 1
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _row(self) -> Node:
        parts: list[Node] = []
        while (char := self._next()) and char not in "|)":
            parts.append(self._repeated(self._atom(char)))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self, node: Node) -> Node:
        char = self._next()
        if char in ("*", "+"):
            self._refuse(_UNBOUNDED.format(char), _BOUND_IT.format())
        least, most = 1, 1
        if char == "?":
            least, self._at = 0, self._at + 1
        elif char == "{":
            least, most = self._bounds()
        else:
            return node
        if self._next() and self._next() in "?+*{":
            self._refuse(
                f"`{self._next()}` stands behind a repetition.",
                "Leave it out: every match is looked at, so lazy or not makes no difference.",
            )
        return Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int]:
        found = _BOUNDS.match(self._text, self._at)
        if found is None or not (found[1] or found[3]):
            self._refuse(
                "`{` begins no repetition.", r"Write {3}, {2,5}, or \{ for the character itself."
            )
        if found[2] and not found[3]:
            self._refuse(_UNBOUNDED.format(found[0]), "Write how often at most: {1,20}.")
        least = int(found[1] or 0)
        most = int(found[3]) if found[3] else least
        if least > most or most == 0:
            self._refuse(f"`{found[0]}` cannot be.", "Write the smaller number first: {2,5}.")
        self._at = found.end()
        return least, most

    def _atom(self, char: str) -> Node:
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            return One(self._set())
        if char == ".":
            return One(Symbols((), "."))
        if char in "^$":
            self._refuse(
                f"`{char}` marks an end of the text.",
                f"Leave it out; write \\{char} for the character itself.",
            )
        if char in "*+?{":
            self._refuse(f"`{char}` repeats nothing.", f"Write \\{char} for the character itself.")
        if char == "\\":
            return self._escaped()
        return _written(char)

    def _group(self) -> Node:
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                looks = self._text.startswith(("?=", "?!", "?<=", "?<!"), self._at)
                self._refuse(
                    f"`(?{self._text[self._at + 1 : self._at + 2]}` is not read here.",
                    "Write what must stand near as texts of `requires`, what excuses a match as"
                    " texts of `allow`, with `within_characters`."
                    if looks
                    else "Write ( … ) or (?: … ); case never matters.",
                )
            self._at += 2
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            self._refuse("groups are nested too deep.", "Write it flatter.")
        node = self._choice()
        if self._next() != ")":
            self._refuse(
                "a `(` is not closed.", r"Close it, or write \( for the character itself."
            )
        self._at += 1
        self._depth -= 1
        return node

    def _escaped(self) -> Node:
        char = self._take_escape()
        if len(char) == 2:
            return One(Symbols((), char[1]))
        return _written(char)

    def _take_escape(self) -> str:
        r"""What stands behind a backslash: a character, or `\d` and its like as they are."""
        char = self._next()
        self._at += 1
        if char and char in "dwsDWS":
            return f"\\{char}"
        if char in ("u", "x"):
            count = 4 if char == "u" else 2
            digits = self._text[self._at : self._at + count]
            if len(digits) < count or re.fullmatch(r"[0-9a-fA-F]*", digits) is None:
                self._refuse(f"`\\{char}` wants hexadecimal digits.", r"Write \u4e00 or \x41.")
            self._at += len(digits)
            return chr(int(digits, 16))
        if char in _CONTROL:
            return _CONTROL[char]
        if char and char in "bBAZz":
            self._refuse(
                f"`\\{char}` is not read here.",
                "Leave it out: a match begins and ends where a word or number does, unless"
                ' word = "any".',
            )
        if char.isdigit():
            self._refuse(
                f"`\\{char}` refers back to a group.", "Write the part out once more instead."
            )
        if not char or char.isalnum():
            self._refuse(
                f"`\\{char}` means nothing here.",
                r"Known are \d \w \s \D \W \S \n \t \uXXXX, and \ before a sign.",
            )
        return char

    def _set(self) -> Symbols:
        """What stands between [ and ]."""
        negated = self._next() == "^"
        self._at += negated
        ranges: list[Range] = []
        classes = ""
        while (char := self._next()) != "]" or not (ranges or classes):
            if not char or char == "]":
                self._refuse("a `[` is not closed, or empty.", "Write what it holds, then ].")
            self._at += 1
            low = self._take_escape() if char == "\\" else char
            if len(low) == 2:
                classes += low[1]
                continue
            high = low
            if self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                char = self._next()
                self._at += 1
                high = self._take_escape() if char == "\\" else char
                if len(high) == 2 or high < low:
                    self._refuse(
                        f"`{low}-{high}` is no range.",
                        r"Write the lower one first, or \- for a dash.",
                    )
            ranges += _folded(low, high)
        self._at += 1
        return Symbols(tuple(sorted(set(ranges))), "".join(sorted(set(classes))), negated)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _refuse(self, cause: str, hint: str) -> NoReturn:
        raise BadInput(cause, hint=hint)


def _folded(low: str, high: str) -> list[Range]:
    """A range with what its characters are folded to; a large one is left as it is."""
    ranges = [(low, high)]
    if ord(high) - ord(low) <= _FOLDED_RANGE_MAX:
        for point in range(ord(low), ord(high) + 1):
            folded = _folded_one(chr(point))
            if len(folded) == 1 and not low <= folded <= high:
                ranges.append((folded, folded))
    return ranges


def _folded_one(char: str) -> str:
    return digits().get(char) or fold.fold(char)


def _written(char: str) -> Node:
    """A character that stands for itself, as folding leaves it."""
    folded = _folded_one(char) or char
    ones = tuple(One(Symbols(((symbol, symbol),))) for symbol in folded)
    return ones[0] if len(ones) == 1 else Row(ones)
