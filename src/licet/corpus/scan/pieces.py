"""Which parts an input falls into: the same on every machine, whoever works them off.

It refuses to know what the texts say.

Rules
1. Files go by the order of their names; hidden ones and links are left out.
2. A line belongs to the piece in which it begins.
3. What cannot be cut without reading it (compressed lines, WARC) is one piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from licet.base.trouble import NotFound
from licet.corpus.scan.model import Kind, Piece
from licet.corpus.unfit import Unfit

PIECE_BYTES = 8 << 20
ROWS = 20_000
"""Rows of a Parquet file in a piece, about: row groups are not cut."""
KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".warc": "warc",
}
READABLE = ", ".join(KINDS) + ", and .gz of lines and WARC"


def plan(paths: Sequence[Path]) -> tuple[Piece, ...]:
    """The pieces of files and folders, in order. A path's own name is the source of its items.

    Raises NotFound for what is not there, BadInput where nothing can be read.
    """
    pieces: list[Piece] = []
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is no {path}.", hint="Check the path.")
        for file in _files(path):
            kind = kind_of(file)
            if kind is not None:
                name = file.name if path.is_file() else f"{path.name}/{_below(file, path)}"
                pieces += _cut(path.name, file, name, kind)
    if not pieces:
        told = ("", "nothing", ", ".join(KINDS))
        raise Unfit("there is nothing to scan.", told, hint=f"Files that are read: {READABLE}.")
    return tuple(pieces)


def kind_of(path: Path) -> Kind | None:
    """How a file is read, by its name; None where it is not."""
    name = path.name.lower()
    kind = KINDS.get(Path(name.removesuffix(".gz")).suffix)
    return None if name.endswith(".gz") and kind == "parquet" else kind


def digest(pieces: Sequence[Piece]) -> str:
    """SHA-256 over names and content of all files, in hexadecimal."""
    found = hashlib.sha256()
    for path, name in dict.fromkeys((piece.path, piece.name) for piece in pieces):
        with path.open("rb") as file:
            inner = hashlib.file_digest(file, "sha256").hexdigest()
        found.update(f"{name}\0{inner}\n".encode())
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for one in sorted(path.rglob("*"), key=lambda p: _below(p, path)):
        hidden = any(part.startswith(".") for part in one.relative_to(path).parts)
        if one.is_file() and not one.is_symlink() and not hidden:
            yield one


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _cut(source: str, path: Path, name: str, kind: Kind) -> Iterator[Piece]:
    size = path.stat().st_size
    if kind == "parquet":
        for start, end in _row_groups(path, name):
            yield Piece(source, path, name, kind, start, end)
    elif kind == "warc" or name.lower().endswith(".gz"):
        yield Piece(source, path, name, kind, 0, size)
    else:
        for start in range(0, size, PIECE_BYTES):
            yield Piece(source, path, name, kind, start, min(size, start + PIECE_BYTES))


def _row_groups(path: Path, name: str) -> Iterator[tuple[int, int]]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(path) as file:
            sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    except (ArrowException, OSError) as error:
        message = f"{name} cannot be read as Parquet: {error}."
        raise Unfit(message, (name, "no_parquet", "")) from None
    start = rows = 0
    for number, size in enumerate(sizes):
        rows += size
        if rows >= ROWS:
            yield start, number + 1
            start, rows = number + 1, 0
    if start < len(sizes):
        yield start, len(sizes)
