"""What an event holds beside its data: comments, ids, retry times, lines that are nothing.

A client shows none of it, but it is sent, so it is read as well. It refuses to know what the data
says.

Rules
1. A comment or an empty line keeps a connection alive and passes as it came; anything else without
   data, and a comment that a literal rule would stop, becomes an empty comment.
2. Lines beside data pass as they came, unless a literal rule would stop them: then they are left
   out. (What the data says is judged as text.)
3. A type is no aside where it is one word of at most 64 letters, digits, `_`, `.` and `-`.
"""

from __future__ import annotations

import re
from typing import Final

from licet.gateway.sse import SseEvent
from licet.guard.lexicon import Lexicon

EMPTY: Final = b":\n\n"
_is_name: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}").fullmatch


def aside(event: SseEvent, lexicon: Lexicon) -> bytes:
    """What is sent of an event without data (rule 1)."""
    text = event.raw.decode("utf-8", "replace")
    is_comment = all(not line or line[0] == ":" for line in text.splitlines())
    return event.raw if is_comment and not _is_stopped(text, lexicon) else EMPTY


def has_asides(event: SseEvent) -> bool:
    """Whether an event with data holds more than its type and data (rule 3)."""
    raw, name = event.raw, event.event
    spare = len(raw) - len(event.data) - len(name)
    # As nearly all come, to the byte: `data: ` and two line ends leave room for nothing else.
    if not name:
        if spare == 8 and raw.startswith(b"data: "):
            return False
        if spare == 10 and raw.startswith(b"data: ") and raw.endswith(b"\r\n\r\n"):
            return False
    elif spare == 16 and raw.startswith(b"event: ") and _is_name(name):
        return False
    return any(not _is_plain(line) for line in raw.splitlines())


def without_asides(event: SseEvent, lexicon: Lexicon) -> SseEvent:
    """The event, less what may not stand beside its data (rule 2)."""
    beside = b"\n".join([line for line in event.raw.splitlines() if not _is_plain(line)])
    if not _is_stopped(beside.decode("utf-8", "replace"), lexicon):
        return event
    kind = event.event if _is_name(event.event) else b""
    name = b"event: " + kind + b"\n" if kind else b""
    lines = b"".join(b"data: " + line + b"\n" for line in event.data.split(b"\n"))
    return SseEvent(name + lines + b"\n", kind, event.data)


def _is_plain(line: bytes) -> bool:
    """Whether a line is blank, data or a type."""
    field, _, value = line.partition(b":")
    if field == b"event":
        return _is_name(value.removeprefix(b" ")) is not None
    return not line or field == b"data"


def _is_stopped(text: str, lexicon: Lexicon) -> bool:
    return any(hit.entry.action == "halt" for hit in lexicon.scan(text))
