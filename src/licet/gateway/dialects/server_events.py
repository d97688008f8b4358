"""Server-sent events, written. It refuses to know what they say."""

from __future__ import annotations

from typing import Any, Final

from licet.gateway.dialects.json_strict import dump

DONE: Final = b"data: [DONE]\n\n"


def event_bytes(value: Any, name: bytes = b"") -> bytes:
    """One event that holds `value` as JSON, of the type `name` if one is given."""
    data = b"data: " + dump(value) + b"\n\n"
    return b"event: " + name + b"\n" + data if name else data
