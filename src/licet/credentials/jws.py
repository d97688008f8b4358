"""Signed claims: compact JWS over a JSON object, one algorithm, one type at a time.

The one module that knows the signing library. It refuses to know what claims mean and what time
it is.

Rules
1. The algorithm is Ed25519 (RFC 9864) and nothing else, whatever a header says.
2. A header names its type, and who reads says which he wants (RFC 8725 §3.11): no status list
   passes for a licence.
3. The key is one of the reader's, chosen by `kid`. Keys in a token and links to keys count for
   nothing.
4. What is not such a token at all is BadInput; what is one, and was not signed by these keys, is
   Corrupt.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput, Corrupt
from licet.credentials.keys import KeySet, PublicKey, SigningKey, decode

ALGORITHM = "Ed25519"
TOKEN_CHARACTERS_MAX = 2 << 20
"""A status list of a million licences, of which every other one is suspended, is shorter."""


def sign(claims: dict[str, Any], kind: str, key: SigningKey) -> str:
    """The claims as a compact JWS of that type (`typ`). The same input gives the same token."""
    header = {"alg": ALGORITHM, "kid": key.public.id, "typ": kind}
    private = OKPKey.import_key({**key.as_jwk()})
    return jws.serialize_compact(header, canonical_json(claims), private, [ALGORITHM])


def read(token: str, kind: str, keys: KeySet) -> dict[str, Any]:
    """The claims in a token of type `kind` that one of `keys` signed. Raises as rule 4 says."""
    header = _header(token, kind)
    key_id = header.get("kid")
    key = keys.find(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise Corrupt(
            "it was signed with a key that is not trusted here.",
            hint="See whose it is, and whether you have the authority's present keys.",
        )
    try:
        signed = jws.deserialize_compact(token, _public(key), [ALGORITHM])
    except JoseError:
        raise Corrupt("its signature is not that of the authority: it was altered.") from None
    return object_of(signed.payload, "what was signed")


def peek(token: str, kind: str) -> dict[str, Any]:
    """The claims that a token makes, believed by nobody: to learn which key to fetch."""
    _header(token, kind)
    return object_of(decode(token.split(".")[1], "what was signed"), "what was signed")


def key_id(token: str, kind: str) -> str:
    """The id of the key that a token says it was signed with, believed by nobody: to look it up.

    Raises BadInput where it names none."""
    named = _header(token, kind).get("kid")
    if not isinstance(named, str):
        raise BadInput("the token does not say with which key it was signed.")
    return named


def _header(token: str, kind: str) -> dict[str, Any]:
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise BadInput(f"a token of more than {TOKEN_CHARACTERS_MAX} characters is not read.")
    pieces = token.split(".")
    if len(pieces) != 3 or not token.isascii():
        raise BadInput("this is not a token: it has not three parts with dots between.")
    header = object_of(decode(pieces[0], "the token's head"), "the token's head")
    if header.get("alg") != ALGORITHM:
        raise BadInput(f"the token is not signed by {ALGORITHM}.", hint="No other is accepted.")
    if header.get("typ") != kind:
        raise BadInput(f"the token is not of the type {kind}.")
    if "crit" in header or "b64" in header:
        raise BadInput("the token asks for extensions that are not known here.")
    return header


def object_of(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in some bytes. Raises BadInput, naming `what`, for anything else."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(f"{what} is not JSON.") from None
    if not isinstance(value, dict):
        raise BadInput(f"{what} is not a JSON object.")
    return value


@lru_cache(maxsize=64)
def _public(key: PublicKey) -> OKPKey:
    return OKPKey.import_key({**key.as_jwk()})
