"""What was given and cannot be used: a name, a path, a file that was filled in; in both languages.

It refuses to know who gave it, and how they read it. Pure.

Rules
1. The message is English, for programs and terminals; `said` is for people, who may read Chinese.
2. Where a file is at fault, the place is told: a line, a byte, or the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from licet.base.trouble import BadInput, Trouble
from licet.corpus.words import UNFIT

Told = tuple[str, str, str]
"""Where, a code of `words.UNFIT`, what it is about."""
_TYPES = {"str": "text", "int": "number", "float": "number", "bool": "bool", "array": "list",
          "object": "table", "date": "date"}  # fmt: skip
_AT = re.compile(r" - at `\$\.?([^`]*)`")
_PLACE = re.compile(r"\[(\d+)\]")
_READ: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str]]], ...] = (
    (re.compile(r"codec can't decode"), lambda _: ("no_utf8", "")),
    (re.compile(r"at end of document|truncated"), lambda _: ("cut", "")),
    (re.compile(r"at line (\d+), column (\d+)"), lambda m: ("line", f"{m[1]}:{m[2]}")),
    (re.compile(r"malformed.*\(byte (\d+)\)"), lambda m: ("byte", m[1])),
    (re.compile(r"missing required field `([^`]*)`"), lambda m: ("missing", m[1])),
    (re.compile(r"unknown field `([^`]*)`"), lambda m: ("unknown", m[1])),
    (re.compile(r"Expected `(\w+)[^`]*`"), lambda m: (f"wants_{_TYPES.get(m[1], 'other')}", "")),
    (re.compile(r"Invalid RFC3339.* date|encoded date"), lambda _: ("wants_date", "")),
    (re.compile(r"Invalid enum value '?([^'`]*)'?"), lambda m: ("choice", m[1])),
)


class Unfit(BadInput):
    """What was given cannot be used; `said` says so in a language."""

    def __init__(self, message: str, told: Told, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.told = told

    def said(self, lang: str) -> str:
        """Where, and why, as a sentence of `lang`."""
        where, code, about = self.told
        colon = {"zh": "：", "en": ": "}[lang]
        return f"{where}{colon if where else ''}{UNFIT[code][lang].format(about=about)}"


def said_of(trouble: Trouble) -> str:
    """As programs are told: English with its hint, then Chinese where there is some."""
    return f"{trouble} / {trouble.said('zh')}" if isinstance(trouble, Unfit) else str(trouble)


def unread(error: Exception, name: str) -> Told:
    """What a decoder found wrong with a file, as people are told it."""
    said = str(error)
    at = _AT.search(said)
    key = _PLACE.sub(lambda found: f" {int(found[1]) + 1}", at[1]) if at else ""
    where = " · ".join(one for one in (name, key) if one)
    for pattern, told in _READ:
        found = pattern.search(said)
        if found:
            code, about = told(found)
            return (where, code, about[:120])
    return (where, "wants_other", "")
