"""Tags and comments of HTML, as they come.

It refuses to know what is between them. A tag is taken for one only where a reader of the page
would not see it: by an element's name and by attributes that are written as such. What else stands
in angle brackets is text.
"""

from __future__ import annotations

import re
import string
from typing import Final

LENGTH_MAX: Final = 256
"""No tag or comment that we read is longer; what is longer is read as plain text."""

_NAMES: Final = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big "
    "blink blockquote body br button canvas caption center cite code col colgroup command content "
    "data datalist dd del details dfn dialog dir div dl dt element em embed fieldset figcaption "
    "figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe "
    "image img input ins isindex kbd keygen label legend li link listing main map mark marquee "
    "math menu menuitem meta meter multicol nav nextid nobr noembed noframes noscript object ol "
    "optgroup option output p param picture plaintext portal pre progress q rb rbc rp rt rtc ruby "
    "s samp script search section select shadow slot small source spacer span strike strong style "
    "sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u "
    "ul var video wbr xmp "
    "circle defs ellipse foreignobject g polygon polyline rect tspan "
    "mfrac mi mn mo mroot mrow mspace msqrt mstyle msub msup mtext"
)
"""Of HTML, now and once; of SVG and MathML those that are no usual words."""
_ELEMENTS: Final = frozenset(_NAMES.split())
_BEGINNINGS: Final = frozenset(name[:i] for name in _ELEMENTS for i in range(len(name) + 1))

_KEY = r"[A-Za-z_:@*.#(\[][\w:@*.#()\[\]-]{0,40}"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'<>=`][^\s"'<>`]*)"""
_ALONE = (
    r"(?:allowfullscreen|async|autofocus|autoplay|checked|compact|contenteditable|controls|declare"
    r"|default|defer|disabled|download|formnovalidate|hidden|inert|ismap|itemscope|loop|multiple"
    r"|muted|nohref|nomodule|noresize|noshade|novalidate|nowrap|open|playsinline|popover|readonly"
    r"|required|reversed|selected|truespeed|typemustmatch)"
)
_NAMED: Final = string.ascii_letters
_NAME: Final = re.compile(r"</?([A-Za-z0-9]*)", re.A)
_ATTRIBUTES: Final = re.compile(
    rf"(?:(?:[\s/]+|(?<=[\"']))(?:{_KEY}\s*=\s*{_VALUE}|{_ALONE}(?=[\s/>])))*[\s/]*", re.A | re.I
)
_OPEN_ATTRIBUTE: Final = re.compile(
    rf"""{_KEY}(?:\s*(?:=\s*(?:"[^"]*|'[^']*|(?:[^\s"'<>=`][^\s"'<>`]*)?))?)?""", re.A | re.I
)


def read_tag(text: str) -> bool | None:
    """Whether `text`, which begins with `<`, is a tag or comment; None while it may become one."""
    if len(text) > LENGTH_MAX:
        return False
    if is_comment(text):
        return _read_comment(text)
    named = _NAME.match(text)
    assert named is not None
    name, end = named[1].lower(), named.end()
    if end == len(text):
        return None if name in _BEGINNINGS else False
    if name not in _ELEMENTS:
        return False
    attributes = _ATTRIBUTES.match(text, end)
    assert attributes is not None
    at = attributes.end()
    if at == len(text):
        return None
    if text[at] == ">":
        return True
    apart = text[at - 1] in "\"' \t\r\n\f\v/"
    return None if apart and _OPEN_ATTRIBUTE.fullmatch(text, at) else False


def is_comment(text: str) -> bool:
    """Whether `text` is a comment if it is anything: `<!-- a -->`, and what browsers take for one,
    `<!a>`, `<?a?>` and `</ a>`. Where no browser reads it, it is text."""
    return text[1:2] in ("!", "?") or (text[1:2] == "/" and bool(text[2:3].strip(_NAMED)))


def _read_comment(text: str) -> bool | None:
    if text[:4] == "<!--":
        return True if text.endswith(("-->", "--!>")) else None
    return True if text[-1] == ">" else None
