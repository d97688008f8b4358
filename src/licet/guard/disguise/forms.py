"""From entries to the forms that a lattice follows.

It refuses to know texts. Reversed and rot13 letters are forms of their own; every other way is a
matter of spelling.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from licet.guard.disguise.lattice import Form
from licet.guard.disguise.ways import REVERSED, ROT13, mask_of
from licet.guard.fold import word_class
from licet.guard.literal import Entry


def ways_of(also: tuple[str, ...] | None, usual: tuple[str, ...]) -> tuple[int, int]:
    """(ways for every literal of a rule, further ways for those that are not short).

    `also`: what the rule names, None if it names nothing and the `usual` ways hold.
    """
    return (0, mask_of(usual)) if also is None else (mask_of(also), 0)


def forms_of(entries: Iterable[Entry]) -> Iterator[Form]:
    """Every form of the entries that may be disguised."""
    for entry in entries:
        spelled = entry.ways & ~(REVERSED | ROT13)
        if spelled:
            yield Form(
                entry.letters, entry, spelled, False, entry.start_word, entry.end_word
            )  # fmt: skip
        if entry.ways & REVERSED:
            backwards = entry.letters[::-1]
            if backwards != entry.letters:
                yield _altered(entry, backwards, entry.end_word, entry.start_word)
        if entry.ways & ROT13:
            turned = codecs.encode(entry.letters, "rot13")
            if turned != entry.letters:
                yield _altered(entry, turned, entry.start_word, entry.end_word)


def _altered(entry: Entry, letters: str, start_word: bool, end_word: bool) -> Form:
    """A form that begins where a word does, wherever words have beginnings; and ends likewise."""
    return Form(
        letters, entry, 0, True, start_word or bool(word_class(letters[0])), end_word
    )  # fmt: skip
