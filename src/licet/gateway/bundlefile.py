"""Bundles as files: read with their signature checked, written so that a reader sees one whole.

It refuses to know what a bundle says and which process serves under it.

Rules
1. A file appears under its name when it is whole and on the disk, never before.
2. `current.licet` counts only where its author is among the trusted keys beside it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from licet.base.trouble import BadInput, NotFound
from licet.gateway.bundlekey import load_trusted_keys
from licet.guard.bundle import BUNDLE_BYTES_MAX, Bundle, read_bundle

CURRENT = "current.licet"
"""In the folder of bundles: the one that the gateway of this home serves under."""
STAGED = "staged.licet"
"""The one that it tries in the shadow."""


def load_bundle(path: Path, trusted: Collection[bytes] | None) -> Bundle:
    """The bundle at `path`, checked as `read_bundle` does.

    Raises NotFound, BadInput or NotAllowed.
    """
    return read_bundle(load_bytes(path), trusted)


def load_current(bundles: Path, keys: Path) -> bytes | None:
    """The bytes of the current bundle, checked (rule 2); None where none is installed.

    Raises BadInput, NotFound or NotAllowed where one is installed and does not count.
    """
    try:
        data = load_bytes(bundles / CURRENT)
    except NotFound:
        return None
    read_bundle(data, load_trusted_keys(keys))
    return data


def load_bytes(path: Path) -> bytes:
    """What the file holds, up to the longest that a bundle may be, and a byte to tell."""
    try:
        with path.open("rb") as file:
            return file.read(BUNDLE_BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no bundle at {path}.", hint="Check the path.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None


def save_bundle(path: Path, data: bytes) -> None:
    """Put a bundle at `path`, in place of the one there (rule 1). Raises BadInput."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {error.strerror}.", hint="Name a place that you may write."
        ) from error
