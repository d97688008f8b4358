"""The licence: who may serve what to the public, from when to when, under which conditions.

Its written form is an SD-JWT VC with nothing to disclose (RFC 9901, draft-ietf-oauth-sd-jwt-vc):
a JWS of type `dc+sd-jwt` and the mark `~` behind it. What stands before the mark is a JWT that any
JOSE library verifies; `read_licence` takes it with the mark and without.

It refuses to know status, time and files.

Rules
1. A licence is public: no claim is hidden, and none is about a natural person.
2. It is bound to a key of its holder (`cnf`, RFC 7800): who shows a licence without that key shows
   somebody else's.
3. Claims that are not known here are left alone; those that are must be what they should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from licet.base.trouble import BadInput
from licet.credentials import jws
from licet.credentials.keys import KeySet, PublicKey, SigningKey, parse_jwk

TYPE = "dc+sd-jwt"
VCT = "urn:licet:licence:1"
MARK = "~"
TEXT_CHARACTERS_MAX = 2_000
CONDITIONS_MAX = 200
INDEX_MAX = (1 << 22) - 1
_SECONDS_MAX = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that the licence binds its holder to; `text` by language."""

    id: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where the licence's status stands: a place in the list at an address."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an authority has decided. Moments are in UTC, in whole seconds.

    `filing` is the number that the service must show, `model` the name beside it
    (law:cn-genai-2023/art17); `holder` is the provider's own identifier; `ends` is the first
    moment at which the licence is over. `demo`: by nobody's authority, to try things out.
    """

    holder: str
    provider: str
    service: str
    model: str
    filing: str
    route: str
    regime: str
    regime_version: str
    begins: datetime
    ends: datetime
    key: PublicKey
    conditions: tuple[Condition, ...] = ()
    register: str | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence(Terms):
    """One licence, as its token says it: terms, with the number and the place it was given."""

    id: str
    issuer: str
    issued: datetime
    status: StatusPlace
    claims: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Everything that was signed, for whoever wants to see it."""


def sign_licence(licence: Licence, key: SigningKey) -> str:
    """The token of a licence, signed by its issuer. Raises BadInput for what cannot be one."""
    claims: dict[str, Any] = {
        "vct": VCT,
        "jti": licence.id,
        "iss": licence.issuer,
        "sub": licence.holder,
        "iat": _seconds(licence.issued),
        "nbf": _seconds(licence.begins),
        "exp": _seconds(licence.ends),
        "cnf": {"jwk": licence.key.as_jwk(use=None)},
        "status": {"status_list": {"idx": licence.status.index, "uri": licence.status.uri}},
        "provider": licence.provider,
        "service": licence.service,
        "model": licence.model,
        "filing": licence.filing,
        "route": licence.route,
        "regime": licence.regime,
        "regime_version": licence.regime_version,
    }
    if licence.conditions:
        claims["conditions"] = [
            {"id": one.id, "text": dict(one.text)} for one in licence.conditions
        ]
    if licence.register is not None:
        claims["register"] = licence.register
    if licence.demo:
        claims["demo"] = True
    _licence(claims)
    return jws.sign(claims, TYPE, key) + MARK


def read_licence(token: str, keys: KeySet) -> Licence:
    """The licence in a token that one of `keys` signed.

    Raises BadInput for what is not a licence, Corrupt for one that these keys did not sign.
    """
    return _licence(jws.read(bare(token), TYPE, keys))


def peek_licence(token: str) -> Licence:
    """What a token says of itself, checked by nobody: to learn whose keys to fetch."""
    return _licence(jws.peek(bare(token), TYPE))


def bare(token: str) -> str:
    """The JWT of a licence. Raises BadInput for an SD-JWT that discloses or proves something."""
    text, mark, more = token.strip().partition(MARK)
    if mark and more:
        raise BadInput(
            "more stands behind the licence.",
            hint="Give what stands before the first ~; a proof of possession is checked apart.",
        )
    return text


def _licence(claims: dict[str, Any]) -> Licence:
    reader = _Claims(claims)
    if claims.get("vct") != VCT:
        raise BadInput("this is a credential, and no licence.", hint=f'Its "vct" is {VCT!r}.')
    place = reader.within("status").within("status_list")
    return Licence(
        id=reader.text("jti"),
        issuer=reader.text("iss"),
        holder=reader.text("sub"),
        provider=reader.text("provider"),
        service=reader.text("service"),
        model=reader.text("model"),
        filing=reader.text("filing"),
        route=reader.text("route"),
        regime=reader.text("regime"),
        regime_version=reader.text("regime_version"),
        issued=reader.moment("iat"),
        begins=reader.moment("nbf"),
        ends=reader.moment("exp"),
        key=parse_jwk(reader.within("cnf").get("jwk")),
        status=StatusPlace(place.text("uri"), place.whole("idx", INDEX_MAX)),
        conditions=tuple(_conditions(reader)),
        register=reader.text("register") if "register" in claims else None,
        demo=claims.get("demo") is True,
        claims=MappingProxyType(claims),
    )


def _conditions(reader: _Claims) -> list[Condition]:
    listed = reader.get("conditions") or []
    if not isinstance(listed, list) or len(listed) > CONDITIONS_MAX:
        raise reader.unfit("conditions")
    out = []
    for one in listed:
        inner = _Claims(one if isinstance(one, dict) else {})
        words = inner.within("text")
        text = MappingProxyType({name: words.text(name) for name in words.names})
        out.append(Condition(inner.text("id"), text))
    return out


class _Claims:
    """Reads claims strictly; every refusal names the claim."""

    def __init__(self, claims: dict[str, Any], path: str = "") -> None:
        self._claims, self._path = claims, path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._claims)

    def get(self, name: str) -> Any:
        return self._claims.get(name)

    def unfit(self, name: str) -> BadInput:
        return BadInput(f"the licence's claim {self._path}{name} is missing or not what it is.")

    def text(self, name: str) -> str:
        value = self._claims.get(name)
        if (
            not isinstance(value, str)
            or not value.strip()
            or len(value) > TEXT_CHARACTERS_MAX
            or not value.isprintable()
        ):
            raise self.unfit(name)
        return value

    def whole(self, name: str, most: int) -> int:
        value = self._claims.get(name)
        if type(value) is not int or not 0 <= value <= most:
            raise self.unfit(name)
        return value

    def moment(self, name: str) -> datetime:
        return datetime.fromtimestamp(self.whole(name, _SECONDS_MAX), UTC)

    def within(self, name: str) -> _Claims:
        value = self._claims.get(name)
        if not isinstance(value, dict):
            raise self.unfit(name)
        return _Claims(value, f"{self._path}{name}.")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
