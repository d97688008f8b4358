"""How the real-name service is spoken: sealed bodies, signatures, answers and their codes. Pure.

It refuses to know hosts, sockets and clocks.

Rules (protocol V1.8, 2021-02-20)
1. A body is JSON, sealed with AES-128-GCM under the secret key, and sent as {"data": base64 of
   nonce, ciphertext and tag}.
2. A signature is SHA-256 in hexadecimal of the secret key, then name and value of appId, bizId,
   timestamps and the query's parameters in the order of their names, then the body as it is sent.
3. `pi` names a person for good and begins with the day of birth. Like name and number it is in no
   repr, no log and no ledger; where it must be kept it is sealed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt

Call = Literal["check", "query", "report"]
PATHS: dict[Call, tuple[str, str]] = {
    "check": ("POST", "/idcard/authentication/check"),
    "query": ("GET", "/idcard/authentication/query"),
    "report": ("POST", "/behavior/collection/loginout"),
}
QUOTA_PER_S: dict[Call, int] = {"check": 100, "query": 300, "report": 10}
THROTTLED_S = 60.0
WAIT_S = 5.0
BATCH_MAX = 128
REPORT_WITHIN_S = 180
QUERY_WITHIN_S = 48 * 3_600
AI_CHARACTERS = 32
NONCE_BYTES = 12
CONTENT_TYPE = "application/json; charset=utf-8"

Kind = Literal["again", "slower", "person", "operator", "item"]
"""What a code asks for: try `again` later, ask `slower`, the `person` or the `operator` corrects
something, this `item` will never do."""

CODES: dict[int, tuple[Kind, str]] = {
    1001: ("again", "system error"),
    1002: ("operator", "resource not found: is the host right?"),
    1003: ("operator", "method not allowed"),
    1004: ("operator", "a header is missing"),
    1005: ("operator", "this address is not on the list of allowed addresses"),
    1006: ("slower", "too many requests"),
    1007: ("operator", "the request is expired: set the machine's clock right"),
    1008: ("operator", "the partner is not lawful: is bizId right?"),
    1009: ("operator", "the partner is disabled"),
    1010: ("operator", "no permission for this interface"),
    1011: ("operator", "the signature is wrong: is the secret key right?"),
    1012: ("operator", "the body cannot be opened: is the secret key right?"),
    2001: ("person", "this is no lawful identity number"),
    2002: ("slower", "the quota is spent"),
    2003: ("item", "nothing is known of this ai"),
    2004: ("item", "this ai is in use"),
    3001: ("again", "part of the batch failed"),
    3002: ("item", "the batch is empty"),
    3003: ("item", "the batch is too large"),
    3004: ("item", "no is not lawful"),
    3005: ("item", "the time is not lawful"),
    3006: ("item", "the kind of player is not lawful"),
    3007: ("item", "the kind of behaviour is not lawful"),
    3008: ("item", "pi is missing"),
    3009: ("item", "di is missing"),
    3010: ("item", "pi is not lawful"),
    4001: ("operator", "the test's code is wrong"),
    4002: ("operator", "the test is over"),
    4003: ("operator", "the test's data is wrong"),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the service gave the provider. `secret_key`: 32 hexadecimal digits."""

    app_id: str
    biz_id: str
    secret_key: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret_key) != 32 or set(self.secret_key) - set("0123456789abcdefABCDEF"):
            raise BadInput(
                "the real-name secret key is not 32 hexadecimal digits.",
                hint="Copy it as the service shows it.",
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came; `code` 0 is good."""

    code: int
    data: Mapping[str, object]

    @property
    def kind(self) -> Kind:
        """What its code asks for; a code that nobody knows is the operator's to look up."""
        return CODES.get(self.code, ("operator", ""))[0]


@dataclass(frozen=True, slots=True)
class Verified:
    """The person is who they say."""

    pi: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """Not known yet: to be asked again, within two days."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """Name and number do not go together."""


@dataclass(frozen=True, slots=True)
class Fault:
    """No answer to what was asked: code (0: none came), what it asks for, and words for it."""

    code: int
    kind: Kind
    said: str


Outcome = Verified | Pending | Unverified | Fault


def seal_body(credentials: Credentials, value: object, chance: Chance) -> bytes:
    """The body that is sent for a value (rule 1)."""
    nonce = chance(NONCE_BYTES)
    plain = msgspec.json.encode(value)
    sealed = AESGCM(bytes.fromhex(credentials.secret_key)).encrypt(nonce, plain, None)
    return msgspec.json.encode({"data": base64.b64encode(nonce + sealed).decode()})


def open_body(credentials: Credentials, body: bytes) -> object:
    """The value in a body. Raises BadInput where it is none or does not open."""
    try:
        data = base64.b64decode(msgspec.json.decode(body)["data"], validate=True)
        key = AESGCM(bytes.fromhex(credentials.secret_key))
        return msgspec.json.decode(key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, InvalidTag):
        raise BadInput("the body does not open.", hint="Is the secret key right?") from None


def sign(
    credentials: Credentials, at_ms: int, query: Mapping[str, str] | None = None, body: bytes = b""
) -> str:
    """The signature of a request (rule 2)."""
    named = dict(query or {})
    named |= {"appId": credentials.app_id, "bizId": credentials.biz_id, "timestamps": str(at_ms)}
    text = credentials.secret_key + "".join(name + named[name] for name in sorted(named))
    return hashlib.sha256(text.encode() + body).hexdigest()


def make_headers(
    credentials: Credentials, at_ms: int, query: Mapping[str, str] | None = None, body: bytes = b""
) -> dict[str, str]:
    """The headers of a request."""
    return {
        "Content-Type": CONTENT_TYPE,
        "appId": credentials.app_id,
        "bizId": credentials.biz_id,
        "timestamps": str(at_ms),
        "sign": sign(credentials, at_ms, query, body),
    }


def parse_answer(body: bytes) -> Answer:
    """The answer in a body. Raises Corrupt for what the service does not say."""
    try:
        raw = msgspec.json.decode(body)
        code, data = raw["errcode"], raw.get("data") or {}
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, RecursionError):
        code, data = None, {}
    if type(code) is not int or not isinstance(data, Mapping):
        raise Corrupt("the real-name service said what it never says.", hint="Is its host right?")
    return Answer(code, data)


def outcome_of(answer: Answer) -> Outcome:
    """What an answer to check or query comes to."""
    if answer.code != 0:
        said = CODES.get(answer.code, ("operator", "a code that is not known here"))[1]
        return Fault(answer.code, answer.kind, said)
    result = answer.data.get("result")
    if isinstance(result, Mapping):
        status, pi = result.get("status"), result.get("pi")
        if status == 0 and isinstance(pi, str) and pi:
            return Verified(pi)
        if status == 1:
            return Pending()
        if status == 2:
            return Unverified()
    raise Corrupt("the real-name service said what it never says.", hint="Is its host right?")


def ages_of(pi: str, today: date, thresholds: Sequence[int]) -> tuple[int, int | None]:
    """(highest threshold reached, lowest not reached) of the person that a `pi` names: all that
    is kept of the day of birth, which its first six characters are in base 26. Raises Corrupt."""
    try:
        number = int(pi[:6], 26)
        born = date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        raise Corrupt("a pi begins with no day.", hint="Ask the real-name service.") from None
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    over = max((age for age in thresholds if age <= years), default=0)
    return over, min((age for age in thresholds if age > years), default=None)
