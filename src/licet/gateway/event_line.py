"""Events that leave whole or not at all, in a line.

From the first event with logprobs on, a stream's events are not cut: its logprobs name every token
of its text. All events stand in line and leave when all the text up to them is free.

It refuses to know why text is free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from licet.base.trouble import TooMuch
from licet.gateway.dialects.model import Frame, Reader


class EventLine:
    """The line of one stream. `bytes_max` bounds what may wait in it."""

    __slots__ = ("_bytes", "_bytes_max", "_given", "_line", "_reader", "_released")

    def __init__(self, reader: Reader, bytes_max: int) -> None:
        self._reader = reader
        self._bytes_max = bytes_max
        self._bytes = 0
        self._line: deque[tuple[Frame, dict[str, int]]] = deque()
        self._given: dict[str, int] = {}
        self._released: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._line)

    def join(self, frame: Frame) -> None:
        """An event joins the line. Raises TooMuch where the line is too long."""
        ends = {}
        for span in frame.spans:
            self._given[span.channel] = self._given.get(span.channel, 0) + len(span.text)
            ends[span.channel] = self._given[span.channel]
        self._line.append((frame, ends))
        self._bytes += len(frame.raw)
        if self._bytes > self._bytes_max:
            raise TooMuch("a judge is slower than the model for too long.")

    def release(self, channel: str, count: int) -> None:
        """`count` more characters of a channel may leave."""
        self._released[channel] = self._released.get(channel, 0) + count

    def leave(self, blocked: Callable[[Frame], bool]) -> tuple[bytes, bool]:
        """The events whose turn has come, and whether the last one of the stream is among them."""
        out = b""
        while self._line:
            frame, ends = self._line[0]
            if any(self._released.get(name, 0) < end for name, end in ends.items()):
                break
            if blocked(frame):
                break
            self._line.popleft()
            self._bytes -= len(frame.raw)
            texts = [span.text for span in frame.spans]
            out += self._reader.render(frame, texts) if self._reader.renumbers else frame.raw
            if frame.last:
                return out, True
        return out, False

    def leave_partly(self) -> bytes:
        """At a halt: the free text of events that can't leave whole, without their logprobs."""
        out = b""
        for frame, ends in self._line:
            for span in frame.spans:
                start = ends[span.channel] - len(span.text)
                text = span.text[: max(0, self._released.get(span.channel, 0) - start)]
                if text:
                    out += self._reader.flush(span.channel, text)
        self._line.clear()
        return out
