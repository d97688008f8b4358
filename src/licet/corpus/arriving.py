"""What readers send before a version names it: content in pieces, and whose it is.

It refuses to know how pieces come: over the API of programs, or from a page.

Rules
1. To know a digest is not to have the content: what others keep here counts only where the reader
   has sent it too, or has it in a version of their own namespaces.
2. A piece is taken where the upload stands, or not at all; what a broken connection brought stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from licet.corpus.manifest import File
from licet.corpus.readers import Reader
from licet.corpus.shelf import Shelf
from licet.corpus.unfit import Unfit

PIECE_BYTES_MAX = 8 << 20
WAIT_MAX = timedelta(days=35)
"""So long an upload may stand still before it is let go."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS upload (
    reader TEXT NOT NULL REFERENCES reader,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (reader, sha256)
) STRICT, WITHOUT ROWID;
"""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether it is a SHA-256 in hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """Up to which byte content is here, and whether all of it is, and counts as the reader's."""

    at: int
    done: bool


class Arrivals:
    """Content as it comes, in a store. One thread at a time uses it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._db = shelf.catalogue.db
        self._db.executescript(_SCHEMA)

    def standing(self, file: File, reader: Reader) -> Standing:
        """How far a file has come. Raises BadInput for what is no digest."""
        if not self.lacking((file,), reader):
            return Standing(file.size, True)
        return Standing(self._shelf.blobs.begin(file.sha256, reader.id), False)

    def take(self, file: File, at: int, piece: bytes, reader: Reader) -> Standing:
        """Take the piece of a file that begins at byte `at`.

        Raises BadInput for what is no piece, Conflict where the upload stands elsewhere (rule 2),
        TooMuch beyond the size, Corrupt where all came and has another digest: it begins anew.
        """
        if not is_digest(file.sha256) or len(piece) > PIECE_BYTES_MAX:
            raise Unfit("this is no piece of content.", ("", "no_piece", ""))
        blobs = self._shelf.blobs
        here = blobs.extend(file.sha256, reader.id, at, [piece], file.size)
        if here < file.size:
            return Standing(here, False)
        blobs.finish(file.sha256, reader.id)
        self._db.execute("INSERT OR IGNORE INTO upload VALUES (?, ?)", (reader.id, file.sha256))
        return Standing(here, True)

    def lacking(self, files: Sequence[File], reader: Reader) -> list[File]:
        """The files whose content the reader has to send (rule 1), each content once."""
        catalogue = self._shelf.catalogue
        lacking: dict[str, File] = {}
        for file in files:
            row = (reader.id, file.sha256)
            sent = "SELECT 1 FROM upload WHERE (reader, sha256) = (?, ?)"
            mine = self._db.execute(sent, row).fetchone() is not None or any(
                catalogue.get(commit).dataset.partition("/")[0] in reader.namespaces
                for commit in catalogue.holders(file.sha256)
            )
            if not mine or self._shelf.blobs.size(file.sha256) != file.size:
                lacking.setdefault(file.sha256, file)
        return list(lacking.values())
