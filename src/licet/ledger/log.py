"""A log: what it shows to the world, and how it grows.

Refuses to know what an entry means, who reads and over which protocol.

1. What is shown is one value, the Head, replaced only after its commit is durable. Readers in
   other threads take it once and see one moment.
2. A checkpoint is signed for a tree whose commit follows at once, and travels in that commit.
   It leaves the log only after the commit. A signature whose commit failed is never shown.
3. A log opens only where the stored checkpoint is its own and the stored tiles give its root.
4. After a commit of unknown fate the log reads its store again before it writes, and goes on
   only from a tree that continues the one it has shown.
5. There is one writer: the store's claim, and a comparison of sizes in every commit.
6. A log that was lost, or is an older copy of itself, does not open where a note of it is kept
   (`begun`): its next checkpoint would contradict one that was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.ledger.begun import Begun
from licet.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from licet.ledger.note import Signer, Verifier
from licet.ledger.proof import Receipt
from licet.ledger.store import Growth, Run, Store
from licet.ledger.tiles import (
    ENTRY_BYTES_MAX,
    HASH_BYTES,
    WIDTH,
    TileName,
    encode_entries,
    parse_path,
    split_entries,
    tile_width,
)
from licet.ledger.tree import (
    Tree,
    fold,
    grow,
    hash_at_tiles,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
    tree_from_edges,
)
from licet.ledger.tree_check import verify_consistency

_TAMPERED = "Run licet ledger verify; restore the ledger from a copy that verifies."


@dataclass(frozen=True, slots=True)
class Head:
    """One moment of a log: its tree and the signed checkpoint of it."""

    tree: Tree
    checkpoint: bytes


class LogView:
    """A log to read: a store whose checkpoint, signature and right edge have been checked.

    Safe to use from several threads. Raises NotFound where the store is empty, Corrupt where
    rule 3 is broken.
    """

    def __init__(self, store: Store, verifier: Verifier) -> None:
        self._store = store
        self._verifier = verifier
        self._head = self._load()

    @property
    def size(self) -> int:
        """How many entries are shown."""
        return self._head.tree.size

    @property
    def origin(self) -> str:
        return self._verifier.name

    @property
    def vkey(self) -> str:
        """The key that outsiders check with."""
        return self._verifier.vkey

    def checkpoint(self) -> bytes:
        """The signed checkpoint of everything that is shown."""
        return self._head.checkpoint

    def tile(self, level: int, index: int, width: int = WIDTH) -> bytes:
        """`width` hashes of 32 bytes. Raises NotFound where the shown tree has not so many."""
        tree = self._head.tree
        self._need(TileName(level, index, width), tree)
        if tile_width(level, index, tree.size) < WIDTH:
            data = tree.edges[level]
        else:
            data = self._store.load_tile(level, index)
        return data[: width * HASH_BYTES]

    def entries_tile(self, index: int, width: int = WIDTH) -> bytes:
        """`width` entries in bundle form. Raises NotFound where there are not so many."""
        self._need(TileName(None, index, width), self._head.tree)
        return encode_entries(split_entries(self._store.load_bundle(index), width))

    def fetch(self, path: str) -> bytes:
        """The resource at a path of the log's prefix: `checkpoint`, `tile/…`.

        Raises BadInput for another path, NotFound for a resource that is not there.
        """
        if path == "checkpoint":
            return self.checkpoint()
        name = parse_path(path)
        if name.level is None:
            return self.entries_tile(name.index, name.width)
        return self.tile(name.level, name.index, name.width)

    def entries(self, first: int, count: int) -> list[bytes]:
        """Entries `first` to `first + count - 1`. Raises NotFound where one is not there."""
        if not 0 <= first <= first + count <= self.size:
            raise NotFound(f"the ledger has {self.size} entries, from 0 on")
        found: list[bytes] = []
        at, end = first, first + count
        while at < end:
            bundle, skip = divmod(at, WIDTH)
            upto = min(WIDTH, end - bundle * WIDTH)
            found += split_entries(self._store.load_bundle(bundle), upto)[skip:]
            at = bundle * WIDTH + upto
        return found

    def prove(self, index: int) -> Receipt:
        """The receipt for entry `index`, its entry inside. Raises NotFound."""
        head = self._head
        if not 0 <= index < head.tree.size:
            raise NotFound(f"the ledger has {head.tree.size} entries, from 0 on")
        path = prove_inclusion(index, head.tree.size, hash_at_tiles(self._tiles_of(head.tree)))
        return Receipt(index, tuple(path), head.checkpoint, self.entries(index, 1)[0])

    def prove_growth(self, old: int) -> list[bytes]:
        """The proof that the shown tree continues the tree of `old` entries (RFC 9162 §2.1.4).

        Raises NotFound where `old` is beyond what is shown.
        """
        tree = self._head.tree
        if not 0 <= old <= tree.size:
            raise NotFound(f"the ledger has {tree.size} entries")
        return prove_consistency(old, tree.size, hash_at_tiles(self._tiles_of(tree)))

    def refresh(self) -> None:
        """Show what another process has added since. Raises Corrupt where it does not follow."""
        head = self._load()
        self._check_follows(head)
        self._head = head

    def continues(self, size: int, root: bytes) -> bool:
        """Whether what is shown continues the tree of `size` entries with this root."""
        return self._follows(self._head.tree, size, root)

    def close(self) -> None:
        """Let the store go."""
        self._store.close()

    def _load(self) -> Head:
        note = self._store.load_checkpoint()
        if note is None:
            raise NotFound("the ledger is empty")
        return self._rebuild(note)

    def _rebuild(self, note: bytes) -> Head:
        try:
            checkpoint = verify_checkpoint(note, self._verifier)
        except (BadInput, Corrupt) as error:
            raise Corrupt(
                f"the stored checkpoint is not this log's: {error.message}",
                hint=f"Is the key that of {self.origin}? {_TAMPERED}",
            ) from error
        try:
            tree = tree_from_edges(checkpoint.size, self._load_edges(checkpoint.size))
        except (ValueError, NotFound) as error:
            raise Corrupt(f"the stored tiles are not whole: {error}", hint=_TAMPERED) from error
        if tree.root != checkpoint.root:
            raise Corrupt("the stored tiles do not give the signed root", hint=_TAMPERED)
        return Head(tree, note)

    def _load_edges(self, size: int) -> list[bytes]:
        """The partial tiles: leaves from the entries, the rest from the full tiles below."""
        bundle, width = divmod(size, WIDTH)
        entries = split_entries(self._store.load_bundle(bundle), width) if width else []
        edges = [b"".join(leaf_hashes(entries))]
        level, nodes = 1, size >> 8
        while nodes:
            first = nodes - nodes % WIDTH
            below = self._store.load_tiles(level - 1, first, nodes - first)
            edges.append(b"".join([fold(tile) for tile in below]))
            level, nodes = level + 1, nodes >> 8
        return edges

    def _check_follows(self, head: Head) -> None:
        shown, new = self._head.tree, head.tree
        if not self._follows(new, shown.size, shown.root):
            raise Corrupt(
                f"the stored tree of {new.size} entries does not continue the one of "
                f"{shown.size} that was shown",
                hint=_TAMPERED,
            )

    def _follows(self, new: Tree, size: int, root: bytes) -> bool:
        proof: list[bytes] = []
        if size <= new.size:
            proof = prove_consistency(size, new.size, hash_at_tiles(self._tiles_of(new)))
        return verify_consistency(size, new.size, root, new.root, proof)

    def _tiles_of(self, tree: Tree) -> _TilesOf:
        return _TilesOf(self._store, tree)

    def _need(self, name: TileName, tree: Tree) -> None:
        there = tile_width(name.level or 0, name.index, tree.size)
        if not 0 < name.width <= there:
            raise NotFound(f"there is no {name.path} in a log of {tree.size} entries")


class Log(LogView):
    """The log's one writer. Takes the store over, and closes it where it cannot open.

    Raises Conflict where another writer is at work, Corrupt as LogView and by rule 6, BadInput
    where the signer's name is not the origin.
    """

    def __init__(
        self, store: Store, signer: Signer, origin: str, begun: Begun | None = None
    ) -> None:
        if signer.verifier.name != origin:
            raise BadInput(f"the key is that of {signer.verifier.name}, not of {origin}")
        self._signer = signer
        self._begun = begun
        self._writing = Lock()
        self._doubt = False
        try:
            store.claim()
            super().__init__(store, signer.verifier)
            if begun is not None:
                begun.check(self.size, self.continues)
                begun.leave(self.checkpoint(), self.size)
        except BaseException:
            store.close()
            raise

    @property
    def owed(self) -> int:
        """How many entries it lost that whoever writes it must append first (`Begun`, regrows)."""
        return 0 if self._begun is None else self._begun.owed(self.size)

    def close(self) -> None:
        """Note how far it has come, and let the store go."""
        if self._begun is not None:
            self._begun.leave(self.checkpoint(), self.size)
        super().close()

    def append(self, entries: Sequence[bytes], now: datetime) -> range:
        """Add entries (each at most 65,535 bytes); gives their indices once they are durable.

        Raises BadInput for an entry too long; Unavailable, Conflict or Corrupt where the
        commit failed: the entries may have been kept all the same (rule 4). Raises Corrupt where
        it lost entries and these are not they.
        """
        if any(len(entry) > ENTRY_BYTES_MAX for entry in entries):
            raise BadInput(f"an entry has at most {ENTRY_BYTES_MAX} bytes")
        with self._writing:
            if self._doubt:
                self._settle()
            before = self._head.tree
            if not entries:
                return range(before.size, before.size)
            leaves = leaf_hashes(entries)
            if self._begun is not None:
                self._begun.check_growth(before, leaves)
            tree, full = grow(before, leaves)
            checkpoint = self._sign(tree)
            runs = _runs(before.size, entries)
            self._doubt = True
            self._store.save(Growth(before.size, tree.size, runs, full, checkpoint, now))
            self._doubt = False
            self._head = Head(tree, checkpoint)
            if self._begun is not None:
                self._begun.leave(checkpoint, tree.size, now)
            return range(before.size, tree.size)

    def _load(self) -> Head:
        note = self._store.load_checkpoint()
        if note is None:
            # Signing is deterministic: every opening of an empty log shows the same bytes.
            return Head(Tree(), self._sign(Tree()))
        return self._rebuild(note)

    def _settle(self) -> None:
        """Find out what became of the commit that failed (rule 4)."""
        self._store.recover()
        head = self._load()
        self._check_follows(head)
        self._head = head
        self._doubt = False

    def _sign(self, tree: Tree) -> bytes:
        return sign_checkpoint(Checkpoint(self.origin, tree.size, tree.root), self._signer)


class _TilesOf:
    """The tiles of one tree: full ones from the store, the others from its edges."""

    def __init__(self, store: Store, tree: Tree) -> None:
        self._store = store
        self._tree = tree

    def __call__(self, level: int, index: int) -> bytes:
        if tile_width(level, index, self._tree.size) < WIDTH:
            return self._tree.edges[level]
        return self._store.load_tile(level, index)


def _runs(first: int, entries: Sequence[bytes]) -> list[Run]:
    """Entries cut where bundles end."""
    runs: list[Run] = []
    at, end = first, first + len(entries)
    while at < end:
        upto = min(end, at - at % WIDTH + WIDTH)
        runs.append(Run(at, encode_entries(entries[at - first : upto - first])))
        at = upto
    return runs
