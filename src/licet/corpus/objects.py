"""Content by its digest in an object store (S3 and its like): another adapter of `Blobs`.

It refuses to know names and versions, and credentials: these are the environment's.

Rules
1. What arrives is gathered in a folder of this machine and its digest computed there; only what is
   whole goes to the store, under its digest. Uploads that broke off go on in that folder.
2. An object appears whole or not at all: the store's promise, on which this rests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from licet.base.extras import to_install
from licet.base.trouble import Unavailable
from licet.corpus.blobs import PIECE_BYTES, Blob, FolderBlobs, absent
from licet.corpus.unfit import Silent

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class ObjectBlobs:
    """Blobs in an object store; `arriving` gathers what is not whole yet."""

    def __init__(self, store: ObjectStore, arriving: FolderBlobs) -> None:
        self._store = store
        self._folder = arriving

    def size(self, sha256: str) -> int | None:
        """As Blobs.size."""
        import obstore

        with _answering():
            try:
                return int(obstore.head(self._store, self._key(sha256))["size"])
            except FileNotFoundError:
                return None

    def put(self, pieces: Iterable[bytes]) -> Blob:
        """As Blobs.put."""
        return self._send(self._folder.put(pieces))

    def begin(self, sha256: str, owner: str) -> int:
        """As Blobs.begin."""
        return self._folder.begin(sha256, owner)

    def extend(
        self, sha256: str, owner: str, at: int, pieces: Iterable[bytes], size_max: int
    ) -> int:
        """As Blobs.extend."""
        return self._folder.extend(sha256, owner, at, pieces, size_max)

    def finish(self, sha256: str, owner: str) -> Blob:
        """As Blobs.finish."""
        return self._send(self._folder.finish(sha256, owner))

    def let_go(self, before: datetime) -> int:
        """As Blobs.let_go."""
        return self._folder.let_go(before)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """As Blobs.read."""
        import obstore

        size = self.size(sha256)
        if size is None:
            raise absent(sha256)
        end = size if end is None else min(end, size)
        if start >= end:
            return
        with _answering():
            found = obstore.get(self._store, self._key(sha256), options={"range": (start, end)})
            for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    def all(self) -> Iterator[str]:
        """As Blobs.all."""
        import obstore

        with _answering():
            for batch in obstore.list(self._store):
                yield from (str(one["path"]).replace("/", "") for one in batch)

    def drop(self, sha256: str) -> None:
        """As Blobs.drop."""
        import obstore

        with _answering(), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, self._key(sha256))

    def lay(self, sha256: str, target: Path) -> None:
        """As Blobs.lay."""
        pieces = self.read(sha256)
        first = next(pieces, b"")  # NotFound before there is a file
        with target.open("xb") as file:
            file.write(first)
            for piece in pieces:
                file.write(piece)

    def _send(self, blob: Blob) -> Blob:
        """From the folder to the store; what is there already is not sent again."""
        import obstore

        here = self._folder.path(blob.sha256)
        if self.size(blob.sha256) != blob.size:
            with _answering():
                obstore.put(self._store, self._key(blob.sha256), here)
        self._folder.drop(blob.sha256)
        return blob

    def _key(self, sha256: str) -> str:
        path = self._folder.path(sha256)  # BadInput for what is no digest
        return f"{path.parent.name}/{path.name}"


def open_objects(url: str, arriving: FolderBlobs) -> ObjectBlobs:
    """The store at an address such as `s3://bucket/prefix`; region, endpoint and keys come from
    the environment (`AWS_…`). Raises Unavailable without the library, or for an address that will
    not do."""
    try:
        from obstore.store import from_url
    except ImportError:
        raise Unavailable("object stores need obstore.", hint=to_install("s3")) from None
    with _answering():
        return ObjectBlobs(from_url(url), arriving)


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        message = f"the object store does not answer: {said}."
        raise Silent(message, ("", "store_silent", said)) from None
