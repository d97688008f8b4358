"""Opens a log to write: its key, its public key for others, the note that it has begun.

It refuses to know which logs there are and what their entries say.

Rule
1. Every log of an installation is opened here, so that none is begun twice or goes on from an old
   copy (`begun`).
"""

from __future__ import annotations

from pathlib import Path

from licet.base.ids import Chance
from licet.ledger.begun import Begun
from licet.ledger.connect import open_store, shown_place
from licet.ledger.keyfiles import load_or_create_signer, publish_vkey
from licet.ledger.log import Log


def open_log(
    where: str | Path, key_file: Path, origin: str, chance: Chance, *,
    published: Path, notes: Path | None = None, regrows: bool = False,
) -> Log:  # fmt: skip
    """The log at a path or URL. Its signing key is made at the first time, its public key is left
    in the folder `published` as `vkey`, the note in `notes` (else beside the signing key).

    Raises Corrupt where the log was lost or is an old copy (`regrows`: see `Begun`), else as `Log`
    and `load_or_create_signer` do.
    """
    signer = load_or_create_signer(key_file, origin, chance)
    publish_vkey(published / "vkey", signer.verifier)
    begun = Begun(notes or key_file.parent, signer.verifier, shown_place(where), regrows=regrows)
    return Log(open_store(where), signer, origin, begun)
