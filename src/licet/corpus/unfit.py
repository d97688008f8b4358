"""What was given and cannot be used, and other trouble with data sets; in both languages.

It refuses to know who gave it, and how they read it. Pure.

    Spoken                     any of them; `said` says it in a language
      Unfit                    BadInput: a name, a path, a file that was filled in
      TooLarge                 TooMuch
      Absent                   NotFound
      Silent                   Unavailable
      Altered                  Corrupt

Rules
1. The message is English, for programs and terminals; `said` is for people, who may read Chinese.
2. Where a file is at fault, the place is told: a line, a byte, or the key.
3. It comes whole out of another process: a worker of a scan raises it, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from licet.base.trouble import BadInput, Corrupt, NotFound, TooMuch, Trouble, Unavailable
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


class Spoken(Trouble):
    """Trouble that is said in both languages."""

    def __init__(self, message: str, told: Told, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.told = told

    def said(self, lang: str) -> str:
        """Where, and why, as a sentence of `lang`."""
        where, code, about = self.told
        colon = {"zh": "：", "en": ": "}[lang]
        return f"{where}{colon if where else ''}{UNFIT[code][lang].format(about=about)}"

    def __reduce__(self) -> tuple[Callable[..., Spoken], tuple[type[Spoken], str, Told, str]]:
        return _again, (type(self), self.message, self.told, self.hint)


class Unfit(Spoken, BadInput):
    """What was given cannot be used."""


class TooLarge(Spoken, TooMuch):
    """There is more of it than is taken."""


class Absent(Spoken, NotFound):
    """What was named is not here."""


class Silent(Spoken, Unavailable):
    """Something that is needed does not answer, or went away."""


class Altered(Spoken, Corrupt):
    """What is here is not what was promised."""


def said_of(trouble: Trouble) -> str:
    """As programs are told: English with its hint, then Chinese where there is some."""
    return f"{trouble} / {trouble.said('zh')}" if isinstance(trouble, Spoken) else str(trouble)


def said_in(trouble: Trouble, lang: str) -> str:
    """As people are told in `lang`; English with its hint where there are no other words."""
    return trouble.said(lang) if isinstance(trouble, Spoken) else str(trouble)


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


def _again(kind: type[Spoken], message: str, told: Told, hint: str) -> Spoken:
    return kind(message, told, hint=hint)
