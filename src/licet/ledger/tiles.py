"""Tiles: paths and bytes of the static files that are a log (C2SP tlog-tiles v0.1.0).

Refuses to know hashing, storage and HTTP.

1. A full tile holds 256 hashes of 32 bytes; a partial one 1 to 255 and says so in its path.
2. A bundle holds entries of at most 65,535 bytes, each after its length in two bytes,
   big-endian.
3. One resource has one path: a path that could be written otherwise is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from licet.base.trouble import BadInput, Corrupt

WIDTH = 256
HASH_BYTES = 32
TILE_BYTES = WIDTH * HASH_BYTES
ENTRY_BYTES_MAX = 65_535
BUNDLE_BYTES_MAX = WIDTH * (ENTRY_BYTES_MAX + 2)
LEVEL_MAX = 63

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TileName:
    """One resource: hashes at `level` (0 to 63), or entries where `level` is None."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """`tile/0/x001/234.p/7`: relative to the log's prefix."""
        level = "entries" if self.level is None else str(self.level)
        rest, last = divmod(self.index, 1000)
        number = f"{last:03d}"
        while rest:
            rest, part = divmod(rest, 1000)
            number = f"x{part:03d}/{number}"
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"


def parse_path(path: str) -> TileName:
    """The resource that a path names. Raises BadInput for every path but the one of rule 3."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise BadInput("this is not the path of a tile")
    level, number, width = found.groups()
    name = TileName(
        None if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    if name.path != path or (name.level or 0) > LEVEL_MAX:
        raise BadInput("this is not the path of a tile")
    return name


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes tile (`level`, `index`) holds in a tree of `size` entries: 0 to 256."""
    nodes = size >> (8 * level)
    return max(0, min(WIDTH, nodes - index * WIDTH))


def tiles_of(size: int, before: int = 0) -> Iterator[TileName]:
    """Every resource of a tree of `size` entries that is not as it was at `before` entries.

    Bundles first, then hashes from the leaves up: the order that lets a reader who sees a
    later resource find the earlier ones.
    """
    yield from _row(None, size, before)
    level = 0
    while size >> (8 * level):
        yield from _row(level, size >> (8 * level), before >> (8 * level))
        level += 1


def _row(level: int | None, nodes: int, before: int) -> Iterator[TileName]:
    if nodes == before:
        return
    for index in range(before // WIDTH, -(-nodes // WIDTH)):
        yield TileName(level, index, min(WIDTH, nodes - index * WIDTH))


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """A run of entries in bundle form. Raises OverflowError beyond 65,535 bytes an entry."""
    parts: list[bytes] = []
    for entry in entries:
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def split_entries(data: bytes, count: int | None = None) -> list[bytes]:
    """The entries of a bundle, or the first `count` of them.

    Raises Corrupt where lengths and bytes do not fit or fewer than `count` are there.
    """
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end and len(entries) != count:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > end or start > end:
            raise Corrupt(f"a bundle ends inside its entry {len(entries)}")
        entries.append(data[start:at])
    if count is not None and len(entries) != count:
        raise Corrupt(f"a bundle holds {len(entries)} entries, not {count}")
    return entries
