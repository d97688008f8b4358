"""What strangers show as a licence, a status list, a key set or a proof.

It refuses to know where they come from.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from fuzz.target import Target, spoilt
from licet.base.trouble import BadInput, Corrupt
from licet.credentials import (
    KeySet,
    Licence,
    SigningKey,
    Status,
    StatusPlace,
    read_licence,
    read_status_list,
    sign_licence,
    sign_status_list,
    verify,
)
from licet.credentials import jws as tokens
from licet.credentials.keys import decode, parse_jwks
from licet.credentials.licence import TYPE as LICENCE
from licet.credentials.possession import check_possession, prove_possession
from licet.credentials.statuslist import TYPE as LIST

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
URI = "https://authority.example.cn/status/1"
_KEY = SigningKey.from_seed(bytes(range(32)))
_HOLDER = SigningKey.from_seed(bytes(range(1, 33)))
_KEYS = KeySet.of([_KEY.public])
_TRUE = Licence(
    id="lic_1", issuer="https://authority.example.cn", holder="h", provider="p", service="s",
    model="m", filing="Beijing-M-20261120", route="model_filing", regime="cn-genai-2023",
    regime_version="0.1.0", issued=NOW, begins=NOW, ends=NOW + timedelta(days=300),
    key=_HOLDER.public, status=StatusPlace(URI, 7),
)  # fmt: skip
_TOKEN = sign_licence(_TRUE, _KEY)
_LISTED = sign_status_list(
    {7: Status.SUSPENDED}, uri=URI, issued=NOW, ends=NOW + timedelta(days=1), ttl_s=60, key=_KEY
)
_LIST = read_status_list(_LISTED, _KEYS)
_QUESTION = {"nonce": "a-new-question", "address": "https://service.example.cn"}
_SHOWN = prove_possession(_TOKEN, **_QUESTION, now=NOW, key=_HOLDER)
_BITS = (
    b".",
    b"..",
    b"~",
    b"~~",
    b"=",
    b"-",
    b"_",
    b"e30",
    b"bnVsbA",
    b"W1tb",
    b"\xff",
    b"\x00",
    b" ",
)
_JSON = (
    b"{",
    b"}",
    b"[" * 300,
    b"null",
    b"-1",
    b"1e999",
    b'"',
    b"\\ud800",
    b"true",
    b"9" * 40,
    b",",
)


def _check_licence(data: bytes) -> None:
    """Whoever has no key can change nothing: it is refused, or is what was signed."""
    try:
        standing = verify(data.decode("utf-8", "replace"), _KEYS, [_LIST], NOW)
    except (BadInput, Corrupt):
        return
    assert standing.licence == _TRUE
    assert standing.state == "suspended"


def _check_list(data: bytes) -> None:
    try:
        listed = read_status_list(data.decode("utf-8", "replace"), _KEYS)
    except (BadInput, Corrupt):
        return
    assert listed == _LIST


def _check_proof(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        licence = check_possession(text, _KEYS, **_QUESTION, now=NOW)
    except (BadInput, Corrupt):
        return
    assert licence == _TRUE


def _check_claims(data: bytes) -> None:
    """An authority that errs: what it signed is read, or refused."""
    try:
        claims = tokens.object_of(data, "what was drawn")
    except BadInput:
        return
    for kind, read in ((LICENCE, read_licence), (LIST, read_status_list)):
        with contextlib.suppress(BadInput):
            read(tokens.sign(claims, kind, _KEY), _KEYS)


def _check_keys(data: bytes) -> None:
    try:
        keys = parse_jwks(data)
    except BadInput:
        return
    assert parse_jwks(keys.as_jwks()) == keys


def _payload(token: str) -> bytes:
    return decode(token.split(".")[1], "a payload")


TARGETS = (
    Target("licence", spoilt([_TOKEN.encode(), _TOKEN[:-1].encode()], _BITS), _check_licence),
    Target("licence.list", spoilt([_LISTED.encode()], _BITS), _check_list),
    Target("licence.proof", spoilt([_SHOWN.encode()], _BITS), _check_proof),
    Target("licence.claims", spoilt([_payload(_TOKEN), _payload(_LISTED)], _JSON), _check_claims),
    Target("licence.keys", spoilt([_KEYS.as_jwks()], _JSON), _check_keys),
)
