"""What was found in a piece, as bytes: kept until all pieces are there, and read again as it was.

It refuses to know what follows.

Rules
1. A result is written whole or not at all; one that cannot be read counts as not there.
"""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from licet.corpus.scan.checks import Columns, Hit

_ARRAYS = (
    "characters", "exact", "signature", "shingles", "language", "flags", "kinds", "benchmark",
    "sheet", "judged",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """The columns of a whole piece; `source` places in `sources` for each item; what was read."""

    columns: Columns
    source: NDArray[np.int32]
    sources: tuple[str, ...]
    bytes: int
    bad: int
    first_bad: tuple[str, ...]


class _Rest(msgspec.Struct):
    hits: list[Hit]
    sources: list[str]
    bytes: int
    bad: int
    first_bad: list[str]


def join_columns(parts: Sequence[Columns]) -> Columns:
    """The columns of batches that follow each other, as of one. Raises ValueError for none."""
    hits, base = [], 0
    for part in parts:
        hits += [msgspec.structs.replace(hit, place=hit.place + base) for hit in part.hits]
        base += len(part.flags)
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Columns(**joined, hits=tuple(hits))


def pack_result(result: Result) -> bytes:
    """The bytes of a result; the same for the same."""
    out = io.BytesIO()
    rest = _Rest(
        list(result.columns.hits), list(result.sources), result.bytes, result.bad,
        list(result.first_bad),
    )  # fmt: skip
    arrays = {name: getattr(result.columns, name) for name in _ARRAYS} | {"source": result.source}
    said = np.frombuffer(msgspec.json.encode(rest), dtype=np.uint8)
    np.savez(out, **arrays, rest=said)
    return out.getvalue()


def read_result(data: bytes) -> Result | None:
    """The result in some bytes; None where they hold none."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            rest = msgspec.json.decode(found["rest"].tobytes(), type=_Rest)
            columns = Columns(**{n: found[n] for n in _ARRAYS}, hits=tuple(rest.hits))
            source = found["source"]
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, msgspec.DecodeError):
        return None
    return Result(
        columns, source, tuple(rest.sources), rest.bytes, rest.bad, tuple(rest.first_bad)
    )


def keep(path: Path, data: bytes) -> None:
    """Put bytes at a path, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
