"""A gateway's ledger on disk, written by hand: `x` a refusal, `h` a halt, `.` something served.

It refuses to know who reads it.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.log import Log
from licet.ledger.note import make_signer

ORIGIN = "gateway.example/ledger"
KINDS = {"x": "exchange.refused", "h": "exchange.halted", ".": "exchange.served"}


class GatewayLedger:
    """The ledger at `path`; `vkey` verifies it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        signer = make_signer(ORIGIN, secrets.token_bytes)
        self.vkey = signer.verifier.vkey
        self._log = Log(open_store(path), signer, ORIGIN)

    def sees(self, subject: str | None, kinds: str, at: datetime, category: str = "hate") -> None:
        """Exchanges of somebody, one a letter."""
        lines = []
        for kind in kinds:
            told = {"exchange": "ex_1"}
            if kind in "xh":
                told |= {"rule": "base.hate.en.1", "category": category}
            lines.append(make_entry(KINDS[kind], at, told, sub=subject))
        self._log.append(lines, at)
