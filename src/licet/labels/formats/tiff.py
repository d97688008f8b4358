"""Labels in TIFF: XMP behind tag 700 of the first directory.

It refuses to know pixels. TIFF 6.0; XMP part 3; TC260-PG-20259A.

Nothing in a TIFF moves when a label is written: a new first directory and the packet go to the
end, the header points there, and the old packet is blanked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from licet.labels.formats import exif, xmp
from licet.labels.formats.exif import XMP_TAG, Directory, Entry, Tiff
from licet.labels.formats.model import Copy, Format, Names, broken

_STRIPS = {273: 279, 324: 325}  # where strips or tiles lie: tag of their lengths
_POINTERS = {*_STRIPS, exif.EXIF_IFD, XMP_TAG, 330, 0x8825, 0xA005}
_C2PA_TAG = 0xCD41
_BYTE = 1


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in a TIFF. Raises BadInput."""
    tiff = Tiff.of(data)
    found: list[Copy] = []
    for directory in tiff.chain():
        for entry in directory.entries:
            if entry.tag == XMP_TAG:
                found += xmp.copies(tiff.value(entry), names, "tag 700 XMP")
    return (*found, *exif.copies(data, names, "Exif"))


def write(data: bytes, text: str, names: Names) -> bytes:
    """The TIFF with this label in XMP and no other. Raises BadInput."""
    tiff = Tiff.of(data)
    first = tiff.directory(tiff.first)
    old = _packets(tiff)
    packet = xmp.with_label(tiff.value(old[0]) if old else b"", text, names)
    body = bytearray(exif.without_labels(data, names))
    for entry in old:
        body[entry.start : entry.stop] = b" " * (entry.stop - entry.start)
    tail = _tail(data, tiff, first)
    body = body[:tail] if tail else body + b"\0" * (len(body) % 2)
    place = len(body)
    kept = [_order(data, e) for e in first.entries if e.tag != XMP_TAG]
    size = 2 + 12 * (len(kept) + 1) + 4
    entry_at = struct.pack(tiff.order + "HHII", XMP_TAG, _BYTE, len(packet), place + size)
    entries = b"".join(e for _, e in sorted([*kept, (XMP_TAG, entry_at)]))  # as TIFF wants them
    body += struct.pack(tiff.order + "H", len(kept) + 1) + entries
    body += struct.pack(tiff.order + "I", first.following) + packet
    body[4:8] = struct.pack(tiff.order + "I", place)
    return bytes(body)


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """The value of every tag but pointers, XMP and C2PA, and the strips or tiles."""
    cleared = exif.without_labels(data, names)
    tiff = Tiff.of(cleared)
    left = 2 * len(data)  # strips may not lie on each other, or a small file is a large one
    for directory in tiff.chain():
        lengths = {e.tag: tiff.numbers(e) for e in directory.entries}
        for entry in sorted(directory.entries, key=lambda e: _order(cleared, e)):
            if entry.tag in _STRIPS:
                sizes = lengths.get(_STRIPS[entry.tag], ())
                for start, size in zip(lengths[entry.tag], sizes, strict=False):
                    left -= size
                    if left < 0 or start < exif.HEADER or start + size > len(cleared):
                        broken("TIFF", "a strip lies outside the file, or on its header")
                    yield cleared[start : start + size]
            elif entry.tag not in _POINTERS and entry.tag != _C2PA_TAG:
                left -= entry.stop - entry.start
                if left < 0:
                    broken("TIFF", "its values lie on each other")
                yield struct.pack(">HHI", entry.tag, entry.kind, entry.count)
                yield tiff.value(entry)


def _order(data: bytes, entry: Entry) -> tuple[int, bytes]:
    """An entry's place among others, wherever a file has it, and the entry."""
    return entry.tag, data[entry.place : entry.place + 12]


def _packets(tiff: Tiff) -> list[Entry]:
    return [e for d in tiff.chain() for e in d.entries if e.tag == XMP_TAG]


def _tail(data: bytes, tiff: Tiff, first: Directory) -> int:
    """Where an older tail of ours begins, to be written over; 0 where the file has none."""
    end = first.place + 2 + 12 * len(first.entries) + 4
    last = [e for e in first.entries if e.tag == XMP_TAG]
    ours = last and last[0].start == end and last[0].stop == len(data)
    return first.place if ours else 0


TIFF = Format("tiff", "image", "image/tiff", (".tif", ".tiff"), read, write, content, nests=True)
