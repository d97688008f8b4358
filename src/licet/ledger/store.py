"""Where a log is kept: what every store owes to the log (obligations on each method).

Refuses to know trees and signatures. A store keeps bytes and keeps its word.

1. `save` is all or nothing, and durable when it returns: entries, full tiles and the
   checkpoint that covers them appear together or not at all.
2. A `save` that raises may have happened all the same. Only `recover` and a fresh
   `load_checkpoint` tell.
3. What was saved is never changed; a checkpoint, once saved, is kept for good.
4. One claim at a time: while a store is claimed, nobody else's claim succeeds; the claim of a
   process that died is free.
5. Trouble comes as Unavailable (disk full, database away), Corrupt (what is stored contradicts
   itself) or Conflict (somebody else wrote).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from licet.ledger.tree import FullTile


@dataclass(frozen=True, slots=True)
class Run:
    """Entries in bundle form, beginning at index `first`, that lie in one bundle of 256."""

    first: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Growth:
    """Everything that changes when a log grows from `before` to `after` entries."""

    before: int
    after: int
    runs: Sequence[Run]
    tiles: Sequence[FullTile]
    checkpoint: bytes
    at: datetime


class Store(Protocol):
    """Keeps one log."""

    def claim(self) -> None:
        """Make this store the log's one writer until `close`.

        Must raise Conflict, at once, while another claim stands, in this process or another.
        """
        ...

    def load_checkpoint(self) -> bytes | None:
        """The newest checkpoint that was saved, None before the first. Must never go back."""
        ...

    def load_checkpoints(self) -> Sequence[bytes]:
        """Every checkpoint that was ever saved, smallest tree first."""
        ...

    def load_bundle(self, index: int) -> bytes:
        """The entries of bundle `index` that are saved, joined; may be more than a checkpoint
        loaded before covers. Empty where there are none."""
        ...

    def load_tile(self, level: int, index: int) -> bytes:
        """A full tile, 8,192 bytes. Must raise NotFound where it was not saved."""
        ...

    def load_tiles(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """`count` full tiles from `first` on. Must raise NotFound where one was not saved."""
        ...

    def save(self, growth: Growth) -> None:
        """Add `growth`. Must raise Conflict, keeping nothing, unless exactly
        `growth.before` entries are saved; must be durable on return."""
        ...

    def recover(self) -> None:
        """Forget every connection and buffer whose state is in doubt after a `save` that
        raised, and claim anew. What `load_checkpoint` gives next must be durable."""
        ...

    def close(self) -> None:
        """Let go of everything, the claim included. May be called twice."""
        ...
