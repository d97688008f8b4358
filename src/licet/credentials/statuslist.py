"""Status lists: two bits for every licence of an authority, in one small signed token.

The form is that of the IETF's Token Status List (draft-ietf-oauth-status-list): `typ`
`statuslist+jwt`, the bits packed least significant first, compressed by zlib, in base64url.

It refuses to know licences, files and why a status changed.

Rules
1. A list speaks for the time from `issued` until `ends` (not included) and for no other.
2. `ttl_s` says when to ask for a newer one; a list that is older still holds until it ends.
3. A list without an end of its own ends after its ttl; one with neither speaks for no time.
4. Whatever is unpacked is bounded before it is unpacked.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from licet.base.trouble import BadInput
from licet.credentials import jws
from licet.credentials.keys import KeySet, SigningKey, decode, encode

TYPE = "statuslist+jwt"
MEDIA_TYPE = "application/statuslist+jwt"
BITS = 2
PLACES_MIN = 1024
"""A list is never shorter: its length says nothing of how many licences there are today."""
LIST_BYTES_MAX = 1 << 20
"""Four million licences at two bits."""
_SECONDS_MAX = 253_402_300_799  # the end of the year 9999


class Status(IntEnum):
    """What a place of a list says. REVOKED ("INVALID" in the draft) is final."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list that was read and whose signature held. `token` is its written form."""

    uri: str
    issued: datetime
    ends: datetime
    ttl_s: int
    bits: int
    packed: bytes = field(repr=False)
    token: str = field(default="", repr=False, compare=False)

    def speaks_for(self, moment: datetime) -> bool:
        """Rule 1."""
        return self.issued <= moment < self.ends

    def status(self, index: int) -> Status | None:
        """What the list says of a place; None where it has no such place or says what nobody here
        understands."""
        per_byte = 8 // self.bits
        if not 0 <= index < len(self.packed) * per_byte:
            return None
        value = self.packed[index // per_byte] >> (index % per_byte * self.bits)
        value &= (1 << self.bits) - 1
        return Status(value) if value in _KNOWN else None


_KNOWN = frozenset(int(status) for status in Status)


def sign_status_list(
    statuses: Mapping[int, Status], *, uri: str, issued: datetime, ends: datetime, ttl_s: int,
    key: SigningKey,
) -> str:  # fmt: skip
    """The token of a list in which every place that is not named is VALID."""
    claims = {
        "sub": uri,
        "iat": int(issued.timestamp()),
        "exp": int(ends.timestamp()),
        "ttl": ttl_s,
        "status_list": {"bits": BITS, "lst": encode(zlib.compress(pack(statuses), 9))},
    }
    return jws.sign(claims, TYPE, key)


def read_status_list(token: str, keys: KeySet) -> StatusList:
    """The list in a token that one of `keys` signed.

    Raises BadInput for what is not a status list, Corrupt for one that these keys did not sign.
    """
    token = token.strip()
    claims = jws.read(token, TYPE, keys)
    uri, content = claims.get("sub"), claims.get("status_list")
    if not isinstance(uri, str) or not isinstance(content, dict):
        raise BadInput("this status list lacks its address or its content.")
    bits = content.get("bits")
    if type(bits) is not int or bits not in (1, 2, 4, 8):
        raise BadInput("a status list has 1, 2, 4 or 8 bits for each place.")
    issued = _moment(claims, "iat")
    if issued is None:
        raise BadInput("this status list does not say when it was issued.")
    ttl_s = _whole(claims, "ttl") or 0
    ends = _moment(claims, "exp") or issued + timedelta(seconds=min(ttl_s, 86_400))
    packed = _unpack(decode(content.get("lst"), "the list's content"))
    return StatusList(uri, issued, ends, ttl_s, bits, packed, token)


def pack(statuses: Mapping[int, Status]) -> bytes:
    """The statuses by place, two bits each, least significant bits first (draft, §4.1)."""
    places = max(PLACES_MIN, max(statuses, default=0) + 1)
    out = bytearray(-(-places * BITS // 8))
    if len(out) > LIST_BYTES_MAX:
        raise BadInput("a status list has no more places than four million.")
    for index, status in statuses.items():
        out[index // 4] |= status << (index % 4 * BITS)
    return bytes(out)


def _unpack(data: bytes) -> bytes:
    """Rule 4."""
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(data, LIST_BYTES_MAX)
    except zlib.error:
        raise BadInput("the list's content is not compressed by zlib.") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadInput(f"the list's content is cut off, or has more than {LIST_BYTES_MAX} bytes.")
    return out


def _whole(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _SECONDS_MAX:
        raise BadInput(f"the status list's claim {name} is not what it is.")
    return value


def _moment(claims: dict[str, Any], name: str) -> datetime | None:
    seconds = _whole(claims, name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
