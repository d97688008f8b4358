"""Labels in RIFF files: WebP (XMP) and WAV (a chunk of its own).

It refuses to know pixels and samples. WebP container specification; TC260-PG-20259A, 202510A.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from licet.labels.formats import exif, xmp
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken, decoded

Chunk = tuple[bytes, bytes]
_EXIF_HEAD = b"Exif\0\0"
_HAS_XMP, _HAS_ALPHA = 0x04, 0x10


def _chunks(data: bytes, kind: bytes) -> Iterator[Chunk]:
    """(id, value) of each chunk; bytes behind the RIFF are no part of it."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != kind:
        broken(decoded(kind).strip(), "it does not begin as one")
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) + 1:  # a writer may forget the last byte of padding
        broken(decoded(kind).strip(), "it is shorter than it says")
    at = 12
    while at + 8 <= min(end, len(data)):
        (size,) = struct.unpack_from("<I", data, at + 4)
        if at + 8 + size > len(data):
            broken(decoded(kind).strip(), "a chunk is longer than the file")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _joined(kind: bytes, chunks: Iterable[Chunk]) -> bytes:
    body = [kind]
    for name, value in chunks:
        body += (name, struct.pack("<I", len(value)), value, b"\0" * (len(value) % 2))
    size = sum(map(len, body))
    if size > 0xFFFFFFFF:
        broken(decoded(kind).strip(), "with a label it would be longer than RIFF can say")
    return b"".join((b"RIFF", struct.pack("<I", size), *body))


def _read_webp(data: bytes, names: Names) -> tuple[Copy, ...]:
    found: list[Copy] = []
    for name, value in _chunks(data, b"WEBP"):
        if name == b"XMP ":
            found += xmp.copies(value, names, "XMP")
        elif name == b"EXIF":
            found += exif.copies(value.removeprefix(_EXIF_HEAD), names, "EXIF")
    return tuple(found)


def _write_webp(data: bytes, text: str, names: Names) -> bytes:
    """The WebP with this label in XMP and no other; a simple file becomes an extended one."""
    chunks = list(_chunks(data, b"WEBP"))
    if not chunks:
        broken("WEBP", "it holds no picture")
    packet = next((value for name, value in chunks if name == b"XMP "), b"")
    kept = [(n, _cleared(n, v, names)) for n, v in chunks if n != b"XMP "]
    if kept and kept[0][0] != b"VP8X":
        kept.insert(0, (b"VP8X", _extended(*kept[0])))
    flags, rest = kept[0][1][:1], kept[0][1][1:]
    if len(rest) != 9:
        broken("WEBP", "its header has the wrong length")
    kept[0] = (b"VP8X", bytes([flags[0] | _HAS_XMP]) + rest)
    return _joined(b"WEBP", [*kept, (b"XMP ", xmp.with_label(packet, text, names))])


def _extended(name: bytes, value: bytes) -> bytes:
    """The VP8X header for a picture that had none: its size, and whether it is transparent."""
    if name == b"VP8L" and len(value) >= 5 and value[0] == 0x2F:
        bits = int.from_bytes(value[1:5], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    elif name == b"VP8 " and len(value) >= 10 and value[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(value[n : n + 2], "little") & 0x3FFF for n in (6, 8))
        width, height, alpha = width - 1, height - 1, 0
    else:
        broken("WEBP", "its picture does not begin as one")
    if width < 0 or height < 0:
        broken("WEBP", "its picture is empty")
    flags = _HAS_ALPHA if alpha else 0
    sides = width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return bytes([flags, 0, 0, 0]) + sides


def _cleared(name: bytes, value: bytes, names: Names) -> bytes:
    if name != b"EXIF":
        return value
    head = _EXIF_HEAD if value.startswith(_EXIF_HEAD) else b""
    return head + exif.without_labels(value[len(head) :], names)


def _content_webp(data: bytes, names: Names) -> Iterator[bytes]:
    for name, value in _chunks(data, b"WEBP"):
        if name not in {b"VP8X", b"XMP ", b"C2PA"}:
            yield name
            yield _cleared(name, value, names)


def _read_wav(data: bytes, names: Names) -> tuple[Copy, ...]:
    key = names.key.encode()
    return tuple(
        Copy(f"chunk {names.key}", decoded(value[:LABEL_BYTES_MAX].rstrip(b"\0")))
        for name, value in _chunks(data, b"WAVE")
        if name == key
    )


def _write_wav(data: bytes, text: str, names: Names) -> bytes:
    key = names.key.encode()
    kept = [chunk for chunk in _chunks(data, b"WAVE") if chunk[0] != key]
    return _joined(b"WAVE", [*kept, (key, text.encode())])


def _content_wav(data: bytes, names: Names) -> Iterator[bytes]:
    for name, value in _chunks(data, b"WAVE"):
        if name not in {names.key.encode(), b"C2PA"}:
            yield name
            yield value


WEBP = Format("webp", "image", "image/webp", (".webp",), _read_webp, _write_webp, _content_webp)
WAV = Format("wav", "audio", "audio/wav", (".wav",), _read_wav, _write_wav, _content_wav)
