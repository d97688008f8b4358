"""The file formats that carry labels: one module each, one table of all.

    known = format_of(data, "picture.png")
    known.read(data, names)

`model` says what a format promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from licet.base.trouble import BadInput, TooMuch
from licet.labels.formats.gif import GIF
from licet.labels.formats.jpeg import JPEG
from licet.labels.formats.markdown import MARKDOWN
from licet.labels.formats.model import FILE_BYTES_MAX, Copy, Format, Names
from licet.labels.formats.mp3 import MP3
from licet.labels.formats.mp4 import MP4
from licet.labels.formats.ooxml import OOXML
from licet.labels.formats.pdf import PDF
from licet.labels.formats.png import PNG, SIGNATURE
from licet.labels.formats.riff import WAV, WEBP
from licet.labels.formats.tiff import TIFF
from licet.labels.formats.vorbis import FLAC, OGG

__all__ = ["FORMATS", "Copy", "Format", "Names", "format_of"]

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.id: one
        for one in (
            PNG, JPEG, WEBP, GIF, TIFF, WAV, MP3, FLAC, OGG, MP4, PDF, OOXML, MARKDOWN,
        )
    }
)  # fmt: skip

_BEGINNINGS: tuple[tuple[bytes, Format], ...] = (
    (SIGNATURE, PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"ID3", MP3),
    (b"fLaC", FLAC),
    (b"OggS", OGG),
    (b"%PDF-", PDF),
    (b"PK\3\4", OOXML),
)


def format_of(data: bytes, name: str = "") -> Format:
    """The format of a file, by how it begins; by its name's ending only for text, which begins in
    any way. Raises BadInput for a format without a place for a label, TooMuch for a file that is
    too large."""
    if len(data) > FILE_BYTES_MAX:
        hint = f"Files of up to {FILE_BYTES_MAX >> 20} MiB can be labelled."
        raise TooMuch("the file is too large.", hint=hint)
    for beginning, known in _BEGINNINGS:
        if data.startswith(beginning):
            return known
    if data[:4] == b"RIFF":
        for kind, known in ((b"WEBP", WEBP), (b"WAVE", WAV)):
            if data[8:12] == kind:
                return known
    if data[4:8] in {b"ftyp", b"moov", b"wide"}:
        return MP4
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:  # layer III
        return MP3
    if name.lower().endswith(MARKDOWN.suffixes):
        return MARKDOWN
    hint = f"Known here: {', '.join(FORMATS)}."
    raise BadInput("this file is of no format that carries a label.", hint=hint)
