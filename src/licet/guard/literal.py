"""A literal rule, ready to be matched: what must be read, and what may stand between.

It refuses to know automata and streams.

What counts as a match (docs/guides/matching.md says it for operators)
1. Texts are compared by their letters and digits after folding; a literal with significant symbols
   (`c++`, `🔫`, `evil.example/x`) is compared with its symbols as well.
2. A literal that begins with a letter of a script with spaces begins where a word begins. A short
   one, or one that ends in a digit, also ends where a word ends. `word` in the rule overrides.
3. Between the letters of a long literal anything may stand, up to the pack's gap. Between those of
   a short one only what does not occur by chance: marks inside a word, or a separator between
   all of its letters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final
from typing import Literal as OneOf

from licet.base.trouble import BadInput
from licet.guard import fold

NO_GAP, MARK_GAP, SPACE_GAP, BREAK_GAP = 0, 1, 2, 3
"""What stands before a letter: nothing, a formatting mark, a space or separator, an end of
sentence or clause. The strongest one counts."""

_FORMAT_MARKS: Final = frozenset("*_~`|\\")
_SIGNIFICANT: Final = frozenset("#@&%*\\/_")
LISTED_LETTERS: Final = 4
_HAN_WEIGHT: Final = 2
"""One Han letter says about as much as two Latin ones."""

WordRule = OneOf["auto", "whole", "start", "any"]


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """From the pack (`guard.lexical`)."""

    short_literal_letters: int
    gap_characters_max: int
    pattern_characters_max: int = 0
    """0: a bundle of a time before patterns; it holds none."""
    within_characters_max: int = 0
    disguises: tuple[str, ...] = ()
    """The ways (`licet.guard.disguise.ways`) in which a literal that is not short is found too,
    unless its rule says otherwise. Empty: a bundle of a time before them."""
    seam_characters: int = 0
    """How much of two texts of one speaker is read across their seam; 0: none."""


@cache
def gap_strength(char: str) -> int:
    """How strongly one character separates the letters around it."""
    if char in _FORMAT_MARKS:
        return MARK_GAP
    if char in "\n\r\u2028\u2029":
        return BREAK_GAP
    if char in "，。！？；：、!?;,:…":
        return BREAK_GAP
    category = unicodedata.category(char)
    if category in ("Ps", "Pe", "Pi", "Pf") or char in "\"'":
        return BREAK_GAP
    return SPACE_GAP


@dataclass(frozen=True, slots=True)
class Entry:
    """One literal of one rule, compiled. `letters` is what an automaton follows."""

    rule: str
    category: str
    action: OneOf["halt", "flag"]
    text: str
    letters: str
    visible: bool
    """Whether `letters` holds symbols as well (rule 1, second half)."""
    short: bool
    start_word: bool
    end_word: bool
    gaps: tuple[tuple[int, int], ...]
    """(weakest, strongest) gap allowed before each letter but the first; empty where any is."""
    ways: int = 0
    """The disguises in which it is found too, see `licet.guard.disguise.ways`."""

    def words(self) -> list[str]:
        """Its letters, word by word as its text is spaced."""
        parts = self.text.split()
        if self.text.isascii() and sum(map(len, parts)) == len(self.letters):
            return [part.lower() for part in parts]
        words = [symbols_of(part, fold.letters())[0] for part in parts]
        return [word for word in words if word]

    def spacing_is_allowed(self, strengths: list[int]) -> bool:
        """Whether these gaps (one before each letter but the first) may be ignored."""
        if not self.gaps:
            return True
        if all(low <= s <= high for (low, high), s in zip(self.gaps, strengths, strict=True)):
            return True
        if self.visible:
            return False
        if len(strengths) < 2 or NO_GAP in strengths:
            return False
        if BREAK_GAP not in strengths:
            return True
        return len(self.letters) >= LISTED_LETTERS and not any(map(fold.word_class, self.letters))


def symbols_of(text: str, view: fold.View) -> tuple[str, list[bool]]:
    """The symbols that are seen of a text, and for each whether a gap stood before it."""
    seen: list[str] = []
    spaced: list[bool] = []
    gap = False
    for char in text:
        symbol = view.plain(char)
        if symbol == fold.EXPAND:
            symbol = view.expansions[char]
        if symbol >= fold.MARKS_END:
            seen.extend(symbol)
            spaced.extend([gap] + [False] * (len(symbol) - 1))
            gap = False
        elif symbol != fold.SKIP:
            gap = True
    return "".join(seen), spaced


def _gap_range(before: str, letter: str, expected: bool) -> tuple[int, int]:
    both_spaced = bool(fold.word_class(before)) and bool(fold.word_class(letter))
    if expected:
        return (MARK_GAP if both_spaced else NO_GAP, BREAK_GAP)
    return (NO_GAP, MARK_GAP if both_spaced else SPACE_GAP)


def _is_significant(char: str) -> bool:
    return char in _SIGNIFICANT or unicodedata.category(char)[0] == "S"


def compile_literal(
    rule: str, category: str, action: OneOf["halt", "flag"], text: str, *,
    word: WordRule = "auto", short_letters: int, ways: int = 0, ways_if_long: int = 0,
) -> list[Entry]:  # fmt: skip
    """One or two entries: by letters, and by what is visible where symbols matter.

    `short_letters` is the pack's `lexical.short_literal_letters`: below that weight (Han counts
    double) a literal is short. `ways`: the disguises in which its letters are found too;
    `ways_if_long`: more of them for one that is not short. Raises BadInput where nothing is left
    to compare.
    """
    letters, spaced = symbols_of(text, fold.letters())
    weight = sum(1 if fold.word_class(c) else _HAN_WEIGHT for c in letters)
    short = weight < short_letters
    significant = any(_is_significant(c) for c in fold.fold(text))
    if not (letters or significant):
        raise BadInput(
            f"rule {rule}: {text!r} has no letter, digit or symbol that could be matched.",
            hint="Write at least one, or remove this literal.",
        )

    def entry(form: str, gaps: list[tuple[int, int]], by_sight: bool) -> Entry:
        first, last = fold.word_class(form[0]), fold.word_class(form[-1])
        whole = word == "whole" or (word == "auto" and (short or last == fold.DIGIT))
        return Entry(
            rule=rule, category=category, action=action, text=text, letters=form, visible=by_sight,
            short=short, start_word=bool(first) and word != "any",
            end_word=bool(last) and whole and word != "any", gaps=tuple(gaps),
            ways=0 if by_sight else ways if short else ways | ways_if_long,
        )  # fmt: skip

    entries = []
    if significant:
        seen, gaps_seen = symbols_of(text, fold.visible())
        exact = [(MARK_GAP, BREAK_GAP) if gap else (NO_GAP, NO_GAP) for gap in gaps_seen[1:]]
        entries.append(entry(seen, exact, by_sight=True))
    if letters and not (significant and short):
        pairs = zip(letters, letters[1:], spaced[1:], strict=False) if short else ()
        entries.append(entry(letters, [_gap_range(a, b, gap) for a, b, gap in pairs], False))
    return entries
