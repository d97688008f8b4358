"""Formatting marks of Markdown, BBCode, LaTeX and terminals, as they come.

It refuses to know what is between them. Where such a mark is shown as a format nobody sees it, and
elsewhere it is text: whoever asks has to read it both ways.
"""

from __future__ import annotations

import re
from typing import Final

from licet.guard.tags import LENGTH_MAX

COLOUR: Final = "\x1b"
"""Begins what a terminal takes for a colour."""
BEGINNINGS: Final = frozenset(("[", "]", COLOUR))
"""What the marks that `read_mark` reads begin with."""

_LINKS: Final = ("](http://", "](https://", "](/", "](#")
_LINK_SURE: Final = max(map(len, _LINKS))
_NO_ADDRESS: Final = frozenset(" \t\r\n\0<>[](")
_NAMES: Final = "b i u s url color colour size font quote code center spoiler img email sup sub"
_BBCODE: Final = frozenset(_NAMES.split())
_BBCODE_BEGINNINGS: Final = frozenset(name[:i] for name in _BBCODE for i in range(len(name) + 1))
_NOTE: Final = re.compile(r"\^[\w-]{0,32}")
_COLOUR_OPEN: Final = re.compile(r"\x1b(?:\[[0-9;:]{0,32})?")

_COMMANDS: Final = (
    "text textbf textit textmd textnormal textrm textsc textsf textsl texttt textup emph mbox "
    "mathbf mathit mathrm mathsf mathtt underline uline"
)
LATEX: Final = frozenset(f"\\{name}{{" for name in _COMMANDS.split())
LATEX_BEGINNINGS: Final = frozenset(mark[:i] for mark in LATEX for i in range(1, len(mark)))

ANY: Final = re.compile(
    r"\]\((?:https?://|[/#])[^\s<>\[\]()]*\)|\[/?[A-Za-z]{1,7}(?:=[^\[\]\r\n]*)?\]"
    r"|\[\^[\w-]{1,32}\]|\x1b\[[0-9;:]*m"
    r"|\\(?:text|emph|mbox|math|underline|uline)[a-z]*\{|\\[nrt]"
    r"|<!--.{0,256}?-->|<(?:[!?]|/(?![A-Za-z]))[^>]{0,256}>",
    re.DOTALL,
)
"""Whatever may be one, written spaces and comments among them: near enough to look closer."""


def read_mark(text: str) -> bool | None:
    """Whether `text`, which begins with one of `BEGINNINGS`, is a mark; None while it may become
    one."""
    if len(text) > LENGTH_MAX:
        return False
    if text[0] == "[":
        return _read_bracket(text)
    if text[0] == "]":
        return _read_link(text)
    if text[-1] == "m":
        return _COLOUR_OPEN.fullmatch(text, 0, len(text) - 1) is not None and len(text) > 2
    return None if _COLOUR_OPEN.fullmatch(text) else False


def _read_link(text: str) -> bool | None:
    """The end of a link's words and where it leads: `](https://a.example)`."""
    if len(text) <= _LINK_SURE and not text.startswith(_LINKS):
        return None if any(link.startswith(text) for link in _LINKS) else False
    if text[-1] == ")":
        return True
    return False if text[-1] in _NO_ADDRESS else None


def _read_bracket(text: str) -> bool | None:
    """`[b]`, `[/b]`, `[size=4]` and notes: `[^1]`."""
    over = text[-1] == "]"
    inside = text[1:-1] if over else text[1:]
    if inside[:1] == "^":
        known = _NOTE.fullmatch(inside) is not None
        return known and len(inside) > 1 if over else None if known else False
    name, sign, _ = inside.removeprefix("/").lower().partition("=")
    if over:
        return name in _BBCODE
    if sign:
        return None if name in _BBCODE and text[-1] not in "[\r\n\0" else False
    return None if name in _BBCODE_BEGINNINGS else False
