"""HTTP to an authority: one request at a time, bounded in time and size.

It refuses to know what is sent and what an answer means.

Rules
1. https, or http to this machine itself; redirects are not followed: what is signed for one
   address goes to no other.
2. A request has a deadline as a whole, whatever trickles in.
3. An answer is an answer whatever its status; only silence is trouble.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Protocol

from licet.base.trouble import BadInput, Unavailable
from licet.credentials.fetch import split_address

WAIT_S = 20.0
DEADLINE_S = 120.0
ANSWER_BYTES_MAX = 8 << 20
_CHUNK = 64 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `media_type` is without parameters, in small letters."""

    status: int
    media_type: str
    data: bytes


class Line(Protocol):
    """The way to one authority. Raises Unavailable where nothing comes back."""

    def ask(
        self, method: str, path: str, *, data: bytes | None = None, media_type: str = "",
        bearer: str = "",
    ) -> Answer: ...  # fmt: skip


class HttpLine:
    """A line over HTTP to an address, `wait_s` for each piece of an answer. Raises BadInput for
    an address that is not asked (rule 1)."""

    def __init__(self, url: str, wait_s: float = WAIT_S) -> None:
        if split_address(url).query:
            raise BadInput(f"{url} is no authority's address.", hint="Leave out what follows ?.")
        self._url = url.rstrip("/")
        self._wait_s = wait_s

    def ask(
        self, method: str, path: str, *, data: bytes | None = None, media_type: str = "",
        bearer: str = "",
    ) -> Answer:  # fmt: skip
        headers = {"user-agent": "licet"}
        if media_type:
            headers["content-type"] = media_type
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        request = urllib.request.Request(  # noqa: S310 - rule 1
            self._url + path, data=data, headers=headers, method=method
        )
        ends = time.monotonic() + DEADLINE_S
        try:
            with _OPENER.open(request, timeout=self._wait_s) as reply:
                return _read(reply, reply.status, ends)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, error.code, ends)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"{self._url} does not answer: {error}",
                hint="Check the address; what waits in the outbox is sent again by itself.",
            ) from None


def _read(reply: Any, status: int, ends: float) -> Answer:
    parts: list[bytes] = []
    size = 0
    while True:
        part = reply.read1(_CHUNK)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > ANSWER_BYTES_MAX or time.monotonic() > ends:
            raise Unavailable("the answer is too long, or too slow.")
    media_type = str(reply.headers.get("content-type", "")).partition(";")[0].strip().lower()
    return Answer(status, media_type, b"".join(parts))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Rule 1."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
