"""From entries to the forms that a lattice follows.

It refuses to know texts. Reversed and rot13 letters are forms of their own; every other way is a
matter of spelling. Of those, leet alone is mixed with reversed letters.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

from licet.guard.disguise.lattice import Form
from licet.guard.disguise.ways import LEET, REVERSED, ROT13, mask_of
from licet.guard.fold import word_class
from licet.guard.literal import Entry

_WORDS_MIN: Final = 3
"""A literal of fewer words is not looked for with each of its words reversed."""


def ways_of(also: tuple[str, ...] | None, usual: tuple[str, ...]) -> tuple[int, int]:
    """(ways for every literal of a rule, further ways for those that are not short).

    `also`: what the rule names, None if it names nothing and the `usual` ways hold.
    """
    return (0, mask_of(usual)) if also is None else (mask_of(also), 0)


def forms_of(entries: Iterable[Entry]) -> Iterator[Form]:
    """Every form of the entries that may be disguised."""
    for entry in entries:
        spelled, leet = entry.ways & ~(REVERSED | ROT13), entry.ways & LEET
        if spelled:
            yield Form(
                entry.letters, entry, spelled, False, entry.start_word, entry.end_word
            )  # fmt: skip
        if entry.ways & REVERSED:
            backwards = entry.letters[::-1]
            if backwards != entry.letters:
                yield _altered(entry, backwards, entry.end_word, entry.start_word, leet)
            in_place = _each_reversed(entry)
            if in_place not in (entry.letters, backwards):
                yield _altered(entry, in_place, entry.start_word, entry.end_word, leet)
        if entry.ways & ROT13:
            turned = codecs.encode(entry.letters, "rot13")
            if turned != entry.letters:
                yield _altered(entry, turned, entry.start_word, entry.end_word, 0)


def _each_reversed(entry: Entry) -> str:
    """The letters with each word reversed in its place, or as they are where words are few."""
    if entry.text.count(" ") < _WORDS_MIN - 1:
        return entry.letters
    words = entry.words()
    return "".join([word[::-1] for word in words]) if len(words) >= _WORDS_MIN else entry.letters


def _altered(entry: Entry, letters: str, start_word: bool, end_word: bool, ways: int) -> Form:
    """A form that begins where a word does, wherever words have beginnings; and ends likewise."""
    return Form(
        letters, entry, ways, True, start_word or bool(word_class(letters[0])), end_word
    )  # fmt: skip
