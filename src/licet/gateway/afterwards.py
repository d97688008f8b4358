"""What is to be awaited at the end of some work, whatever came of it.

Compiled modules have no `await` in `finally` or `except`: mypyc raises behind it whatever the
caller is handling, though it was dealt with long before. This module is not compiled.

It refuses to know what the work is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def whatever_comes(work: Awaitable[T], then: Callable[[], Awaitable[None]]) -> T:
    """What comes of the work, which may be an error; `then` was awaited before."""
    try:
        return await work
    finally:
        await then()
