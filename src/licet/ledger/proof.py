"""Receipts: a file that proves, offline, that an entry stands in a log (C2SP tlog-proof v1).

Refuses to know the log: everything needed to check is in the file and in the verifier's key.

1. The extra line, where there is one, holds the entry itself: what the proof is about. It is
   believed only because its hash is what the proof proves.
2. The checkpoint stands verbatim, with every signature that it came with.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from licet.base.trouble import BadInput, Corrupt
from licet.ledger.checkpoint import Checkpoint, verify_checkpoint
from licet.ledger.note import Verifier, b64_strict
from licet.ledger.tiles import HASH_BYTES
from licet.ledger.tree_check import hash_leaf, verify_inclusion

SUFFIX = ".tlog-proof"
_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_INDEX_DIGITS_MAX = 18
RECEIPT_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """Entry number `index`, its path to the root, and the signed checkpoint of that root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    entry: bytes | None = None

    def render(self) -> bytes:
        """The bytes of a `.tlog-proof` file."""
        lines = [_FIRST_LINE]
        if self.entry is not None:
            lines.append(f"extra {base64.b64encode(self.entry).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(node).decode() for node in self.hashes]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint


def is_receipt(data: bytes) -> bool:
    """Whether what begins with `data` calls itself a receipt."""
    return data.startswith(_FIRST_LINE.encode())


def parse_receipt(data: bytes) -> Receipt:
    """The receipt in a `.tlog-proof` file, not yet believed. Raises BadInput."""
    if len(data) > RECEIPT_BYTES_MAX:
        raise BadInput(f"a receipt has at most {RECEIPT_BYTES_MAX} bytes")
    head, gap, checkpoint = data.partition(b"\n\n")
    if not gap or not head.isascii():
        raise BadInput("a receipt is a proof, an empty line and a checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    if first != _FIRST_LINE:
        raise BadInput(f"a receipt begins with {_FIRST_LINE}")
    entry = None
    if lines and lines[0].startswith("extra "):
        entry = b64_strict(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise BadInput("a receipt names the index of its entry")
    number = lines.pop(0).removeprefix("index ")
    if not number.isdigit() or len(number) > _INDEX_DIGITS_MAX or str(int(number)) != number:
        raise BadInput("an index is a decimal without leading zeroes")
    hashes = tuple(b64_strict(line) for line in lines)
    if any(len(node) != HASH_BYTES for node in hashes):
        raise BadInput("a proof is made of hashes of 32 bytes")
    return Receipt(int(number), hashes, checkpoint, entry)


def verify_receipt(
    data: bytes, verifier: Verifier, entry: bytes | None = None
) -> tuple[Checkpoint, bytes]:
    """The checkpoint and the entry that a receipt proves to be in it.

    `entry` is what the asker holds; without it the receipt's own copy is used. Raises BadInput
    where the file is no receipt or there is no entry; Corrupt where it proves nothing.
    """
    receipt = parse_receipt(data)
    proven = receipt.entry if entry is None else entry
    if proven is None:
        raise BadInput("the receipt holds no entry", hint="Give the entry that it is about.")
    checkpoint = verify_checkpoint(receipt.checkpoint, verifier)
    if not verify_inclusion(
        hash_leaf(proven), receipt.index, checkpoint.size, checkpoint.root, receipt.hashes
    ):
        raise Corrupt(f"the receipt does not prove entry {receipt.index}")
    return checkpoint, proven
