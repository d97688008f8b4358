"""Events that leave whole or not at all, in a line.

From the first event with logprobs on, a stream's events are not cut: its logprobs name every token
of its text. All events stand in line and leave when all the text up to them is free.

It refuses to know why text is free.

Rules
1. What leaves, leaves in the order in which it came.
2. Text that was held when the line began stands in it first: it is in no event of the line.
3. When nothing more will come (`leave_partly`), what is free leaves, and no channel ends by it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from licet.base.trouble import TooMuch
from licet.gateway.dialects.frames import Frame, Span
from licet.gateway.dialects.model import Reader


class _Place(msgspec.Struct, frozen=True, gc=False):
    """A place in the line. `ends`: up to where each channel must be free for it to leave.
    `loose`: text that no event carries any more."""

    frame: Frame
    ends: dict[str, int]
    loose: bool = False


class EventLine:
    """The line of one stream. `bytes_max` bounds what may wait in it."""

    __slots__ = ("_bytes", "_bytes_max", "_given", "_known", "_line", "_reader", "_released")

    def __init__(self, reader: Reader, bytes_max: int, known: Iterable[str] = ()) -> None:
        """`known`: the channels that have begun."""
        self._reader = reader
        self._known = set(known)
        self._bytes_max = bytes_max
        self._bytes = 0
        self._line: deque[_Place] = deque()
        self._given: dict[str, int] = {}
        self._released: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._line)

    def hold(self, channel: str, text: str) -> None:
        """Text that was held when the line began (rule 2)."""
        frame = Frame(b"", (Span(channel, text),))
        self._line.append(_Place(frame, self._give(frame), loose=True))

    def join(self, frame: Frame) -> None:
        """An event joins the line. Raises TooMuch where the line is too long."""
        self._line.append(_Place(frame, self._give(frame)))
        self._bytes += len(frame.raw)
        if self._bytes > self._bytes_max:
            raise TooMuch("a judge is slower than the model for too long.")

    def set_apart(self, channel: str) -> None:
        """One character that no event says stands before the next text of a channel."""
        self._given[channel] = self._given.get(channel, 0) + 1

    def release(self, channel: str, count: int) -> None:
        """`count` more characters of a channel may leave."""
        self._released[channel] = self._released.get(channel, 0) + count

    def leave(self, blocked: Callable[[Frame], bool]) -> tuple[bytes, bool]:
        """The events whose turn has come, and whether the last one of the stream is among them."""
        out = b""
        while self._line:
            place = self._line[0]
            if not self._is_free(place) or blocked(place.frame):
                break
            self._line.popleft()
            self._bytes -= len(place.frame.raw)
            out += self._whole(place)
            self._known.update(place.ends)
            if place.frame.last:
                return out, True
        return out, False

    def leave_partly(self) -> bytes:
        """Nothing more will come: what is free leaves, without logprobs where it is cut.

        Behind an event that cannot leave nothing leaves whole, and no text of a channel that such
        an event may have begun: the client would not know where it belongs.
        """
        out, whole, missing = b"", True, False
        for place in self._line:
            frame = place.frame
            whole = whole and frame.ends is None and self._is_free(place)
            if whole:
                out += self._whole(place)
            else:
                out += b"".join(
                    self._part(place, span)
                    for span in frame.spans
                    if not missing or span.channel in self._known
                )
                missing = missing or frame.ends is not None or not frame.spans
            if not missing:
                self._known.update(place.ends)
        self._line.clear()
        return out

    def _part(self, place: _Place, span: Span) -> bytes:
        """The free beginning of a text. A name is whole or nothing: cut short it names another
        thing."""
        if span.channel in (place.frame.ends or ()):
            return b""
        start = place.ends[span.channel] - len(span.text)
        text = span.text[: max(0, self._released.get(span.channel, 0) - start)]
        return self._reader.flush(span.channel, text) if text else b""

    def _give(self, frame: Frame) -> dict[str, int]:
        ends = {}
        for span in frame.spans:
            self._given[span.channel] = self._given.get(span.channel, 0) + len(span.text)
            ends[span.channel] = self._given[span.channel]
        return ends

    def _is_free(self, place: _Place) -> bool:
        return all(self._released.get(name, 0) >= end for name, end in place.ends.items())

    def _whole(self, place: _Place) -> bytes:
        frame, reader = place.frame, self._reader
        if place.loose:
            return reader.flush(frame.spans[0].channel, frame.spans[0].text)
        if not reader.renumbers:
            return frame.raw
        return reader.render(frame, [span.text for span in frame.spans])
