"""Asks an authority for its keys and its lists, one request at a time.

For the command line; a gateway asks by its own client. It refuses to know what is trusted: whoever
calls checks what came.

Rules
1. https, or http to this machine itself: a status that anybody on the way may change back is none
   (its signature holds, but an old one would be given).
2. Redirects are not followed: the address that was signed is the one that is asked.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from licet.base.trouble import BadInput, NotFound, TooMuch, Unavailable

WAIT_S = 20.0


def fetch(url: str, bytes_max: int, *, time: int | None = None) -> bytes:
    """What is at an address; `time` asks for a past moment, in seconds since 1970.

    Raises BadInput (rule 1), NotFound, TooMuch or Unavailable.
    """
    parts = split_address(url)
    if time is not None:
        url += ("&" if parts.query else "?") + urlencode({"time": time})
    try:
        with _OPENER.open(url, timeout=WAIT_S) as reply:
            data: bytes = reply.read(bytes_max + 1)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise NotFound(f"{url} is not there.") from None
        raise Unavailable(f"{url} answers {error.code}.", hint="Is this the right address?")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url}: {error}", hint="Check the address and try again.")
    if len(data) > bytes_max:
        raise TooMuch(f"{url} gives more than {bytes_max} bytes.")
    return data


def split_address(url: str) -> SplitResult:
    """The parts of an address that may be asked. Raises BadInput for any other (rule 1)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadInput(f"{url} is no address.", hint="Begin it with https://.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise BadInput(f"{url} is no address that can be asked.", hint="Begin it with https://.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadInput(f"{url} is not asked: its answer could be changed on the way.",
                       hint="Use https.")  # fmt: skip
    return parts


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine itself. Remembered: a laboratory asks
    it of every request."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Rule 2."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
