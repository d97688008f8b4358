"""A store of data sets in one folder: catalogue, content, the log of what was done, its keys.

It refuses to know clients. This is where the parts are put together.

Rules
1. What is published, withdrawn or granted stands in the catalogue, then goes on record, then its
   author is told.
2. The record is a log of its own, opened for one entry and closed: pushes and a server share it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import replace_file
from licet.base.trouble import BadInput, Conflict, NotFound
from licet.corpus.annotation_register import Recorded, Registered
from licet.corpus.blobs import PIECE_BYTES, Blobs, FolderBlobs
from licet.corpus.card import CARD, CARDS, Card, parse_card
from licet.corpus.catalogue import Catalogue, Version
from licet.corpus.manifest import FILES_MAX, File
from licet.corpus.naming import check_path
from licet.corpus.objects import open_objects
from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet, SigningKey
from licet.ledger.entry import Value, make_entry
from licet.ledger.opening import open_log

ORIGIN = "localhost/licet-corpus"
STORE_URL = "store-url"
_TRIES, _PAUSE_S = 50, 0.1


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything of one store. `keys`: the folder of private keys."""

    root: Path
    keys: Path
    catalogue: Catalogue
    blobs: Blobs

    def signing_key(self, chance: Chance) -> SigningKey:
        """The key that signs receipts and reports; its public half lies in `jwks.json`."""
        key = load_or_create_signing_key(self.keys / "corpus.key", chance)
        replace_file(self.root / "jwks.json", KeySet.of([key.public]).as_jwks())
        return key

    def record(
        self, kind: str, pub: Mapping[str, Value], now: datetime, chance: Chance
    ) -> tuple[int, bytes]:
        """Enter something in the log; gives its place and its receipt. Raises Conflict where
        another process holds the log for longer than 5 s, Corrupt where the log was lost."""
        folder = self.root / "ledger"
        line = make_entry(kind, now, pub)
        for left in reversed(range(_TRIES)):
            try:
                log = open_log(
                    folder / "ledger.db", self.keys / "corpus.skey", ORIGIN, chance,
                    published=folder,
                )  # fmt: skip
            except Conflict:
                if not left:
                    raise
                time.sleep(_PAUSE_S)
                continue
            try:
                entry = log.append([line], now)[0]
                return entry, log.prove(entry).render()
            finally:
                log.close()
        raise AssertionError  # the last try has raised or returned

    def close(self) -> None:
        self.catalogue.close()


def open_shelf(root: Path, keys: Path) -> Shelf:
    """The store in a folder, made where there is none; content lies in it, or in the object store
    whose address stands in its file `store-url`. Raises Unavailable."""
    blobs: Blobs = FolderBlobs(root / "content")
    if (root / STORE_URL).exists():
        url = (root / STORE_URL).read_text(encoding="utf-8").strip()
        blobs = open_objects(url, FolderBlobs(root / "content"))
    (root / "ledger").mkdir(mode=0o700, exist_ok=True)
    return Shelf(root, keys, Catalogue(root / "catalogue.db"), blobs)


def read_folder(folder: Path) -> tuple[Card, tuple[tuple[str, Path], ...]]:
    """The card and the files (path, where it lies) of a folder that is to be pushed; names that
    begin with a dot are left out.

    Raises NotFound without a card, BadInput for a link, a name that will not do or too many.
    """
    card_at = next((folder / name for name in CARDS if (folder / name).is_file()), None)
    if card_at is None:
        hint = f"licet corpus card > {folder / CARD} makes one to fill in."
        raise NotFound(f"{folder} has no {CARD}.", hint=hint)
    found: list[tuple[str, Path]] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if path.is_symlink():
            raise BadInput(f"{name} is a link.", hint="Put the file itself there.")
        if path.is_file():
            found.append((check_path(name), path))
        if len(found) > FILES_MAX:
            raise BadInput(f"{folder} holds more than {FILES_MAX} files.", hint="Pack them.")
    return parse_card(card_at.read_bytes(), card_at.name), tuple(found)


def keep_files(shelf: Shelf, files: tuple[tuple[str, Path], ...]) -> tuple[File, ...]:
    """Keep the content of files; what is here already is only counted."""
    kept = []
    for name, path in files:
        blob = shelf.blobs.put(_pieces(path))
        kept.append(File(name, blob.sha256, blob.size))
    return tuple(kept)


def published_fields(version: Version) -> dict[str, Value]:
    """What the log says of a version that was published."""
    manifest = version.manifest
    return {
        "dataset": manifest.dataset,
        "version": version.commit,
        "n": version.n,
        "files": len(manifest.files),
        "bytes": manifest.size,
        "licence": manifest.card.licence,
        "access": manifest.card.access,
        "parents": [one.version for one in manifest.card.made_from] or None,
    }


def rules_fields(one: Registered) -> dict[str, Value]:
    """What the log says of rules that were registered."""
    rules = one.rules
    return {
        "rules": rules.id, "version": rules.version, "kind": rules.kind,
        "document_sha256": one.sha256,
    }  # fmt: skip


def batch_fields(one: Recorded) -> dict[str, Value]:
    """What the log says of a batch that was annotated: counts, and nobody who worked on it."""
    batch = one.batch
    return {
        "rules": batch.rules, "version": batch.version, "dataset": batch.dataset or None,
        "items": batch.items, "sampled": batch.sampled, "right": batch.right,
        "document_sha256": one.sha256,
    }  # fmt: skip


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
