"""Signed notes: text that names its signer (C2SP signed-note v1.0.0, Ed25519).

Refuses to know what the text says, and every kind of signature but Ed25519 (type 0x01).

1. The key id is SHA-256(name, newline, 0x01, public key)[:4], big-endian.
2. A signature by an unknown key is ignored; a bad signature by a known key spoils the note.
3. The text forms of keys are those of Go's golang.org/x/mod/sumdb/note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt

ED25519 = b"\x01"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
NOTE_BYTES_MAX = 65_536
SIGNATURES_MAX = 64
_DASH = "\N{EM DASH} "
_NO_NAME = "a key name is not empty and has no space, no plus and no control character"


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key: a name that people know and 32 bytes."""

    name: str
    public: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise BadInput("an Ed25519 public key has 32 bytes")
        object.__setattr__(self, "key_id", key_id(self.name, self.public))

    @property
    def vkey(self) -> str:
        """`name+hash+base64`: the form that is published and configured."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(ED25519 + self.public)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """True where `signature` (64 bytes) was made over `text` with this key (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """The private half. Signing is deterministic (RFC 8032): one text, one signature."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != KEY_BYTES:
            raise BadInput("an Ed25519 private key has 32 bytes")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r}, key withheld)"

    @property
    def skey(self) -> str:
        """`PRIVATE+KEY+name+hash+base64`: keep it in a file that only its owner can read."""
        key = self.verifier
        return f"PRIVATE+KEY+{key.name}+{key.key_id.hex()}+{_b64(ED25519 + self._seed)}"

    def sign(self, text: bytes) -> bytes:
        """The signed note: `text`, a blank line, one signature line."""
        key = self.verifier
        signed = _b64(key.key_id + self._key.sign(text))
        return text + f"\n{_DASH}{key.name} {signed}\n".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line as it stands, not yet believed."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text (with its last newline) and the signature lines under it, not yet believed."""

    text: bytes
    signatures: tuple[Signature, ...]


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that point at an Ed25519 key (signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def make_signer(name: str, chance: Chance) -> Signer:
    """A new key called `name`, its seed taken from `chance`."""
    return Signer(name, chance(KEY_BYTES))


def parse_vkey(text: str) -> Verifier:
    """The verifier of a `name+hash+base64` line. Raises BadInput where a part does not fit."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise BadInput("a verifier key reads name+hash+base64", hint="Give the vkey line.")
    name, shown_id, encoded = parts
    key = Verifier(name, _key_bytes(encoded))
    if key.key_id.hex() != shown_id:
        raise BadInput("the verifier key's hash does not fit its name and key")
    return key


def parse_skey(text: str) -> Signer:
    """The signer of a `PRIVATE+KEY+…` line. Raises BadInput; the message never holds the key."""
    parts = text.strip().split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise BadInput("a signing key reads PRIVATE+KEY+name+hash+base64")
    signer = Signer(parts[2], _key_bytes(parts[4]))
    if signer.verifier.key_id.hex() != parts[3]:
        raise BadInput("the signing key's hash does not fit its name and key")
    return signer


def parse_note(data: bytes) -> Note:
    """Split a note into text and signature lines. Raises BadInput where the form is broken."""
    if len(data) > NOTE_BYTES_MAX:
        raise BadInput(f"a note has at most {NOTE_BYTES_MAX} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("a note is UTF-8") from None
    if any(ch < " " and ch != "\n" for ch in whole):
        raise BadInput("a note has no control characters but newline")
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise BadInput("a note is text, a blank line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise BadInput(f"a note has at most {SIGNATURES_MAX} signatures")
    return Note((text + "\n").encode(), tuple(_signature(line) for line in lines))


def verify_note(data: bytes, verifiers: Sequence[Verifier]) -> bytes:
    """The text of a note that at least one of `verifiers` signed.

    Raises BadInput where it is no note; Corrupt where none of them signed it or a signature
    of theirs is false (signed-note, "Signatures").
    """
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in verifiers}
    found = False
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.accepts(note.text, line.signature):
            raise Corrupt(f"the signature by {key.name} is false")
        found = True
    if not found:
        names = ", ".join(key.vkey for key in verifiers) or "nobody"
        raise Corrupt("no trusted key signed this note", hint=f"Trusted: {names}.")
    return note.text


def b64_strict(text: str) -> bytes:
    """Base64 bytes (RFC 4648 §4) in the one form that encodes them. Raises BadInput."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("this is not base64") from None
    if _b64(data) != text:
        raise BadInput("this base64 has more than one reading")
    return data


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap:
        raise BadInput("a signature line reads: em dash, name, base64")
    _check_name(name)
    data = b64_strict(encoded)
    if len(data) < 5:
        raise BadInput("a signature line holds a key id and a signature")
    return Signature(name, data[:4], data[4:])


def _key_bytes(encoded: str) -> bytes:
    data = b64_strict(encoded)
    if data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
        raise BadInput("only Ed25519 keys (type 1, 32 bytes) are used here")
    return data[1:]


def _check_name(name: str) -> None:
    if not name or any(ch.isspace() or ch == "+" or ch < " " for ch in name):
        raise BadInput(_NO_NAME)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
