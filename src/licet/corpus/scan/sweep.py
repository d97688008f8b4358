"""Which texts of a block a literal rule may be about.

It refuses to decide: it may name a text that no rule is about, and misses none in which a literal
stands in its letters, whatever their case, width, script and what stands between them. Disguises
and patterns it does not look for; `checks` asks the guard itself about those.

The library is Rust's aho-corasick, over the block's letters in UTF-8.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation

from licet.corpus.scan.block import SEPARATOR, Block, fold_block
from licet.guard import escapes, fold
from licet.guard.literal import LexicalSettings, compile_literal
from licet.guard.rule import Rule

_END = ord(SEPARATOR)


class Sweep:
    """The literals of rules, ready to be swept for. Immutable once made."""

    def __init__(self, rules: Sequence[Rule], settings: LexicalSettings) -> None:
        letters: set[bytes] = set()
        for rule in rules:
            for text in rule.literal:
                for entry in compile_literal(
                    rule.id, rule.category, rule.action, text, word=rule.word,
                    short_letters=settings.short_literal_letters,
                ):  # fmt: skip
                    seen = entry.letters
                    if entry.visible:  # known by its marks: its letters alone must do here
                        seen = "".join(char for char in seen if char.isalnum())
                    letters.add(seen.encode("utf-8"))
        self._looks_everywhere = b"" in letters
        kept = sorted(letters - {b""})
        self._automaton = (
            BytesAhoCorasick(kept, implementation=Implementation.DFA) if kept else None
        )

    def suspects(self, texts: Sequence[str], block: Block) -> list[int]:
        """The places, in order, of the texts that may hold a literal: as they stand, with their
        escapes decoded, or with letters that fold to several written out; and those with what is
        read in two ways. `block` is theirs."""
        if self._looks_everywhere:
            return list(range(len(texts)))
        found = self._found(block) | set(block.twice)
        read = [
            (n, plain)
            for n in block.escaping
            if n not in found
            for plain in escapes.readings(texts[n])
        ]
        beside = fold_block([plain for _, plain in read])
        found |= {read[n][0] for n in self._found(beside)}
        grown = [(n, texts[n]) for n in block.expanding] + [read[n] for n in beside.expanding]
        grown = [(n, text) for n, text in grown if n not in found]
        written = fold_block([_written_out(text) for _, text in grown])
        found |= {grown[n][0] for n in self._found(written)}
        return sorted(found)

    def _found(self, block: Block) -> set[int]:
        if self._automaton is None:
            return set()
        hits = self._automaton.find_matches_as_indexes(block.data)
        if not hits:
            return set()
        ends = np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) == _END)
        at = np.fromiter((hit[1] for hit in hits), dtype=np.int64, count=len(hits))
        return set(np.searchsorted(ends, at).tolist())


def _written_out(text: str) -> str:
    """The text with the letters that fold to several written out."""
    view = fold.letters()
    for char in view.expansions.keys() & set(text):
        text = text.replace(char, view.expansions[char])
    return text
