"""What the pages of data sets show: values, ready to be rendered.

It refuses to know HTTP, and to change anything.

Rules
1. A preview is text and nothing else, bounded in bytes, rows and characters; it is shown where the
   file itself would be given to whoever asks.
2. Counts are of what was found, before the facet itself narrows it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from licet.corpus.catalogue import Version
from licet.corpus.manifest import Difference, File, difference
from licet.corpus.shelf import Shelf

PAGE = 20
WORDS_MAX = 100
PREVIEW_BYTES, PREVIEW_ROWS, PREVIEW_CHARACTERS = 64 << 10, 8, 400
PARQUET_BYTES_MAX, PARQUET_UNPACKED_BYTES_MAX = 16 << 20, 32 << 20
FACETS: Mapping[str, Callable[[Version], Sequence[str]]] = {
    "licence": lambda v: (v.manifest.card.licence,),
    "access": lambda v: (v.manifest.card.access,),
    "language": lambda v: v.manifest.card.languages,
    "modality": lambda v: v.manifest.card.modalities,
}


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow a search: its name, what is chosen, and (value, how many) of each."""

    name: str
    chosen: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of data sets, and what they can be narrowed by."""

    words: str
    versions: tuple[Version, ...]
    total: int
    page: int
    pages: int
    facets: tuple[Facet, ...]

    @property
    def before(self) -> int:
        return self.page - 1

    @property
    def after(self) -> int:
        return self.page + 1


def find(shelf: Shelf, asked: Mapping[str, str]) -> Found:
    """What a query finds. What cannot be meant is left out, not refused."""
    words = asked.get("q", "").strip()[:WORDS_MAX]
    chosen = {name: asked.get(name, "") for name in FACETS}
    every = shelf.catalogue.datasets(words)

    def fits(version: Version, without: str = "") -> bool:
        return all(
            not value or name == without or value in FACETS[name](version)
            for name, value in chosen.items()
        )

    facets = []
    for name, values in FACETS.items():
        counted = Counter(v for one in every if fits(one, name) for v in values(one))
        facets.append(Facet(name, chosen[name], tuple(sorted(counted.items()))))
    found = [one for one in every if fits(one)]
    page = asked.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    pages = max(1, -(-len(found) // PAGE))
    number = max(1, min(number, pages))
    shown = tuple(found[(number - 1) * PAGE : number * PAGE])
    return Found(words, shown, len(found), number, pages, tuple(facets))


@dataclass(frozen=True, slots=True)
class Change:
    """A version in the history of its data set, and what it changed; None for the first."""

    version: Version
    changed: Difference | None


def history(versions: Sequence[Version]) -> tuple[Change, ...]:
    """Versions, newest first, each with what it changed."""
    after = (*versions[1:], None)
    return tuple(
        Change(one, difference(old.manifest, one.manifest) if old else None)
        for one, old in zip(versions, after, strict=True)
    )


def preview(shelf: Shelf, version: Version) -> tuple[str, tuple[str, ...]]:
    """The name of the first file that can be read, and the first rows of it, cut short."""
    for kind, rows_of in _ROWS.items():
        for file in version.manifest.files:
            if file.path.lower().endswith(f".{kind}") and not file.path.startswith("licet-card"):
                rows = rows_of(shelf, file)
                if rows:
                    return file.path, tuple(_cut(row) for row in rows[:PREVIEW_ROWS])
    return "", ()


def _lines(shelf: Shelf, file: File) -> list[str]:
    data = b"".join(shelf.blobs.read(file.sha256, 0, PREVIEW_BYTES))
    text = data.decode("utf-8", "replace")
    if len(data) < file.size:
        text = text.rpartition("\n")[0] or text
    return [line for line in text.splitlines() if line.strip()]


def _parquet(shelf: Shelf, file: File) -> list[str]:
    if file.size > PARQUET_BYTES_MAX:
        return []
    try:
        import pyarrow.parquet as pq
        from pyarrow import ArrowException
    except ImportError:
        return []
    data = b"".join(shelf.blobs.read(file.sha256))
    try:
        with pq.ParquetFile(io.BytesIO(data)) as table:
            groups = table.metadata
            if groups.num_row_groups and (
                groups.row_group(0).total_byte_size > PARQUET_UNPACKED_BYTES_MAX
            ):
                return []
            for batch in table.iter_batches(PREVIEW_ROWS):
                return [_as_text(row) for row in batch.to_pylist()]
    except (ArrowException, OSError, ValueError):
        return []
    return []


def _as_text(row: Any) -> str:
    return msgspec.json.encode(row, enc_hook=str).decode()


def _cut(row: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in row)
    cut = len(shown) > PREVIEW_CHARACTERS
    return shown[:PREVIEW_CHARACTERS] + ("…" if cut else "")


_ROWS: Mapping[str, Callable[[Shelf, File], list[str]]] = {
    "jsonl": _lines, "ndjson": _lines, "parquet": _parquet, "csv": _lines, "txt": _lines,
    "md": _lines,
}  # fmt: skip
"""How the first rows are read, by the end of a file's name; rows before prose."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot: its words, how many, and its share of the longest in percent."""

    name: Mapping[str, str] | str
    count: int
    percent: int


def bars(rows: Sequence[tuple[Mapping[str, str] | str, int]]) -> tuple[Bar, ...]:
    """Rows as bars of a plot."""
    most = max((count for _, count in rows), default=0) or 1
    return tuple(Bar(name, count, round(100 * count / most)) for name, count in rows)
