"""What an event holds beside its data: comments, ids, retry times, lines that are nothing.

A client shows none of it, but it is sent, so it is read as well. It refuses to know what the data
says.

Rules
1. A comment or an empty line keeps a connection alive and passes as it came; anything else without
   data, and a comment that a literal rule would stop, becomes an empty comment.
2. Lines beside data pass as they came, unless a literal rule would stop them: then they are left
   out. (What the data says is judged as text.)
"""

from __future__ import annotations

from licet.gateway.sse import SseEvent
from licet.guard.lexicon import Lexicon

EMPTY = b":\n\n"
_PLAIN_MAX = 22
"""`event: `, `data: ` and their line ends; an event that is longer holds more lines."""


def aside(event: SseEvent, lexicon: Lexicon) -> bytes:
    """What is sent of an event without data (rule 1)."""
    text = event.raw.decode("utf-8", "replace")
    is_comment = all(not line or line[0] == ":" for line in text.splitlines())
    return event.raw if is_comment and not _is_stopped(text, lexicon) else EMPTY


def has_asides(event: SseEvent) -> bool:
    """Whether an event with data may hold more than its type and data."""
    return len(event.raw) - len(event.data) - len(event.event) > _PLAIN_MAX


def without_asides(event: SseEvent, lexicon: Lexicon) -> SseEvent:
    """The event, less what may not stand beside its data (rule 2)."""
    if not _is_stopped(event.raw.decode("utf-8", "replace"), lexicon):
        return event
    name = b"event: " + event.event + b"\n" if event.event else b""
    lines = b"".join(b"data: " + line + b"\n" for line in event.data.split(b"\n"))
    return SseEvent(name + lines + b"\n", event.event, event.data)


def _is_stopped(text: str, lexicon: Lexicon) -> bool:
    return any(hit.entry.action == "halt" for hit in lexicon.scan(text))
