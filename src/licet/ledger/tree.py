"""The Merkle tree that a log grows and proves from (RFC 6962 §2.1, RFC 9162 §2.1).

Refuses to know storage, signatures and entries: leaves come as hashes, tiles go as bytes.
Checking is not done here: `tree_check` does it, with arithmetic of its own.

1. A leaf is SHA-256(0x00, entry), a node SHA-256(0x01, left, right), the empty tree
   SHA-256 of nothing.
2. A Tree is a value. Growing it costs one node hash a leaf on average, at any size.
3. `peaks[h]` is the complete subtree of height h that still waits for its right sibling,
   empty where there is none: they are the bits of `size`.
4. `edges[level]` are the hashes of the tile at that level that is not yet full.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from licet.ledger.tiles import HASH_BYTES, TILE_BYTES, WIDTH

EMPTY_ROOT = hashlib.sha256().digest()
_PAIR = 2 * HASH_BYTES

HashAt = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree of a height, counted from the left at that height."""


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that will never change: 256 hashes, 8,192 bytes."""

    level: int
    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Tree:
    """What must be known of a tree in order to grow it: at most 8 KiB a level."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()
    edges: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """MTH(D[size]) of RFC 6962 §2.1."""
        root = b""
        for peak in self.peaks:
            if peak:
                root = node_hash(peak, root) if root else peak
        return root or EMPTY_ROOT


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The leaves of some entries, in order."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(tree: Tree, leaves: Sequence[bytes]) -> tuple[Tree, list[FullTile]]:
    """The tree with `leaves` (32 bytes each) added at its right, and the tiles that this filled.

    One height at a time: the new nodes of a height, with the sibling that waited, pair up
    into the new nodes of the next.
    """
    peaks, edges, full = list(tree.peaks), list(tree.edges), list[FullTile]()
    row, height = b"".join(leaves), 0
    while row:
        if height == len(peaks):
            peaks.append(b"")
        if height % 8 == 0:
            _fill(edges, full, height // 8, tree.size >> height, row)
        row = peaks[height] + row
        even = len(row) - len(row) % _PAIR
        peaks[height] = row[even:]
        row = _pair_up(row[:even])
        height += 1
    return Tree(tree.size + len(leaves), tuple(peaks), tuple(edges)), full


def tree_from_edges(size: int, edges: Sequence[bytes]) -> Tree:
    """The tree of `size` entries whose partial tiles are `edges` (rule 4).

    Raises ValueError where an edge has another width than the size demands.
    """
    peaks: list[bytes] = []
    for level in range(-(-size.bit_length() // 8)):
        nodes = (size >> (8 * level)) % WIDTH
        edge = edges[level] if level < len(edges) else b""
        if len(edge) != nodes * HASH_BYTES:
            raise ValueError(f"the edge at level {level} does not fit {size} entries")
        end = len(edge)
        for height in range(8):
            width = HASH_BYTES << height
            waits = nodes >> height & 1
            peaks.append(fold(edge[end - width : end]) if waits else b"")
            end -= width * waits
    return Tree(size, tuple(peaks), tuple(edges))


def fold(row: bytes) -> bytes:
    """The root over 2^k hashes that lie side by side."""
    while len(row) > HASH_BYTES:
        row = _pair_up(row)
    return row


def prove_inclusion(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1, leaf's sibling first. Needs 0 <= index < size."""
    if not 0 <= index < size:
        raise ValueError(f"no entry {index} in a tree of {size}")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range_hash(middle, high, hash_at))
            high = middle
        else:
            proof.append(_range_hash(low, middle, hash_at))
            low = middle
    proof.reverse()
    return proof


def prove_consistency(old: int, size: int, hash_at: HashAt) -> list[bytes]:
    """PROOF(old, D[size]) of RFC 6962 §2.1.2. Needs 0 <= old <= size; empty at both ends."""
    if not 0 <= old <= size:
        raise ValueError(f"no tree of {old} entries inside one of {size}")
    proof: list[bytes] = []
    if old in (0, size):
        return proof
    low, high = 0, size
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_range_hash(middle, high, hash_at))
            high = middle
        else:
            proof.append(_range_hash(low, middle, hash_at))
            low = middle
    if low:
        proof.append(_range_hash(low, high, hash_at))
    proof.reverse()
    return proof


def hash_at_tiles(load_tile: Callable[[int, int], bytes]) -> HashAt:
    """Subtree hashes out of tiles; `load_tile(level, index)` gives at least what is asked."""
    loaded: dict[tuple[int, int], bytes] = {}

    def hash_at(height: int, index: int) -> bytes:
        level, inner = divmod(height, 8)
        tile_index, first = divmod(index << inner, WIDTH)
        key = (level, tile_index)
        if key not in loaded:
            loaded[key] = load_tile(level, tile_index)
        start = first * HASH_BYTES
        return fold(loaded[key][start : start + (HASH_BYTES << inner)])

    return hash_at


def _fill(edges: list[bytes], full: list[FullTile], level: int, nodes: int, row: bytes) -> None:
    if level == len(edges):
        edges.append(b"")
    row = edges[level] + row
    whole = len(row) - len(row) % TILE_BYTES
    for index, at in enumerate(range(0, whole, TILE_BYTES), nodes // WIDTH):
        full.append(FullTile(level, index, row[at : at + TILE_BYTES]))
    edges[level] = row[whole:]


def _pair_up(row: bytes) -> bytes:
    sha256 = hashlib.sha256
    steps = range(0, len(row), _PAIR)
    return b"".join([sha256(b"\x01" + row[at : at + _PAIR]).digest() for at in steps])


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 6962 §2.1)."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(low: int, high: int, hash_at: HashAt) -> bytes:
    """MTH(D[low:high]) for a range that RFC 6962's splitting makes: `low` is aligned."""
    count = high - low
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return hash_at(height, low >> height)
    middle = low + _split(count)
    left = hash_at(_split(count).bit_length() - 1, low // _split(count))
    return node_hash(left, _range_hash(middle, high, hash_at))
