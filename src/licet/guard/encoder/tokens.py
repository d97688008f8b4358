"""Tokens: how the encoder reads a folded text.

It refuses to know weights and scores. Text goes in, numbers of a vocabulary come out.

Rules
1. English words are split as BERT does (WordPiece, the longest piece first); a Han character is
   always a token of its own.
2. Marks that only stand between two Han characters, and blanks between single letters, are not
   read: they are there to hide.
3. A word that is none, but would be one with letters for look-alike digits and signs, or without
   its repeated letters, is read as that one.
4. A pair is a Han character with the one before it, as a number below PAIRS; nought is no pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

PAIRS: Final = 1 << 14
PAD, UNKNOWN, START, END, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
ROLE_TOKENS: Final = {"prompt": "[prompt]", "reply": "[reply]", "comment": "[comment]"}
SPECIAL: Final = (PAD, UNKNOWN, START, END, MASK)
"""The first words of a vocabulary, in this order. MASK is for training."""
WORD_CHARACTERS = 32
"""A longer run of letters is read in parts of so many: it is no word."""
MEMORY_WORDS = 20_000

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[\s*_\-~|/\\·^+=#`'\".]{{1,2}}(?=[{_HAN}])")
_SPELLED = re.compile(r"(?<![a-z0-9])[a-z](?:[ .\-_*/|][a-z]){3,}(?![a-z0-9])")
_SPELLING = re.compile(r"[ .\-_*/|]")
_TOKEN = re.compile(r"[a-z0-9](?:[a-z0-9@$!*]*[a-z0-9])?|\S")
_LETTERS = str.maketrans("013457@$!*", "oieastasiu")
_RUN = re.compile(r"(.)\1{2,}")
_PART = re.compile(r"[a-z0-9]+|\S")


class Vocabulary:
    """Words by number. The special tokens come first, Han characters last."""

    def __init__(self, words: Sequence[str]) -> None:
        """Raises ValueError for words without the special tokens in their places, or roles."""
        if tuple(words[: len(SPECIAL)]) != SPECIAL or not set(ROLE_TOKENS.values()) <= set(words):
            raise ValueError("the vocabulary lacks special tokens")
        self.words = tuple(words)
        self._number = {word: number for number, word in enumerate(words)}
        self.unknown = self._number[UNKNOWN]
        self.start, self.end = self._number[START], self._number[END]
        self.roles = {role: self._number[token] for role, token in ROLE_TOKENS.items()}
        self.han = next(
            (n for n, word in enumerate(words) if len(word) == 1 and is_han(word)), len(words)
        )
        self._read: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.words)

    def numbers(self, folded: str) -> list[int]:
        """The tokens of a folded text, without marks of start and end."""
        text = _SPELLED.sub(_joined, _BETWEEN_HAN.sub("", folded))
        out: list[int] = []
        known, read = self._number, self._read
        for token in _TOKEN.findall(text):
            number = known.get(token)
            if number is not None:
                out.append(number)
                continue
            numbers = read.get(token)
            if numbers is None:
                if len(read) >= MEMORY_WORDS:
                    read.clear()
                numbers = read[token] = tuple(self._word(token))
            out += numbers
        return out

    def pairs(self, numbers: Iterable[int]) -> list[int]:
        """For each token the number of its pair; 0 where it or the one before is not Han."""
        out, before, han = [], -1, self.han
        for number in numbers:
            here = number if number >= han else -1
            out.append(pair(before - han, here - han) if before >= 0 and here >= 0 else 0)
            before = here
        return out

    def _word(self, token: str) -> list[int]:
        """A token that is no word of the vocabulary."""
        if len(token) == 1:
            return [self.unknown]
        for other in _readings(token):
            if other in self._number:
                return [self._number[other]]
        out: list[int] = []
        for part in _PART.findall(token):
            for start in range(0, len(part), WORD_CHARACTERS):
                out += self._pieces(part[start : start + WORD_CHARACTERS])
        return out

    def _pieces(self, word: str) -> list[int]:
        out, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else f"##{word[start:end]}"
                number = self._number.get(piece)
                if number is not None:
                    out.append(number)
                    start = end
                    break
            else:
                return [self.unknown]
        return out


def is_han(char: str) -> bool:
    """Whether a character is a Han character of the two common blocks."""
    return "\u3400" <= char <= "\u4dbf" or "\u4e00" <= char <= "\u9fff"


def pair(before: int, here: int) -> int:
    """The number of a pair of Han characters, each counted from the first: 1 to PAIRS - 1."""
    return 1 + (before * 40_503 + here * 10_007 + (before ^ here)) % (PAIRS - 1)


def _joined(match: re.Match[str]) -> str:
    return _SPELLING.sub("", match[0])


def _readings(token: str) -> Iterable[str]:
    """What a disguised word may be, the likeliest first."""
    if not token.isalpha() and not token.isdigit():
        yield token.translate(_LETTERS)
        yield re.sub(r"[^a-z0-9]", "", token)
    for keep in (r"\1\1", r"\1"):
        short = _RUN.sub(keep, token)
        if short != token:
            yield short
