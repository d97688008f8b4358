"""How each Han character sounds, splits and is varied: `han.txt`, read when first asked for.

It refuses to know rules. The file is made by `scripts/han_tables.py` from public data; what it
holds is folded here as texts are, so that tables and texts agree.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

from licet.guard import fold


class HanTables(NamedTuple):
    """Characters are folded. Readings are pinyin without tones and with v for ü, the usual one
    first."""

    readings: dict[str, tuple[str, ...]]
    alike: dict[str, str]
    """Reading -> the characters that have it."""
    parts: dict[str, tuple[str, ...]]
    """Character -> the strings of two or three others into which it falls."""
    variants: dict[str, str]
    emoji: dict[str, str]


@cache
def han_tables() -> HanTables:
    """The tables; read once, about 30 ms."""
    rows = _rows(resources.files("licet.guard.disguise").joinpath("han.txt").read_text("utf-8"))
    readings: dict[str, tuple[str, ...]] = {}
    alike: dict[str, dict[str, None]] = {}
    for known, chars in rows["sounds"]:
        heard = tuple(known.split())
        for char in folded(chars):
            readings[char] = tuple(dict.fromkeys((*readings.get(char, ()), *heard)))
            for reading in heard:
                alike.setdefault(reading, {})[char] = None
    parts = {}
    for char, ways in rows["parts"]:
        whole = folded(char)
        split = tuple(dict.fromkeys(folded(way) for way in ways.split()))
        parts[whole] = tuple(way for way in split if len(way) > 1 and whole not in way)
    variants = {}
    for char, others in rows["variants"]:
        variants[folded(char)] = "".join(set(folded(others)) - {folded(char)})
    emoji = {folded(char): signs for char, signs in rows["emoji"]}
    return HanTables(
        readings, {heard: "".join(chars) for heard, chars in alike.items()}, parts, variants, emoji
    )


def folded(chars: str) -> str:
    """Characters as the letters view shows them; those that show as no letter are left out."""
    symbols = fold.letters().symbols(chars)
    return "".join(symbol for symbol in symbols if symbol >= fold.MARKS_END)


def _rows(text: str) -> dict[str, list[tuple[str, str]]]:
    sections: dict[str, list[tuple[str, str]]] = {}
    rows: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            left, _, right = line.partition("=")
            rows.append((left, right))
    return sections
