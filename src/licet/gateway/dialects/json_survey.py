"""What a JSON text holds, counted before it is read: members, lists and objects, their levels.

It refuses to know whether the text is JSON: of what is not, the counts mean nothing.

Rules
1. Strings are passed over, whatever they hold; one that is never closed swallows the rest.
2. The first bytes of a string are looked at one by one, which is quickest where it is short, and
   what is behind them is searched for a quotation mark.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

_NEAR: Final = 48
_QUOTE: Final = 0x22
_BACKSLASH: Final = 0x5C
_COLON: Final = 0x3A
_OPEN_LIST: Final = 0x5B
_END_LIST: Final = 0x5D
_OPEN_OBJECT: Final = 0x7B
_END_OBJECT: Final = 0x7D


def survey(data: bytes) -> tuple[i64, i64, i64]:
    """(members, lists and objects, levels) of a JSON text. A member that is given twice counts
    twice."""
    members: i64 = 0
    containers: i64 = 0
    level: i64 = 0
    deepest: i64 = 0
    at: i64 = 0
    end: i64 = len(data)
    while at < end:
        byte = i64(data[at])
        at += 1
        if byte == _QUOTE:
            at = _behind_string(data, at, end)
        elif byte == _COLON:
            members += 1
        elif byte in (_OPEN_LIST, _OPEN_OBJECT):
            containers += 1
            level += 1
            if level > deepest:
                deepest = level
        elif byte in (_END_LIST, _END_OBJECT):
            level -= 1
    return members, containers, deepest


def members_of(value: Any) -> int:
    """How many members the objects in a decoded value have, at all levels."""
    count = 0
    if type(value) is dict:
        count = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                count += members_of(item)
    elif type(value) is list:
        for item in value:
            if type(item) is dict or type(item) is list:
                count += members_of(item)
    return count


def _behind_string(data: bytes, at: i64, end: i64) -> i64:
    """Where the string is over whose text begins `at`."""
    while at < end:
        stop = at + _NEAR
        if stop > end:
            stop = end
        while at < stop:
            byte = i64(data[at])
            at += 1
            if byte == _QUOTE:
                return at
            if byte == _BACKSLASH:
                at += 1
        quote: i64 = data.find(b'"', at)
        if quote < 0:
            return end
        before = quote
        while before > at and data[before - 1] == _BACKSLASH:
            before -= 1
        at = quote + 1
        if (quote - before) & 1 == 0:
            return at
    return end
