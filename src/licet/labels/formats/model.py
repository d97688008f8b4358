"""What a file format is to a label: where labels stand, how one is put there, what it binds.

It refuses to know what a label says.

Rules
1. `read` finds every copy of a label, in every place where one may be; it changes nothing.
2. `write` leaves exactly one copy, in the place that the guide for the format gives, and changes
   nothing of the content. Written twice, the file is the same as written once.
3. `content` gives the bytes that neither a label nor a C2PA manifest touches: the same before and
   after `write`, whatever the label says.
4. All three raise BadInput for bytes that are not such a file, take time linear in its size, and
   never more memory than a few times its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from licet.base.trouble import BadInput

FILE_BYTES_MAX = 256 << 20
"""No file is larger: it is held in memory."""

LABEL_BYTES_MAX = 64 << 10
"""What is unpacked or parsed for one label: an XMP packet, a compressed text, a property."""


@dataclass(frozen=True, slots=True)
class Names:
    """How a pack names its label: the key of metadata, and namespace and prefix in XMP."""

    key: str
    namespace: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a label as it stands in a file. `proper`: in the place that the guide gives."""

    place: str
    text: str
    proper: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """One file format. `medium` is the pack's. `repairs`: writing mends what is damaged, so that
    rule 3 holds for a file that was written once. `nests`: parts hold parts, and a spoilt file may
    hide what was written."""

    id: str
    medium: str
    media_type: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Names], tuple[Copy, ...]]
    write: Callable[[bytes, str, Names], bytes]
    content: Callable[[bytes, Names], Iterator[bytes | memoryview]]
    repairs: bool = False
    nests: bool = False


def broken(what: str, problem: str) -> NoReturn:
    """Raise BadInput for a file that cannot be read."""
    raise BadInput(f"this {what} cannot be read: {problem}.", hint="Is the file whole?")


def decoded(data: bytes) -> str:
    """A label's bytes as text; what is not UTF-8 becomes U+FFFD and fails the label's checks."""
    return data.decode("utf-8", "replace")
