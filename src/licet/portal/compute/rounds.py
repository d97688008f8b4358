"""What a portal does again and again for computing power: moves every job on, on this machine.

It refuses to know threads. Where a scheduler runs jobs, `licet compute desk` does this instead.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings

from licet.compute.commons import local
from licet.compute.roundlog import entering
from licet.portal.compute.store import is_shared, opened

REST_S = 1.0


def go_round(now: datetime) -> None:
    """One round. Raises Unavailable where a part does not answer; then it is done again."""
    if not is_shared():
        return
    home = settings.LICET_HOME
    enter = entering(home / "compute" / "ledger", home / "keys", now, secrets.token_bytes)
    with opened() as commons:
        if commons.book.all(settled=False) or commons.containers() is None:
            commons.tick(local(commons), int(now.timestamp()), enter=enter)
