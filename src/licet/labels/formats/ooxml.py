"""Labels in Office files (docx, xlsx, pptx): a custom document property `AIGC`.

It refuses to know documents. ECMA-376 parts 1 and 2; TC260-PG-20258A.

Rules
1. A member is unpacked up to its own bound and all together up to UNPACKED_BYTES_MAX, whatever the
   archive says of their sizes; who reads or verifies holds one piece of it at a time.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken
from licet.labels.formats.xml import Name, edit

UNPACKED_BYTES_MAX = 512 << 20
_MEMBERS_MAX = 10_000
_PIECE_BYTES = 1 << 20
_RATIO_MAX = 200  # more than any document shrinks by, less than a bomb does

_CUSTOM = "docProps/custom.xml"
_TYPES, _LINKS = "[Content_Types].xml", "_rels/.rels"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_TYPES_NS = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
_LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_MEDIA = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # custom properties, whoever made them
_EMPTY = f'<?xml version="1.0" encoding="UTF-8"?><Properties xmlns="{_PROPERTIES}"></Properties>'
_OURS = {_CUSTOM, _TYPES, _LINKS}


def _members(data: bytes) -> Iterator[tuple[zipfile.ZipInfo, Iterator[bytes]]]:
    """Every member with its pieces, which are unpacked as they are asked for. Raises BadInput."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            names = {member.filename for member in listed}
            if _TYPES not in names or len(names) != len(listed):
                broken("Office file", "it is no package of ECMA-376, or holds a name twice")
            if len(listed) > _MEMBERS_MAX:
                broken("Office file", "it has too many members")
            left = _Left(min(UNPACKED_BYTES_MAX, _RATIO_MAX * len(data)))
            for member in listed:
                yield member, _pieces(archive, member, left)
    except zipfile.BadZipFile as error:
        broken("Office file", str(error))
    except (OSError, ValueError, OverflowError, NotImplementedError, RuntimeError) as error:
        broken("Office file", str(error) or "it is damaged")


@dataclass(slots=True)
class _Left:
    """How much may still be unpacked (rule 1)."""

    size: int


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: _Left) -> Iterator[bytes]:
    """A member in pieces of _PIECE_BYTES, the last one shorter. Raises BadInput."""
    own = LABEL_BYTES_MAX if member.filename in _OURS else left.size
    try:
        with archive.open(member) as opened:
            while piece := opened.read(_PIECE_BYTES):
                own -= len(piece)
                left.size -= len(piece)
                if min(own, left.size) < 0:
                    broken("Office file", "unpacked it is too large")
                yield piece
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        broken("Office file", str(error) or "it is damaged")
    except (OSError, ValueError, OverflowError) as error:
        broken("Office file", str(error))


def _taken(custom: bytes, names: Names, piece: str = "") -> tuple[tuple[str, ...], str]:
    """The labels among the custom properties, and the text without them and with `piece`."""
    ours: Name = (_PROPERTIES, "property")
    edited = edit(
        custom,
        ours=lambda name, said: name == ours and said.get(("", "name")) == names.key,
        parent=(_PROPERTIES, "Properties"),
        piece=piece,
    )
    if not edited.placed:
        broken("Office file", f"{_CUSTOM} holds no properties")
    return edited.values, edited.text


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in an Office file. Raises BadInput."""
    found: tuple[str, ...] = ()
    for member, pieces in _members(data):
        if member.filename == _CUSTOM:
            found = _taken(b"".join(pieces), names)[0]
    return tuple(Copy(f"{_CUSTOM} {names.key}", text.strip()) for text in found)


def write(data: bytes, text: str, names: Names) -> bytes:
    """The Office file with this label among its custom properties and no other."""
    members = [(member, b"".join(pieces)) for member, pieces in _members(data)]
    parts = {member.filename: value for member, value in members}
    custom = parts.get(_CUSTOM, _EMPTY.encode())
    others = _taken(custom, names)[1].encode()
    ids = [int(found) for found in re.findall(rb'pid="(\d{1,9})"', others)]
    piece = (
        f'<property xmlns="{_PROPERTIES}" fmtid="{_FORMAT_ID}" pid="{max([1, *ids]) + 1}" '
        f'name={quoteattr(names.key)}><vt:lpwstr xmlns:vt="{_VALUES}">{escape(text)}</vt:lpwstr>'
        "</property>"
    )
    written = {
        _CUSTOM: _taken(custom, names, piece)[1].encode(),
        _TYPES: _with_type(parts[_TYPES]),
        _LINKS: _with_link(parts.get(_LINKS, b"")),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, value in members:
            archive.writestr(member, written.pop(member.filename, value))
        for name, value in written.items():
            archive.writestr(zipfile.ZipInfo(name), value, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _with_type(types: bytes) -> bytes:
    part = f"/{_CUSTOM}"
    edited = edit(
        types,
        ours=lambda name, said: (
            name == (_TYPES_NS, "Override") and said.get(("", "PartName")) == part
        ),
        parent=(_TYPES_NS, "Types"),
        piece=(
            f'<Override xmlns="{_TYPES_NS}" PartName="{part}" ContentType="{_MEDIA}"></Override>'
        ),
    )
    return edited.text.encode()


def _with_link(links: bytes) -> bytes:
    if not links:
        broken("Office file", f"it has no {_LINKS}")
    edited = edit(
        links,
        ours=lambda name, said: (
            name == (_LINKS_NS, "Relationship") and said.get(("", "Type")) == _LINK
        ),
        parent=(_LINKS_NS, "Relationships"),
        piece=f'<Relationship xmlns="{_LINKS_NS}" Id="licetLabel" Type="{_LINK}" '
        f'Target="{_CUSTOM}"></Relationship>',
    )
    return edited.text.encode()


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """Every member but those that say where custom properties are, and the other properties."""
    for member, pieces in _members(data):
        if member.filename == _CUSTOM:
            others = _taken(b"".join(pieces), names)[1]
            if others != _taken(_EMPTY.encode(), names)[1]:
                yield others.encode()
        elif member.filename not in _OURS:
            yield member.filename.encode()
            yield from pieces


OOXML = Format(
    "ooxml",
    "text",
    "application/vnd.openxmlformats-officedocument",
    (".docx", ".xlsx", ".pptx"),
    read,
    write,
    content,
)
