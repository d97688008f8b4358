"""Content by its digest, in a folder: kept once, whole or not at all, and never mixed.

It refuses to know names and versions. `Blobs` is the contract; an object store is another adapter
of it (`objects.py`).

Rules
1. Content appears under its digest when all of it is on the disk and its digest was computed from
   what was written, never from what was promised.
2. A broken upload goes on where it stopped: `begin` says how many bytes are there. Uploads belong
   to an owner: to know the digest of content is not to have it.
3. Content that is there is never written again, so it is never half-replaced.
4. A file's own bits say that nobody writes it (0444).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from licet.base.trouble import Conflict, Unavailable
from licet.corpus.unfit import Absent, Altered, TooLarge, Unfit

PIECE_BYTES = 1 << 20
BLOB_BYTES_MAX = 1 << 40
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """Content that is kept: SHA-256 in hexadecimal, size in bytes."""

    sha256: str
    size: int


class Blobs(Protocol):
    """Where content is kept. Every method raises Unavailable where the store does not answer."""

    def size(self, sha256: str) -> int | None:
        """Bytes of that content; None where it is not here."""

    def put(self, pieces: Iterable[bytes]) -> Blob:
        """Keep content; gives its digest. The same again is no harm."""

    def begin(self, sha256: str, owner: str) -> int:
        """How many bytes of an owner's upload are here; 0 where none began."""

    def extend(
        self, sha256: str, owner: str, at: int, pieces: Iterable[bytes], size_max: int
    ) -> int:
        """Add to an upload from byte `at`; gives how many are here. Raises Conflict where it does
        not begin where the upload stands, TooMuch past `size_max`."""

    def finish(self, sha256: str, owner: str) -> Blob:
        """Keep an upload that is whole. Raises Corrupt, and forgets it, where the digest is
        another."""

    def let_go(self, before: datetime) -> int:
        """Forget uploads to which nothing came since; gives how many."""

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes [start, end) of content. Raises NotFound."""

    def all(self) -> Iterator[str]:
        """The digests of all content, in no order."""

    def drop(self, sha256: str) -> None:
        """Remove content; nothing where it is not here."""

    def lay(self, sha256: str, target: Path) -> None:
        """Put a file with that content, to be read, at a place where there is none. Raises
        NotFound."""


class FolderBlobs:
    """Blobs in a folder of this machine: `ab/cdef…`, uploads beside them in `arriving/`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._arriving = root / "arriving"
        try:
            self._arriving.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{root} cannot be written: {error.strerror}.") from None

    def size(self, sha256: str) -> int | None:
        """As Blobs.size."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def path(self, sha256: str) -> Path:
        """Where content lies if it is here: for readers that want a file. Raises BadInput."""
        if not _DIGEST.fullmatch(sha256):
            raise Unfit("a digest has 64 hexadecimal digits.", ("", "digits", ""))
        return self._root / sha256[:2] / sha256[2:]

    def put(self, pieces: Iterable[bytes]) -> Blob:
        """As Blobs.put."""
        draft = self._arriving / f".{secrets.token_hex(12)}"
        try:
            with _writing(draft, "xb") as file:
                for piece in pieces:
                    file.write(piece)
            return self._keep(draft, _digest(draft))
        finally:
            draft.unlink(missing_ok=True)

    def begin(self, sha256: str, owner: str) -> int:
        """As Blobs.begin."""
        try:
            return self._draft(sha256, owner).stat().st_size
        except FileNotFoundError:
            return 0

    def extend(
        self, sha256: str, owner: str, at: int, pieces: Iterable[bytes], size_max: int
    ) -> int:
        """As Blobs.extend."""
        with _writing(self._draft(sha256, owner), "ab") as file:
            here = file.tell()
            if here != at:
                raise Conflict(
                    f"the upload stands at byte {here}, not {at}.", hint="Go on from there."
                )
            for piece in pieces:
                here += len(piece)
                if here > min(size_max, BLOB_BYTES_MAX):
                    file.truncate(at)
                    told = ("", "beyond", str(size_max))
                    raise TooLarge(f"the file has more than the {size_max} bytes promised.", told)
                file.write(piece)
        return here

    def finish(self, sha256: str, owner: str) -> Blob:
        """As Blobs.finish."""
        draft = self._draft(sha256, owner)
        try:
            found = _digest(draft)
        except FileNotFoundError:
            raise Absent("no upload of that content began.", ("", "no_upload", "")) from None
        if found != sha256:
            draft.unlink()
            message = "what arrived is not what was promised."
            raise Altered(message, ("", "altered", ""), hint="Upload it again.")
        return self._keep(draft, sha256)

    def let_go(self, before: datetime) -> int:
        """As Blobs.let_go."""
        gone = 0
        for draft in self._arriving.iterdir():
            with contextlib.suppress(FileNotFoundError):  # it became whole just now
                if draft.stat().st_mtime < before.timestamp():
                    draft.unlink()
                    gone += 1
        return gone

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """As Blobs.read."""
        with self.open(sha256) as file:
            file.seek(start)
            left = (1 << 62) if end is None else max(0, end - start)
            while left:
                piece = file.read(min(left, PIECE_BYTES))
                if not piece:
                    return
                left -= len(piece)
                yield piece

    def open(self, sha256: str) -> BinaryIO:
        """Content as a file to read. Raises NotFound."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise absent(sha256) from None

    def all(self) -> Iterator[str]:
        """As Blobs.all."""
        for folder in self._root.iterdir():
            if len(folder.name) == 2:
                yield from (folder.name + file.name for file in folder.iterdir())

    def drop(self, sha256: str) -> None:
        """As Blobs.drop."""
        self.path(sha256).unlink(missing_ok=True)

    def lay(self, sha256: str, target: Path) -> None:
        """As Blobs.lay; nothing is copied."""
        self.open(sha256).close()
        os.link(self.path(sha256), target)

    def _draft(self, sha256: str, owner: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise Unfit("a digest has 64 hexadecimal digits.", ("", "digits", ""))
        return self._arriving / hashlib.sha256(f"{owner}\n{sha256}".encode()).hexdigest()

    def _keep(self, draft: Path, sha256: str) -> Blob:
        target = self.path(sha256)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        size = draft.stat().st_size
        draft.chmod(0o444)
        with contextlib.suppress(FileExistsError):  # the same content came another way
            os.link(draft, target)
        draft.unlink()
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name must outlive a power cut, as the version that has it does
        finally:
            os.close(folder)
        return Blob(sha256, size)


@contextlib.contextmanager
def _writing(path: Path, mode: str) -> Iterator[BinaryIO]:
    """A file that is on the disk when the block is left."""
    try:
        with path.open(mode) as file:
            binary: BinaryIO = file  # type: ignore[assignment]
            yield binary
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(f"content cannot be kept: {error.strerror}.") from None


def absent(sha256: str) -> Absent:
    """What to raise where content that a version names is not here."""
    told = ("", "content_gone", sha256[:12])
    return Absent(f"content {sha256[:12]}… is not here.", told, hint="Run licet corpus fsck.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
