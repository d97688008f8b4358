"""A small file of every format that carries a label, made by hand or by Pillow and pikepdf.

Hand-made sound and video hold the right containers and no music: enough for who reads containers.
"""

from __future__ import annotations

import io
import struct
import wave
import zipfile
from functools import cache

import pikepdf
from PIL import Image

from licet.labels.formats.vorbis import Page
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").labels
PRODUCER = "001191110000000000000000010001"
NUMBER = "20261128-1"


def picture(kind: str, size: tuple[int, int] = (96, 64), mode: str = "RGB") -> bytes:
    """A gradient, so that compression has something to do."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def wav(width: int = 2, channels: int = 1, rate: int = 8_000) -> bytes:
    """A quarter of a second of a saw tooth."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(bytes(n % 251 for n in range(rate // 4 * width * channels)))
    return out.getvalue()


def mp3() -> bytes:
    """A tag with a title, and two frames of zeros (MPEG-1 layer III, 128 kbit/s, 44.1 kHz)."""
    title = b"TIT2" + bytes([0, 0, 0, 4]) + b"\0\0" + b"\3Tea"
    tag = b"ID3\4\0\0" + bytes([0, 0, 0, len(title)]) + title
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * 2


def encoded_mp3() -> bytes:
    """A tag of version 2.3 as encoders write it: wide letters, closing zeros, a picture."""
    wide = "茶".encode("utf-16")
    frames = (
        (b"TIT2", b"\1" + wide + b"\0\0"),
        (b"TSSE", b"\0kit 1.0\0"),
        (b"COMM", b"\1eng" + "".encode("utf-16") + b"\0\0" + wide),
        (b"APIC", b"\1image/png\0\3" + wide + b"\0\0" + b"\0\0" + picture("PNG", (8, 8))),
    )
    body = b"".join(n + len(v).to_bytes(4, "big") + b"\0\0" + v for n, v in frames)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body + (b"\xff\xfb\x90\x00" + bytes(413)) * 2


def flac() -> bytes:
    """STREAMINFO of zeros, comments with a title, and something like a frame."""
    written = comments(b"TITLE=Tea")
    blocks = b"\0\0\0\x22" + bytes(34) + b"\x84" + len(written).to_bytes(3, "big") + written
    return b"fLaC" + blocks + b"\xff\xf8" + bytes(200)


def comments(*lines: bytes) -> bytes:
    """A Vorbis comment of these lines."""
    counted = b"".join(struct.pack("<I", len(line)) + line for line in lines)
    return struct.pack("<I", 3) + b"kit" + struct.pack("<I", len(lines)) + counted


def opus(comments_bytes: int = 40) -> bytes:
    """Ogg Opus: two header packets, three pages of sound."""
    head = b"OpusHead\1\1" + struct.pack("<HIhB", 312, 48_000, 0, 0)
    tags = b"OpusTags" + comments(b"TITLE=" + b"T" * comments_bytes)
    pages = []
    for packet in (head, tags, *(bytes([n]) * 60 for n in range(3))):
        table = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        for at in range(0, len(table), 255):
            sizes = table[at : at + 255]
            flags = 1 if at else 0 if pages else 2
            start = b"OggS\0" + bytes([flags]) + bytes(8) + b"kit!" + bytes(8)
            body, packet = packet[: sum(sizes)], packet[sum(sizes) :]
            pages.append(Page(start + bytes([len(sizes)]), sizes, body).numbered(len(pages)))
    return b"".join(pages)


def mp4(*, moov_first: bool = False) -> bytes:
    """ftyp, mdat with two chunks, moov with a table that points at them."""

    def box(kind: bytes, value: bytes) -> bytes:
        return struct.pack(">I", 8 + len(value)) + kind + value

    ftyp = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    media = box(b"mdat", b"A" * 100 + b"B" * 100)

    def moov(start: int) -> bytes:
        table = box(b"stco", struct.pack(">IIII", 0, 2, start, start + 100))
        for kind in (b"stbl", b"minf", b"mdia", b"trak"):
            table = box(kind, table)
        return box(b"moov", box(b"mvhd", bytes(100)) + table)

    if moov_first:
        return ftyp + moov(len(ftyp) + len(moov(0)) + 8) + media
    return ftyp + media + moov(len(ftyp) + 8)


def pdf() -> bytes:
    """One page with a line on it."""
    made = pikepdf.new()
    made.add_blank_page()
    made.pages[0].Contents = made.make_stream(b"0 0 m 10 10 l S")
    made.docinfo["/Title"] = "Tea"
    out = io.BytesIO()
    made.save(out, static_id=True)
    return out.getvalue()


def docx(**parts: bytes) -> bytes:
    """A package with one document; more `parts` by name."""
    package = "http://schemas.openxmlformats.org/package/2006"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        '<Relationship Id="rId1" Type="document" Target="word/document.xml"/></Relationships>',
        "word/document.xml": "<document>Tea</document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in {**members, **parts}.items():
            archive.writestr(zipfile.ZipInfo(name), value, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@cache
def samples() -> dict[str, bytes]:
    """A file of each format by the name that it would have."""
    return {
        "a.png": picture("PNG"),
        "a.jpg": picture("JPEG"),
        "a.webp": picture("WEBP"),
        "see-through.webp": picture("WEBP", mode="RGBA"),
        "a.gif": picture("GIF"),
        "a.tiff": picture("TIFF"),
        "a.wav": wav(),
        "a.mp3": mp3(),
        "untagged.mp3": (b"\xff\xfb\x90\x00" + bytes(413)) * 2,
        "encoded.mp3": encoded_mp3(),
        "a.flac": flac(),
        "a.opus": opus(),
        "a.mp4": mp4(),
        "fast.mp4": mp4(moov_first=True),
        "a.pdf": pdf(),
        "a.docx": docx(),
        "a.md": "# 茶\n\nTea.\n".encode(),
        "front.md": b"---\ntitle: Tea\n---\nTea.\n",
    }
