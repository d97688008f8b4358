"""Nearness: which of our own sentences say again what a row of a data set says.

It refuses to know labels. A sentence that repeats a row that measures would make the figures
lie, and one that repeats a row without a licence to teach would teach it all the same: both are
left out of training, and how many is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from corpus import Row

from licet.guard.fold import fold

SHARE = 0.5
"""Of a sentence's shingles, in one and the same row: from here on it repeats the row."""
HAN_SHINGLE, LATIN_SHINGLE = 3, 8


def shingles(text: str) -> set[str]:
    """Runs of letters and digits: three where there is Han, else eight."""
    letters = "".join(char for char in fold(text) if char.isalnum())
    length = HAN_SHINGLE if any(char > "\u2e80" for char in letters) else LATIN_SHINGLE
    return {letters[i : i + length] for i in range(max(1, len(letters) - length + 1))}


class Rows:
    """Rows that must not be repeated, by shingle."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._having: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            for shingle in shingles(row.text):
                self._having.setdefault(shingle, []).append(number)

    def repeats(self, text: str) -> bool:
        """Whether the text shares SHARE of its shingles with any one row."""
        wanted = shingles(text)
        found = Counter(number for each in wanted for number in self._having.get(each, ()))
        return bool(found) and max(found.values()) >= SHARE * len(wanted)
