"""Work that is done piece by piece, so that whoever has it done may let others in between.

    verdict = at_once(guard.judge_piecemeal(text, "prompt"))

It refuses to know what is done, and how long a piece may take.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Piecemeal = Generator[None, None, T]
"""Yields after each piece; returns what came of all of them."""


def at_once(work: Piecemeal[T]) -> T:
    """All pieces in a row."""
    try:
        while True:
            next(work)
    except StopIteration as over:
        value: T = over.value
        return value
