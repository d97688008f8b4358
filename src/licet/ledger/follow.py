"""Follow a log that somebody else writes: what is new in it, and nothing that it did not sign.

Refuses to know what an entry means and where a reader keeps its place.

1. Nothing is handed out that the signed checkpoint does not cover: first the hashes of all full
   bundles are held against its root, then each bundle against its hash as it is read.
2. A log that goes back, or whose past is not the one that was read, is Corrupt and not followed.
3. A Position is a value. Whoever stores it in one transaction with what it made of the entries
   misses nothing and counts nothing twice, however often it is killed.
4. Memory is one batch and 32 bytes for every 256 entries that are new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from licet.base.trouble import BadInput, Corrupt
from licet.ledger.checkpoint import Checkpoint, read_checkpoint
from licet.ledger.note import Verifier, verify_note
from licet.ledger.source import Source
from licet.ledger.tiles import HASH_BYTES, WIDTH, TileName, split_entries, tile_width
from licet.ledger.tree import EMPTY_ROOT, fold, leaf_hashes, node_hash

BATCH_BUNDLES = 16
"""4,096 entries: enough that a transaction a batch costs little, few enough to hold."""

_BUNDLE_HEIGHT = 8  # 2^8 entries lie in a bundle

Peaks = tuple[tuple[int, bytes], ...]
"""Complete subtrees from the left, each with its height."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a log was read: `size` entries with this `root`; `peaks` of its full bundles."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    peaks: Peaks = ()


START = Position()


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries from index `first` on, and where the reader stands after them."""

    first: int
    entries: tuple[bytes, ...]
    after: Position


def follow(
    source: Source, verifier: Verifier, since: Position = START, bundles: int = BATCH_BUNDLES
) -> Iterator[Batch]:
    """What the log holds beyond `since`, in batches, up to its checkpoint of this moment.

    Raises Corrupt for a log that contradicts its checkpoint or its past, NotFound and Unavailable
    where the source can't be read.
    """
    signed = _signed(source, verifier)
    if signed.size < since.size:
        raise Corrupt(f"{source.where} had {since.size} entries and now has {signed.size}")
    if signed.size == since.size:
        if signed.root != since.root:
            raise Corrupt(f"{source.where} has another past than the one that was read")
        return
    whole, rest = divmod(signed.size, WIDTH)
    first = since.size // WIDTH
    hashes = [_bundle_hash(source, index, signed.size) for index in range(first, whole)]
    tail = _entries(source, whole, rest) if rest else []
    peaks = _grown(since.peaks, ((_BUNDLE_HEIGHT, known) for known in hashes))
    if _root(_grown(peaks, ((0, leaf) for leaf in leaf_hashes(tail)))) != signed.root:
        raise Corrupt(f"{source.where}: the tiles do not give the root that was signed")
    yield from _batches(source, since, hashes, tail, bundles)


def position_as_json(position: Position) -> dict[str, Any]:
    """The position as a JSON object."""
    return {
        "size": position.size,
        "root": position.root.hex(),
        "peaks": [[height, node.hex()] for height, node in position.peaks],
    }


def position_from_json(value: Mapping[str, Any]) -> Position:
    """The position in a JSON object. Raises BadInput where it is none."""
    try:
        peaks = tuple((int(height), bytes.fromhex(node)) for height, node in value["peaks"])
        return Position(int(value["size"]), bytes.fromhex(value["root"]), peaks)
    except (KeyError, TypeError, ValueError):
        raise BadInput(
            "this is no position in a ledger.", hint="Follow it from its start."
        ) from None


def _signed(source: Source, verifier: Verifier) -> Checkpoint:
    note = source.fetch_checkpoint()
    verify_note(note, (verifier,))
    checkpoint = read_checkpoint(note)
    if checkpoint.origin != verifier.name:
        raise Corrupt(
            f"this is the log of {checkpoint.origin}, the key is that of {verifier.name}"
        )
    return checkpoint


def _batches(
    source: Source, since: Position, hashes: list[bytes], tail: list[bytes], bundles: int
) -> Iterator[Batch]:
    first, read = since.size // WIDTH, since.size % WIDTH
    peaks, fresh = since.peaks, list[bytes]()
    at = since.size
    for number, known in enumerate(hashes):
        entries = _entries(source, first + number, WIDTH)
        leaves = leaf_hashes(entries)
        if fold(b"".join(leaves)) != known:
            raise Corrupt(
                f"{source.where}: bundle {first + number} is not the one that was signed"
            )
        if number == 0:
            _same_past(source, since, leaves[:read])
        fresh += entries[read:] if number == 0 else entries
        peaks = _grown(peaks, ((_BUNDLE_HEIGHT, known),))
        if (number + 1) % bundles == 0:
            after = Position(at + len(fresh), _root(peaks), peaks)
            yield Batch(at, tuple(fresh), after)
            at, fresh = after.size, []
    leaves = leaf_hashes(tail)
    if not hashes:
        _same_past(source, since, leaves[:read])
    fresh += tail if hashes else tail[read:]
    if fresh:
        root = _root(_grown(peaks, ((0, leaf) for leaf in leaves)))
        yield Batch(at, tuple(fresh), Position(at + len(fresh), root, peaks))


def _same_past(source: Source, since: Position, leaves: list[bytes]) -> None:
    """Rule 2, for the entries of a bundle that was read in part."""
    if _root(_grown(since.peaks, ((0, leaf) for leaf in leaves))) != since.root:
        raise Corrupt(f"{source.where} has another past than the one that was read")


def _bundle_hash(source: Source, index: int, size: int) -> bytes:
    """The subtree over a full bundle, out of a tile of hashes."""
    tile, place = divmod(index, WIDTH)
    width = tile_width(1, tile, size)
    if width == WIDTH or source.keeps_edges:
        data = source.fetch_tile(TileName(1, tile, width))
        found = data[place * HASH_BYTES :][:HASH_BYTES]
    else:
        found = fold(source.fetch_tile(TileName(0, index)))
    if len(found) != HASH_BYTES:
        raise Corrupt(f"{source.where}: a tile of hashes is cut short")
    return found


def _entries(source: Source, bundle: int, width: int) -> list[bytes]:
    return split_entries(source.fetch_tile(TileName(None, bundle, width)), width)


def _grown(peaks: Peaks, subtrees: Iterable[tuple[int, bytes]]) -> Peaks:
    """The peaks with complete subtrees added at the right."""
    stack = list(peaks)
    for subtree in subtrees:
        stack.append(subtree)
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            height, right = stack.pop()
            _, left = stack.pop()
            stack.append((height + 1, node_hash(left, right)))
    return tuple(stack)


def _root(peaks: Peaks) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root
