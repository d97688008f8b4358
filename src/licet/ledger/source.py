"""Where a log that is to be checked lies: a folder, a database, a URL.

Refuses to know what is right: a source hands over bytes, bounded in size and time.

1. Nothing is asked for but the paths that `tiles` makes; nothing longer than its limit is kept.
2. A partial tile that is gone is looked for in the full one (C2SP tlog-tiles, "Partial Tiles").
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from licet.base.clock import Clock, SystemClock
from licet.base.trouble import BadInput, Corrupt, NotFound, Unavailable
from licet.ledger.connect import POSTGRES, open_store
from licet.ledger.note import NOTE_BYTES_MAX
from licet.ledger.store import Store
from licet.ledger.tiles import BUNDLE_BYTES_MAX, TILE_BYTES, WIDTH, TileName

SILENCE_S = 20.0
RESOURCE_S = 120.0
_PIECE_BYTES = 64 * 1024
_GZIP = 31
DATABASE = "ledger.db"


class Source(Protocol):
    """Bytes of a log that somebody else wrote."""

    where: str
    keeps_edges: bool
    """False where partial tiles of hashes are not kept, but worked out when asked for."""

    def fetch_checkpoint(self) -> bytes: ...

    def fetch_tile(self, name: TileName) -> bytes:
        """The resource, or the full one in its place. Raises NotFound, Unavailable, Corrupt."""
        ...

    def fetch_history(self) -> Sequence[bytes]:
        """Every checkpoint of old that is still there; empty where none are kept."""
        ...

    def close(self) -> None: ...


def open_source(where: str) -> Source:
    """The log at a folder (static tiles, or one that holds ledger.db), a database or a URL.

    Raises NotFound where there is none, BadInput where `where` cannot be read as any of them.
    """
    if where.startswith(("http://", "https://")):
        return UrlSource(where)
    if where.startswith(POSTGRES):  # what is shown of the URL holds no password
        parts = urllib.parse.urlsplit(where)
        shown = f"postgresql://{parts.hostname or ''}{parts.path}"
        return StoreSource(shown, open_store(where, read_only=True))
    path = Path(where)
    if path.is_file():
        return StoreSource(where, open_store(path, read_only=True))
    for database in (path / DATABASE, path / "ledger" / DATABASE):
        if database.is_file():
            return StoreSource(str(database), open_store(database, read_only=True))
    if (path / "checkpoint").is_file():
        return FolderSource(path)
    raise NotFound(
        f"there is no ledger at {where}",
        hint="Give a folder that holds `checkpoint` or `ledger.db`, or the URL above /checkpoint.",
    )


class StoreSource:
    """A log in its own database. Partial tiles of hashes are not kept there."""

    keeps_edges = False

    def __init__(self, where: str, store: Store) -> None:
        self.where = where
        self._store = store

    def fetch_checkpoint(self) -> bytes:
        note = self._store.load_checkpoint()
        if note is None:
            raise NotFound("the ledger is empty")
        return note

    def fetch_tile(self, name: TileName) -> bytes:
        if name.level is None:
            return self._store.load_bundle(name.index)
        return self._store.load_tile(name.level, name.index)

    def fetch_history(self) -> Sequence[bytes]:
        return self._store.load_checkpoints()

    def close(self) -> None:
        self._store.close()


class FolderSource:
    """A log as a tree of static files."""

    keeps_edges = True

    def __init__(self, folder: Path) -> None:
        self.where = str(folder)
        self._folder = folder

    def fetch_checkpoint(self) -> bytes:
        return self._read("checkpoint", NOTE_BYTES_MAX)

    def fetch_tile(self, name: TileName) -> bytes:
        return _or_full(self._read, name)

    def fetch_history(self) -> Sequence[bytes]:
        return ()

    def close(self) -> None:
        pass

    def _read(self, path: str, bytes_max: int) -> bytes:
        try:
            with (self._folder / path).open("rb") as file:
                return _bounded(file.read(bytes_max + 1), path, bytes_max)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound(f"{self.where} lacks {path}") from None
        except OSError as error:
            raise Unavailable(f"{self.where}/{path}: {error.strerror}") from error


class UrlSource:
    """A log behind HTTP. Redirects are followed only to http and https; gzip is understood."""

    keeps_edges = True

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if not parts.hostname or parts.query or parts.fragment:
            raise BadInput("a ledger's URL ends where /checkpoint begins")
        self.where = url.rstrip("/")
        self._clock = clock or SystemClock()
        self._opener = urllib.request.OpenerDirector()
        self._opener.addheaders = [("Accept-Encoding", "gzip, identity")]
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPRedirectHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            self._opener.add_handler(handler)

    def fetch_checkpoint(self) -> bytes:
        return self._read("checkpoint", NOTE_BYTES_MAX)

    def fetch_tile(self, name: TileName) -> bytes:
        return _or_full(self._read, name)

    def fetch_history(self) -> Sequence[bytes]:
        return ()

    def close(self) -> None:
        self._opener.close()

    def _read(self, path: str, bytes_max: int) -> bytes:
        url = f"{self.where}/{path}"
        try:
            with self._opener.open(url, timeout=SILENCE_S) as reply:
                data = self._body(reply, bytes_max)
                if reply.headers.get("Content-Encoding") == "gzip":
                    data = zlib.decompressobj(_GZIP).decompress(data, bytes_max + 1)
                return _bounded(data, path, bytes_max)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise NotFound(f"{url} is not there") from None
            raise Unavailable(f"{url} answers {error.code}", hint="Is this the ledger's URL?")
        except zlib.error:
            raise Corrupt(f"{url} is not the gzip that it says it is") from None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{url}: {error}", hint="Check the address and try again.")

    def _body(self, reply: http.client.HTTPResponse, bytes_max: int) -> bytes:
        """What was sent, at most a little more than `bytes_max`: gzip may make it longer."""
        until = self._clock.monotonic() + RESOURCE_S
        parts: list[bytes] = []
        left = bytes_max + bytes_max // 1000 + 1024
        while left > 0 and (part := reply.read1(min(left, _PIECE_BYTES))):
            if self._clock.monotonic() > until:
                raise Unavailable(f"{self.where} is too slow")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


class _Read(Protocol):
    def __call__(self, path: str, bytes_max: int) -> bytes: ...


def _or_full(read: _Read, name: TileName) -> bytes:
    """Rule 2."""
    bytes_max = BUNDLE_BYTES_MAX if name.level is None else TILE_BYTES
    try:
        return read(name.path, bytes_max)
    except NotFound:
        if name.width == WIDTH:
            raise
        return read(TileName(name.level, name.index).path, bytes_max)


def _bounded(data: bytes, path: str, bytes_max: int) -> bytes:
    if len(data) > bytes_max:
        raise Corrupt(f"{path} has more than {bytes_max} bytes")
    return data
