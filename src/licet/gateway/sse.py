"""Server-sent events, cut out of bytes that arrive in any pieces (WHATWG HTML §9.2).

It refuses to know what an event says, where the bytes come from and what happens to them next.

Rules
1. Nothing is lost or made up: the `raw` of all events, joined, plus what `end` gives back, is the
   input, byte for byte.
2. How the input was cut into pieces changes nothing but when an event comes out.
3. An event comes out as soon as its blank line is complete. A blank line that ends in CR at the
   edge of a piece is complete only with the next byte, which may be its LF.
4. Memory is bounded by `event_bytes_max` and the work is linear in the input, however small the
   pieces: a byte is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from typing import Final

from licet.gateway.sse_trouble import SseTooLarge

_BOM: Final = b"\xef\xbb\xbf"
# Two line ends in a row. Possessive, for a CRLF is never two line ends; it begins with a set, for
# the engine skips to a set fast.
_BLANK: Final = re.compile(rb"[\r\n](?:(?<=\r)\n)?+(?>\r\n|\n|\r)")
_BREAK: Final = re.compile(rb"\r\n|\n|\r")
_BLANK_BYTES_MAX: Final = 4
_LF, _CR = 0x0A, 0x0D  # looking for a number in bytes is faster than for a byte string


class SseEvent:
    """One event. A plain class, for it is made once per token of every stream; never changed.

    `raw`: its exact bytes, blank line included, to be passed on untouched.
    `event`: its type, b"" where none is given.
    `data`: its data lines joined by LF, b"" for a comment or a stray blank line.
    """

    __slots__ = ("data", "event", "raw")

    def __init__(self, raw: bytes, event: bytes, data: bytes) -> None:
        self.raw = raw
        self.event = event
        self.data = data

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SseEvent):
            return NotImplemented
        return self.raw == other.raw and self.event == other.event and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.raw)


class SseParser:
    """Cuts one stream into events. `event_bytes_max` bounds one event, blank line included."""

    __slots__ = ("_at_start", "_began", "_broken", "_event_bytes_max", "_held", "_scan")

    def __init__(self, event_bytes_max: int = 1 << 20) -> None:
        self._event_bytes_max = event_bytes_max
        self._held = bytearray()  # the start of an event whose blank line has not come
        self._scan = 0  # where in _held that blank line may begin
        self._began = False  # whether the place for a byte order mark is past
        self._broken = False
        self._at_start = False  # whether nothing is held, and the mark's place is past

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events that `data` completes, in order.

        Raises SseTooLarge as soon as an event passes the limit, and at every later call.
        """
        if not self._began and data[:6] == b"data: " and not self._held and not self._broken:
            self._began = self._at_start = True  # no mark stands there
        # Almost every piece is one whole event, `data: {...}` LF LF: its bytes are its raw.
        if self._at_start and len(data) <= self._event_bytes_max:
            line, _, tail = data.partition(b"\n")
            if tail == b"\n" and _CR not in line and line.startswith(b"data: "):
                return [SseEvent(data, b"", line[6:])]
            if tail == b"\r\n" and line.find(b"\r") == len(line) - 1 and line[:6] == b"data: ":
                return [SseEvent(data, b"", line[6:-1])]
        return self._feed_plain(data) or self._feed_any(data)

    def end(self) -> tuple[list[SseEvent], bytes]:
        """Says that the input is over: the event that waited for an LF (rule 3), and the rest.

        A rest that is not empty is an event cut short; by the standard a client drops it.
        """
        if self._broken:
            raise SseTooLarge
        events = self._cut(last=True)
        rest = bytes(self._held)
        self._held.clear()
        self._scan = 0
        return events, rest

    def _feed_plain(self, data: bytes) -> list[SseEvent]:
        """As `feed`, for a piece that ends plain events; [], and nothing done, for any other.

        This is the way of reads that hold several events, as they do when we are busy.
        """
        held = self._held
        stop = data.rfind(b"\n\n") + 2
        if stop < 2 or not self._began or len(held) + len(data) > self._event_bytes_max:
            return []
        whole = bytes(held) + data[:stop]
        events = [] if _CR in whole else _plain_events(whole)
        if events:
            held[:] = data[stop:]
            self._scan = 0
            self._at_start = not held
        return events

    def _feed_any(self, data: bytes) -> list[SseEvent]:
        if self._broken:
            raise SseTooLarge
        self._held += data
        return self._cut(last=False)

    def _cut(self, *, last: bool) -> list[SseEvent]:
        held, start, scan = self._held, 0, self._scan
        events: list[SseEvent] = []
        while start < len(held):
            found = _BREAK.match(held, start) or _BLANK.search(held, scan)
            if found is None:
                scan = max(start, len(held) - _BLANK_BYTES_MAX + 1)
                break
            stop = found.end()
            if stop == len(held) and held[-1] == _CR and not last:
                scan = found.start()
                break
            if stop - start > self._event_bytes_max:
                break
            raw = bytes(held[start:stop])
            marked = not self._began and raw.startswith(_BOM)
            self._began = True
            events.append(SseEvent(raw, *_fields(raw[len(_BOM) :] if marked else raw)))
            start = scan = stop
        del held[:start]
        self._scan = max(scan - start, 0)
        self._at_start = self._began and not held
        if len(held) > self._event_bytes_max:
            self._broken = True
            self._began = False
            held.clear()
            raise SseTooLarge(
                f"the upstream sent an event of more than {self._event_bytes_max} bytes",
                hint="raise the event limit only if the model is known to send such events",
            )
        return events


def _plain_events(data: bytes) -> list[SseEvent]:
    """The events of whole blocks of `data: ` lines with a type or none; [] where there is more.

    `data` ends its lines in LF and its last event in a blank line. Searching for one byte at a
    time is what makes this fast: a search for LF LF costs as much as all the rest.
    """
    events: list[SseEvent] = []
    event, text = b"", None
    start = stop = 0
    for line in data.split(b"\n")[:-1]:
        stop += len(line) + 1
        if text is None and line.startswith(b"data: "):
            text = line[6:]
        elif line or text is None:
            if event or not line.startswith(b"event: "):
                return []
            event = line[7:]
        else:
            events.append(SseEvent(data[start:stop], event, text))
            event, text, start = b"", None, stop
    return events


def _fields(block: bytes) -> tuple[bytes, bytes]:
    """Event type and data of a block's lines (WHATWG HTML §9.2.6)."""
    event = b""
    data: list[bytes] = []
    for line in block.splitlines():
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            event = value.removeprefix(b" ")
    return event, data[0] if len(data) == 1 else b"\n".join(data)
