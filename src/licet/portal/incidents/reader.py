"""What a portal does again and again for incidents: let time do what it does, read ledgers,
let corrections take effect that gateways serve.

It refuses to know threads. What keeps one ledger from being read stands in its row; a look where
nothing is followed costs one query.
"""

from __future__ import annotations

from datetime import datetime

from licet.portal.incidents.arrival import read_ledgers
from licet.portal.incidents.effect import take_effect
from licet.portal.incidents.service import settle

REST_S = 2.0


def read_on(now: datetime) -> None:
    """One round."""
    settle(now)
    read_ledgers(now)
    take_effect(now)
