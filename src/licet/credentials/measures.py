"""The measures in force against persons, as a signed list that gateways pull.

    token = sign_measures(MeasureList(...), key)       # at the provider's desk
    listed = read_measures(token, keys)                # at each gateway

It refuses to know who the persons are (a pseudonym stands for each), how a measure came about, and
files and sockets.

Rules
1. A list holds nothing but what a gateway has to do and what the person has to be told.
2. A measure binds until its own end and not a moment longer, whatever becomes of the list: a desk
   that is down frees nobody early and holds nobody back late.
3. The same measures at the same moment give the same bytes. What is unpacked is bounded first.
law:cn-genai-2023/art14.2
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from licet.base.trouble import BadInput
from licet.credentials import jws
from licet.credentials.keys import KeySet, SigningKey, decode, encode

TYPE = "licet-measures+jwt"
MEDIA_TYPE = "application/licet-measures+jwt"
LISTED_MAX = 20_000
"""As many as fit into a token with room to spare; the gravest come first."""
_UNPACKED_BYTES_MAX = 64 << 20

Effect = Literal["none", "slow", "stop"]
"""What a gateway does: tells the person, serves `per_minute` requests, serves nothing."""
GRAVITY: Mapping[Effect, int] = MappingProxyType({"none": 0, "slow": 1, "stop": 2})


class Measure(msgspec.Struct, frozen=True):
    """One measure in force. `subject`: the person's pseudonym; `number` opens the notice's page
    and is known to the person alone; `step`, `name`: which measure; `until`: seconds since 1970.
    """

    number: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{8,64}$(?!\n)")]
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=96)]
    step: Annotated[str, msgspec.Meta(max_length=64)]
    name: dict[str, str]
    effect: Effect
    rule: Annotated[str, msgspec.Meta(max_length=500)]
    reason: Annotated[str, msgspec.Meta(max_length=8_000)]
    until: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None


@dataclass(frozen=True, slots=True)
class MeasureList:
    """A list. `page`: the address of a notice, with `{number}` in it. `token`: as written."""

    issued: datetime
    page: str
    measures: tuple[Measure, ...]
    token: str = field(default="", repr=False, compare=False)


def sign_measures(listed: MeasureList, key: SigningKey) -> str:
    """The list as a token; of more than LISTED_MAX measures the gravest."""
    gravest = sorted(listed.measures, key=lambda one: (-GRAVITY[one.effect], one.number))
    packed = zlib.compress(msgspec.json.encode(gravest[:LISTED_MAX]), 6)
    claims = {
        "iat": int(listed.issued.timestamp()),
        "page": listed.page,
        "measures": encode(packed),
    }
    return jws.sign(claims, TYPE, key)


def read_measures(token: str, keys: KeySet) -> MeasureList:
    """The list in a token that one of `keys` signed.

    Raises BadInput for what is no such list, Corrupt for one that these keys did not sign.
    """
    token = token.strip()
    claims = jws.read(token, TYPE, keys)
    issued, page = claims.get("iat"), claims.get("page")
    if type(issued) is not int or not 0 <= issued <= 253_402_300_799:
        raise BadInput("this list of measures does not say when it was issued.")
    if not isinstance(page, str) or page.count("{number}") != 1 or not page.isascii():
        raise BadInput("this list of measures does not say where a notice is read.")
    try:
        measures = msgspec.json.decode(_unpack(claims), type=tuple[Measure, ...])
    except msgspec.DecodeError as unfit:
        raise BadInput(f"this list of measures is not understood: {unfit}.") from None
    return MeasureList(datetime.fromtimestamp(issued, UTC), page, measures, token)


def by_person(listed: MeasureList) -> Mapping[str, tuple[Measure, ...]]:
    """The measures against each person, by pseudonym, gravest first, of those the longest."""
    found: dict[str, list[Measure]] = {}
    for one in listed.measures:
        found.setdefault(one.subject, []).append(one)
    return MappingProxyType(
        {
            subject: tuple(sorted(many, key=lambda one: (-GRAVITY[one.effect], -one.until)))
            for subject, many in found.items()
        }
    )


def binding(measures: tuple[Measure, ...], now: datetime) -> Measure | None:
    """The first of them that binds at `now` (rule 2)."""
    at = now.timestamp()
    return next((one for one in measures if one.until > at), None)


def _unpack(claims: dict[str, Any]) -> bytes:
    """Rule 3."""
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(
            decode(claims.get("measures"), "the measures"), _UNPACKED_BYTES_MAX
        )
    except zlib.error:
        raise BadInput("the measures are not compressed by zlib.") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadInput(f"the measures are cut off, or have more than {_UNPACKED_BYTES_MAX} bytes.")
    return out
