"""Forms of several parts (RFC 7578), read strictly and written anew.

What is read here is judged; what goes on is written here, from what was read. So nobody behind us
can find a part that we did not. It refuses to know what a part means.

Rules
1. The boundary is the header's. Nothing stands before the first part or behind the last.
2. Every part has one plain name; a file has a file name. No part is encoded.
3. The only error is BadInput.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from licet.base.trouble import BadInput

PARTS_MAX = 64
HEAD_BYTES_MAX = 2048

_TYPE = re.compile(
    rb'multipart/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([^"\r\n]{1,70})"|([!-:<-~]{1,70}))\s*(?:;.*)?',
    re.IGNORECASE,
)
_DISPOSITION = re.compile(
    r'form-data;\s*name="([\w.\[\]-]{1,64})"(?:;\s*filename="([^"\x00-\x1f\x7f]{0,255})")?',
    re.IGNORECASE | re.ASCII,
)
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}(?:;[ -~]{0,64})?", re.ASCII)
_HINT = "Send multipart/form-data as HTTP clients write it."


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `filename` is None for a field; `media_type` is "" where none was given."""

    name: str
    data: bytes
    filename: str | None = None
    media_type: str = ""

    @property
    def text(self) -> str:
        """What a field says. Raises BadInput where it is not UTF-8."""
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            raise BadInput(f"{self.name}: it is not UTF-8.", hint="Send text as UTF-8.") from None


def parse_form(body: bytes, content_type: bytes) -> tuple[Part, ...]:
    """The parts of a form, in order. `content_type`: of the request. Raises BadInput."""
    found = _TYPE.fullmatch(content_type.strip())
    if found is None:
        raise BadInput("the body is not multipart/form-data with a boundary.", hint=_HINT)
    mark = b"--" + (found[1] or found[2])
    if not body.startswith(mark + b"\r\n"):
        _refuse("its first boundary is not where it must be")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) - 2 > PARTS_MAX:
        raise BadInput(f"the form has more than {PARTS_MAX} parts.", hint="Send fewer.")
    if pieces[0] or pieces[-1] not in (b"--", b"--\r\n"):
        _refuse("its last boundary is missing")
    return tuple(_part(piece) for piece in pieces[1:-1])


def boundary_for(parts: Sequence[Part]) -> bytes:
    """A boundary that stands in none of these parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.data)
    while any(digest.hexdigest()[:40].encode() in part.data for part in parts):
        digest.update(b"again")
    return digest.hexdigest()[:40].encode()


def render_form(parts: Sequence[Part], boundary: bytes) -> bytes:
    """The body of a form with these parts."""
    out = []
    for part in parts:
        file = "" if part.filename is None else f'; filename="{part.filename}"'
        out.append(b"--" + boundary + b"\r\n")
        out.append(f'Content-Disposition: form-data; name="{part.name}"{file}\r\n'.encode())
        if part.media_type:
            out.append(f"Content-Type: {part.media_type}\r\n".encode())
        out += (b"\r\n", part.data, b"\r\n")
    out.append(b"--" + boundary + b"--\r\n")
    return b"".join(out)


def form_type(boundary: bytes) -> bytes:
    """The content type of a form."""
    return b"multipart/form-data; boundary=" + boundary


def _part(piece: bytes) -> Part:
    if not piece.startswith(b"\r\n"):
        _refuse("a boundary is followed by something else than a part")
    head, gap, data = piece[2:].partition(b"\r\n\r\n")
    if not gap or len(head) > HEAD_BYTES_MAX:
        _refuse("a part has no head, or one that is too long")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or name.lower() in headers:
            _refuse("a part's head has a line that is no header, or one twice")
        headers[name.lower()] = value.strip()
    said = _DISPOSITION.fullmatch(headers.pop("content-disposition", ""))
    media_type = headers.pop("content-type", "")
    headers.pop("content-length", None)
    if said is None:
        _refuse("a part has no name, or a strange one")
    if headers:
        _refuse(f"a part has the header {sorted(headers)[0][:40]!r}")
    if media_type and not _MEDIA_TYPE.fullmatch(media_type):
        _refuse("a part's content type has no form")
    return Part(said[1], data, said[2], media_type)


def _refuse(problem: str) -> NoReturn:
    raise BadInput(f"the form cannot be read: {problem}.", hint=_HINT)
