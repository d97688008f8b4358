"""Many texts as one row of numbers: folded, in letters alone, with where each begins.

It refuses to know what is looked for. Pure.

Rules
1. Letters are folded as the guard folds them (case, width, script, look-alikes); what stands
   between them, and what nobody sees, is left out.
2. A character that folds to several is told of apart (`expanding`), as is one that may begin an
   escape (`escaping`): their texts are to be looked at again; so are those with what is read in
   two ways (`twice`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from licet.guard import fold
from licet.guard.fold import EXPAND, MARKS_END, SURROGATE, TABLE_SIZE
from licet.guard.fold_signs import READ_TWICE

SEPARATOR = "\n"
GROUP_CHARACTERS = 1 << 16
"""Folded at once: more does not stay in a processor's cache, and takes twice as long."""
_END = ord(SEPARATOR)
_ESCAPING = re.compile(
    r"&[#A-Za-z]|\\[A-Za-z]|%[0-9A-Fa-fu][0-9A-Fa-f]|<[!?/A-Za-z]"
    r"|\]\((?:http|[/#])|\[(?:/?[A-Za-z]{1,7}[=\]]|\^[\w-])|\x1b\["
)
"""Stands in every escape that the guard reads (`licet.guard.escapes`), but for surrogates."""
Numbers = NDArray[np.uint32]
_READ_TWICE: Numbers = np.array(sorted(map(ord, READ_TWICE)), dtype=np.uint32)
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """The letters of texts one after another. `data`: in UTF-8, each text ended by SEPARATOR."""

    data: bytes
    expanding: tuple[int, ...]
    escaping: tuple[int, ...]
    twice: tuple[int, ...]

    @cached_property
    def letters(self) -> Numbers:
        """The letters alone; those of text n are letters[starts[n]:starts[n + 1]]."""
        letters: Numbers = self._points[self._points != _END]
        return letters

    @cached_property
    def starts(self) -> Places:
        """Where the letters of each text begin, and where the last one ends."""
        ends = np.flatnonzero(self._points == _END)
        return np.concatenate(([0], ends - np.arange(len(ends))))

    @cached_property
    def counts(self) -> Places:
        """How many letters each text has."""
        return np.diff(self.starts)

    @cached_property
    def _points(self) -> Numbers:
        text = self.data.decode("utf-8", "surrogatepass")
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def fold_block(texts: Sequence[str]) -> Block:
    """The letters of texts. ASCII is folded text by text, which costs 1 ns a character; the
    others together, which costs ten."""
    wide = [place for place, text in enumerate(texts) if not text.isascii()]
    escaping = {place for place, text in enumerate(texts) if _may_escape(text)}
    to, left_out = _ascii()
    folded = [text.encode().translate(to, left_out) if text.isascii() else b"" for text in texts]
    expanding: list[int] = []
    twice: list[int] = []
    for group in _grouped(texts, wide):
        parts, grown, odd, twofold = _fold_wide([texts[place] for place in group])
        for place, part in zip(group, parts, strict=True):
            folded[place] = part
        expanding += [group[n] for n in grown]
        escaping.update(group[n] for n in odd)
        twice += [group[n] for n in twofold]
    data = b"\n".join(folded) + b"\n" if folded else b""
    return Block(data, tuple(expanding), tuple(sorted(escaping)), tuple(twice))


def _grouped(texts: Sequence[str], places: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts of about GROUP_CHARACTERS together."""
    group: list[int] = []
    size = 0
    for place in places:
        group.append(place)
        size += len(texts[place])
        if size >= GROUP_CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _may_escape(text: str) -> bool:
    """Whether an escape may stand in a text; a text without its signs is told at once."""
    return any(sign in text for sign in "&\\%<[]") and _ESCAPING.search(text) is not None


def _fold_wide(
    texts: Sequence[str],
) -> tuple[list[bytes], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The letters of each text; the places of those with what expands, with surrogates and with
    what is read twice."""
    joined = SEPARATOR.join([text.replace(SEPARATOR, " ") for text in texts]) + SEPARATOR
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    symbols = _table().take(points, mode="clip")
    beyond = points >= TABLE_SIZE
    if beyond.any():
        rare, which = np.unique(points[beyond], return_inverse=True)
        read = [ord(fold.rare(chr(point))) for point in rare.tolist()]
        symbols[beyond] = np.array(read, dtype=np.uint32)[which]
    ends = np.flatnonzero(points == _END)
    expanding = _owners(symbols == ord(EXPAND), ends)
    surrogates = _owners(symbols == ord(SURROGATE), ends)
    twice = _owners(np.isin(points, _READ_TWICE), ends)
    kept = symbols.compress(symbols >= ord(MARKS_END))
    data = kept.tobytes().decode("utf-32-le", "surrogatepass").encode("utf-8", "surrogatepass")
    return data.split(b"\n")[:-1], expanding, surrogates, twice


def _owners(which: NDArray[np.bool_], ends: Places) -> tuple[int, ...]:
    at = np.flatnonzero(which)
    return tuple(np.unique(np.searchsorted(ends, at)).tolist()) if len(at) else ()


@cache
def _ascii() -> tuple[bytes, bytes]:
    """What each ASCII character is among the letters; and those that are none."""
    table = fold.letters().table
    symbols = [ord(s) if isinstance(s := table[point], str) else s for point in range(128)]
    left_out = bytes(point for point, symbol in enumerate(symbols) if symbol < ord(MARKS_END))
    assert max(symbols) < 128  # a letter of ASCII folds to one
    return bytes((*symbols, *range(128, 256))), left_out


@cache
def _table() -> Numbers:
    """Code point -> its symbol in the view of letters; SEPARATOR stays itself, a tag is unseen."""
    made = np.zeros(TABLE_SIZE, dtype=np.uint32)
    for point, symbol in enumerate(fold.letters().table):
        made[point] = symbol if isinstance(symbol, int) else ord(symbol)
    made[_END] = _END
    return made


def doubled(values: NDArray[np.uint64], *, runs: int) -> NDArray[np.uint64]:
    """A hash of the `runs` values from each place on, that many less one places fewer.

    A polynomial in one odd factor, modulo 2**64; the same for the same run wherever it stands.
    """
    if len(values) < runs:
        return np.zeros(0, dtype=np.uint64)
    have, width, factor = values, 1, _FACTOR
    done: NDArray[np.uint64] | None = None
    done_width = 0
    left = runs
    while left:
        if left & 1:
            if done is None:
                done, done_width = have, width
            else:
                power = np.uint64(pow(int(_FACTOR), width, 1 << 64))
                done = done[: len(values) - done_width - width + 1] * power
                done = done + have[done_width : done_width + len(done)]
                done_width += width
        left >>= 1
        if left:
            have = have[:-width] * factor + have[width:]
            width *= 2
            factor = np.uint64(pow(int(_FACTOR), width, 1 << 64))
    assert done is not None
    return done


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes spread over all their bits (the end of MurmurHash3)."""
    out = hashes ^ (hashes >> np.uint64(33))
    out = out * np.uint64(0xFF51AFD7ED558CCD)
    out ^= out >> np.uint64(33)
    out = out * np.uint64(0xC4CEB9FE1A85EC53)
    out ^= out >> np.uint64(33)
    return out


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
