"""Packing: a trained classifier as one file, and back.

It refuses to know where the file lies and how its numbers were found.

    8 bytes    MAGIC, which names the version of this format
    4 bytes    length of the header, little-endian
    …          header: JSON (RFC 8785) of `Header`
    …          one zlib stream of all tables, in the order of TABLES, little-endian

Rules
1. Sizes follow from the header and are checked before and after a table is unpacked; a file that
   is shorter, longer or of another version is refused as a whole.
2. The file says everything that scores depend on; the features are named by `reader`, so that
   weights made for other features are refused and not misread.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput
from licet.guard.classifier.features import BITS
from licet.guard.classifier.screen import SCREEN_BITS

MAGIC = b"LICETCL1"
ROLES = ("prompt", "reply", "comment")
READER = "grams4-words3-screen6-root"
"""The name of the features in `features` and `screen`; change it when they change."""
HEAD_BITS = 16
"""Category heads share buckets: four of the main table's are one of theirs."""
HEADER_BYTES_MAX = 65_536
CATEGORIES_MAX = 64
WIDTHS_MAX = 8
GROUPS = tuple(f"{role}.{script}" for role in ROLES for script in ("latin", "han"))
"""Texts of one role and one script are calibrated together."""

_HINT = "Train the classifier again (training/README.md) or restore the file that was shipped."


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calibrated score is sigmoid(slope * scale * sum / sqrt(count) + offset)."""

    scale: float
    slope: float
    offset: float


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for texts of a role and a script.

    harm: their calibration. screen_limit: what the screen finds higher is looked at again.
    screened_harm: the share of harmful ones among those that the screen passed, on dev data.
    """

    harm: Line
    screen_limit: float
    screened_harm: float


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tables mean: a line for each category, a group for each name in GROUPS.

    window_characters: the widths of windows, narrow to wide. A sentence must not hide in a page.
    """

    reader: str
    name: str
    categories: tuple[str, ...]
    window_characters: tuple[int, ...]
    groups: dict[str, Group]
    injection: Line
    heads: tuple[Line, ...]


def shapes(header: Header) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Name → element type and shape of each table, in file order."""
    return {
        "harm": (np.dtype("<i2"), (1 << BITS,)),
        "injection": (np.dtype("i1"), (1 << BITS,)),
        "heads": (np.dtype("i1"), (1 << HEAD_BITS, len(header.categories))),
        "screen": (np.dtype("i1"), (1 << SCREEN_BITS,)),
    }


def pack(header: Header, tables: Mapping[str, NDArray[Any]]) -> bytes:
    """The file's bytes. Raises BadInput where a table is not as the header says."""
    parts = []
    for name, (kind, shape) in shapes(header).items():
        table = tables[name]
        if table.shape != shape or table.dtype != kind:
            raise BadInput(f"table {name} is {table.dtype} {table.shape}, not {kind} {shape}")
        parts.append(np.ascontiguousarray(table).tobytes())
    head = canonical_json(msgspec.to_builtins(header))
    return MAGIC + len(head).to_bytes(4, "little") + head + zlib.compress(b"".join(parts), 9)


def unpack(data: bytes) -> tuple[Header, dict[str, NDArray[Any]]]:
    """Header and tables of a packed classifier. Raises BadInput on anything else."""
    if data[: len(MAGIC)] != MAGIC:
        raise BadInput("these are not weights of this version of the classifier.", hint=_HINT)
    start = len(MAGIC) + 4
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if length > HEADER_BYTES_MAX or start + length > len(data):
        raise BadInput("the header of the classifier's weights is cut off.", hint=_HINT)
    header = _header(data[start : start + length])
    wanted = shapes(header)
    total = sum(kind.itemsize * math.prod(shape) for kind, shape in wanted.values())
    body = _inflate(data[start + length :], total)
    tables: dict[str, NDArray[Any]] = {}
    offset = 0
    for name, (kind, shape) in wanted.items():
        count = math.prod(shape)
        tables[name] = np.frombuffer(body, kind, count, offset).reshape(shape)
        offset += count * kind.itemsize
    return header, tables


def _header(data: bytes) -> Header:
    try:
        header = msgspec.json.decode(data, type=Header)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"the header of the classifier's weights: {error}.", hint=_HINT) from error
    lines = [header.injection, *header.heads]
    lines += [group.harm for group in header.groups.values()]
    usable = (
        header.reader == READER
        and 0 < len(header.categories) <= CATEGORIES_MAX
        and len(set(header.categories)) == len(header.categories) == len(header.heads)
        and set(header.groups) == set(GROUPS)
        and 0 < len(header.window_characters) <= WIDTHS_MAX
        and all(8 <= width <= 1024 for width in header.window_characters)
        and all(0.0 <= group.screened_harm <= 1.0 for group in header.groups.values())
        and all(line.scale > 0 and line.slope > 0 for line in lines)
    )
    if not usable:
        raise BadInput("the classifier's weights were made for another reader.", hint=_HINT)
    return header


def _inflate(data: bytes, total: int) -> bytes:
    """Exactly `total` bytes; never unpacks more than one byte beyond, whatever the file says."""
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(data, total + 1)
    except zlib.error as error:
        raise BadInput(f"the classifier's tables: {error}.", hint=_HINT) from error
    if len(body) != total or not stream.eof or stream.unused_data:
        raise BadInput("the classifier's tables have another size than said.", hint=_HINT)
    return body
