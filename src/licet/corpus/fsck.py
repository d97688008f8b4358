"""Is everything that was published still here, byte for byte?

It refuses to mend: it says what is wrong, and what would follow.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from licet.base.trouble import Corrupt, NotFound
from licet.corpus.blobs import Blobs
from licet.corpus.catalogue import Catalogue
from licet.corpus.manifest import commit_of, read_manifest

Kind = Literal["lost", "altered", "manifest", "index", "stray", "erased"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. `stray` (content that no version names) and `erased`
    (content of withdrawn versions alone, taken away) are in order, and only told."""

    kind: Kind
    what: str
    versions: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        return self.kind not in ("stray", "erased")


def check(catalogue: Catalogue, blobs: Blobs) -> Iterator[Finding]:
    """Everything that is wrong, as it is found: each manifest against its number and its rows,
    each piece of content against its digest."""
    indexed = {
        commit: set(
            catalogue.db.execute(
                "SELECT path, sha256, size FROM file WHERE commit_id = ?", (commit,)
            )
        )
        for commit, _ in catalogue.all()
    }
    for commit, data in catalogue.all():
        if commit_of(data) != commit:
            yield Finding("manifest", commit)
            continue
        try:
            files = {(f.path, f.sha256, f.size) for f in read_manifest(data).files}
        except Corrupt:
            yield Finding("manifest", commit)
            continue
        if files != indexed[commit]:
            yield Finding("index", commit)
    named = set()
    for sha256, size, stands in catalogue.contents():
        named.add(sha256)
        held = blobs.size(sha256)
        if held is None:
            yield Finding("lost" if stands else "erased", sha256, catalogue.holders(sha256))
        elif held != size or _digest(blobs, sha256) != sha256:
            yield Finding("altered", sha256, catalogue.holders(sha256))
    for sha256 in sorted(set(blobs.all()) - named):
        yield Finding("stray", sha256)


def _digest(blobs: Blobs, sha256: str) -> str:
    found = hashlib.sha256()
    try:
        for piece in blobs.read(sha256):
            found.update(piece)
    except (OSError, NotFound):
        return ""
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Glance:
    """What a first look shows: versions, tombstones among them, content that is not in the folder
    (None where content lies elsewhere), and versions that stand whose check could not be made."""

    versions: int
    withdrawn: int
    missing: int | None
    unchecked: int = 0


def glance(root: Path) -> Glance | None:
    """A first look at the store in a folder, without reading content; None where there is none.
    Changes nothing. Raises Corrupt for a catalogue that is damaged."""
    path = root / "catalogue.db"
    if not path.exists():
        return None
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        ) as db:
            # Not quick_check: SQLite 3.40 sees a NULL where a key turns the order of its columns,
            # as it did in made_from of older homes.
            said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError(said)
            versions = db.execute("SELECT COUNT(*) FROM version").fetchone()[0]
            gone = db.execute("SELECT COUNT(*) FROM withdrawal").fetchone()[0]
            named = db.execute(
                "SELECT DISTINCT sha256, size FROM file WHERE commit_id NOT IN"
                " (SELECT commit_id FROM withdrawal)"
            ).fetchall()
            unchecked = (
                db.execute(_UNCHECKED).fetchone()[0] if db.execute(_CHECKS).fetchone() else 0
            )
    except sqlite3.Error as error:
        raise Corrupt(f"the catalogue {path} is damaged: {error}.", hint=_RESTORE) from None
    if (root / "store-url").exists():
        return Glance(versions, gone, None, unchecked)
    missing = 0
    for sha256, size in named:
        file = root / "content" / sha256[:2] / sha256[2:]
        missing += not file.exists() or file.stat().st_size != size
    return Glance(versions, gone, missing, unchecked)


_CHECKS = "SELECT 1 FROM sqlite_master WHERE name = 'version_check'"
_UNCHECKED = """
SELECT COUNT(*) FROM version_check
WHERE state = 'failed' AND commit_id NOT IN (SELECT commit_id FROM withdrawal)
"""
_RESTORE = "Restore the folder from its copy, the catalogue with the content."
