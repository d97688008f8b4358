"""Check a Merkle tree that somebody else grew (RFC 9162 §2.1.3.2, §2.1.4.2).

Refuses to know `tree`: a mistake there must not be repeated here, so not one line is shared.

1. The checks follow the RFC's iterative algorithms step by step.
2. A false proof is an answer (False), never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def hash_leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(
    leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """True where `leaf` (a leaf hash) stands at `index` in the tree (`size`, `root`)."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = hash_children(p, r)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            r = hash_children(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root


def verify_consistency(
    old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """True where the tree (`size`, `root`) continues the tree (`old`, `old_root`)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == sha256().digest()
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = hash_children(c, fr), hash_children(c, sr)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            sr = hash_children(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == old_root and sr == root


class Recount:
    """Counts a tree up from its entries, one at a time, and shows what its tiles must hold.

    `rows[level]` are the hashes, from the left, of the tile at that level that is being
    counted; the caller takes a full one away with `take`.
    """

    def __init__(self) -> None:
        self.size = 0
        self.rows: list[bytearray] = [bytearray()]
        self._stack: list[tuple[int, bytes]] = []

    def add(self, entry: bytes) -> None:
        height, node = 0, hash_leaf(entry)
        self.rows[0] += node
        while self._stack and self._stack[-1][0] == height:
            node = hash_children(self._stack.pop()[1], node)
            height += 1
            if height % 8 == 0:
                self._note(height // 8, node)
        self._stack.append((height, node))
        self.size += 1

    def root(self) -> bytes:
        """The root over every entry so far."""
        if not self._stack:
            return sha256().digest()
        root = self._stack[-1][1]
        for _, left in reversed(self._stack[:-1]):
            root = hash_children(left, root)
        return root

    def take(self, level: int) -> bytes:
        """The hashes of the tile at `level`, which then starts anew."""
        row = bytes(self.rows[level])
        self.rows[level].clear()
        return row

    def _note(self, level: int, node: bytes) -> None:
        if level == len(self.rows):
            self.rows.append(bytearray())
        self.rows[level] += node
