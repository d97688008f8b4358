"""Write a log as a tree of static files, which any web server can publish.

Refuses to know how the files are served.

1. A file appears whole (written beside, then renamed), the checkpoint last: whoever sees a
   checkpoint finds everything that it covers.
2. A folder that holds another log, or one that this log does not continue, is left alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from licet.base.trouble import Conflict, Unavailable
from licet.ledger.checkpoint import Checkpoint, read_checkpoint
from licet.ledger.log import LogView
from licet.ledger.tiles import tiles_of
from licet.ledger.tree_check import verify_consistency


def export_log(log: LogView, folder: Path) -> int:
    """Bring `folder` up to what `log` shows; gives the number of files written.

    Raises Conflict (rule 2), Unavailable where the folder cannot be written.
    """
    note = log.checkpoint()
    now = read_checkpoint(note)
    written = 0
    try:
        before = _published(log, now, folder)
        for name in tiles_of(now.size, before):
            _put(folder / name.path, log.fetch(name.path))
            written += 1
        _put(folder / "checkpoint", note)
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}", hint="Check its rights and its disk.")
    return written + 1


def _published(log: LogView, now: Checkpoint, folder: Path) -> int:
    """How many entries the folder already shows, once that is known to be our past."""
    path = folder / "checkpoint"
    if not path.exists():
        return 0
    old = read_checkpoint(path.read_bytes())
    follows = (
        old.origin == now.origin
        and old.size <= now.size
        and verify_consistency(old.size, now.size, old.root, now.root, log.prove_growth(old.size))
    )
    if not follows:
        raise Conflict(
            f"{folder} shows a log that this one does not continue",
            hint="Export into an empty folder.",
        )
    return old.size


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
