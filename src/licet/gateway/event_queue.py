"""Events that wait, in order, for a judge outside: the first ends a text that is not judged yet.

It refuses to know judges and what an event says.
"""

from __future__ import annotations

from collections import deque

from licet.base.trouble import TooMuch
from licet.gateway.dialects.frames import Frame


class EventQueue:
    """A bounded queue. `said`: the event's texts have left without it (or wait elsewhere)."""

    __slots__ = ("_bytes", "_bytes_max", "_waiting")

    def __init__(self, bytes_max: int) -> None:
        self._waiting: deque[tuple[Frame, bool]] = deque()
        self._bytes = 0
        self._bytes_max = bytes_max

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def first(self) -> tuple[Frame, bool]:
        """The event whose turn is next, and whether its texts were said."""
        return self._waiting[0]

    def put(self, frame: Frame) -> None:
        """An event that came while others wait. Raises TooMuch where the queue is too long."""
        self._waiting.append((frame, False))
        self._bytes += len(frame.raw)
        if self._bytes > self._bytes_max:
            raise TooMuch("a judge is slower than the model for too long.")

    def put_first(self, frame: Frame, *, said: bool) -> None:
        """The event whose turn it was must wait after all: those behind it stay behind it."""
        self._waiting.appendleft((frame, said))
        self._bytes += len(frame.raw)

    def take(self) -> None:
        """The first event's turn has come."""
        frame, _ = self._waiting.popleft()
        self._bytes -= len(frame.raw)

    def clear(self) -> None:
        self._waiting.clear()
        self._bytes = 0
