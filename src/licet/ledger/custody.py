"""What only several people together can read: sealed under a key whose shares they keep apart.

It refuses to know who may ask for it, and where envelopes, keys and passphrases are kept.

    card, locked = make_card("li", "authority", passphrase, chance)     # one keeper's key
    envelope = seal_for(text, "dossier_1/annotation_rules", cards, 2, chance)
    given = pass_share(envelope, key, reader, "order_1")        # one keeper, one reader
    text = read_with(envelope, [given, another], reader_key, "order_1")

Rules
1. Each envelope has a key of its own, split among the keepers (`shares.py`); each share is sealed
   to its keeper's public key. No key opens two envelopes, and nowhere does one that opens all lie.
2. A keeper's private key lies under a passphrase (scrypt); without it a stolen file says nothing.
3. A share that is given is sealed to one reader, for one order. Whoever has the store and fewer
   passphrases than are needed has nothing; so has a reader without the others.
4. Everything is bound to what it is about: an envelope moved to another place does not open.
5. Public keys are sealed to by HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt, NotAllowed
from licet.ledger.seal import KEY_BYTES, Sealed, open_sealed, seal
from licet.ledger.shares import join, split

PASSPHRASE_CHARACTERS_MIN = 12
_KIND = "licet/envelope/v1"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}  # 32 MiB and about a tenth of a second
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SHARE, _PASSED, _LOCK = (f"licet/{what}/v1\n".encode() for what in ("share", "passed", "lock"))


@dataclass(frozen=True, slots=True)
class Card:
    """Whose key it is, for whoever seals: name, side, public key (32 bytes in base64url)."""

    name: str
    side: str
    public: str

    @property
    def mark(self) -> str:
        """The key's fingerprint (16 hexadecimal digits)."""
        return hashlib.sha256(_bytes(self.public)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Locked:
    """A private key under a passphrase (rule 2), in base64url."""

    salt: str
    nonce: str
    key: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was sealed: its shares by keeper's mark, each sealed to that keeper."""

    about: str
    needed: int
    shares: Mapping[str, str]
    sealed: Sealed

    @property
    def sha256(self) -> str:
        """What records hold of it, in hexadecimal."""
        return sha256_hex(self.to_bytes())

    def to_bytes(self) -> bytes:
        """A line of canonical JSON, and the ciphertext."""
        head = {
            "kind": _KIND, "about": self.about, "needed": self.needed, "shares": dict(self.shares),
            "nonce": _text(self.sealed.nonce),
        }  # fmt: skip
        return canonical_json(head) + b"\n" + self.sealed.ciphertext


def make_card(name: str, side: str, passphrase: str, chance: Chance) -> tuple[Card, Locked]:
    """A keeper's new key. Raises BadInput for a passphrase that is too short."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise BadInput(
            f"the passphrase has fewer than {PASSPHRASE_CHARACTERS_MIN} characters.",
            hint="Several words that belong together for you alone are easy to keep in mind.",
        )
    private = X25519PrivateKey.from_private_bytes(chance(KEY_BYTES))
    card = Card(name, side, _text(private.public_key().public_bytes_raw()))
    salt, nonce = chance(_SALT_BYTES), chance(_NONCE_BYTES)
    key = AESGCM(_stretched(passphrase, salt)).encrypt(
        nonce, private.private_bytes_raw(), _LOCK + _bytes(card.public)
    )
    return card, Locked(_text(salt), _text(nonce), _text(key))


def unlock(card: Card, locked: Locked, passphrase: str) -> X25519PrivateKey:
    """The private key. Raises NotAllowed where the passphrase is another."""
    key = AESGCM(_stretched(passphrase, _bytes(locked.salt)))
    try:
        raw = key.decrypt(_bytes(locked.nonce), _bytes(locked.key), _LOCK + _bytes(card.public))
    except InvalidTag:
        raise NotAllowed(
            "the passphrase is not the one of this key.", hint="Give the passphrase again."
        ) from None
    return X25519PrivateKey.from_private_bytes(raw)


def seal_for(
    payload: bytes, about: str, keepers: Sequence[Card], needed: int, chance: Chance
) -> Envelope:
    """A payload that any `needed` of these keepers open together, and fewer don't.

    Raises BadInput where there are fewer keepers than are needed, or one stands twice.
    """
    marks = [keeper.mark for keeper in keepers]
    if len(set(marks)) != len(marks) or len(marks) < needed:
        raise BadInput(
            f"{needed} keepers must open this together, and there are {len(set(marks))}.",
            hint="Let more people make their keys first.",
        )
    key = chance(KEY_BYTES)
    shares = {
        keeper.mark: _text(_SUITE.encrypt(share, _public(keeper), _info(_SHARE, about)))
        for keeper, share in zip(keepers, split(key, needed, len(keepers), chance), strict=True)
    }
    return Envelope(about, needed, shares, seal(payload, key, about, chance))


def pass_share(
    envelope: Envelope, keeper: X25519PrivateKey, reader: Card, order: str
) -> str:  # fmt: skip
    """The keeper's share, sealed to one reader for one order (rule 3), in base64url.

    Raises NotAllowed where the key keeps no share of this envelope, Corrupt where the share or
    what it is about was changed.
    """
    mark = Card("", "", _text(keeper.public_key().public_bytes_raw())).mark
    if mark not in envelope.shares:
        raise NotAllowed(
            f"this key keeps no share of {envelope.about}.",
            hint="It was made after that was sealed. Others gave their keys; ask them.",
        )
    share = _opened(envelope.shares[mark], keeper, _info(_SHARE, envelope.about))
    return _text(_SUITE.encrypt(share, _public(reader), _info(_PASSED, envelope.about, order)))


def read_with(
    envelope: Envelope, given: Iterable[str], reader: X25519PrivateKey, order: str
) -> bytes:
    """The payload, for the reader to whom enough shares were passed. Raises NotAllowed where there
    are too few, Corrupt where one is of something else or was changed."""
    info = _info(_PASSED, envelope.about, order)
    shares = {_opened(one, reader, info) for one in given}
    if len(shares) < envelope.needed:
        raise NotAllowed(
            f"{len(shares)} of {envelope.needed} shares of {envelope.about} are there.",
            hint="Ask another keeper for a share.",
        )
    return open_sealed(envelope.sealed, join(shares), envelope.about)


def read_envelope(data: bytes) -> Envelope:
    """The envelope in these bytes. Raises Corrupt where they are none."""
    head, _, ciphertext = data.partition(b"\n")
    try:
        told: Mapping[str, Any] = msgspec.json.decode(head, type=dict[str, Any])
        if told["kind"] != _KIND or not isinstance(told["needed"], int) or told["needed"] < 2:
            raise Corrupt("these bytes are no envelope of ours.")
        shares = {str(mark): str(share) for mark, share in told["shares"].items()}
        sealed = Sealed(_bytes(told["nonce"]), ciphertext)
        return Envelope(str(told["about"]), told["needed"], shares, sealed)
    except (msgspec.MsgspecError, KeyError, AttributeError, TypeError):
        raise Corrupt("these bytes are no envelope of ours.") from None


def pack(name: str, data: bytes) -> bytes:
    """What is sealed of a file, or of a text without a name."""
    return msgspec.json.encode({"name": name, "answer": data})


def unpack(payload: bytes) -> tuple[str, bytes]:
    """Name and bytes again. Raises Corrupt where the payload was not packed so."""
    try:
        told = msgspec.json.decode(payload, type=dict[str, str])
        return told["name"], _bytes_of(told["answer"])
    except (msgspec.MsgspecError, KeyError):
        raise Corrupt("what was sealed is no text of ours.") from None


def _bytes_of(text: str) -> bytes:
    return msgspec.convert(text, bytes)


def _public(card: Card) -> X25519PublicKey:
    try:
        return X25519PublicKey.from_public_bytes(_bytes(card.public))
    except ValueError:
        raise BadInput(f"the key of {card.name!r} is no public key") from None


def _opened(text: str, key: X25519PrivateKey, info: bytes) -> bytes:
    try:
        return _SUITE.decrypt(_bytes(text), key, info)
    except InvalidTag:
        raise Corrupt(
            "a share does not open with this key, or is of something else.",
            hint="Let its keeper give it again.",
        ) from None


def _info(label: bytes, *about: str) -> bytes:
    return label + canonical_json(list(about))


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, **_SCRYPT).derive(passphrase.encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Corrupt("this is no base64url of ours.") from None
