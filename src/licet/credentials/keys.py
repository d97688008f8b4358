"""Ed25519 keys as the web writes them: JWKs, sets of them, and their thumbprints.

It refuses to know files and what is signed.

Rules
1. A key's id is its thumbprint (RFC 7638): two parties that never met give it the same name.
2. A set may hold keys of other kinds; they are passed over. A set without one of ours is refused.
3. A private key shows itself in no repr.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.base.canonical import canonical_json
from licet.base.ids import Chance
from licet.base.trouble import BadInput

KEY_BYTES = 32
SET_BYTES_MAX = 256 << 10


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that others check by. `x` is its 32 bytes."""

    x: bytes

    @property
    def id(self) -> str:
        """Rule 1: 43 characters."""
        return encode(sha256(canonical_json(self._members)).digest())

    @property
    def _members(self) -> dict[str, str]:
        return {"crv": "Ed25519", "kty": "OKP", "x": encode(self.x)}

    def as_jwk(self, *, use: str | None = "sig") -> dict[str, str]:
        """The key as a JSON Web Key (RFC 8037, RFC 9864)."""
        named = self._members | {"kid": self.id, "alg": "Ed25519"}
        return named if use is None else named | {"use": use}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: 32 bytes of chance, and the public key that follows from them."""

    seed: bytes = field(repr=False)
    public: PublicKey

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Raises BadInput for anything but 32 bytes."""
        if len(seed) != KEY_BYTES:
            raise BadInput(f"a private key has {KEY_BYTES} bytes, not {len(seed)}.")
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(seed, PublicKey(public))

    @classmethod
    def draw(cls, chance: Chance) -> SigningKey:
        """A new one."""
        return cls.from_seed(chance(KEY_BYTES))

    def as_jwk(self) -> dict[str, str]:
        """The private key as a JSON Web Key: for the signing library, never for a file."""
        return self.public.as_jwk() | {"d": encode(self.seed)}


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys by id: whose signatures count."""

    keys: Mapping[str, PublicKey]

    @classmethod
    def of(cls, keys: Iterable[PublicKey]) -> KeySet:
        return cls(MappingProxyType({key.id: key for key in keys}))

    def find(self, key_id: str) -> PublicKey | None:
        return self.keys.get(key_id)

    def as_jwks(self) -> bytes:
        """The set as a JSON Web Key Set (RFC 7517), as `/.well-known/jwks.json` serves it."""
        return canonical_json({"keys": [key.as_jwk() for key in self.keys.values()]})


def parse_jwk(value: Any) -> PublicKey:
    """The Ed25519 key that a JSON Web Key holds. Raises BadInput for any other."""
    if not isinstance(value, dict) or (value.get("kty"), value.get("crv")) != ("OKP", "Ed25519"):
        raise BadInput("this is no Ed25519 key.", hint='Its members are "kty", "crv" and "x".')
    x = decode(value.get("x"), "the key's member x")
    if len(x) != KEY_BYTES:
        raise BadInput(f"an Ed25519 key has {KEY_BYTES} bytes, not {len(x)}.")
    return PublicKey(x)


def parse_jwks(data: bytes) -> KeySet:
    """The Ed25519 keys of a JSON Web Key Set. Raises BadInput where there is none (rule 2)."""
    hint = 'An authority serves it at /.well-known/jwks.json: {"keys": […]}.'
    if len(data) > SET_BYTES_MAX:
        raise BadInput(f"a key set of more than {SET_BYTES_MAX} bytes is not read.", hint=hint)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("this is not a JSON Web Key Set: it is not JSON.", hint=hint) from None
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise BadInput("this is not a JSON Web Key Set: it lists no keys.", hint=hint)
    ours = [one for one in listed if isinstance(one, dict) and one.get("crv") == "Ed25519"]
    if not ours:
        raise BadInput("no key of this set is an Ed25519 key.", hint=hint)
    return KeySet.of(parse_jwk(one) for one in ours)


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: object, what: str) -> bytes:
    """The bytes of such a text. Raises BadInput, naming `what`."""
    if not isinstance(text, str):
        raise BadInput(f"{what} is missing.")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{what} is not base64url.") from None
    if encode(data) != text:
        raise BadInput(f"{what} is not base64url in its one form.")
    return data
