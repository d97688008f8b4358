"""Labels in PNG: XMP in an iTXt chunk; text chunks `AIGC` and Exif are read and cleared.

It refuses to know pixels. PNG specification, third edition; TC260-PG-20259A and its Appendix B.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from licet.labels.formats import exif, xmp
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken, decoded

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_C2PA = b"caBX"


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """(type, value, the whole chunk) of each, then what follows IEND as (b"", empty, rest).

    Views: pixels are most of a file, and none of its readers needs a copy of them.
    """
    if not data.startswith(SIGNATURE):
        broken("PNG", "it does not begin as one")
    view = memoryview(data)
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            broken("PNG", "it ends before its last chunk")
        (size,) = struct.unpack_from(">I", data, at)
        stop = at + 12 + size
        if stop > len(data):
            broken("PNG", "a chunk is longer than the file")
        kind = data[at + 4 : at + 8]
        if zlib.crc32(view[at + 4 : stop - 4]) != int.from_bytes(data[stop - 4 : stop], "big"):
            broken("PNG", f"the checksum of its chunk {decoded(kind)} is wrong")
        yield kind, view[at + 8 : stop - 4], view[at:stop]
        at = stop
        if kind == b"IEND":
            yield b"", view[at:at], view[at:]
            return


def _text(kind: bytes, value: memoryview) -> tuple[bytes, bytes]:
    """(keyword, text) of a text chunk, unpacked up to LABEL_BYTES_MAX."""
    keyword, _, rest = bytes(value).partition(b"\0")
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    return keyword, _unpacked(rest) if packed else rest


def _unpacked(packed: bytes) -> bytes:
    engine = zlib.decompressobj()
    try:
        text = engine.decompress(packed, LABEL_BYTES_MAX)
    except zlib.error:
        broken("PNG", "a compressed text is damaged")
    if engine.unconsumed_tail:
        broken("PNG", "a compressed text of metadata is too long")
    return text


def _copies(kind: bytes, value: memoryview, names: Names) -> tuple[Copy, ...]:
    """The labels in one chunk."""
    if kind == b"eXIf":
        return exif.copies(bytes(value), names, "eXIf")
    if kind not in {b"tEXt", b"zTXt", b"iTXt"}:
        return ()
    keyword = bytes(value).partition(b"\0")[0]
    if keyword == _XMP:
        return xmp.copies(_text(kind, value)[1], names, "iTXt XMP")
    if keyword == names.key.encode():
        return (Copy(f"{kind.decode()} {names.key}", decoded(_text(kind, value)[1])),)
    return ()


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in a PNG. Raises BadInput."""
    return tuple(copy for kind, value, _ in _chunks(data) for copy in _copies(kind, value, names))


def write(data: bytes, text: str, names: Names) -> bytes:
    """The PNG with this label, in XMP before its pixels, and no other. Raises BadInput."""
    out: list[bytes | memoryview] = [SIGNATURE]
    packet = b""
    for kind, value, whole in _chunks(data):
        if _is_xmp(kind, value):
            packet = packet or _text(kind, value)[1]
        elif kind == b"eXIf":
            out.append(_chunk(kind, exif.without_labels(bytes(value), names)))
        elif not _is_label(kind, value, names):
            out.append(whole)
    written = _XMP + b"\0\0\0\0\0" + xmp.with_label(packet, text, names)
    out.insert(2, _chunk(b"iTXt", written))  # behind IHDR, which comes first
    return b"".join(out)


def content(data: bytes, names: Names) -> Iterator[bytes | memoryview]:
    """Every chunk that holds neither XMP, label nor C2PA manifest."""
    for kind, value, whole in _chunks(data):
        if kind == b"eXIf":
            yield exif.without_labels(bytes(value), names)
        elif kind != _C2PA and not _is_xmp(kind, value) and not _is_label(kind, value, names):
            yield whole


def _is_xmp(kind: bytes, value: memoryview) -> bool:
    return kind == b"iTXt" and _has_keyword(value, _XMP)


def _is_label(kind: bytes, value: memoryview, names: Names) -> bool:
    return kind in {b"tEXt", b"zTXt", b"iTXt"} and _has_keyword(value, names.key.encode())


def _has_keyword(value: memoryview, keyword: bytes) -> bool:
    return value[: len(keyword) + 1] == keyword + b"\0"


def _chunk(kind: bytes, value: bytes) -> bytes:
    crc = zlib.crc32(value, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(value)), kind, value, struct.pack(">I", crc)))


PNG = Format("png", "image", "image/png", (".png",), read, write, content)
