"""What time has made due in a whole installation, done at once; done again, nothing is left.

It refuses to know clocks: each part reckons from what it has stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from licet.base.ids import Chance
from licet.portal.api.uploading import let_go
from licet.portal.corpus.rounds import check_new_versions, let_go_of_uploads
from licet.portal.filings.service import publish, settle
from licet.portal.orders.service import tidy_all
from licet.portal.outbox.courier import carry_once
from licet.portal.pack import pack

ROUNDS_MAX = 1_000


def catch_up(now: datetime, chance: Chance) -> Mapping[str, int]:
    """How much of each was done. Raises Unavailable where an authority does not answer; what is
    ours alone is done before that, but for the checks of data sets, which may take long."""
    moved = 0
    for _ in range(ROUNDS_MAX):
        found = settle(now)
        moved += found
        if not found:
            break
    publish(now)
    ended = tidy_all(now)
    gone = let_go(now, settings.LICET_HOME)
    gone += let_go_of_uploads(now) if pack().sharing is not None else 0
    answered, came = carry_once(now, chance)
    checked = check_new_versions(now) if pack().sharing is not None else 0
    return {
        "cases looked at": moved,
        "orders tidied up": ended,
        "uploads let go": gone,
        "messages answered": answered,
        "events read": came,
        "versions of data checked": checked,
    }
