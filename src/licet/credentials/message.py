"""Messages of a provider to an authority, and the authority's receipts, as signed claims.

    token = sign_message(message, key)            # what is sent, and sent again, byte for byte
    message = read_message(token, keys)           # whose it is and what it says
    check_times(message, now)                     # whether it may still be taken
    receipt = read_receipt(token_of_receipt, keys)
    cards = read_keepers(token_of_keepers, keys, authority, provider, now)

It refuses to know sockets, what a message asks for and where anything is kept.

Rules
1. A message is for one authority (`aud`, the address that it wrote down for itself), from one
   provider (`iss`), under one id (`jti`), good until `exp`: passed on to another authority, or
   kept for later, it is nothing.
2. Who takes messages keeps each id with the digest of its token. The same bytes again get the same
   receipt, also when their time is over; other bytes under a known id are a conflict.
3. A receipt names the digest of the token that it is about: it proves what was received.
4. Reading is asked for by a token of its own (`Access`), for one method, one path, some minutes.
5. For whom a provider seals (the keepers' cards) is signed for it, for some minutes: whoever
   stands on the way can put in no key of their own, and bring back no keeper who left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from licet.base.trouble import BadInput, Corrupt
from licet.credentials import jws
from licet.credentials.keys import KeySet, PublicKey, SigningKey, parse_jwk

MESSAGE_TYPE = "licet-message+jwt"
RECEIPT_TYPE = "licet-receipt+jwt"
ACCESS_TYPE = "licet-access+jwt"
ENROLMENT_TYPE = "licet-enrolment+jwt"
KEEPERS_TYPE = "licet-keepers+jwt"
LIFE_MAX = timedelta(days=31)
"""How long an authority may be out of reach before a message has to be signed anew."""
ACCESS_LIFE_MAX = timedelta(minutes=5)
SKEW_MAX = timedelta(minutes=5)
"""How far the clocks of two installations may be apart."""
MESSAGE_CHARACTERS_MAX = 1 << 20
KEEPERS_CHARACTERS_MAX = 64 << 10
ACCESS_CHARACTERS_MAX = 4_000
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")

Reason = Literal[
    "malformed",
    "unknown-key",
    "bad-signature",
    "wrong-sender",
    "wrong-authority",
    "wrong-request",
    "expired",
    "not-yet",
    "too-long-lived",
]
Outcome = Literal["done", "refused"]


class NotTaken(BadInput):
    """This is not taken; `reason` says why, in a word that programs may rely on."""

    code = "not_taken"

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """What a provider sends. `body` is JSON, as the kind asks for it; `sha256` is of the token."""

    id: str
    sender: str
    authority: str
    kind: str
    body: Mapping[str, Any]
    signed: datetime
    ends: datetime
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The authority's answer to a message: what came, when, what became of it.

    `subject`: the case that it is about. `entries`: the first and the last place in the
    authority's ledger that it made. `refusal`: the lawful "no" where `outcome` is `refused`.
    """

    message: str
    authority: str
    provider: str
    kind: str
    sha256: str
    received: datetime
    outcome: Outcome
    subject: str
    entries: tuple[int, int] | None = None
    refusal: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A provider's key, shown with the code that the authority gave out for it."""

    authority: str
    code: str
    key: PublicKey


def digest(token: str) -> str:
    """Hexadecimal SHA-256 of a token as it is sent."""
    return sha256(token.encode("ascii", "replace")).hexdigest()


def sign_message(message: Message, key: SigningKey) -> str:
    """The message as a token. The same message gives the same bytes."""
    claims = {
        "iss": message.sender, "aud": message.authority, "jti": message.id,
        "iat": int(message.signed.timestamp()), "exp": int(message.ends.timestamp()),
        "kind": message.kind, "body": dict(message.body),
    }  # fmt: skip
    return jws.sign(claims, MESSAGE_TYPE, key)


def read_message(token: str, keys: KeySet) -> Message:
    """The message in a token that one of `keys` signed. Raises NotTaken.

    Whether it is for whom it reached, from whom it says, and in time: `check_address`,
    `check_times`.
    """
    claims = _signed(token, MESSAGE_TYPE, keys, MESSAGE_CHARACTERS_MAX)
    body = claims.get("body")
    if not isinstance(body, dict):
        raise NotTaken("malformed", "the message has no body.", hint="body is an object.")
    return Message(
        id=_formed(claims, "jti", ID),
        sender=_text(claims, "iss"),
        authority=_text(claims, "aud"),
        kind=_formed(claims, "kind", _WORD),
        body=body,
        signed=_moment(claims, "iat"),
        ends=_moment(claims, "exp"),
        sha256=digest(token),
    )


def check_address(sender: str, authority: str, claimed: Message) -> None:
    """That a message is from the provider whose key signed it, and for us. Raises NotTaken."""
    if claimed.sender != sender:
        raise NotTaken("wrong-sender", "the key that signed this belongs to another provider.")
    if claimed.authority != authority:
        raise NotTaken(
            "wrong-authority",
            "this was signed for another authority.",
            hint=f"Here it is {authority}.",
        )


def check_times(message: Message, now: datetime) -> None:
    """That a message that comes for the first time comes in its time. Raises NotTaken."""
    _in_time(message.signed, message.ends, LIFE_MAX, now)


def sign_receipt(receipt: Receipt, key: SigningKey) -> str:
    """The receipt as a token."""
    claims: dict[str, Any] = {
        "iss": receipt.authority, "aud": receipt.provider, "jti": receipt.message,
        "iat": int(receipt.received.timestamp()), "kind": receipt.kind, "sha256": receipt.sha256,
        "outcome": receipt.outcome, "subject": receipt.subject,
    }  # fmt: skip
    if receipt.entries is not None:
        claims["entries"] = list(receipt.entries)
    if receipt.refusal is not None:
        claims["refusal"] = dict(receipt.refusal)
    return jws.sign(claims, RECEIPT_TYPE, key)


def read_receipt(token: str, keys: KeySet, message: str | None = None) -> Receipt:
    """The receipt in a token that one of an authority's `keys` signed; offline.

    `message`: the token that it should be about. Raises BadInput for what is no receipt, Corrupt
    where it was not signed by these keys or is about other bytes.
    """
    claims = jws.read(token, RECEIPT_TYPE, keys)
    outcome, entries, refusal = (claims.get(k) for k in ("outcome", "entries", "refusal"))
    if outcome not in ("done", "refused"):
        raise BadInput("this receipt does not say what came of the message.")
    if entries is not None and (
        not isinstance(entries, list)
        or len(entries) != 2
        or not all(type(n) is int for n in entries)
    ):
        raise BadInput("this receipt names no places in the ledger.")
    receipt = Receipt(
        message=_formed(claims, "jti", ID),
        authority=_text(claims, "iss"),
        provider=_text(claims, "aud"),
        kind=_formed(claims, "kind", _WORD),
        sha256=_text(claims, "sha256"),
        received=_moment(claims, "iat"),
        outcome=outcome,
        subject=_text(claims, "subject"),
        entries=(entries[0], entries[1]) if entries is not None else None,
        refusal=refusal if isinstance(refusal, dict) else None,
    )
    if message is not None and receipt.sha256 != digest(message):
        raise Corrupt(
            "the receipt is about another message.", hint="Keep both; ask the authority."
        )
    return receipt


def sign_keepers(
    cards: Sequence[Mapping[str, str]], authority: str, provider: str, now: datetime,
    key: SigningKey,
) -> str:  # fmt: skip
    """The authority's keepers at this moment, for one provider, as a token (rule 5)."""
    claims = {
        "iss": authority, "aud": provider, "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE_MAX).timestamp()), "keepers": [dict(one) for one in cards],
    }  # fmt: skip
    return jws.sign(claims, KEEPERS_TYPE, key)


def read_keepers(
    token: str, keys: KeySet, authority: str, provider: str, now: datetime
) -> list[Any]:
    """What `sign_keepers` was given, as JSON. Raises NotTaken."""
    claims = _signed(token, KEEPERS_TYPE, keys, KEEPERS_CHARACTERS_MAX)
    if (claims.get("iss"), claims.get("aud")) != (authority, provider):
        raise NotTaken("wrong-authority", "this was signed by or for somebody else.")
    _in_time(_moment(claims, "iat"), _moment(claims, "exp"), ACCESS_LIFE_MAX, now)
    cards = claims.get("keepers")
    if not isinstance(cards, list):
        raise NotTaken("malformed", "the claim keepers is no list.")
    return cards


def sign_access(
    sender: str, authority: str, method: str, path: str, now: datetime, key: SigningKey
) -> str:
    """A token that opens one path for some minutes. `path` begins with / and holds the query."""
    claims = {
        "iss": sender, "aud": authority, "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE_MAX).timestamp()), "htm": method, "htu": path,
    }  # fmt: skip
    return jws.sign(claims, ACCESS_TYPE, key)


def check_access(
    token: str, keys: KeySet, sender: str, authority: str, method: str, path: str, now: datetime
) -> None:
    """That a token opens this path now. Raises NotTaken."""
    claims = _signed(token, ACCESS_TYPE, keys, ACCESS_CHARACTERS_MAX)
    if claims.get("iss") != sender:
        raise NotTaken("wrong-sender", "the key that signed this belongs to another provider.")
    if claims.get("aud") != authority:
        raise NotTaken("wrong-authority", "this was signed for another authority.")
    if (claims.get("htm"), claims.get("htu")) != (method, path):
        raise NotTaken(
            "wrong-request",
            "this was signed for another request.",
            hint="htm is the method, htu the path with its query.",
        )
    _in_time(_moment(claims, "iat"), _moment(claims, "exp"), ACCESS_LIFE_MAX, now)


def sign_enrolment(authority: str, code: str, now: datetime, key: SigningKey) -> str:
    """A new key shown with its code, signed by itself: whoever shows it holds it."""
    claims = {
        "aud": authority, "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE_MAX).timestamp()), "code": code,
        "jwk": key.public.as_jwk(),
    }  # fmt: skip
    return jws.sign(claims, ENROLMENT_TYPE, key)


def read_enrolment(token: str, authority: str, now: datetime) -> Enrolment:
    """The enrolment in a token that its own key signed. Raises NotTaken."""
    try:
        key = parse_jwk(jws.peek(token[:ACCESS_CHARACTERS_MAX], ENROLMENT_TYPE).get("jwk"))
    except BadInput as unfit:
        raise NotTaken("malformed", unfit.message, hint=unfit.hint) from None
    claims = _signed(token, ENROLMENT_TYPE, KeySet.of([key]), ACCESS_CHARACTERS_MAX)
    if claims.get("aud") != authority:
        raise NotTaken("wrong-authority", "this was signed for another authority.")
    _in_time(_moment(claims, "iat"), _moment(claims, "exp"), ACCESS_LIFE_MAX, now)
    return Enrolment(authority, _text(claims, "code"), key)


def _signed(token: str, kind: str, keys: KeySet, characters_max: int) -> dict[str, Any]:
    if len(token) > characters_max:
        raise NotTaken("malformed", f"more than {characters_max} characters are not read.")
    if keys.find(key_of(token, kind)) is None:
        raise NotTaken("unknown-key", "it was signed with a key that is not known here.")
    try:
        return jws.read(token, kind, keys)
    except Corrupt:
        raise NotTaken("bad-signature", "the signature does not fit: it was altered.") from None
    except BadInput as unfit:
        raise NotTaken("malformed", unfit.message, hint=unfit.hint) from None


def key_of(token: str, kind: str) -> str:
    """The id of the key that a token names, believed by nobody: to look it up. Raises NotTaken."""
    try:
        return jws.key_id(token, kind)
    except BadInput as unfit:
        raise NotTaken("malformed", unfit.message, hint=unfit.hint) from None


def _in_time(signed: datetime, ends: datetime, life_max: timedelta, now: datetime) -> None:
    if signed > now + SKEW_MAX:
        raise NotTaken("not-yet", "this was signed in the future.", hint="Compare the clocks.")
    if ends - signed > life_max:
        raise NotTaken("too-long-lived", f"what is good for longer than {life_max} is not taken.")
    if ends <= now:
        raise NotTaken("expired", "the time of this is over.", hint="Sign it anew.")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 500:
        raise NotTaken("malformed", f"the claim {name} is missing.")
    return value


def _formed(claims: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = _text(claims, name)
    if not form.fullmatch(value):
        raise NotTaken("malformed", f"the claim {name} is not of the form {form.pattern}.")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    """A NumericDate in whole seconds, up to the year 9999."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 253_402_300_800:
        raise NotTaken("malformed", f"the claim {name} is no moment.", hint="Whole seconds.")
    return datetime.fromtimestamp(value, UTC)
