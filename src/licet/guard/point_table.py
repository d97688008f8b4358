"""What each code point of a text becomes, as `str.translate` does it, several times as fast where
this is compiled: most become one other, and that is one look-up in whole numbers of the machine.

It refuses to know why one becomes another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from librt.strings import StringWriter
from librt.vecs import vec
from mypy_extensions import i32, i64

IS_COMPILED: Final = not __file__.endswith(".py")
"""Plain Python is faster with `str.translate`."""
_SEVERAL: Final = -1


class PointTable:
    """A table by code point. Immutable."""

    __slots__ = ("_given", "_single")

    def __init__(self, given: Sequence[int | str]) -> None:
        """`given`: the code point or the string that each becomes; those beyond stay."""
        self._given = given
        numbers = [_number(one) for one in given] if IS_COMPILED else []
        self._single: vec[i32] = vec[i32](numbers)

    def translate(self, text: str) -> str:
        """The text with each code point replaced."""
        if not IS_COMPILED:
            return text.translate(self._given)
        single = self._single
        known: i64 = len(single)
        out = StringWriter()
        at, size = i64(0), i64(len(text))
        while at < size:
            point = i32(ord(text[at]))
            at += 1
            if i64(point) >= known:
                out.append(point)
                continue
            becomes = single[i64(point)]
            if becomes == _SEVERAL:
                out.write(str(self._given[point]))
            else:
                out.append(becomes)
        return out.getvalue()


def _number(becomes: int | str) -> i32:
    """The code point that another becomes; _SEVERAL: none, or more than one."""
    if isinstance(becomes, int):
        return i32(becomes)
    return i32(ord(becomes)) if len(becomes) == 1 else i32(_SEVERAL)
