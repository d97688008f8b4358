"""Labels in FLAC and Ogg (Vorbis, Opus): a Vorbis comment `AIGC=`.

It refuses to know sound. Vorbis I, 5; RFC 9639; RFC 3533; RFC 7845; TC260-PG-202510A.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from licet.base.trouble import BadInput
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken, decoded

_STREAM_BLOCK, _PADDING_BLOCK, _COMMENT_BLOCK = 0, 1, 4
_STREAM_BYTES = 34
_BLOCK_BYTES_MAX = (1 << 24) - 1
_HEADS = {b"\x01vorbis": b"\x03vorbis", b"OpusHead": b"OpusTags"}
_HEADER_PACKETS = {b"\x01vorbis": 3, b"OpusHead": 2}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a file: who wrote it, `NAME=value` each, and bytes behind them."""

    vendor: bytes
    lines: tuple[bytes, ...]
    rest: bytes

    @classmethod
    def of(cls, data: bytes) -> Comments:
        """Raises BadInput where a length does not fit."""
        try:
            (size,) = struct.unpack_from("<I", data, 0)
            vendor, at = data[4 : 4 + size], 4 + size
            (count,) = struct.unpack_from("<I", data, at)
            at += 4
            lines = []
            for _ in range(min(count, len(data))):
                (size,) = struct.unpack_from("<I", data, at)
                if at + 4 + size > len(data):
                    broken("sound", "a comment is longer than the file")
                lines.append(data[at + 4 : at + 4 + size])
                at += 4 + size
        except struct.error:
            broken("sound", "its comments end early")
        return cls(vendor, tuple(lines), data[at:])

    def labels(self, names: Names) -> tuple[str, ...]:
        return tuple(decoded(v) for k, v in map(_split, self.lines) if k == names.key.encode())

    def others(self, names: Names) -> tuple[bytes, ...]:
        return tuple(line for line in self.lines if _split(line)[0] != names.key.encode())

    def written(self, text: str, names: Names) -> bytes:
        """With this label and no other."""
        lines = (*self.others(names), f"{names.key}={text}".encode())
        counted = b"".join(struct.pack("<I", len(line)) + line for line in lines)
        vendor = struct.pack("<I", len(self.vendor)) + self.vendor
        return vendor + struct.pack("<I", len(lines)) + counted + self.rest


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b"=")
    return name.upper(), value[:LABEL_BYTES_MAX]


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, value) of each FLAC block, then (-1, the frames)."""
    if data[:4] != b"fLaC":
        broken("FLAC", "it does not begin as one")
    at, last = 4, False
    while not last:
        if at + 4 > len(data):
            broken("FLAC", "it ends before its sound")
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        stop = at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if stop > len(data):
            broken("FLAC", "a block is longer than the file")
        yield kind, data[at + 4 : stop]
        at = stop
    yield -1, data[at:]


def _flac(data: bytes) -> tuple[list[tuple[int, bytes]], Comments, bytes]:
    """The blocks of a FLAC without its comments, the comments, the frames. Raises BadInput."""
    *blocks, (_, frames) = _blocks(data)
    if blocks[0][0] != _STREAM_BLOCK or len(blocks[0][1]) != _STREAM_BYTES:
        broken("FLAC", "it does not say what sound it holds")
    found = [Comments.of(value) for kind, value in blocks if kind == _COMMENT_BLOCK]
    if len(found) > 1:
        broken("FLAC", "it has comments twice")
    kept = [block for block in blocks if block[0] != _COMMENT_BLOCK]
    return kept, found[0] if found else Comments(b"", (), b""), frames


def _read_flac(data: bytes, names: Names) -> tuple[Copy, ...]:
    return tuple(Copy(f"Vorbis comment {names.key}", t) for t in _flac(data)[1].labels(names))


def _write_flac(data: bytes, text: str, names: Names) -> bytes:
    kept, comments, frames = _flac(data)
    written = comments.written(text, names)
    if len(written) > _BLOCK_BYTES_MAX:
        raise BadInput("the FLAC's comments have no room for a label.", hint="Remove some.")
    kept.insert(1, (_COMMENT_BLOCK, written))
    out = [b"fLaC"]
    for number, (kind, value) in enumerate(kept, 1):
        flag = 0x80 if number == len(kept) else 0
        out += (bytes([kind | flag]), len(value).to_bytes(3, "big"), value)
    return b"".join((*out, frames))


def _content_flac(data: bytes, names: Names) -> Iterator[bytes]:
    kept, comments, frames = _flac(data)
    yield from (value for kind, value in kept if kind != _PADDING_BLOCK)
    yield from comments.others(names)
    yield frames


@dataclass(frozen=True, slots=True)
class Page:
    """One page of Ogg: its header up to the table of lengths, that table, and the body."""

    head: bytes  # 27 bytes
    table: bytes
    body: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.head[18:22], "little")

    def numbered(self, number: int) -> bytes:
        """The page as bytes under this number, with the checksum that goes with it."""
        head = self.head[:18] + struct.pack("<II", number, 0) + self.head[26:]
        crc = struct.pack("<I", _checksum(head + self.table + self.body))
        return head[:22] + crc + head[26:] + self.table + self.body


def _checksum(page: bytes) -> int:
    """CRC-32 of Ogg, which is zlib's over bits in the other order, from zero."""
    crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


def _pages(data: bytes) -> Iterator[Page]:
    if data[:4] != b"OggS":
        broken("Ogg", "it does not begin as one")
    at = 0
    while at < len(data):
        count = data[at + 26] if at + 27 <= len(data) else 0
        table = data[at + 27 : at + 27 + count]
        stop = at + 27 + count + sum(table)
        if data[at : at + 4] != b"OggS" or len(table) != count or stop > len(data):
            broken("Ogg", "a page does not fit")
        yield Page(data[at : at + 27], table, data[at + 27 + count : stop])
        at = stop


def _headers(data: bytes) -> tuple[list[bytes], int, list[Page]]:
    """The header packets, how many pages they fill, and all pages. Raises BadInput for more than
    one stream in the file, or for one that is neither Vorbis nor Opus."""
    pages = list(_pages(data))
    if len({page.head[14:18] for page in pages}) != 1:
        hint = "Only files of one stream of Vorbis or Opus can be labelled."
        raise BadInput("the Ogg holds several streams.", hint=hint)
    kind = next((kind for kind in _HEADS if pages[0].body.startswith(kind)), b"")
    if not kind:
        raise BadInput("the Ogg holds neither Vorbis nor Opus.", hint="Convert it first.")
    packets: list[bytes] = []
    open_packet = b""
    for filled, page in enumerate(pages, 1):
        at = 0
        for size in page.table:
            open_packet += page.body[at : at + size]
            at += size
            if size < 255:
                packets.append(open_packet)
                open_packet = b""
        if len(open_packet) > _BLOCK_BYTES_MAX:
            broken("Ogg", "its comments are too long")
        if len(packets) == _HEADER_PACKETS[kind] and not open_packet:
            if not packets[1].startswith(_HEADS[kind]):
                broken("Ogg", "its second packet holds no comments")
            return packets, filled, pages
        if len(packets) > _HEADER_PACKETS[kind]:
            break
    return broken("Ogg", "its sound begins inside a page of headers")


def _comments(packet: bytes) -> tuple[bytes, Comments]:
    head = next(head for head in _HEADS.values() if packet.startswith(head))
    return head, Comments.of(packet[len(head) :])


def _read_ogg(data: bytes, names: Names) -> tuple[Copy, ...]:
    comments = _comments(_headers(data)[0][1])[1]
    return tuple(Copy(f"Vorbis comment {names.key}", text) for text in comments.labels(names))


def _write_ogg(data: bytes, text: str, names: Names) -> bytes:
    packets, filled, pages = _headers(data)
    head, comments = _comments(packets[1])
    packets[1] = head + comments.written(text, names)
    out = [pages[0].numbered(0)]
    made = list(_paged(packets[1:], pages[0]))
    for number, page in enumerate([*made, *pages[filled:]], 1):
        out.append(page.numbered(number))
    return b"".join(out)


def _paged(packets: list[bytes], first: Page) -> Iterator[Page]:
    """Packets on as few pages as hold them, of the stream of `first`."""
    table = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    body = b"".join(packets)
    for start in range(0, len(table), 255):
        sizes = table[start : start + 255]
        goes_on = start > 0 and table[start - 1] == 255
        ends = any(size < 255 for size in sizes)
        position = b"\0" * 8 if ends else b"\xff" * 8
        head = b"OggS\0" + bytes([goes_on]) + position + first.head[14:26] + bytes([len(sizes)])
        yield Page(head, sizes, body[: sum(sizes)])
        body = body[sum(sizes) :]


def _content_ogg(data: bytes, names: Names) -> Iterator[bytes]:
    packets, filled, pages = _headers(data)
    yield packets[0]
    yield from _comments(packets[1])[1].others(names)
    yield from packets[2:]
    for page in pages[filled:]:
        yield page.head[:18]
        yield page.table
        yield page.body


FLAC = Format("flac", "audio", "audio/flac", (".flac",), _read_flac, _write_flac, _content_flac)
OGG = Format(
    "ogg", "audio", "audio/ogg", (".ogg", ".oga", ".opus"), _read_ogg, _write_ogg, _content_ogg
)
