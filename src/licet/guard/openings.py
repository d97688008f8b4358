"""Tells quickly where in a text any of many patterns could begin.

It refuses to decide: it may name places where nothing begins, never miss one where something does.

Rules
1. `careful` names every symbol from which a match could go on for `_AHEAD` symbols, or up to the
   end of what is there, or to a symbol that is not what it looks like (an escape, a skip).
2. `glance` reads the text as it was written. It finds something where `careful` would, and
   where a character is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from licet.guard import fold
from licet.guard.pattern_reading import Symbols

_AHEAD: Final = 6
_MARKS: Final = f"{fold.ESCAPE}{fold.EXPAND}{fold.SURROGATE}"
_UNSURE: Final = f"{_MARKS}{fold.SKIP}{fold.PLANE_14}-\U000e01ef"
_BEGINS: Final = "(?<![0-9a-z][a-z])(?<![0-9][0-9])"
"""Whether a word or number begins with the symbol just read, as far as ASCII tells."""
_BEGINS_WRITTEN: Final = "(?<![0-9A-Za-z][A-Za-z])(?<![0-9][0-9])"
"""The same of text as it was written."""
_CLASSES: Final = {"d": "0-9", "D": "\\x00-/:-\U0010ffff", ".": "\\x00-\\x09\\x0b-\U0010ffff"}
_BEYOND: Final = "\U00010000-\U0010ffff"


class Openings(NamedTuple):
    """`careful` reads symbols (the written view), `glance` raw text; no glance where a pattern may
    begin with all but some symbols."""

    careful: re.Pattern[str]
    glance: re.Pattern[str] | None


class Places(NamedTuple):
    """Places of many patterns: what each reads, what may follow it, whether a match may end."""

    reads: Sequence[Symbols]
    follow: Sequence[tuple[int, ...]]
    ends: Sequence[bool]


def find_openings(places: Places, first_any: list[int], first_word: list[int]) -> Openings:
    """`first_any`: places that begin a match anywhere; `first_word`: where a word begins."""
    sets = [f"[{_MARKS}]"]
    parts: list[str] = []
    for firsts, bound in ((first_any, ""), (first_word, _BEGINS)):
        if firsts:
            sets += [_as_regex(places.reads[place]) for place in firsts]
            parts.append(f"{bound}(?:{'|'.join(_second(places, firsts))}|(?<=[{_MARKS}]))")
    # The first part alone lets `re` skip quickly over what begins nothing.
    begins = _union(sets)
    careful = re.compile(f"{begins}(?:{'|'.join(parts)})", re.DOTALL)
    anywhere = _union([f"[{_MARKS}]", *(_as_regex(places.reads[place]) for place in first_any)])
    return Openings(careful, None if begins.startswith("(") else _glance(begins, anywhere))


def _second(places: Places, firsts: list[int]) -> list[str]:
    """What may stand behind a first symbol. It is read before we look back at the first one: of
    many alternatives `re` tries only those that begin with what stands there."""
    by_first: dict[str, list[int]] = {}
    for place in firsts:
        by_first.setdefault(_as_regex(places.reads[place]), []).append(place)
    alike: dict[str, list[int]] = {}  # few alternatives, each a little wide, are quicker
    for group in by_first.values():
        further = _further(places, _after(places, group), _AHEAD - 2)
        alike.setdefault(further, []).extend(group)
    return [f"[{_UNSURE}]|\\Z"] + [
        f"{_read(places, _after(places, group))}(?<={_read(places, group)}.){further}"
        for further, group in alike.items()
    ]


def _further(places: Places, group: list[int], ahead: int) -> str:
    """A look at what must follow these places; nothing where a match may be complete."""
    if not ahead or any(places.ends[place] for place in group):
        return ""
    after = _after(places, group)
    return f"(?=[{_UNSURE}]|\\Z|{_read(places, after)}{_further(places, after, ahead - 1)})"


def _after(places: Places, group: list[int]) -> list[int]:
    return sorted({after for place in group for after in places.follow[place]})


def _read(places: Places, group: list[int]) -> str:
    return _union(sorted({_as_regex(places.reads[place]) for place in group}))


def _as_regex(symbols: Symbols) -> str:
    """A set for `re`, which is quick to find the first symbol of it in a text."""
    inside = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in symbols.ranges)
    inside += "".join(_CLASSES.get(name, f"\\{name}") for name in symbols.classes)
    return f"[{'^' * symbols.negated}{inside}]"


def _union(sets: list[str]) -> str:
    """Sets of `re` as one, where none of them is what it leaves out."""
    if any(one.startswith("[^") for one in sets):
        return f"(?:{'|'.join(dict.fromkeys(sets))})"
    return f"[{''.join(one[1:-1] for one in dict.fromkeys(sets))}]"


def _glance(begins: str, anywhere: str) -> re.Pattern[str]:
    """What is read as one of a set, before it is folded, where a word may begin or else one of the
    set `anywhere`. Any character past the first plane is worth a careful look, and so is what is
    not seen."""
    opening = f"[{_written(begins)}{_written(f'[{fold.SKIP}]')}{_BEYOND}]"
    return re.compile(f"{opening}(?:{_BEGINS_WRITTEN}|(?<=[{_written(anywhere)}]))", re.DOTALL)


def _written(symbols: str) -> str:
    """The inside of a set of `re`: these symbols and what is read as one of them."""
    written = _written_as()
    found = re.findall(symbols, "".join(written), re.DOTALL)
    return symbols[1:-1] + re.escape("".join(written[one] for one in found))


@cache
def _written_as() -> dict[str, str]:
    """Symbol -> the characters of the first plane that are read as it, itself left out."""
    out: dict[str, list[str]] = {}
    for point, symbol in enumerate(fold.written().table[:0x10000]):
        if isinstance(symbol, str):
            out.setdefault(symbol, []).append(chr(point))
    return {symbol: "".join(chars) for symbol, chars in out.items()}
