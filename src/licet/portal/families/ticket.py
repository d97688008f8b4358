"""Tickets: the provider's program sends somebody from its service to the family pages.

A ticket is a JSON Web Token (RFC 7519) signed with HS256, as any library makes one:
`{"sub": the user's reference, "jti": drawn anew, "exp": seconds since 1970}`. It refuses to know
who comes.

Rules
1. The algorithm is HS256 and nothing else, whatever a header says (RFC 8725 §3.1).
2. A ticket ends within LIFE_S; whoever takes it keeps its digest until then, so it opens once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import msgspec

from licet.base.trouble import BadInput

SECRET = "families.secret"  # noqa: S105 - the name of the file of the key
LIFE_S = 600
TICKET_CHARACTERS_MAX = 4_000
USER_CHARACTERS_MAX = 512
_HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who comes, and until when (seconds since 1970); `digest` is the ticket's own."""

    user: str
    ends_s: int
    digest: str


def make_ticket(user: str, name: str, ends_s: int, secret: bytes) -> str:
    """A ticket for a user; `name` is drawn anew for each."""
    claims = {"sub": user, "jti": name, "exp": ends_s}
    body = b".".join(_encode(msgspec.json.encode(part)) for part in (_HEADER, claims))
    return (body + b"." + _encode(_mac(body, secret))).decode()


def read_ticket(text: str, now_s: int, secret: bytes) -> Ticket:
    """The ticket in a text. Raises BadInput for one that is not good now, without saying more."""
    if len(text) > TICKET_CHARACTERS_MAX or not text.isascii():
        raise _bad()
    body, _, mac = text.encode().rpartition(b".")
    header, _, claims = body.partition(b".")
    try:
        if not hmac.compare_digest(_decode(mac), _mac(body, secret)):
            raise _bad()
        said, head = msgspec.json.decode(_decode(claims)), msgspec.json.decode(_decode(header))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _bad() from None
    if not isinstance(head, dict) or not isinstance(said, dict) or head.get("alg") != "HS256":
        raise _bad()
    user, ends, name = said.get("sub"), said.get("exp"), said.get("jti")
    if not isinstance(user, str) or not 0 < len(user) <= USER_CHARACTERS_MAX:
        raise _bad()
    if type(ends) is not int or not now_s < ends <= now_s + LIFE_S or not _is_name(name):
        raise _bad()
    return Ticket(user, ends, hashlib.sha256(body).hexdigest())


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 16


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(data: bytes) -> bytes:
    return base64.b64decode(data + b"=" * (-len(data) % 4), altchars=b"-_", validate=True)


def _bad() -> BadInput:
    return BadInput("the ticket is not good.", hint="Come again from the service.")
