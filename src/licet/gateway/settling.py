"""Memory of a process that has built what stays: left alone by the collector, the rest given back.

It refuses to know what was built.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc


def settle_memory() -> None:
    """Rules and weights stay as long as the process: the collector need not walk them each time
    (hundreds of thousands of objects with 10,000 rules). What building them took goes back to
    the system, a fifth of all memory, where the C library can do that."""
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
