"""Memory of a process that has built what stays, and remembers more as it reads: left alone by the
collector of garbage, the rest given back.

It refuses to know what was built.

Rules
1. Rules and weights stay as long as the process, and so does most of what is remembered of texts:
   hundreds of thousands of objects. A full collection walks them all, a microsecond each, and no
   stream moves meanwhile. So what has survived one is set aside.
2. What is set aside is freed as ever when nothing refers to it any more. Only garbage that refers
   to itself waits for a look at everything. An exchange leaves none (a test holds that); a bundle
   that was replaced does.
3. While rules are built nothing is looked at: hardly anything of it is garbage.
4. Everything is looked at when no stream is open and the last look was LOOK_S ago; while one is,
   after BUSY_LOOK_S.
5. New objects are looked at when there are YOUNG_MAX of them, not seven hundred: by rule 2 next to
   none is garbage that only a look finds.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator
from typing import Any, Final

LOOK_S: Final = 3600.0
BUSY_LOOK_S: Final = 24 * LOOK_S
YOUNG_MAX: Final = 10_000
_FULL: Final = 2


class Settling:
    """The memory of this process. `begin` once all is built, then `tend` it, then `end`."""

    def __init__(self) -> None:
        self._looked_s = 0.0
        self._thresholds = gc.get_threshold()

    def begin(self, now_s: float) -> None:
        """From now on what survives is set aside."""
        self._looked_s = now_s
        gc.set_threshold(YOUNG_MAX, *self._thresholds[1:])
        gc.callbacks.append(self._after_collection)
        gc.collect()
        _give_back()

    def end(self) -> None:
        """From now on nothing more is."""
        gc.set_threshold(*self._thresholds)
        with contextlib.suppress(ValueError):
            gc.callbacks.remove(self._after_collection)

    def set_aside(self) -> None:
        """Much was built that stays: without a look at it."""
        gc.freeze()
        _give_back()

    def tend(self, now_s: float, *, busy: bool) -> None:
        """Rule 4. `busy`: a stream is open, which would stand still."""
        if now_s - self._looked_s > (BUSY_LOOK_S if busy else LOOK_S):
            self._looked_s = now_s
            gc.unfreeze()
            gc.collect()
            _give_back()

    def _after_collection(self, phase: str, about: dict[str, Any]) -> None:
        if phase == "stop" and about["generation"] == _FULL:
            gc.freeze()


@contextlib.contextmanager
def building() -> Iterator[None]:
    """Rule 3, for what is built inside."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


def _give_back() -> None:
    """What building took goes back to the system, a fifth of all memory, where the C library can
    do that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
