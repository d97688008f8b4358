"""Personal data and secrets in a text: what has their form, and passes the guard's own check.

It refuses to know whose they are. Checks are those of `guard.recognise`; an id with a false check
digit is none.

Rules
1. Spans do not overlap: of two that do, the one that begins first stands, then the longer.
2. Digits in full width count as digits. Han may stand right beside: only ASCII ends a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from licet.guard.recognise import CHECKS

_ID = (
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"
    r"[ -]?(?:18|19|20)\d{2}[ -]?\d{4}[ -]?\d{3}[\dXx]"
)
_CARD = r"[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,4}(?:[ -]?\d{1,3})?"
_ACCESS = (
    r"(?:gh[opsu]_|github_pat_|glpat-|xox[abp]-|sk-(?:proj-|ant-)?)[A-Za-z0-9_-]{16,100}"
    r"|(?:AKIA|ASIA)[A-Z2-7]{16}|LTAI[A-Za-z0-9]{12,24}|AKID[A-Za-z0-9]{28,36}"
    r"|AIza[A-Za-z0-9_-]{35}|eyJ[\w-]{10,60}\.eyJ[\w-]{10,200}\.[\w-]{10,200}"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Something personal or secret: its kind, and where in the text it stands."""

    kind: str
    start: int
    end: int


def _alone(pattern: str) -> re.Pattern[str]:
    """A number that is no part of a longer one."""
    return re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-]|\.\d)", re.ASCII)


PATTERNS: Mapping[str, re.Pattern[str]] = {
    "private-key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY-----[A-Za-z0-9+/=\s]{60,4000}"
        r"(?:-----END[A-Z ]{0,40}-----)?"
    ),
    "token": re.compile(rf"(?<![\w-])(?:{_ACCESS})", re.ASCII),
    "cn-id": _alone(_ID),
    "bank-card": _alone(_CARD),
    "phone-cn": _alone(r"(?:(?:\+|00)86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"),
    "phone": re.compile(
        r"(?<![\w.])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?!\w)", re.ASCII
    ),
    "us-ssn": _alone(r"\d{3}-\d{2}-\d{4}"),
    "iban": _alone(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"),
    "email": re.compile(
        r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{1,80}\.[A-Za-z]{2,24}(?!\w)",
        re.ASCII,
    ),
    "ip-address": _alone(r"\d{1,3}(?:\.\d{1,3}){3}"),
}  # fmt: skip
"""By the name of the check, in the order in which they are looked for."""
SECRETS = frozenset(("private-key", "token"))
_MARKS: Mapping[str, tuple[str, ...]] = {
    "private-key": ("-----BEGIN",),
    "token": ("gho_", "ghp_", "ghs_", "ghu_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-",
              "sk-", "AKIA", "ASIA", "LTAI", "AKID", "AIza", "eyJ"),
    "email": ("@",),
}  # fmt: skip
"""One of these stands in whatever its pattern finds. The other patterns find numbers."""
_NUMBERS = tuple(kind for kind in PATTERNS if kind not in _MARKS)
_NUMERIC = re.compile(r"[0-9](?:[0-9]{2}[ .-]?[0-9]{2}|\.[0-9]{1,3}\.[0-9])")
"""Stands in every number that is looked for; begins with a set, which `re` skips to quickly."""
_REACH, _BEYOND = 48, 96
"""No number begins or ends further from a numeric part of it; it is read on beyond that, for what
stands behind it counts."""
_WIDE_MARKS = "".join(map(chr, range(0xFF10, 0xFF1A))) + chr(0xFF20)
_WIDE = {0xFF10 + n: ord("0") + n for n in range(10)} | {0xFF20: ord("@")}


def find_personal(text: str) -> tuple[Span, ...]:
    """What is personal or secret in a text, in its order."""
    if not text.isascii() and any(mark in text for mark in _WIDE_MARKS):
        text = text.translate(_WIDE)
    found = [
        Span(kind, match.start(), match.end())
        for kind, marks in _MARKS.items()
        if any(mark in text for mark in marks)
        for match in PATTERNS[kind].finditer(text)
        if CHECKS[kind](match[0])
    ]
    for start, end in _windows(text):
        found += [
            Span(kind, match.start(), match.end())
            for kind in _NUMBERS
            for match in PATTERNS[kind].finditer(text, start, end)
            if (match.end() < end or end == len(text)) and CHECKS[kind](match[0])
        ]
    found.sort(key=lambda span: (span.start, -span.end))
    kept: list[Span] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text, apart from each other, in which all its numbers lie whole."""
    start, end = -1, -1
    for match in _NUMERIC.finditer(text):
        if match.start() - _REACH > end:
            if end >= 0:
                yield start, end
            start = max(0, match.start() - _REACH)
        end = min(len(text), match.end() + _BEYOND)
    if end >= 0:
        yield start, end


def masked(text: str) -> str:
    """The text with a mark in the place of each finding."""
    out, at = [], 0
    for span in find_personal(text):
        out += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join((*out, text[at:]))
