"""A picture that the model gave as a URL, brought here.

It refuses to follow a URL to where the operator did not say: a model, or whoever speaks through
it, must not make us ask for things inside the operator's network (SSRF).

Rules
1. Origins (scheme, host and port) are the upstream's own and those of `fetch_from`, compared as
   wholes; no redirect is followed, and no credential goes along.
2. A `data:` URL holds its picture itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from licet.base.trouble import BadInput
from licet.gateway.upstream import Upstream, UpstreamSettings
from licet.gateway.upstream_trouble import UpstreamTrouble

PICTURE_BYTES_MAX = 32 << 20
WAIT_S = 60.0
_DATA = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


def decode_base64(text: str) -> bytes:
    """The bytes that stand in base64. Raises BadInput."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("a picture is not in base64.", hint="Was all of it sent?")


def origin_of(url: str) -> str:
    """`https://host:port` of a URL. Raises BadInput for one of another kind."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        raise BadInput("the URL of a picture cannot be read.", hint="Ask the model for b64_json.")
    if not parts.hostname or "@" in parts.netloc:
        raise BadInput("the URL of a picture names no host.", hint="Ask the model for b64_json.")
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


class Fetcher:
    """Brings pictures from a closed set of origins."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """`allowed`: URLs whose origins are meant. Raises BadInput for one that is none."""
        self._origins = {
            origin: Upstream(
                UpstreamSettings(
                    name="pictures", base_url=origin, first_byte_s=WAIT_S, idle_s=WAIT_S,
                    total_s=2 * WAIT_S, pool_max=16,
                )
            )
            for origin in sorted({origin_of(url) for url in allowed})
        }  # fmt: skip

    async def fetch(self, url: str) -> bytes:
        """The picture at a URL. Raises BadInput (rule 1) and UpstreamTrouble."""
        if found := _DATA.match(url):
            return decode_base64(url[found.end() :])
        origin = origin_of(url)
        upstream = self._origins.get(origin)
        if upstream is None:
            raise BadInput(
                f"the model gave a picture at {origin}, which is not fetched from.",
                hint="Have the operator list it in media.fetch_from, or ask for b64_json.",
            )
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        reply = await upstream.send("GET", path, [(b"accept", b"image/*")], key_form="none")
        if reply.status != 200:
            reply.abort()
            raise UpstreamTrouble(f"a picture could not be fetched: status {reply.status}")
        return await reply.read_all(PICTURE_BYTES_MAX)

    async def close(self) -> None:
        """Close all connections."""
        for upstream in self._origins.values():
            await upstream.close()
