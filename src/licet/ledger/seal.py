"""What the ledger commits to without holding it: sealed payloads and keyed pseudonyms.

Refuses to know where keys and payloads are kept. Keys come as arguments, chance as well.

1. A payload is sealed with AES-256-GCM under the key of its case, bound to the case number.
2. The ledger holds SHA-256(nonce, ciphertext) and never a digest of the plain text: a digest
   of something short can be guessed (facts on deletion: docs/ledger.md).
3. A pseudonym is an HMAC-SHA-256 under the key of its period. Destroying a case's key or a
   period's key makes payload or pseudonym mean nothing, while every proof stays valid.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt

KEY_BYTES = 32
NONCE_BYTES = 12
_PSEUDONYM_BYTES = 16
_SEAL_LABEL = b"licet/seal/v1\n"
_PSEUDONYM_LABEL = b"licet/pseudonym/v1\n"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload that only its case's key opens."""

    nonce: bytes
    ciphertext: bytes

    @property
    def ct_sha256(self) -> str:
        """What the ledger entry holds of it (rule 2), in hexadecimal."""
        return hashlib.sha256(self.nonce + self.ciphertext).hexdigest()


def seal(payload: bytes, key: bytes, case: str, chance: Chance) -> Sealed:
    """`payload` sealed under `key` (32 bytes), bound to `case`. Raises BadInput for a bad key."""
    nonce = chance(NONCE_BYTES)
    return Sealed(nonce, _cipher(key).encrypt(nonce, payload, _SEAL_LABEL + case.encode()))


def open_sealed(sealed: Sealed, key: bytes, case: str) -> bytes:
    """The payload. Raises Corrupt where key, case or bytes are not those of the sealing."""
    try:
        return _cipher(key).decrypt(sealed.nonce, sealed.ciphertext, _SEAL_LABEL + case.encode())
    except InvalidTag:
        raise Corrupt(
            f"the sealed payload of case {case} does not open",
            hint="Either its key was destroyed and made anew, or its bytes were changed.",
        ) from None


def pseudonym(identifier: str, key: bytes, period: str) -> str:
    """`2026-48~` and 32 hexadecimal digits: the same person within a period, nobody outside it.

    `key` is the period's key (32 bytes), `period` its name. Raises BadInput for a bad key.
    """
    if len(key) != KEY_BYTES:
        raise BadInput("a pseudonym key has 32 bytes")
    told = _PSEUDONYM_LABEL + period.encode() + b"\n" + identifier.encode()
    return f"{period}~{hmac.digest(key, told, 'sha256')[:_PSEUDONYM_BYTES].hex()}"


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise BadInput("a sealing key has 32 bytes")
    return AESGCM(key)
