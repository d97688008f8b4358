"""Labels in MP4, MOV and M4A: a key `AIGC` in moov.udta.meta.

It refuses to know pictures and sound. ISO/IEC 14496-12; QuickTime metadata keys; TC260-PG-20257A.

What lies behind moov moves when moov grows, so the tables of chunk offsets move along.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from licet.base.trouble import BadInput
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken, decoded

_BOXES_MAX = 1 << 16
_MOOV_BYTES_MAX = 64 << 20
_TEXT = 1  # UTF-8, in QuickTime's table of kinds
_TABLES = (b"trak", b"mdia", b"minf", b"stbl")
_HANDLER = b"\0" * 8 + b"mdta" + b"\0" * 13


@dataclass(frozen=True, slots=True)
class _Box:
    """One box: its kind, where it starts, where its value starts, where it stops."""

    kind: bytes
    start: int
    inner: int
    stop: int


def _boxes(data: bytes, at: int, stop: int) -> Iterator[_Box]:
    count, outermost = 0, at == 0 and stop == len(data)
    while at + 8 <= stop:
        size, inner = int.from_bytes(data[at : at + 4], "big"), at + 8
        if size == 1:
            size, inner = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0 and outermost:  # up to the end, in the file's last box alone
            size = stop - at
        count += 1
        if size < inner - at or at + size > stop or count > _BOXES_MAX:
            broken("MP4", "a box does not fit")
        yield _Box(data[at + 4 : at + 8], at, inner, at + size)
        at += size


def _inside(data: bytes, box: _Box, kind: bytes) -> list[_Box]:
    return [one for one in _boxes(data, box.inner, box.stop) if one.kind == kind]


def _moov(data: bytes) -> tuple[_Box, list[_Box]]:
    """moov and every box of the file. Raises BadInput where there is none or more than one."""
    boxes = list(_boxes(data, 0, len(data)))
    moovs = [box for box in boxes if box.kind == b"moov"]
    if not boxes or boxes[0].kind not in {b"ftyp", b"moov", b"wide", b"free", b"mdat"}:
        broken("MP4", "it does not begin as one")
    if len(moovs) != 1 or moovs[0].stop - moovs[0].start > _MOOV_BYTES_MAX:
        broken("MP4", "it has no moov, or more than one, or one that is too large")
    return moovs[0], boxes


def _metas(data: bytes, parent: _Box) -> Iterator[tuple[_Box, list[tuple[bytes, bytes]]]]:
    """Each meta of QuickTime's keys in a box, with its (key, value) pairs."""
    for meta in _inside(data, parent, b"meta"):
        # ISO gives meta a version of 4 bytes, QuickTime none.
        bare = data[meta.inner + 4 : meta.inner + 8] == b"hdlr"
        inner = _Box(b"meta", meta.start, meta.inner + (0 if bare else 4), meta.stop)
        keys = [key for box in _inside(data, inner, b"keys") for key in _keys(data, box)]
        if keys:
            yield (
                meta,
                [
                    pair
                    for box in _inside(data, inner, b"ilst")
                    for pair in _items(data, box, keys)
                ],
            )


def _keys(data: bytes, box: _Box) -> Iterator[bytes]:
    for key in _boxes(data, box.inner + 8, box.stop):  # behind version and count
        yield data[key.inner : key.stop]


def _items(data: bytes, box: _Box, keys: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for item in _boxes(data, box.inner, box.stop):
        number = int.from_bytes(item.kind, "big")
        if 1 <= number <= len(keys):
            for value in _inside(data, item, b"data"):
                yield keys[number - 1], data[value.inner : value.stop]  # kind, locale, value


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in an MP4. Raises BadInput."""
    moov, _ = _moov(data)
    places = [("moov.udta.meta", udta) for udta in _inside(data, moov, b"udta")]
    return tuple(
        Copy(f"{where} {names.key}", decoded(value[8:][:LABEL_BYTES_MAX]), where != "moov.meta")
        for where, box in [*places, ("moov.meta", moov)]
        for _, pairs in _metas(data, box)
        for key, value in pairs
        if key == names.key.encode()
    )


def write(data: bytes, text: str, names: Names) -> bytes:
    """The MP4 with this label in moov.udta.meta and no other. Raises BadInput."""
    moov, boxes = _moov(data)
    if any(box.kind == b"moof" for box in boxes):
        hint = "Join its fragments first: ffmpeg -i IN -c copy -movflags +faststart OUT."
        raise BadInput("the MP4 is in fragments and cannot be labelled.", hint=hint)
    body = b"".join(_moov_parts(data, moov, text, names))
    grown = 8 + len(body) - (moov.stop - moov.start)
    if grown and moov is not boxes[-1]:
        body = _moved(body, moov.start, grown)
    return b"".join((data[: moov.start], _box(b"moov", body), data[moov.stop :]))


def _moov_parts(data: bytes, moov: _Box, text: str, names: Names) -> Iterator[bytes]:
    """What moov holds, with the label in its first udta and in no other place."""
    placed = False
    for box in _boxes(data, moov.inner, moov.stop):
        if box.kind == b"udta":
            kept = b"".join(_udta_parts(data, box, names))
            yield _box(b"udta", kept if placed else kept + _meta(_label(text, names)))
            placed = True
        else:
            yield from _without(data, moov, box, names)
    if not placed:
        yield _box(b"udta", _meta(_label(text, names)))


def _udta_parts(data: bytes, udta: _Box, names: Names) -> Iterator[bytes]:
    for box in _boxes(data, udta.inner, udta.stop):
        yield from _without(data, udta, box, names)


def _without(data: bytes, parent: _Box, box: _Box, names: Names) -> Iterator[bytes]:
    """A box as it is; a meta that holds a label, without it, or nothing where it held no more."""
    for meta, pairs in _metas(data, parent) if box.kind == b"meta" else ():
        if meta.start == box.start and any(key == names.key.encode() for key, _ in pairs):
            kept = [pair for pair in pairs if pair[0] != names.key.encode()]
            if kept:
                yield _meta(kept)
            return
    yield data[box.start : box.stop]


def _label(text: str, names: Names) -> list[tuple[bytes, bytes]]:
    return [(names.key.encode(), struct.pack(">II", _TEXT, 0) + text.encode())]


def _meta(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """A meta of QuickTime's keys, as ffmpeg writes it."""
    keys = b"".join(_box(b"mdta", key) for key, _ in pairs)
    items = b"".join(
        _box(struct.pack(">I", n), _box(b"data", value)) for n, (_, value) in enumerate(pairs, 1)
    )
    listed = _box(b"keys", struct.pack(">II", 0, len(pairs)) + keys)
    inner = _box(b"hdlr", _HANDLER) + listed + _box(b"ilst", items)
    return _box(b"meta", b"\0" * 4 + inner)


def _moved(moov: bytes, since: int, by: int) -> bytes:
    """moov's value, with every chunk offset behind `since` moved. Raises BadInput where one would
    not fit any more."""
    out = bytearray(moov)
    found = [_Box(b"moov", 0, 0, len(moov))]
    for kind in _TABLES:
        found = [inner for box in found for inner in _inside(moov, box, kind)]
    for box in found:
        for kind, letter in ((b"stco", "I"), (b"co64", "Q")):
            for table in _inside(moov, box, kind):
                _move(out, table, f">{{}}{letter}", since, by)
    return bytes(out)


def _move(out: bytearray, table: _Box, form: str, since: int, by: int) -> None:
    (count,) = struct.unpack_from(">I", out, table.inner + 4)
    form = form.format(count)
    if table.inner + 8 + struct.calcsize(form) > table.stop:
        broken("MP4", "a table of chunks is longer than its box")
    places = struct.unpack_from(form, out, table.inner + 8)
    moved = [place + by if place >= since else place for place in places]
    try:
        struct.pack_into(form, out, table.inner + 8, *moved)
    except struct.error:
        broken("MP4", "with a label its chunks would lie too far")


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """The media data."""
    for box in _moov(data)[1]:
        if box.kind == b"mdat":
            yield data[box.inner : box.stop]


def _box(kind: bytes, value: bytes) -> bytes:
    return struct.pack(">I", 8 + len(value)) + kind + value


MP4 = Format(
    "mp4", "video", "video/mp4", (".mp4", ".mov", ".m4a", ".m4v"), read, write, content, nests=True
)
