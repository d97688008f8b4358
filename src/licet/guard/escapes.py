"""Characters written as something else: entities, `\\uXXXX`, `%XX`, surrogate pairs; and tags.

It refuses to know what the characters are for. One escape is given piece by piece; after each
piece the answer is: not yet, never, or this character.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html.entities import html5
from typing import Final, NamedTuple

from licet.guard import markup, tags

LENGTH_MAX: Final = tags.LENGTH_MAX
"""No escape that we read is longer; what is longer is read as plain text."""
_SHORT_MAX: Final = 48
"""The same for all but tags, comments and marks."""
_KNOWN_MAX: Final = 10
_KNOWN_SIZE: Final = 8_192
"""What escapes of so many characters are is remembered, of the last so many."""

_NUMERIC = re.compile(r"&#(?:[0-9]*|[xX][0-9a-fA-F]*)\Z")
_NUMERIC_WHOLE = re.compile(r"&#(?:0*([0-9]{1,7})|[xX]0*([0-9a-fA-F]{1,6}))\Z")
_TOO_MANY = re.compile(r"&#(?:0*[1-9][0-9]{7}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6})")
_UNICODE = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?\Z")
_LONG = re.compile(r"\\U[0-9a-fA-F]{0,8}\Z")
_BRACED = re.compile(r"\\[ux]\{(?:[0-9a-fA-F]{0,6}|[0-9a-fA-F]{1,6}\})\Z")
_HEX = frozenset("0123456789abcdefABCDEF")
_JSON_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "/": "/",
               "\\": "\\"}  # fmt: skip


_SPACES: Final = "ntr"
"""White space as programs and JSON write it, which outside JSON may also be plain text."""
TURN: Final = "\u202e"
"""From here to one of `_TURN_ENDS` screens show a text from right to left, whatever its script."""
_TURN_ENDS: Final = "\u202c\u2069\n\r\0"
_TURN_MAX: Final = 64

_BARE = re.compile(
    r"&(?:nbsp|shy|middot|laquo|raquo|szlig|[AEIOUYaeiouy]acute|[AEIOUaeiou](?:grave|circ)"
    r"|[AEIOUaeiouy]uml|[ANOano]tilde|[Cc]cedil|[Aa]ring|[Oo]slash)"
)
"""Names that are read without a semicolon too, whatever follows."""
_BARE_MARKS = {"&amp": "&", "&lt": "<", "&gt": ">", "&quot": '"'}
"""And these, where no letter or digit follows."""


class Outcome(NamedTuple):
    """What one more character made of an escape."""

    decoded: str | None
    """The character that it stands for; None while it is open or if it is none."""
    open: bool
    gives_back: int = 0
    """How many of its last characters ended it without being part of it (`&#102o`: one)."""
    both: bool = False
    """Whether it is read as it stands as well."""


_OPEN = Outcome(None, True)
_NONE = Outcome(None, False)


@cache
def _names() -> tuple[dict[str, str], frozenset[str]]:
    """Named entities, `&name;`, and every beginning of one. Of two code points the second only
    marks the first (but for `&fjlig;`, which is left out)."""
    whole = {f"&{k}": v[0] for k, v in html5.items() if k.endswith(";") and k != "fjlig;"}
    return whole, frozenset(k[:i] for k in whole for i in range(1, len(k)))


def _code_point(number: int) -> str:
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or number == 0:
        return "\ufffd"
    return chr(number)


def _entity(escape: str) -> Outcome:
    if escape[:5].lower() != "&amp;":
        return _once(escape)
    if len(escape) == 5:
        return _OPEN
    inner = _once("&" + escape[5:]) if escape[5:6] != "&" else _NONE
    if inner.open or inner.decoded is not None:
        return inner
    return Outcome("&", False, len(escape) - 5)


def _once(escape: str) -> Outcome:
    """An entity that is no ampersand of another."""
    if _NUMERIC.match(escape):
        return _NONE if _TOO_MANY.match(escape) else _OPEN
    body = _NUMERIC_WHOLE.match(escape[:-1])
    if body:
        number = int(body[1]) if body[1] else int(body[2], 16)
        return Outcome(_code_point(number), False, 0 if escape[-1] == ";" else 1)
    whole, beginnings = _names()
    if escape in whole:
        return Outcome(whole[escape], False)
    if escape in beginnings:
        return _OPEN
    mark = _BARE_MARKS.get(escape[:-1])
    if mark is not None and not escape[-1].isalnum():
        return Outcome(mark, False, 1)
    bare = _BARE.match(escape)
    if bare:
        return Outcome(whole[bare[0] + ";"], False, len(escape) - bare.end())
    return _NONE


def _backslash(escape: str, json: bool) -> Outcome:
    if json and len(escape) == 2 and escape[1] in _JSON_SHORT:
        return Outcome(_JSON_SHORT[escape[1]], False)
    if escape in markup.LATEX:
        return _mark(True, both=True)
    if escape in markup.LATEX_BEGINNINGS:
        return _OPEN
    if escape[1] in _SPACES:
        return Outcome("\n", False, len(escape) - 2, both=True)
    if escape[1] == "U":
        whole = len(escape) == 10
        if not _LONG.match(escape):
            return _NONE
        return Outcome(_code_point(int(escape[2:], 16)), False) if whole else _OPEN
    if escape[1] == "x" and escape[2:3] != "{":
        return _bytes(escape, "\\x")
    if escape[2:3] == "{":
        if not _BRACED.match(escape):
            return _NONE
        return Outcome(_code_point(int(escape[3:-1], 16)), False) if escape[-1] == "}" else _OPEN
    if len(escape) == 6 and _UNICODE.match(escape):
        unit = int(escape[2:], 16)
        return _OPEN if 0xD800 <= unit < 0xDC00 else Outcome(_lone(unit), False)
    if len(escape) > 6:  # a high surrogate wants a low one
        tail = escape[6:]
        if not _UNICODE.match(tail):
            return _NONE
        if len(tail) < 6:
            return _OPEN
        high, low = int(escape[2:6], 16), int(tail[2:], 16)
        if 0xDC00 <= low < 0xE000:
            return Outcome(chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), False)
        return _NONE
    return _OPEN if _UNICODE.match(escape) else _NONE


def _bytes(escape: str, mark: str) -> Outcome:
    """A character in the bytes of its UTF-8, each in hexadecimal after a mark: `%E6%AF%92`."""
    size, data = len(mark) + 2, bytearray()
    for at in range(0, len(escape), size):
        unit = escape[at : at + size]
        digits = unit[len(mark) :]
        if not (mark + digits).startswith(unit) or not _HEX.issuperset(digits):
            return _NONE
        if len(unit) == size:
            data.append(int(digits, 16))
    first = data[0] if data else 0xC2
    need = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if (first < 0x20 and first not in (9, 10, 13)) or 0x7F <= first < 0xC2 or first > 0xF4:
        return _NONE
    if any(not 0x80 <= byte < 0xC0 for byte in data[1:]):
        return _NONE
    if len(data) < need:
        return _OPEN
    try:
        return Outcome(data.decode(), False)
    except UnicodeDecodeError:
        return _NONE


def _percent(escape: str) -> Outcome:
    """As in addresses, once or twice over (`%2561`), or as scripts once wrote it (`%u0061`)."""
    if escape[1:2] == "u":
        return _backslash(escape.replace("%", "\\"), json=False)
    if escape[:3] != "%25":
        return _bytes(escape, "%")
    inner = _bytes(escape, "%25")
    if inner.open or inner.decoded is not None:
        return inner
    return Outcome("%", False, len(escape) - 3)


def _mark(said: bool | None, *, both: bool) -> Outcome:
    if said is None:
        return _OPEN
    return Outcome("*", False, both=both) if said else _NONE


def _turned(escape: str) -> Outcome:
    """Several characters: those that stand behind TURN, as they are seen."""
    if escape[-1] in _TURN_ENDS:
        return Outcome(escape[-2:0:-1], False, 1)
    return _OPEN if len(escape) <= _TURN_MAX else Outcome(escape[:0:-1], False)


def _lone(unit: int) -> str:
    return "\ufffd" if 0xDC00 <= unit < 0xE000 else chr(unit)


def read_escape(escape: str, *, json: bool) -> Outcome:
    """What `escape` is so far; its first character is `&`, `\\`, `%`, `<`, TURN, a high surrogate
    or one of `markup.BEGINNINGS`.

    A tag and whatever is seen as nothing decode to a character that separates nothing stronger
    than a formatting mark does (`*`).
    """
    return _read_short(escape, json) if len(escape) <= _KNOWN_MAX else _read(escape, json)


@lru_cache(_KNOWN_SIZE)
def _read_short(escape: str, json: bool) -> Outcome:
    return _read(escape, json)


def _read(escape: str, json: bool) -> Outcome:
    first = escape[0]
    if first == TURN:
        return _turned(escape)
    if first == "<":
        said = tags.read_tag(escape)
        return _mark(said, both=tags.is_comment(escape))
    if first in markup.BEGINNINGS:
        return _mark(markup.read_mark(escape), both=True)
    if len(escape) > _SHORT_MAX:
        return _NONE
    if first == "&":
        return _OPEN if len(escape) == 1 else _entity(escape)
    if first == "\\":
        return _OPEN if len(escape) == 1 else _backslash(escape, json)
    if first == "%":
        return _percent(escape)
    if len(escape) == 1:
        return _OPEN
    low = ord(escape[1])
    if 0xDC00 <= low < 0xE000:
        return Outcome(chr(0x10000 + ((ord(first) - 0xD800) << 10) + (low - 0xDC00)), False)
    return _NONE


def read_end(escape: str, *, json: bool) -> Outcome:
    """What an escape that was open is, now that the text is over."""
    outcome = read_escape(escape + "\0", json=json)
    if outcome.decoded is None:
        return _NONE
    return Outcome(outcome.decoded, False, outcome.gives_back - 1, outcome.both)


def may_begin(char: str, *, inside: bool) -> bool:
    """Whether an escape may begin here. A tag or mark matters only `inside` a possible match."""
    if char == "<" or char in markup.BEGINNINGS:
        return inside
    return char in "&\\%" or "\ud800" <= char < "\udc00"


def _utf8_pattern(mark: str) -> str:
    one, rest = f"{mark}[0-7][0-9a-fA-F]", f"{mark}[89abAB][0-9a-fA-F]"
    return (f"{one}|{mark}[cdCD][0-9a-fA-F]{rest}|{mark}[eE][0-9a-fA-F]{rest}{rest}"
            f"|{mark}[fF][0-4]{rest}{rest}{rest}")  # fmt: skip


_ANY = re.compile(
    r"(?:&[aA][mM][pP];|&)#(?:0*[0-9]{1,7}|[xX]0*[0-9a-fA-F]{1,6});?"
    r"|(?:&[aA][mM][pP];|&)[A-Za-z][A-Za-z0-9]{1,31};"
    rf"|(?:&[aA][mM][pP];|&){_BARE.pattern[1:]}"
    r"|[\\%]u[0-9a-fA-F]{4}|\\[ux]\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}"
    r"|</?[A-Za-z](?:[^<>\"']|\"[^\"]{0,254}\"|'[^']{0,254}'){0,254}>|</?[A-Za-z][^<>]{0,254}>|"
    + "|".join(_utf8_pattern(mark) for mark in ("%25", "%", r"\\x"))
)
_ANY_JSON = re.compile(_ANY.pattern + r'|\\["\\/bfnrt]')


def readings(text: str) -> set[str]:
    """How a text may be read otherwise than it stands: with its escapes decoded, and with what may
    be a mark of formatting taken for one as well."""
    unmarked = markup.ANY.sub(" ", text)
    return {decoded(text, json=False), decoded(unmarked, json=False)} - {text}


def decoded(text: str, *, json: bool) -> str:
    """The text with every escape replaced: near enough to see whether a closer look is needed."""

    def one(found: re.Match[str]) -> str:
        written = found[0]
        if written[:2] in ("\\u", "%u") and written[2] != "{":
            return chr(int(written[2:], 16))
        outcome = read_escape(written, json=json)
        if outcome.open:
            outcome = read_end(written, json=json)
        return outcome.decoded or written

    out = (_ANY_JSON if json else _ANY).sub(one, text)
    return out.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
