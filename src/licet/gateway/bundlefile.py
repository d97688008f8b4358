"""Bundles as files: read with their signature checked, written so that a reader sees one whole.

It refuses to know what a bundle says and which process serves under it.

Rules
1. A file appears under its name when it is whole and on the disk, never before.
2. `current.licet` counts only where its author is among the trusted keys beside it.
3. Only a regular file is replaced: a link is followed, a device or a pipe is refused.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from licet.base.trouble import BadInput, NotAllowed, NotFound
from licet.gateway.bundlekey import load_trusted_keys
from licet.guard.bundle import BUNDLE_BYTES_MAX, Bundle, read_bundle

CURRENT = "current.licet"
"""In the folder of bundles: the one that the gateway of this home serves under."""
STAGED = "staged.licet"
"""The one that it tries in the shadow."""
_ANEW = "Build it anew: licet bundle build"


def load_bundle(path: Path, trusted: Collection[bytes] | None) -> Bundle:
    """The bundle at `path`, checked as `read_bundle` does.

    Raises NotFound, BadInput or NotAllowed, each with the path.
    """
    return _checked(path, load_bytes(path), trusted)


def load_installed(bundles: Path, keys: Path) -> Bundle | None:
    """The current bundle, checked (rule 2); None where none is installed.

    Raises BadInput, NotFound or NotAllowed where one is installed and does not count.
    """
    found = _current(bundles, keys)
    return None if found is None else found[1]


def load_current(bundles: Path, keys: Path) -> bytes | None:
    """Its bytes, as `load_installed`."""
    found = _current(bundles, keys)
    return None if found is None else found[0]


def _current(bundles: Path, keys: Path) -> tuple[bytes, Bundle] | None:
    path = bundles / CURRENT
    try:
        data = load_bytes(path)
    except NotFound:
        return None
    return data, _checked(path, data, load_trusted_keys(keys))


def _checked(path: Path, data: bytes, trusted: Collection[bytes] | None) -> Bundle:
    try:
        return read_bundle(data, trusted)
    except BadInput as unfit:
        raise BadInput(f"{path}: {unfit.message}", hint=unfit.hint or _ANEW) from unfit
    except NotAllowed as unfit:
        raise NotAllowed(f"{path}: {unfit.message}", hint=unfit.hint or _ANEW) from unfit


def load_bytes(path: Path) -> bytes:
    """What the file holds, up to the longest that a bundle may be, and a byte to tell."""
    try:
        with path.open("rb") as file:
            return file.read(BUNDLE_BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no bundle at {path}.", hint="Check the path.") from None
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.", hint="Check whose file it is."
        ) from None


def save_bundle(path: Path, data: bytes) -> None:
    """Put a bundle at `path`, in place of the one there (rules 1 and 3). Raises BadInput."""
    place = Path(os.path.realpath(path))  # other than resolve(), it bears a loop of links
    if place.exists() and not place.is_file():
        raise BadInput(f"{path} is no file.", hint="Name a file, there already or not.")
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {error.strerror}.", hint="Name a place that you may write."
        ) from error
