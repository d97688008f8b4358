"""The ledger of a commons of computing power: an entry for every round that was decided.

It refuses to know what a round holds; `decided.entry_of` says what is told of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from licet.base.ids import Chance
from licet.ledger.entry import make_entry
from licet.ledger.opening import open_log

ORIGIN = "localhost/licet-compute"


def entering(
    folder: Path, keys: Path, now: datetime, chance: Chance
) -> Callable[[Mapping[str, str | int]], None]:
    """What puts a round into the log in `folder`, whose key `compute.skey` lies in `keys` and is
    made there if it is not. It raises Conflict where another process holds the log, Corrupt where
    the log was lost."""

    def enter(fields: Mapping[str, str | int]) -> None:
        opened = open_log(
            folder / "ledger.db", keys / "compute.skey", ORIGIN, chance, published=folder
        )
        with closing(opened) as log:
            log.append([make_entry("compute.allocated", now, fields)], now)

    return enter
