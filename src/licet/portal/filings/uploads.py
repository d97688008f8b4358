"""Attachments: what may be attached, and where its bytes lie.

It refuses to know cases and forms.

Rules
1. A file is stored under the SHA-256 of its bytes, nowhere else; its name is only shown.
2. Its ending, its first bytes and its size must agree with what the pack allows. An office
   document is looked into without unpacking it: one that would unpack to far more than it is,
   or out of its folder, is refused.
3. A file is given back as a download, never to be shown by the browser.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from licet.rulebook.procedure import Limits

NAME_CHARACTERS_MAX = 120
UNPACKED_TIMES_MAX = 100
UNPACKED_BYTES_MAX = 200 << 20
MEMBERS_MAX = 2_000
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")
_FIRST_BYTES: Mapping[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "xlsx": (b"PK\x03\x04",),
    "docx": (b"PK\x03\x04",),
}
_TEXT = ("csv", "txt")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that may be attached."""

    name: str
    kind: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a file may not: a code of `wrong.*`, and what fills its words."""

    code: str
    params: Mapping[str, str]


def examine(name: str, data: bytes, limits: Limits) -> Taken | Unfit:
    """The file, if it is what the pack allows (rule 2)."""
    shown = name.replace("\\", "/").rpartition("/")[2]
    ending = shown.rpartition(".")[2].lower()
    allowed = ", ".join(limits.attachment_types)
    if name != shown or _UNFIT.search(shown) or shown.startswith("."):
        return Unfit("file-name", {})
    if len(shown) > NAME_CHARACTERS_MAX:
        return Unfit("file-name", {})
    if ending == "jpeg":
        ending = "jpg"
    if ending not in limits.attachment_types or "." not in shown:
        return Unfit("file-type", {"allowed": allowed})
    if not data:
        return Unfit("file-empty", {})
    if len(data) > limits.attachment_bytes:
        return Unfit("file-large", {"most": str(limits.attachment_bytes >> 20)})
    if ending in _FIRST_BYTES and not data.startswith(_FIRST_BYTES[ending]):
        return Unfit("file-other", {"ending": ending})
    if ending in _TEXT and not _is_text(data):
        return Unfit("file-other", {"ending": ending})
    if data.startswith(b"PK") and not _is_sound(data):
        return Unfit("file-packed", {})
    return Taken(shown, limits.attachment_types[ending], data)


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


def _is_sound(data: bytes) -> bool:
    """An archive that unpacks to a bounded size, into its own folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False
    unpacked = sum(one.file_size for one in members)
    names = (one.filename.replace("\\", "/") for one in members)
    return (
        len(members) <= MEMBERS_MAX
        and unpacked <= min(UNPACKED_BYTES_MAX, UNPACKED_TIMES_MAX * len(data))
        and not any(name.startswith("/") or ".." in name.split("/") for name in names)
    )


def put(home: Path, taken: Taken) -> None:
    """Keep the bytes; the same bytes are kept once."""
    path = path_of(home, taken.sha256)
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(taken.data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def path_of(home: Path, sha256: str) -> Path:
    """Where the bytes with this digest lie."""
    return home / "attachments" / sha256[:2] / sha256
