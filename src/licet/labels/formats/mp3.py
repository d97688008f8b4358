"""Labels in MP3: a TXXX frame of an ID3v2.3 or 2.4 tag.

It refuses to know sound. ID3v2.3.0, ID3v2.4.0; TC260-PG-202510A.

Rule
1. A frame of text is what it says: its encoding, marks of byte order and closing zeros are no
   content, for whoever writes a tag anew (c2pa's library does) chooses them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from licet.base.trouble import BadInput
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken

_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_PADDING = b"\0" * 16  # some readers take the last frame for broken without it
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_C2PA = b"application/x-c2pa-manifest-store", b"application/c2pa"


@dataclass(frozen=True, slots=True)
class _Tag:
    """An ID3v2 tag: version (3 or 4), its frames as (id, flags, value), where the sound begins."""

    version: int
    flags: int
    frames: tuple[tuple[bytes, bytes, bytes], ...]
    stop: int


def _syncsafe(four: bytes) -> int:
    if any(byte > 0x7F for byte in four) or len(four) < 4:
        broken("MP3", "a length of its tag is wrong")
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _to_syncsafe(number: int) -> bytes:
    if number >= 1 << 28:
        raise BadInput("the MP3's tag has no room for a label.", hint="Remove pictures from it.")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _tag(data: bytes) -> _Tag:
    if data[:3] != b"ID3":
        if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
            broken("MP3", "it begins with neither a tag nor a frame of sound")
        return _Tag(4, 0, (), 0)
    version, flags = data[3] if len(data) > 9 else 0, data[5] if len(data) > 9 else 0
    if version not in {3, 4}:
        hint = "Convert its tag to ID3v2.4 first."
        raise BadInput("its tag is of an old version (ID3v2.2) that holds no label.", hint=hint)
    size = _syncsafe(data[6:10])
    stop = 10 + size
    if stop > len(data):
        broken("MP3", "its tag is longer than the file")
    body = data[10:stop]
    if version == 3 and flags & _UNSYNCHRONISED:
        body = body.replace(b"\xff\0", b"\xff")
    frames = tuple(_frames(body, version, _behind_extended(body, version, flags)))
    return _Tag(version, flags, frames, stop + (10 if version == 4 and flags & _FOOTER else 0))


def _behind_extended(body: bytes, version: int, flags: int) -> int:
    if not flags & _EXTENDED:
        return 0
    if version == 4:
        return _syncsafe(body[:4])
    return 4 + int.from_bytes(body[:4], "big")


def _frames(body: bytes, version: int, at: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    while at + 10 <= len(body) and body[at]:
        sized = body[at + 4 : at + 8]
        size = _syncsafe(sized) if version == 4 else int.from_bytes(sized, "big")
        if at + 10 + size > len(body):
            broken("MP3", "a frame is longer than its tag")
        yield body[at : at + 4], body[at + 8 : at + 10], body[at + 10 : at + 10 + size]
        at += 10 + size


def _label(frame: tuple[bytes, bytes, bytes], names: Names) -> str | None:
    """The text of a TXXX frame of our key; None for any other frame."""
    name, flags, value = frame
    if name != b"TXXX" or not 2 <= len(value) <= LABEL_BYTES_MAX or value[0] > 3:
        return None
    if flags[1] & 0x02:
        value = value.replace(b"\xff\0", b"\xff")
    text = value[1:].decode(_ENCODINGS[value[0]], "replace")
    described, _, said = text.partition("\0")
    return said.lstrip("\ufeff").rstrip("\0") if described == names.key else None


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in an MP3. Raises BadInput."""
    said = (_label(frame, names) for frame in _tag(data).frames)
    return tuple(Copy(f"ID3 TXXX {names.key}", text) for text in said if text is not None)


def write(data: bytes, text: str, names: Names) -> bytes:
    """The MP3 with this label in its tag (a new one of version 2.4) and no other."""
    tag = _tag(data)
    written = (b"TXXX", b"\0\0", b"\0" + f"{names.key}\0{text}".encode("latin-1", "replace"))
    frames = [frame for frame in tag.frames if _label(frame, names) is None]
    body = b"".join(_frame(tag.version, *frame) for frame in [*frames, written]) + _PADDING
    flags = tag.flags & _UNSYNCHRONISED if tag.version == 4 else 0
    head = b"ID3" + bytes([tag.version, 0, flags]) + _to_syncsafe(len(body))
    return head + body + data[tag.stop :]


def _frame(version: int, name: bytes, flags: bytes, value: bytes) -> bytes:
    size = _to_syncsafe(len(value)) if version == 4 else len(value).to_bytes(4, "big")
    return name + size + flags + value


def _said(name: bytes, flags: bytes, value: bytes) -> bytes:
    """What a frame says (rule 1); where that cannot be read, the frame."""
    whole = name + flags + value
    if flags != b"\0\0" or not value or value[0] >= len(_ENCODINGS):
        return whole
    codec = _ENCODINGS[value[0]]
    head, text, tail = b"", value[1:], b""
    if name in (b"COMM", b"USLT"):
        head, text = value[1:4], value[4:]
    elif name == b"APIC":
        kind, _, rest = value[1:].partition(b"\0")
        text, tail = _described(rest[1:], codec)
        head = kind + b"\0" + rest[:1]
    elif not name.startswith(b"T"):
        return whole
    try:
        words = text.decode(codec).replace("\ufeff", "").rstrip("\0")
    except UnicodeDecodeError:
        return whole
    return name + head + words.encode() + b"\0" + tail


def _described(data: bytes, codec: str) -> tuple[bytes, bytes]:
    """A text that a zero closes (two, where letters are wide), and what follows it."""
    if not codec.startswith("utf-16"):
        text, _, rest = data.partition(b"\0")
        return text, rest
    end = next((n for n in range(0, len(data), 2) if data[n : n + 2] == b"\0\0"), len(data))
    return data[:end], data[end + 2 :]


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """What every frame of the tag but label and C2PA manifest says, and the sound."""
    tag = _tag(data)
    for frame in tag.frames:
        manifest = frame[0] == b"GEOB" and any(kind in frame[2][:64] for kind in _C2PA)
        if _label(frame, names) is None and not manifest:
            yield _said(*frame)
    yield data[tag.stop :]


MP3 = Format("mp3", "audio", "audio/mpeg", (".mp3",), read, write, content)
