"""A version of a data set as a value: its files by digest, its card, its number.

It refuses to know where files are kept. Pure.

Rules
1. The number of a version is the first 40 hexadecimal digits of SHA-256 over its canonical bytes:
   another file, card, parent or moment is another version.
2. A file is known by SHA-256 of its bytes and nothing else; names may change, content may not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput, Corrupt
from licet.corpus.card import Card
from licet.corpus.naming import check_id, check_paths

FILES_MAX = 100_000
COMMIT_DIGITS = 40


@dataclass(frozen=True, slots=True)
class File:
    """A file of a version: `sha256` in hexadecimal, `size` in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A version. `made`: RFC 3339; `parent`: the version before it, or empty; `by`: who pushed."""

    dataset: str
    files: tuple[File, ...]
    card: Card
    made: str
    by: str
    message: str = ""
    parent: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def make_manifest(
    dataset: str, files: Sequence[File], card: Card, *, made: str, by: str, message: str = "",
    parent: str = "",
) -> Manifest:  # fmt: skip
    """The manifest, its files in the order of their paths. Raises BadInput for names that will not
    do, no file or too many."""
    if not 0 < len(files) <= FILES_MAX:
        raise BadInput(f"a version has 1 to {FILES_MAX} files, not {len(files)}.")
    check_id(dataset)
    order = {path: place for place, path in enumerate(check_paths(file.path for file in files))}
    kept = sorted(files, key=lambda file: order[file.path])
    return Manifest(dataset, tuple(kept), card, made, by, message[:500], parent)


def render_manifest(manifest: Manifest) -> bytes:
    """Canonical JSON (RFC 8785) of a manifest."""
    return canonical_json(msgspec.to_builtins(manifest))


def read_manifest(data: bytes) -> Manifest:
    """The manifest in canonical bytes. Raises Corrupt where there is none."""
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Corrupt("a manifest cannot be read.", hint="Run licet corpus fsck.") from None
    return found


def commit_of(data: bytes) -> str:
    """The number of the version with these canonical bytes."""
    return hashlib.sha256(b"licet/dataset/v1\n" + data).hexdigest()[:COMMIT_DIGITS]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from a version to a later one, by path; and the card's keys that differ."""

    added: tuple[File, ...]
    removed: tuple[File, ...]
    changed: tuple[tuple[File, File], ...]
    card: tuple[str, ...]


def difference(before: Manifest, after: Manifest) -> Difference:
    """What changed between two versions of a data set."""
    old, new = _by_path(before), _by_path(after)
    said, says = msgspec.to_builtins(before.card), msgspec.to_builtins(after.card)
    return Difference(
        added=tuple(file for path, file in new.items() if path not in old),
        removed=tuple(file for path, file in old.items() if path not in new),
        changed=tuple(
            (old[path], file)
            for path, file in new.items()
            if path in old and old[path].sha256 != file.sha256
        ),
        card=tuple(k for k in {**said, **says} if said.get(k) != says.get(k)),
    )


def _by_path(manifest: Manifest) -> Mapping[str, File]:
    return {file.path: file for file in manifest.files}
