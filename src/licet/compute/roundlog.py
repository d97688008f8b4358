"""The ledger of a commons of computing power: an entry for every round that was decided.

It refuses to know what a round holds; `decided.entry_of` says what is told of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from licet.base.ids import Chance
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.keyfiles import load_or_create_signer, publish_vkey
from licet.ledger.log import Log

ORIGIN = "localhost/licet-compute"


def entering(
    folder: Path, keys: Path, now: datetime, chance: Chance
) -> Callable[[Mapping[str, str | int]], None]:
    """What puts a round into the log in `folder`, whose key `compute.skey` lies in `keys` and is
    made there if it is not. It raises Conflict where another process holds the log."""

    def enter(fields: Mapping[str, str | int]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = load_or_create_signer(keys / "compute.skey", ORIGIN, chance)
        publish_vkey(folder / "vkey", signer.verifier)
        with closing(Log(open_store(folder / "ledger.db"), signer, ORIGIN)) as log:
            log.append([make_entry("compute.allocated", now, fields)], now)

    return enter
