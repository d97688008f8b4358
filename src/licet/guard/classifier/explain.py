"""Why the classifier gave a text its score: which pieces weighed how much.

It refuses to know thresholds and how an explanation is shown.

Rules
1. Nothing is estimated: the model is linear, so the weights of all pieces and the `offset` add up
   to the log-odds, exactly.
2. Only `pieces_of` knows what features are made of; whoever changes those changes that function.
3. It is not for the hot path: it costs some hundred times a judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from licet.guard.classifier.features import GRAMS, Features
from licet.guard.fold import fold

_WORD = re.compile(r"[^\W_]+")
_LATIN_WORD = re.compile(r"[^\W_\u2e80-\U0003ffff]+|\S")
_SPACED = "\u2423"


@dataclass(frozen=True, slots=True)
class Piece:
    """An n-gram of the text: what it is, where it stands, what it added to the log-odds of harm.

    `text` is folded, a blank in it is shown as ␣; `start` and `end` are code points of the raw
    text. What is repeated counts once, where it stands first.
    """

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the score of a text came about: `offset` and the weights of `pieces` are `log_odds`.

    score: the calibrated sigmoid of `log_odds`. start and end: the window that counted, in code
    points of the raw text. injection: whether that window counted as an attack on instructions
    and not as harm. pieces: the heaviest first. screened: the quick look would have passed it.
    """

    score: float
    log_odds: float
    offset: float
    start: int
    end: int
    injection: bool
    screened: bool
    pieces: tuple[Piece, ...]

    def heaviest(self, count: int) -> list[Piece]:
        """At most `count` pieces, the heaviest first; of those that overlap only the first."""
        shown: list[Piece] = []
        for piece in self.pieces:
            if len(shown) == count or not piece.weight:
                break
            if not any(piece.start < other.end and other.start < piece.end for other in shown):
                shown.append(piece)
        return shown

    def by_word(self, text: str) -> list[Piece]:
        """Words of the raw text (of Han, characters), in order, each with its share of the
        weights of all pieces that it is in."""
        share = [0.0] * (len(text) + 1)
        for piece in self.pieces:
            places = [at for at in range(piece.start, piece.end) if not text[at].isspace()]
            for at in places:
                share[at] += piece.weight / len(places)
        return [
            Piece(found[0], found.start(), found.end(), sum(share[found.start() : found.end()]))
            for found in _LATIN_WORD.finditer(text, self.start, self.end)
        ]


def pieces_of(folded: str, slab: Features) -> Iterator[tuple[int, int, int]]:
    """(bucket, start, end) of every feature of a folded text of one slab; start and end are code
    points of it, and -1 is the blank before it."""
    for n in range(GRAMS):
        for column, bucket in enumerate(slab.grams[n].tolist()):
            yield bucket, column - 1, column + n
    words = [found.span() for found in _WORD.finditer(_ascii_words(folded))]
    own, following, next_but_one = slab.words.tolist()
    for i, (start, end) in enumerate(words):
        yield own[i], start, end
        yield following[i], start, words[i + 1][1] if i + 1 < len(words) else end
        yield next_but_one[i], start, words[i + 2][1] if i + 2 < len(words) else end


def _ascii_words(folded: str) -> str:
    """The text with a blank for everything that stands in no word of `features`."""
    return "".join([char if char.isascii() and char.isalnum() else " " for char in folded])


def weigh_pieces(
    text: str, folded: str, offset: int, window: tuple[int, int],
    found: Iterable[tuple[int, int, int]], weight_of: Callable[[int], float],
) -> tuple[Piece, ...]:  # fmt: skip
    """The pieces that start in `window` (columns of a slab), the heaviest first.

    `folded` is the slab's text and begins at code point `offset` of the folded whole; `found` are
    its features, each bucket of which counts once.
    """
    back = raw_offsets(text)
    seen: set[int] = set()
    pieces = []
    for bucket, start, end in sorted(found, key=lambda each: each[1]):
        if not window[0] <= start + 1 < window[1] or bucket in seen:
            continue
        seen.add(bucket)
        first, last = max(start, 0), min(max(end, 0), len(folded))
        gram = (" " if start < 0 else "") + folded[first:last] + " " * (end - max(last, start))
        raw = back[offset + first], back[offset + last]
        pieces.append(Piece(gram.replace(" ", _SPACED), *raw, weight_of(bucket)))
    pieces.sort(key=lambda piece: -abs(piece.weight))
    return tuple(pieces)


def raw_offsets(text: str) -> Sequence[int]:
    """For each code point of the folded text, and its end, where it stands in the raw one."""
    lengths = [len(fold(char)) for char in text]
    out = [0] * (sum(lengths) + 1)
    for at, (length, end) in enumerate(zip(lengths, accumulate(lengths), strict=True)):
        for place in range(end - length, end):
            out[place] = at
    out[-1] = len(text)
    return out
