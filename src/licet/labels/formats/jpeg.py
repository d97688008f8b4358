"""Labels in JPEG: XMP in an APP1 segment; Exif's UserComment is read and cleared.

It refuses to know pixels. ITU-T T.81; XMP part 3; TC260-PG-20259A and its Appendix B.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.base.trouble import BadInput
from licet.labels.formats import exif, xmp
from licet.labels.formats.model import Copy, Format, Names, broken

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF = b"Exif\0\0"
_APP1, _APP11, _SOS = 0xE1, 0xEB, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_PAYLOAD_MAX = 0xFFFF - 2


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(marker, payload, whole segment) up to the pixels, then (0, b"", the rest)."""
    if data[:3] != b"\xff\xd8\xff":
        broken("JPEG", "it does not begin as one")
    at = 2
    while True:
        start = at
        while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] == b"\xff":
            at += 1  # fill bytes
        if at + 4 > len(data) or data[at] != 0xFF:
            broken("JPEG", "it ends before its pixels")
        marker = data[at + 1]
        if marker in _ALONE:
            at += 2
            yield marker, b"", data[start:at]
            continue
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            yield 0, b"", data[start:]
            return
        if stop > len(data) or stop < at + 4 or marker in {0xD8, 0xD9}:
            broken("JPEG", "a segment does not fit")
        yield marker, data[at + 4 : stop], data[start:stop]
        at = stop


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in a JPEG. Raises BadInput."""
    found: list[Copy] = []
    for marker, payload, _ in _segments(data):
        if marker == _APP1 and payload.startswith(_XMP):
            found += xmp.copies(payload[len(_XMP) :], names, "APP1 XMP")
        elif marker == _APP1 and payload.startswith(_EXIF):
            found += exif.copies(payload[len(_EXIF) :], names, "APP1 Exif")
    return tuple(found)


def write(data: bytes, text: str, names: Names) -> bytes:
    """The JPEG with this label in XMP and no other. Raises BadInput."""
    head: list[bytes] = []
    packet, place = b"", 0
    for marker, payload, whole in _segments(data):
        if marker == _APP1 and payload.startswith(_XMP):
            packet = packet or payload[len(_XMP) :]
            continue
        is_exif = marker == _APP1 and payload.startswith(_EXIF)
        if is_exif:
            cleared = _EXIF + exif.without_labels(payload[len(_EXIF) :], names)
        head.append(_segment(cleared) if is_exif else whole)
        if marker == 0xE0 or is_exif:
            place = len(head)  # JFIF and Exif come first
    payload = _XMP + xmp.with_label(packet, text, names)
    if len(payload) > _PAYLOAD_MAX:
        raise BadInput("the JPEG's XMP has no room for a label.", hint="Remove some of its XMP.")
    head.insert(place, _segment(payload))
    return b"".join((data[:2], *head))


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """Every segment that holds neither XMP, label nor C2PA manifest, and the pixels."""
    for marker, payload, whole in _segments(data):
        if marker == _APP1 and payload.startswith(_EXIF):
            yield exif.without_labels(payload[len(_EXIF) :], names)
        elif not (marker == _APP1 and payload.startswith(_XMP)) and not _is_c2pa(marker, payload):
            yield whole


def _is_c2pa(marker: int, payload: bytes) -> bool:
    return marker == _APP11 and payload.startswith(b"JP")


def _segment(payload: bytes) -> bytes:
    return b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload


JPEG = Format("jpeg", "image", "image/jpeg", (".jpg", ".jpeg"), read, write, content)
