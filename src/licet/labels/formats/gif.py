"""Labels in GIF: XMP in an application extension.

It refuses to know pixels. GIF89a; XMP part 3, 1.1.2; TC260-PG-20259A.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.labels.formats import xmp
from licet.labels.formats.model import Copy, Format, Names, broken

_XMP = b"XMP DataXMP"
_C2PA = b"C2PA_GIF\x01\x00\x00"
# An old reader takes the packet for blocks; wherever it lands in these bytes, it comes to the end.
_MAGIC = b"\x01" + bytes(range(0xFF, -1, -1))
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def _blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name of an application or b"", whole block): header first, the trailer and rest last."""
    if data[:6] not in {b"GIF87a", b"GIF89a"} or len(data) < 13:
        broken("GIF", "it does not begin as one")
    at = 13 + _table_bytes(data[10])
    yield b"", data[:at]
    while True:
        start = at
        if at >= len(data):
            broken("GIF", "it ends before its end")
        kind = data[at]
        name = b""
        if kind == _TRAILER:
            yield b"", data[at:]
            return
        if kind == _EXTENSION:
            at += 2
            if data[at - 1 : at + 1] == b"\xff\x0b":
                name = data[at + 1 : at + 12]
        elif kind == _IMAGE and at + 11 <= len(data):
            at += 11 + _table_bytes(data[at + 9])  # and the least size of a code
        else:
            broken("GIF", "a block is of no known kind")
        at = _end_of_blocks(data, at)
        yield name, data[start:at]


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _end_of_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    if at >= len(data):
        broken("GIF", "it ends inside a block")
    return at + 1


def _packet(block: bytes) -> bytes:
    """The XMP in an application extension: what stands before the magic bytes, as it is."""
    return block[14:].removesuffix(b"\0").removesuffix(_MAGIC)


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in a GIF. Raises BadInput."""
    found: list[Copy] = []
    for name, block in _blocks(data):
        if name == _XMP:
            found += xmp.copies(_packet(block), names, "application extension XMP")
    return tuple(found)


def write(data: bytes, text: str, names: Names) -> bytes:
    """The GIF, as 89a, with this label in XMP and no other. Raises BadInput."""
    packet = b""
    out: list[bytes] = []
    for name, block in _blocks(data):
        if name == _XMP:
            packet = packet or _packet(block)
        else:
            out.append(block)
    out[0] = b"GIF89a" + out[0][6:]
    written = xmp.with_label(packet, text, names)
    out.insert(-1, b"\x21\xff\x0b" + _XMP + written + _MAGIC + b"\0")
    return b"".join(out)


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """Every block but XMP and C2PA; whether the header says 87a or 89a does not count."""
    for number, (name, block) in enumerate(_blocks(data)):
        if name not in {_XMP, _C2PA}:
            yield block[6:] if number == 0 else block


GIF = Format("gif", "image", "image/gif", (".gif",), read, write, content)
