"""Files for their owner alone: secrets, written once and whole, and what is replaced whole.

It refuses to know what they hold and what for.

1. A secret is made once and never overwritten; its name appears only when it is whole.
2. A secret that others can read is refused: one that may have leaked is none.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from licet.base.ids import Chance
from licet.base.trouble import Corrupt, NotAllowed, NotFound

_RESTORE = "Restore it from its copy: a new one does not stand in for it."


def write_once(path: Path, data: bytes) -> None:
    """Keep `data` at `path`: written under a name of its own, and linked in when it is whole.

    Raises NotAllowed where a file is there already.
    """
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        raise NotAllowed(f"{path} exists.", hint="A key is never overwritten; move it away.")
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name must outlive a power cut, as what is signed with the key does
    finally:
        os.close(folder)


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all, for its owner alone. Raises OSError."""
    _draft(path, data).replace(path)


def _draft(path: Path, data: bytes) -> Path:
    """`data` beside `path`, durable, under a name of this process."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return draft


def read_private(path: Path) -> bytes:
    """What is kept at `path`. Raises NotFound, or NotAllowed where we may not read it or others
    may."""
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"there is no key at {path}.",
            hint="It is made where it is first needed; if it was there, restore it from its copy.",
        ) from None
    except OSError as error:
        raise NotAllowed(
            f"{path} cannot be read: {error.strerror}.", hint="Run as the user whose key it is."
        ) from None
    if mode & 0o077:
        raise NotAllowed(f"{path} can be read by others.", hint=f"Run: chmod 600 {path}")
    return data


def load_or_create_key(path: Path, size: int, chance: Chance) -> bytes:
    """The `size` bytes at `path`, drawn at the first call. Raises NotAllowed as `read_private`,
    Corrupt where there are more or fewer."""
    if not path.exists():
        with contextlib.suppress(NotAllowed):  # another process made it first: it counts
            write_once(path, chance(size))
    key = read_private(path)
    if len(key) != size:
        raise Corrupt(f"the key at {path} has {len(key)} bytes, not {size}.", hint=_RESTORE)
    return key
