"""Checkpoints: what a log says of itself, in three lines that it signs (C2SP tlog-checkpoint).

Refuses to know how the root was computed.

1. Origin, size in decimal without leading zeroes, root in base64; each line ends in newline.
2. The signer's name is the origin; a checkpoint whose origin is another log's is refused.
3. Extension lines are read, because others may write them, and never written.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from licet.base.trouble import BadInput, Corrupt
from licet.ledger.note import Signer, Verifier, b64_strict, parse_note, verify_note

_SIZE_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree of `size` entries whose RFC 6962 root is `root` (32 bytes), of the log `origin`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The note text that is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        lines = (self.origin, str(self.size), root, *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The checkpoint as a signed note. Raises BadInput where signer and origin differ (rule 2)."""
    if signer.verifier.name != checkpoint.origin:
        raise BadInput("a log signs with the key that bears its origin")
    return signer.sign(checkpoint.text)


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint that a note text holds. Raises BadInput where a line does not fit."""
    lines = text.decode("utf-8").split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise BadInput("a checkpoint has three lines or more, none of them empty")
    origin, size, root, *extensions = lines
    digits = size.isascii() and size.isdigit() and len(size) <= _SIZE_DIGITS_MAX
    if not digits or (size != "0" and size.startswith("0")):
        raise BadInput("a checkpoint's size is a decimal without leading zeroes")
    hash_bytes = b64_strict(root)
    if len(hash_bytes) != 32:
        raise BadInput("a checkpoint's root has 32 bytes")
    return Checkpoint(origin, int(size), hash_bytes, tuple(extensions))


def read_checkpoint(note: bytes) -> Checkpoint:
    """What a note claims, **unverified**: for finding out whose key to ask for."""
    return parse_checkpoint(parse_note(note).text)


def verify_checkpoint(note: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint that `verifier` signed for the log of its name.

    Raises BadInput where it is no checkpoint; Corrupt where signature or origin do not fit.
    """
    checkpoint = parse_checkpoint(verify_note(note, (verifier,)))
    if checkpoint.origin != verifier.name:
        raise Corrupt(f"a checkpoint of {checkpoint.origin}, not of {verifier.name}")
    return checkpoint
