"""HTML that is escaped by the way it is made.

It refuses to know what is written in it.

Rules
1. Every string given to `element`, as content or as attribute, is escaped, unless it is Html.
2. Only `element`, `join` and `document` make Html. So whatever a person wrote can be shown, but
   cannot become markup, and no caller has to remember to escape.
"""

from __future__ import annotations

from html import escape

_VOID = frozenset(("br", "input", "link", "meta"))


class Html(str):
    """Markup, as opposed to text."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | bool) -> Html:
    """An element. `_` in an attribute's name stands for `-`, but for one at its end: `class_`.

    An attribute that is True stands there without a value, one that is False does not.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{given}>")
    # A line end right after <textarea> is dropped by the parser, so one is spent on it.
    first = "\n" if name == "textarea" else ""
    return Html(f"<{name}{given}>{first}{join(*content)}</{name}>")


def join(*content: str) -> Html:
    """Content in a row."""
    return Html("".join(_escaped(part) for part in content))


def document(*content: str, lang: str) -> Html:
    """A whole HTML document in that language (BCP 47)."""
    return Html(f"<!doctype html>\n{element('html', *content, lang=lang)}\n")


def _escaped(text: str) -> str:
    # No half characters either: UTF-8 cannot hold them.
    return text if isinstance(text, Html) else escape(text.encode("utf-8", "replace").decode())


def _attribute(key: str, value: str | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{escape(value.encode("utf-8", "replace").decode())}"'
