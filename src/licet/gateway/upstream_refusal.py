"""An upstream that says no: its error, in the client's own API, without what is ours to keep.

Rules
1. An upstream's 401 or 403 is about our key, not the client's: it becomes a 502 without its text.
2. A message of the upstream's is text too: it leaves only if literal rules let it, and if it does
   not repeat our key.
"""

from __future__ import annotations

from typing import Any

import msgspec

from licet.gateway.asgi import JSON, Answer
from licet.gateway.dialects.model import Dialect
from licet.gateway.outcome import Outcome
from licet.gateway.upstream import Reply, Upstream
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding

ERROR_BYTES_MAX = 64 << 10
_MESSAGE_CHARACTERS_MAX = 2000


async def upstream_refusal(
    dialect: Dialect, upstream: Upstream, reply: Reply, guard: Guard, flags: tuple[Finding, ...]
) -> tuple[Answer, Outcome]:
    """The answer to the client and the outcome for an upstream's status other than 200."""
    body = await reply.read_all(ERROR_BYTES_MAX)
    status, code, message = reply.status, "upstream_error", _message_of(body)
    if status in (401, 403):
        status, code, message = 502, "upstream_denied", "The model refuses this gateway's key."
    elif status < 400:
        status, message = 502, f"The model answered with status {reply.status}."
    elif (
        not message
        or upstream.is_given_away(message)
        or guard.judge(message, "reply", by_meaning=False).action == "halt"
    ):
        message = f"The model refused the request (status {reply.status})."
    headers = [JSON]
    retry = reply.header(b"retry-after")
    if retry is not None and retry.isdigit():
        headers.append((b"retry-after", retry))
    answer = Answer(status, dialect.error(status, code, message), tuple(headers))
    return answer, Outcome("failed", flags=flags, code=f"upstream_{reply.status}")


def _message_of(body: bytes) -> str:
    """What an error body says, in any of the forms in use; "" where it can't be found."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        inner = value.get(name) if isinstance(value, dict) else None
        if isinstance(inner, str):
            return inner[:_MESSAGE_CHARACTERS_MAX]
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return str(inner["message"])[:_MESSAGE_CHARACTERS_MAX]
    return ""
