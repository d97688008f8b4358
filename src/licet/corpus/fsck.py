"""Is everything that was published still here, byte for byte?

It refuses to mend: it says what is wrong, and what would follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
