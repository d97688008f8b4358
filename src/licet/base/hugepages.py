"""Memory in huge pages, where Linux has them.

Tables and objects of a hundred megabytes lie in tens of thousands of pages, more than a processor
remembers the places of: most looks into them wait for a walk through the page tables, and on a
virtual machine for several. In pages of 2 MiB they are a few dozen.

Source: madvise(2), MADV_COLLAPSE (Linux 6.1).

It refuses to know what lies in memory.

Rules
1. No memory is taken for it: only what is nearly all in use is gathered.
2. Where the system has been told to use none (`never`), none are used; where it can't, nothing
   happens.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

USED_MIN: Final = 0.95
"""The share of a stretch that must be in use (rule 1)."""
Advise = Callable[[int, int], bool]
"""Gathers the memory at an address, of so many bytes; whether that was done."""

_SETTINGS: Final = Path("/sys/kernel/mm/transparent_hugepage")
_MAPS: Final = Path("/proc/self/smaps")
_COLLAPSE: Final = 25


def gather() -> int:
    """Lay the memory of this process in huge pages; returns the bytes that were gathered."""
    try:
        if "[never]" in (_SETTINGS / "enabled").read_text():
            return 0
        size = int((_SETTINGS / "hpage_pmd_size").read_text())
        maps = _MAPS.read_text()
        advise = _advice()
    except (OSError, ValueError, AttributeError):
        return 0
    pages = [at for start, end in stretches(maps) for at in _pages(start, end, size)]
    return size * sum([advise(at, size) for at in pages])


def stretches(maps: str) -> Iterator[tuple[int, int]]:
    """From /proc/PID/smaps the addresses [start, end) of a process's own memory that is in use,
    and not in huge pages yet."""
    start = end = used = 0
    is_own = False
    for line in maps.splitlines():
        words = line.split()
        if words[0] == "Rss:":
            used = int(words[1]) << 10
        elif words[0] == "AnonHugePages:":
            is_strewn = int(words[1]) << 10 < used
            if is_own and is_strewn and used >= USED_MIN * (end - start):
                yield start, end
        elif not words[0].endswith(":"):
            name = words[5] if len(words) > 5 else ""
            is_own = words[1].startswith("rw") and name in ("", "[heap]")
            start, end = (int(part, 16) for part in words[0].split("-"))


def _pages(start: int, end: int, size: int) -> range:
    return range(-(-start // size) * size, end // size * size, size)


def _advice() -> Advise:
    """Raises AttributeError or OSError where there is no such call."""
    call = ctypes.CDLL(None).madvise
    call.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return lambda at, size: call(at, size, _COLLAPSE) == 0
