"""Who asks, by the token that they signed for this request alone.

It refuses to know what is asked for.
"""

from __future__ import annotations

from datetime import datetime

from licet.credentials.message import ACCESS_CHARACTERS_MAX, ACCESS_TYPE, NotTaken, check_access
from licet.portal.accounts.models import Body
from licet.portal.api.signing import authority_name
from licet.portal.api.taking import known_sender

SCHEME = "Bearer "


def admit(authorization: str, method: str, path: str, now: datetime) -> Body:
    """The provider that may ask for this path. Raises NotTaken."""
    if not authorization.startswith(SCHEME):
        raise NotTaken(
            "no-token",
            "this is for providers whose key is known.",
            hint="Send Authorization: Bearer with an access token (docs/protocol.md).",
        )
    token = authorization[len(SCHEME) :].strip()
    body, keys = known_sender(token, ACCESS_TYPE, ACCESS_CHARACTERS_MAX)
    asked = "GET" if method == "HEAD" else method
    check_access(token, keys, body.code, authority_name(), asked, path, now)
    return body
